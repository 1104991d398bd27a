// @ts-check
/**
 * What the server of plot.ts tells its pages, and a saved page holds. The seconds of
 * a series are told as runs of equal deltas.
 *
 * @module
 */

import { Series } from "./series.js";

/**
 * A series as a list: its number, name and tags, its first second, the runs (a delta,
 * and how often it comes), and the values.
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
 * The beginning of a history.
 *
 * @typedef {object} Head
 * @property {string} run Differs for each start of the server.
 * @property {number | null} keep Seconds of each series that are kept; null if
 * all are.
 * @property {number} count How many series are told.
 */

/**
 * What is new since the last batch.
 *
 * @typedef {object} Batch
 * @property {[id: number, name: string, tags: string][]} added Series.
 * @property {number[]} removed The ids of series.
 * @property {[id: number, ...secondsAndValues: number[]][]} points
 * @property {number | undefined} [keep] Seconds of each series that are kept from
 * now on, if these are fewer.
 */

/**
 * What the server says of its input.
 *
 * @typedef {object} State
 * @property {number} strange How many lines are not puts.
 * @property {string[]} latestStrange The latest of them.
 * @property {number} refused How many datapoints there was no room for.
 * @property {number} ahead How many were far ahead of the clock.
 * @property {number | null} ended When the input ended, in milliseconds.
 * @property {number} now What the server's clock says, in milliseconds.
 */

/**
 * The events by their names.
 *
 * @typedef {object} Events
 * @property {Head} history
 * @property {Told} series
 * @property {number | null} live The whole history was told; when its last datapoint
 * came, in milliseconds.
 * @property {Batch} points
 * @property {State} state
 */

/**
 * Writes a series as a list.
 *
 * @param {Series} series
 * @param {{ from: number, to: number }} [range] The time that is told of it.
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
 * Reads a series from a list.
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
