// @ts-check
/// <reference lib="dom" />
/**
 * The keyboard on a chart: it goes from second to second, and zooms.
 *
 * @module
 */

import { byId } from "./dom.js";
import { exact, rough, stamp } from "./figures.js";

/** @import { Chart } from "./chart.js" */

const MAX_SPOKEN = 8; // lines that a screen reader speaks

/**
 * Acts on the keys that are pressed on a chart.
 *
 * @param {HTMLElement} place
 * @param {Chart} chart
 */
export function followKeys(place, chart) {
  place.addEventListener("keydown", (event) => press(event, chart));
}

/**
 * @param {KeyboardEvent} event
 * @param {Chart} chart
 */
function press(event, chart) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const { board } = chart;
  const [from, to] = board.time.range();
  const middle = board.second ?? (from + to) / 2;
  const around = (/** @type {number} */ span) =>
    board.time.zoom([middle - span / 2, middle + span / 2]);
  const step = event.shiftKey ? 10 : 1;
  if (event.key === "ArrowLeft") move(chart, -step);
  else if (event.key === "ArrowRight") move(chart, step);
  else if (event.key === "Home") move(chart, -Infinity);
  else if (event.key === "End") move(chart, Infinity);
  else if (event.key === "+" || event.key === "=") around((to - from) / 2);
  else if (event.key === "-") around((to - from) * 2);
  else if (event.key === "Escape") {
    board.read(undefined);
    board.time.follow();
  } else return;
  event.preventDefault();
}

/**
 * Moves on by some parts of the time, and has the values spoken.
 *
 * @param {Chart} chart
 * @param {number} step
 */
function move({ board, picture, lines }, step) {
  if (!picture) return;
  const last = picture.binOf(picture.scene.to);
  const at = board.second === undefined
    ? last + 1
    : picture.binOf(board.second);
  const bin = Math.max(0, Math.min(last, at + step));
  const second = picture.secondOf(bin);
  board.read(second, true);
  const written = picture.scene.means ? rough : exact;
  const spoken = lines.drawn.slice(0, MAX_SPOKEN).map(({ title, shown }) => {
    const value = shown[bin] ?? NaN;
    return `${title} ${Number.isNaN(value) ? "no data" : written(value)}`;
  });
  byId("announce").textContent = `${stamp(second)}: ${spoken.join(", ")}`;
}
