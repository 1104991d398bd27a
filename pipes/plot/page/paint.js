// @ts-check
/// <reference lib="dom" />
/**
 * Draws the lines of a picture as steps: each second is a horizontal piece, not a
 * slope to the next one.
 *
 * @module
 */

import { theme } from "./theme.js";

/** @import uPlot from "npm:uplot@1.6.32/dist/uPlot.d.ts" */
/** @import { Drawn, Scene } from "./picture.js" */

const DIM = 0.25; // opacity of the lines that are not highlighted
const BEHIND = 0.4; // opacity of the seconds behind several averages
const LABEL = 11; // pixels
const ROOM = 15; // pixels that a label needs in an area
const HALO = 3; // pixels around a label

/**
 * @param {uPlot} plot
 * @param {Scene} scene
 */
export function paintLines(plot, scene) {
  const { lines, size, averaged, lit } = scene;
  const { ctx } = plot;
  const scale = devicePixelRatio;
  const averages = lines.filter(({ average }) => average).length;
  const dim = (/** @type {number} */ i) =>
    lit !== undefined && lit !== i ? DIM : 1;
  const order = [...lines.keys(), ...lit === undefined ? [] : [lit]];
  for (const i of order) {
    const line = lines[i];
    if (!line) continue;
    const { values, floor, color, dash } = line;
    ctx.strokeStyle = ctx.fillStyle = color;
    ctx.setLineDash(dash.map((n) => n * scale));
    const { stroke, fill } = trace(plot, scene, { values, size, floor });
    if (floor) {
      ctx.globalAlpha = dim(i) * (lines.length > 1 ? 0.55 : 0.14);
      ctx.fill(fill);
    }
    ctx.globalAlpha = dim(i) * (averages > 1 ? BEHIND : 1);
    ctx.lineWidth = (lit === i ? 2.5 : 1.5) * scale;
    ctx.stroke(stroke);
  }
  ctx.setLineDash([]);
  ctx.lineWidth = 3 * scale;
  for (const [i, { color, average }] of lines.entries()) {
    if (!average) continue;
    ctx.globalAlpha = averages > 1 ? dim(i) : 1;
    ctx.strokeStyle = averages > 1 ? color : theme().average;
    const { stroke } = trace(plot, scene, { values: average, size: averaged });
    ctx.stroke(stroke);
  }
  ctx.globalAlpha = 1;
  paintLabels(plot, scene);
}

/**
 * The path of a line in steps, and that of the area below it.
 *
 * @param {uPlot} plot
 * @param {Scene} scene
 * @param {{
 *   values: Float64Array,
 *   size: number,
 *   floor?: Float64Array | undefined,
 * }} line With the seconds of each value.
 */
function trace(plot, { from }, { values, size, floor }) {
  const start = Math.floor(from / size) * size;
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

/**
 * Writes the labels of the lines: stacked lines have theirs inside of the area,
 * the others each at another part of the time, as lines may be near each other.
 *
 * @param {uPlot} plot
 * @param {Scene} scene
 */
function paintLabels(plot, scene) {
  const { ctx } = plot;
  const scale = devicePixelRatio;
  const { card, text } = theme();
  const labelled = scene.lines.filter(({ label }) => label !== undefined);
  ctx.font = `${LABEL * scale}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.lineJoin = "round";
  ctx.lineWidth = HALO * scale;
  ctx.strokeStyle = card;
  for (const [i, line] of labelled.entries()) {
    const { label = "", color, floor } = line;
    const width = ctx.measureText(label).width;
    const place = floor
      ? placeIn(plot, scene, { line, width })
      : placeAt(plot, scene, { line, part: (i + 0.5) / labelled.length });
    if (!place) continue;
    ctx.fillStyle = floor ? text : color;
    ctx.strokeText(label, ...place);
    ctx.fillText(label, ...place);
  }
}

/**
 * The place above a line at a part of the time, or the next place with a value.
 *
 * @param {uPlot} plot
 * @param {Scene} scene
 * @param {{ line: Drawn, part: number }} of
 * @returns {[x: number, y: number] | undefined}
 */
function placeAt(plot, { first, size }, { line: { values }, part }) {
  const wanted = Math.floor(part * values.length);
  const known = [...values.keys()].filter((i) => !Number.isNaN(values[i]));
  const i = known.find((i) => i >= wanted) ?? known.at(-1);
  if (i === undefined) return undefined;
  const up = 0.8 * LABEL * devicePixelRatio;
  return [
    plot.valToPos(first + (i + 0.5) * size, "x", true),
    plot.valToPos(Number(values[i]), "y", true) - up,
  ];
}

/**
 * The place nearest to the middle at which an area has room for a label.
 *
 * @param {uPlot} plot
 * @param {Scene} scene
 * @param {{ line: Drawn, width: number }} of
 * @returns {[x: number, y: number] | undefined}
 */
function placeIn(plot, { first, size }, { line, width }) {
  const { values, floor = new Float64Array(0) } = line;
  const at = (/** @type {number} */ value) => plot.valToPos(value, "y", true);
  const x0 = plot.valToPos(first, "x", true);
  const each = plot.valToPos(first + size, "x", true) - x0;
  const count = Math.ceil(width / each);
  const middle = Math.floor((values.length - count) / 2);
  for (let i = 0; i <= 2 * middle; i++) {
    const begin = middle + (i % 2 === 0 ? i / 2 : -(i + 1) / 2);
    const tops = values.subarray(begin, begin + count);
    const bottoms = floor.subarray(begin, begin + count);
    const top = at(Math.min(...tops));
    const bottom = at(Math.max(0, ...bottoms));
    if (!(bottom - top > ROOM * devicePixelRatio)) continue;
    return [x0 + (begin + count / 2) * each, (top + bottom) / 2];
  }
  return undefined;
}
