// @ts-check
/**
 * The lines of a chart: one for each series, or for each value of a tag.
 *
 * @module
 */

import { combine } from "../../history/bins.js";

/** @import { How, Line } from "../../history/bins.js" */
/** @import { Series } from "../../history/series.js" */
/** @import { Range } from "./time_shown.js" */

/**
 * A line of a chart, with its row in the legend.
 *
 * @typedef {object} Row
 * @property {string} key Differs from those of the other rows.
 * @property {string[]} labels The texts in the columns.
 * @property {Series[]} list Its series.
 */

export const ALL = "*"; // in place of a tag: all series as one

/** The order of people for names with numbers: web2 before web10. */
const natural = new Intl.Collator("en", { numeric: true });

/**
 * The keys and values of tags.
 *
 * @param {string} tags
 * @returns {Map<string, string>}
 */
function parse(tags) {
  return new Map(
    tags.split(" ").filter((tag) => tag !== "").map((tag) => {
      const [key = "", ...value] = tag.split("=");
      return [key, value.join("=")];
    }),
  );
}

/**
 * The keys of the tags in which series differ, and the tags that all have.
 *
 * @param {Series[]} list
 */
export function tagsOf(list) {
  const sets = list.map(({ tags }) => parse(tags));
  const keys = [...new Set(sets.flatMap((set) => [...set.keys()]))];
  const differs = (/** @type {string} */ key) =>
    sets.some((set) => set.get(key) !== sets[0]?.get(key));
  const own = list.length > 1 ? keys.filter(differs) : keys;
  const common = list.length > 1
    ? keys.filter((key) => !differs(key))
      .map((key) => `${key}=${sets[0]?.get(key)}`)
    : [];
  return { keys: own.sort(natural.compare), common: common.join(" ") };
}

/**
 * The lines of a chart, in natural order.
 *
 * @param {Series[]} list
 * @param {string} by A tag's key, ALL, or empty for one line for each series.
 * @returns {{ columns: string[], common: string, rows: Row[] }}
 */
export function rowsOf(list, by) {
  const { keys, common } = tagsOf(list);
  if (by === ALL) {
    const row = { key: ALL, labels: [`all ${list.length}`], list };
    return { columns: ["series"], common, rows: list.length > 0 ? [row] : [] };
  }
  const columns = by === "" ? keys : [by];
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const series of list) {
    const tags = parse(series.tags);
    const labels = columns.map((key) => tags.get(key) ?? "–");
    const key = by === "" ? series.tags : labels.join(" ");
    const row = rows.get(key);
    if (row) row.list.push(series);
    else rows.set(key, { key, labels, list: [series] });
  }
  const sorted = [...rows.values()].sort((a, b) => compare(a.labels, b.labels));
  return { columns, common, rows: sorted };
}

/**
 * Compares two lists of labels by their order.
 *
 * @param {string[]} a
 * @param {string[]} b
 */
export function compare(a, b) {
  for (const [i, label] of a.entries()) {
    const order = natural.compare(label, b[i] ?? "");
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * The line of a row.
 *
 * @param {Row} row
 * @param {How} how How several series become one.
 * @param {Range} range
 * @returns {Line}
 */
export function lineOf({ list: [first, ...others] }, how, [from, to]) {
  if (first && others.length === 0) return first;
  return combine(first ? [first, ...others] : [], how, { from, to });
}
