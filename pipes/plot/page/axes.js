// @ts-check
/**
 * The axes of a picture: their ticks, the labels at these, and the range of
 * values.
 *
 * @module
 */

import { compact } from "./figures.js";

/** @import { Scene } from "./picture.js" */

const MINUTE = 60; // seconds
const HOUR = 3600; // seconds
const DAY = 86_400; // seconds
const FLAT = 0.75; // 0 is not shown if all values are above this part of the highest

/** The possible distances of two ticks of the time, in seconds. */
export const INCREMENTS = [1, 2, 5, 10, 15, 30]
  .flatMap((n) => [n, n * MINUTE])
  .concat([1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192].map((n) => n * HOUR))
  .concat([30, 90, 365, 1825, 3650].map((n) => n * DAY))
  .sort((a, b) => a - b);

const DATE = "{YYYY}-{MM}-{DD}";
const CHANGE = `\n${DATE}`; // below the first tick, and below the first of each day

/**
 * The labels at the ticks of the time, by the least seconds between two, in the
 * form that uPlot needs.
 *
 * @type {(string | number | null)[][]}
 */
export const STAMPS = [
  [DAY, DATE, null, null, null, null, null, null, 1],
  [MINUTE, "{HH}:{mm}", CHANGE, null, CHANGE, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", CHANGE, null, CHANGE, null, null, null, 1],
];

/**
 * The lowest and the highest value that are shown. A scale begins at 0 unless
 * all values are far above it.
 *
 * @param {Scene} scene
 * @returns {[low: number, high: number]}
 */
export function heightOf({ lines }) {
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
 * The label of a value; empty where a logarithmic scale has no room for it.
 *
 * @param {number | null} value
 */
export function written(value) {
  return value === null ? null : compact(value);
}
