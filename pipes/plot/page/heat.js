// @ts-check
/// <reference lib="dom" />
/**
 * A heat map: a row for each series, and a column for each part of the time,
 * which is darker for a higher value. It is for more series than lines can show.
 *
 * @module
 */

import { compact } from "./figures.js";
import { theme } from "./theme.js";

/** @import uPlot from "npm:uplot@1.6.32/dist/uPlot.d.ts" */
/** @import { Bins } from "../../history/bins.js" */
/** @import { Scene } from "./picture.js" */

const LABEL = 13; // pixels that a row needs for its label
const SHADES = 256;
const KEYS = [0, 1 / 16, 1 / 4, 1]; // parts of the highest value that the key shows

export class Heat {
  /** @type {OffscreenCanvas | undefined} */
  #image;

  /**
   * @param {{ label: string, values: Float64Array }[]} rows From the top.
   * @param {{ most: number, log: boolean }} colours The value of the last colour,
   * and whether the scale is logarithmic; else it is that of the square root.
   */
  constructor(rows, { most, log }) {
    this.rows = rows;
    this.most = most;
    this.log = log;
  }

  /**
   * How far a value is on the scale of colours, from 0 to 1.
   *
   * @param {number} value
   */
  #part(value) {
    if (value <= 0 || this.most === 0) return 0;
    return this.log
      ? Math.log1p(value) / Math.log1p(this.most)
      : Math.sqrt(value / this.most);
  }

  /** @returns {{ label: string, color: string }[]} What the colours mean. */
  key() {
    return KEYS.map((part) => {
      const value = part < 1
        ? Number((part * this.most).toPrecision(2))
        : this.most;
      const [r, g, b] = shade(this.#part(value));
      return { label: compact(value), color: `rgb(${r} ${g} ${b})` };
    });
  }

  /**
   * The row at a part of the height, from the top. Where several rows are at one
   * pixel, it is the one with the highest value at a part of the time.
   *
   * @param {number} part From 0 to 1.
   * @param {number} bin
   * @param {number} height In pixels.
   * @returns {number}
   */
  rowAt(part, bin, height) {
    const each = this.rows.length / Math.min(this.rows.length, height);
    const first = Math.floor(
      Math.floor(part * this.rows.length / each) * each,
    );
    let best = first;
    for (let i = first; i < Math.min(this.rows.length, first + each); i++) {
      const value = this.rows[i]?.values[bin] ?? NaN;
      const top = this.rows[best]?.values[bin] ?? NaN;
      if (Number.isNaN(top) || value > top) best = i;
    }
    return Math.min(this.rows.length - 1, best);
  }

  /**
   * @param {uPlot} plot
   * @param {Scene} scene
   */
  paint(plot, { first, size, lit }) {
    const { ctx, bbox: { left, top, height } } = plot;
    const count = this.rows[0]?.values.length ?? 0;
    if (count === 0) return;
    const lines = Math.max(1, Math.min(this.rows.length, Math.floor(height)));
    if (this.#image?.height !== lines) this.#image = this.#draw(count, lines);
    const x = plot.valToPos(first, "x", true);
    const wide = plot.valToPos(first + count * size, "x", true) - x;
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(this.#image, x, top, wide, height);
    ctx.restore(); // so that labels can stand beside the picture
    ctx.save();
    this.#label(ctx, { left, top, height }, lit);
  }

  /**
   * The map as an image, with a pixel for each part of the time and each line.
   *
   * @param {number} count Parts of the time.
   * @param {number} lines Rows of pixels; each may stand for several series.
   */
  #draw(count, lines) {
    const image = new ImageData(count, lines);
    const pixels = new Uint32Array(image.data.buffer);
    const shades = Uint32Array.from({ length: SHADES }, (_, i) => {
      const [red, green, blue] = shade(i / (SHADES - 1));
      return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
    });
    const each = this.rows.length / lines;
    const most = new Float64Array(count);
    for (let line = 0; line < lines; line++) {
      most.fill(NaN);
      for (let i = Math.floor(line * each); i < (line + 1) * each; i++) {
        const { values } = this.rows[i] ?? { values: most };
        for (let bin = 0; bin < count; bin++) {
          if (!(Number(most[bin]) >= Number(values[bin]))) {
            most[bin] = Number.isNaN(values[bin])
              ? Number(most[bin])
              : Number(values[bin]);
          }
        }
      }
      for (let bin = 0; bin < count; bin++) {
        const value = Number(most[bin]);
        if (Number.isNaN(value)) continue; // where there is no data, the background shows
        const at = Math.round(this.#part(value) * (SHADES - 1));
        pixels[line * count + bin] = Number(shades[at]);
      }
    }
    const canvas = new OffscreenCanvas(count, lines);
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    return canvas;
  }

  /**
   * @param {CanvasRenderingContext2D} ctx
   * @param {{ left: number, top: number, height: number }} box
   * @param {number | undefined} lit
   */
  #label(ctx, { left, top, height }, lit) {
    const scale = devicePixelRatio;
    const tall = height / this.rows.length;
    const every = Math.ceil(LABEL * scale / tall);
    const { faint, text } = theme();
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    ctx.font = `${11 * scale}px system-ui, sans-serif`;
    for (const [i, { label }] of this.rows.entries()) {
      if (i % every !== 0 && i !== lit) continue;
      if (lit !== undefined && i !== lit && Math.abs(i - lit) < every) continue;
      ctx.fillStyle = i === lit ? text : faint;
      const y = top + (i + 0.5) * tall;
      ctx.fillText(label, left - 8 * scale, y, left - 10 * scale);
    }
    if (lit === undefined) return;
    ctx.strokeStyle = text;
    ctx.strokeRect(
      left,
      top + lit * tall,
      ctx.canvas.width - left - 30 * scale,
      tall,
    );
  }
}

/**
 * The colour at a part of the scale.
 *
 * @param {number} part From 0 to 1.
 * @returns {[red: number, green: number, blue: number]}
 */
function shade(part) {
  const { heat } = theme();
  const at = part * (heat.length - 1);
  const i = Math.min(heat.length - 2, Math.floor(at));
  const [from, to] = [heat[i], heat[i + 1]];
  if (!from || !to) return [0, 0, 0];
  const mix = (/** @type {0 | 1 | 2} */ k) =>
    Math.round(from[k] + (to[k] - from[k]) * (at - i));
  return [mix(0), mix(1), mix(2)];
}
