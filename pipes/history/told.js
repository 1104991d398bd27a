// @ts-check
/**
 * A series as it is told over the wire, and in a saved page: the seconds as runs
 * of equal deltas.
 *
 * @module
 */

import { Series } from "./series.js";

/**
 * A series as a list: what it is called, its name and tags, its first second,
 * then delta and how often, over and over, and the values.
 *
 * @typedef {[
 *   id: number,
 *   name: string,
 *   tags: string,
 *   first: number,
 *   runs: number[],
 *   values: number[],
 * ]} Told
 */

/**
 * Tells a series.
 *
 * @param {Series} series
 * @param {{ from: number, to: number }} [range] What of it is told.
 * @returns {Told}
 */
export function wholeSeries(series, { from, to } = EVER) {
  const begin = series.indexOf(from);
  const end = series.indexOf(to + 1);
  const times = series.times.subarray(begin, end);
  const values = series.values.subarray(begin, end);
  /** @type {number[]} */
  const runs = [];
  for (let i = 1; i < times.length; i++) {
    const delta = Number(times[i]) - Number(times[i - 1]);
    const last = runs.length - 1;
    if (runs[last - 1] === delta) runs[last] = Number(runs[last]) + 1;
    else runs.push(delta, 1);
  }
  const { id, name, tags } = series;
  return [id, name, tags, times[0] ?? 0, runs, [...values]];
}

const EVER = { from: -Infinity, to: Infinity };

/**
 * Reads a series that was told.
 *
 * @param {Told} told
 * @param {number} keep Seconds of it that are kept.
 */
export function readSeries([id, name, tags, first, runs, values], keep) {
  const series = new Series(id, name, tags, keep);
  let second = first;
  let i = 0;
  if (values.length > 0) series.add(second, Number(values[i++]));
  for (let run = 0; run < runs.length; run += 2) {
    for (let n = Number(runs[run + 1]); n > 0; n--) {
      series.add(second += Number(runs[run]), Number(values[i++]));
    }
  }
  return series;
}
