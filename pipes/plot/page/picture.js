// @ts-check
/// <reference lib="dom" />
/**
 * The picture of a chart: uPlot draws its axes, the lines are drawn here. A
 * second is as wide as it is, and not a slope to the next one.
 *
 * @module
 */

import { compact } from "./figures.js";
import { theme } from "./theme.js";

/** @import uPlot from "npm:uplot@1.6.32/dist/uPlot.d.ts" */
/** @import { Bins } from "../../history/bins.js" */
/** @import { Heat } from "./heat.js" */
/** @typedef {typeof globalThis & { uPlot: typeof uPlot }} WithPlot */

/**
 * A line that is drawn.
 *
 * @typedef {object} Drawn
 * @property {Float64Array} values One for each part of the time; NaN for none.
 * @property {Float64Array} [average] The mean of each part of the scene's
 * `averaged` seconds.
 * @property {string} color
 * @property {string} [label] What stands at its start, as others have its colour.
 * @property {number[]} dash
 * @property {Float64Array} [floor] What it stands on, if its area is filled.
 */

/**
 * All that is drawn.
 *
 * @typedef {object} Scene
 * @property {number} from The first second.
 * @property {number} to The last second.
 * @property {number} first Where the first part begins.
 * @property {number} size Seconds of a part.
 * @property {number} averaged Seconds of a part of an average.
 * @property {boolean} log Whether the scale is logarithmic.
 * @property {Drawn[]} lines
 * @property {number | undefined} lit The line that is lit up.
 * @property {Heat | undefined} heat Drawn in place of lines.
 */

const UPlot = /** @type {WithPlot} */ (globalThis).uPlot;
const INCREMENTS = [1, 2, 5, 10, 15, 30].flatMap((n) => [n, n * 60])
  .concat([1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192].map((n) => n * 3600))
  .concat([30, 90, 365, 1825, 3650].map((n) => n * 86_400))
  .sort((a, b) => a - b);
