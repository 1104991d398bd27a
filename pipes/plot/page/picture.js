// @ts-check
/// <reference lib="dom" />
/**
 * The picture of a chart, whose axes uPlot draws; and what is at a place in it.
 *
 * @module
 */

import { heightOf, INCREMENTS, STAMPS, written } from "./axes.js";
import { paintLines } from "./paint.js";
import { theme } from "./theme.js";

/** @import uPlot from "npm:uplot@1.6.32/dist/uPlot.d.ts" */
/** @import { Bins } from "../../history/bins.js" */
/** @import { Heat } from "./heat.js" */
/** @typedef {typeof globalThis & { uPlot: typeof uPlot }} WithPlot */

/**
 * A line that is drawn.
 *
 * @typedef {object} Drawn
 * @property {Float64Array} values One value for each part; NaN where there is none.
 * @property {Float64Array} [average] The mean of each part of the scene's
 * `averaged` seconds.
 * @property {string} color
 * @property {string} [label] The text beside it, or in its area.
 * @property {number[]} dash
 * @property {Float64Array} [floor] The lower edge of its area, if that is filled.
 */

/**
 * Everything that is drawn.
 *
 * @typedef {object} Scene
 * @property {number} from The first second.
 * @property {number} to The last second.
 * @property {number} first Where the first part begins.
 * @property {number} size How many seconds a part has.
 * @property {boolean} means Whether the value of a part is the mean of its
 * seconds, or else the highest.
 * @property {number} averaged How many seconds each mean of `average` covers.
 * @property {boolean} log Whether the scale is logarithmic.
 * @property {Drawn[]} lines
 * @property {number | undefined} lit The line that is highlighted.
 * @property {Heat | undefined} heat The heat map that is drawn in place of lines.
 */

const UPlot = /** @type {WithPlot} */ (globalThis).uPlot;
const GUTTER = 58; // pixels for the values at the left
const REACH = 3; // pixels at both sides in which the highest second is found

export class Picture {
  /** @type {uPlot} */
  plot;
  /** @type {Scene} */
  scene = {
    from: 0,
    to: 1,
    first: 0,
    size: 1,
    means: false,
    averaged: 60,
    log: false,
    lines: [],
    lit: undefined,
    heat: undefined,
  };

  #log = false;

  /**
   * @param {HTMLElement} place
   * @param {(over: HTMLElement) => void} made Is called with the element that lies
   * over the lines, also when that is made again.
   */
  constructor(place, made) {
    this.place = place;
    this.made = made;
    this.plot = this.#make();
  }

  #make() {
    const { place } = this;
    const { faint, grid } = theme();
    /** @type {uPlot.Axis} */
    const axis = {
      stroke: faint,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1, size: 5 },
      font: "12px system-ui, sans-serif",
    };
    const plot = new UPlot(
      {
        width: place.clientWidth,
        height: place.clientHeight,
        padding: [8, 30, 0, 0], // room for half of the last label
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, auto: false },
          y: {
            ...this.#log ? { distr: 4, asinh: 1 } : {},
            range: () => this.#height(),
          },
        },
        axes: [
          { ...axis, incrs: INCREMENTS, values: STAMPS, space: 70, size: 44 },
          {
            ...axis,
            size: GUTTER,
            values: (_, all) => this.scene.heat ? [] : all.map(written),
            grid: { show: true, stroke: grid, width: 1 },
          },
        ],
        series: [{}, {
          show: true,
          paths: () => null,
          points: { show: false },
        }],
        hooks: { draw: [() => this.#paint()] },
      },
      [[0, 1], [0, 1]],
      place,
    );
    this.made(plot.over);
    return plot;
  }

  /** @returns {[low: number, high: number]} */
  #height() {
    const { heat } = this.scene;
    return heat ? [0, heat.rows.length] : heightOf(this.scene);
  }

  /** @param {Scene} scene The scene that is drawn from now on. */
  draw(scene) {
    const { from, to, log } = this.scene = scene;
    if (log !== this.#log) {
      this.#log = log;
      this.plot.destroy();
      this.plot = this.#make();
    }
    this.plot.batch(() => {
      this.plot.setData([[from, to + 1], [0, 1]], false);
      this.plot.setScale("x", { min: from, max: to + 1 });
    });
  }

  /** Draws the same again, with another line highlighted. */
  light(/** @type {number | undefined} */ line) {
    if (this.scene.lit === line) return;
    this.scene.lit = line;
    this.plot.redraw(false);
  }

  /** Takes the size of its place. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (width === 0 || height === 0) return;
    if (width === this.plot.width && height === this.plot.height) return;
    this.plot.setSize({ width, height });
  }

  /**
   * Where a second begins, in pixels from the left edge.
   *
   * @param {number} second
   */
  left(second) {
    return this.plot.valToPos(second, "x");
  }

  /**
   * The part of the time in which a second is.
   *
   * @param {number} second
   */
  binOf(second) {
    const { first, size } = this.scene;
    return Math.floor((second - first) / size);
  }

  /**
   * The second with which a part of the time begins.
   *
   * @param {number} bin
   */
  secondOf(bin) {
    const { first, size } = this.scene;
    return first + bin * size;
  }

  /**
   * The part at a place. If there are more seconds than pixels it is the highest one
   * near the place, as a peak would be too narrow to point at.
   *
   * @param {number} x
   */
  highest(x) {
    const { plot, scene } = this;
    const at = (/** @type {number} */ x) => this.binOf(plot.posToVal(x, "x"));
    if (scene.size === 1) return at(x);
    let [best, most] = [at(x), -Infinity];
    for (let bin = at(x - REACH); bin <= at(x + REACH); bin++) {
      for (const { values } of scene.heat?.rows ?? scene.lines) {
        const value = values[bin] ?? NaN;
        if (value > most) [best, most] = [bin, value];
      }
    }
    return best;
  }

  /**
   * The line that is nearest, or in whose area a place is.
   *
   * @param {number} bin
   * @param {number} y
   * @returns {number | undefined}
   */
  nearest(bin, y) {
    const { plot, scene } = this;
    const { clientHeight: height } = plot.over;
    if (scene.heat) return scene.heat.rowAt(y / height, bin, height);
    const stacked = scene.lines.length > 1 && scene.lines[0]?.floor;
    let nearest;
    let least = Infinity;
    for (let i = scene.lines.length - 1; i >= 0; i--) { // the lowest area first
      const value = scene.lines[i]?.values[bin] ?? NaN;
      if (Number.isNaN(value)) continue;
      const away = y - plot.valToPos(value, "y");
      if (stacked && away >= 0) return i;
      if (Math.abs(away) >= least) continue;
      [nearest, least] = [i, Math.abs(away)];
    }
    return nearest;
  }

  #paint() {
    const { plot, scene } = this;
    const { ctx, bbox: { left, top, width, height } } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    if (scene.heat) scene.heat.paint(plot, scene);
    else paintLines(plot, scene);
    ctx.restore();
  }

  /** Removes it. */
  destroy() {
    this.plot.destroy();
  }
}
