// @ts-check
/**
 * The values and the figures that a row of a chart has in the time shown.
 *
 * @module
 */

import { binsOf, combine, figuresOf, indexIn } from "../../history/bins.js";
import { lineOf } from "./rows.js";

/** @import { Bins, How, Line, Parts } from "../../history/bins.js" */
/** @import { Row } from "./rows.js" */

export const REST = "…"; // the key of the line for all others

/**
 * A row with its line and its figures.
 *
 * @typedef {Row & {
 *   title: string,
 *   line: Line,
 *   bins: Bins,
 *   shown: Float64Array,
 *   sum: number,
 *   mean: number,
 *   peak: number,
 *   at: number,
 *   last: number,
 * }} Item
 */

/**
 * The means of parts of the time.
 *
 * @param {Bins} bins
 */
export function meansOf({ sum, count }) {
  return sum.map((all, i) => all / Number(count[i]));
}

/**
 * A row in parts of the time.
 *
 * @param {Row} row
 * @param {Parts & { means: boolean }} parts
 * @param {{ name: string, how: How }} options The metric, and how several series
 * become one line.
 * @returns {Item}
 */
export function itemOf(row, parts, { name, how }) {
  const { from, to, means } = parts;
  const line = lineOf(row, how, [from, to]);
  const bins = binsOf(line, parts);
  const last = line.values[indexIn(line.times, to + 1) - 1] ?? NaN;
  const title = row.labels.join(" ") || name;
  const shown = means ? meansOf(bins) : bins.max;
  return { ...row, title, line, bins, shown, last, ...figuresOf(bins) };
}

/**
 * The largest items, and all others as one.
 *
 * @param {Item[]} items
 * @param {Parts} parts
 * @param {{ how: How, top: number }} options How many are kept.
 * @returns {Item[]}
 */
export function largestOf(items, parts, { how, top }) {
  if (items.length <= top + 1) return items;
  const bySum = items.toSorted((a, b) => b.sum - a.sum);
  const kept = new Set(bySum.slice(0, top));
  const others = bySum.slice(top);
  const { from, to } = parts;
  const line = combine(others.map(({ line }) => line), how, { from, to });
  const bins = binsOf(line, parts);
  const title = `${others.length} others`;
  const last = line.values.at(-1) ?? NaN;
  const labels = [title, ...others[0]?.labels.slice(1).map(() => "") ?? []];
  const row = { key: REST, labels, list: [], title, line };
  const rest = { ...row, bins, shown: bins.max, last, ...figuresOf(bins) };
  return [...items.filter((item) => kept.has(item)), rest];
}