const STAMPS = [
  [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", ...Array(7).fill(null)],
  [1, "{HH}:{mm}:{ss}", ...Array(7).fill(null)],
].map((row) => {
  if (row[0] === 86_400) return row;
  const day = "\n{YYYY}-{MM}-{DD}";
  return [row[0], row[1], day, null, day, null, null, null, 1];
});
const GUTTER = 58; // pixels for the values at the left
const REACH = 3; // pixels at both sides within which the highest second is read
const FLAT = 0.75; // part of the highest value from which on 0 is not shown

/**
 * The lowest and the highest value that are shown. A scale begins at 0 unless
 * all values are far above it.
 *
 * @param {Scene} scene
 * @returns {[low: number, high: number]}
 */
function heightOf({ lines }) {
  let [low, high] = [Infinity, -Infinity];
  let filled = false;
  for (const { values, floor } of lines) {
    if (floor) filled = true;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (high === -Infinity) return [0, 1];
  const flat = !filled && low > FLAT * high;
  const bottom = flat ? low - 0.1 * (high - low || 1) : Math.min(0, low);
  const top = high > 0 ? high : 0;
  return [bottom, top + 0.06 * (top - bottom || 1)];
}

/**
 * A value at the axis; nothing where a logarithmic scale has no room for it.
 *
 * @param {number | null} value
 */
function written(value) {
  return value === null ? null : compact(value);
}

export class Picture {
  /** @type {uPlot} */
  plot;
  /** @type {Scene} */
  scene = {
    from: 0,
    to: 1,
    first: 0,
    size: 1,
    averaged: 60,
    log: false,
    lines: [],
    lit: undefined,
    heat: undefined,
  };

  #log = false;

  /**
   * @param {HTMLElement} place
   * @param {(over: HTMLElement) => void} made Is told of what lies over the
   * lines, also when that is made again.
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
        padding: [8, 30, 0, 0], // half of the last time
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

  /** @param {Scene} scene What is drawn from now on. */
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

  /** Draws the same again, with another line lit up. */
  light(/** @type {number | undefined} */ line) {
    if (this.scene.lit === line) return;
    this.scene.lit = line;
    this.plot.redraw(false);
  }

  /** Takes on the size of its place. */
  fit() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (width === 0 || height === 0) return;
    if (width === this.plot.width && height === this.plot.height) return;
    this.plot.setSize({ width, height });
  }

  /**
   * How far right a second begins, in pixels of the page.
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
   * The part at a place, or the highest one near by if there are more seconds
   * than pixels: a peak is too narrow to be hit.
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
    for (const [i, { values }] of scene.lines.entries()) {
      const value = values[bin] ?? NaN;
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
    else this.#paintLines();
    ctx.restore();
  }

  #paintLines() {
    const { scene: { lines, size, averaged, lit } } = this;
    const { ctx } = this.plot;
    const scale = devicePixelRatio;
    const averages = lines.some(({ average }) => average);
    const filled = [...lines.keys()].reverse(); // the lowest area is on top
    for (const i of [...filled, ...lit === undefined ? [] : [lit]]) {
      const line = lines[i];
      if (!line) continue;
      const { values, floor, color, dash, average } = line;
      const dim = lit !== undefined && lit !== i ? 0.25 : 1;
      ctx.strokeStyle = ctx.fillStyle = color;
      ctx.setLineDash(dash.map((n) => n * scale));
      const { stroke, fill } = this.#trace(values, size, floor);
      if (floor) {
        ctx.globalAlpha = dim * (lines.length > 1 ? 0.55 : 0.14);
        ctx.fill(fill);
      }
      ctx.globalAlpha = dim * (averages && lines.length > 1 ? 0.4 : 1);
      ctx.lineWidth = (lit === i ? 2.5 : 1.5) * scale;
      ctx.stroke(stroke);
      this.#paintLabel(line);
      if (!average) continue;
      ctx.globalAlpha = dim;
      ctx.setLineDash([]);
      ctx.lineWidth = 3 * scale;
      ctx.strokeStyle = lines.length > 1 ? color : theme().average;
      ctx.stroke(this.#trace(average, averaged).stroke);
    }
    ctx.globalAlpha = 1;
  }

  /** @param {Drawn} line */
  #paintLabel({ values, label }) {
    if (label === undefined) return;
    const { plot, scene: { first, size } } = this;
    const { ctx, bbox } = plot;
    const i = values.findIndex((value) => !Number.isNaN(value));
    if (i < 0) return;
    const scale = devicePixelRatio;
    const x = plot.valToPos(first + i * size, "x", true) + 4 * scale;
    const y = plot.valToPos(Number(values[i]), "y", true) - 3 * scale;
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    ctx.textAlign = "left";
    ctx.textBaseline = "bottom";
    ctx.globalAlpha = 1;
    ctx.fillText(label, Math.max(x, bbox.left + 4 * scale), y);
  }

  /**
   * A line as steps, and the area below it.
   *
   * @param {Float64Array} values
   * @param {number} size Seconds of each.
   * @param {Float64Array} [floor]
   */
  #trace(values, size, floor) {
    const { plot, scene } = this;
    const start = Math.floor(scene.from / size) * size;
    const stroke = new Path2D();
    const fill = new Path2D();
    const zero = plot.valToPos(0, "y", true);
    const x0 = plot.valToPos(start, "x", true);
    const wide = plot.valToPos(start + size, "x", true) - x0;
    let on = false;
    for (let i = 0; i < values.length; i++) {
      const value = Number(values[i]);
      if (Number.isNaN(value)) {
        on = false;
        continue;
      }
      const [x, y] = [x0 + i * wide, plot.valToPos(value, "y", true)];
      if (on) stroke.lineTo(x, y);
      else stroke.moveTo(x, y);
      stroke.lineTo(x + wide, y);
      on = true;
      if (!floor) continue;
      const base = floor[i];
      const bottom = base === undefined || Number.isNaN(base)
        ? zero
        : plot.valToPos(base, "y", true);
      fill.rect(x, y, wide + 0.5, bottom - y);
    }
    return { stroke, fill };
  }

  /** The end. */
  destroy() {
    this.plot.destroy();
  }
}
