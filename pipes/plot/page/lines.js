// @ts-check
/**
 * The lines of a chart, and the scene that a picture draws of them.
 *
 * @module
 */

import {
  binsOf,
  combine,
  figuresOf,
  firstOf,
  indexIn,
  sizeFor,
  stack,
} from "../../history/bins.js";
import { Heat } from "./heat.js";
import { lineOf, rowsOf } from "./rows.js";
import { lineStyle, repeats } from "./theme.js";

/** @import { Bins, Line, Parts } from "../../history/bins.js" */
/** @import { Series } from "../../history/series.js" */
/** @import { Range } from "./board.js" */
/** @import { Entry } from "./legend.js" */
/** @import { Drawn, Scene } from "./picture.js" */
/** @import { Row } from "./rows.js" */
/** @import { ChartView } from "./view.js" */

const MANY = 30; // lines from which on a heat map shows more
const AVERAGE = 60; // seconds
const REST = "…"; // the key of the line for all others

/**
 * A row with what is shown of it.
 *
 * @typedef {Row & {
 *   title: string,
 *   line: Line,
 *   bins: Bins,
 *   sum: number,
 *   mean: number,
 *   peak: number,
 *   at: number,
 *   last: number,
 * }} Item
 */

export class Lines {
  /** @type {string[]} The keys of the tags that tell the lines apart. */
  columns = [];
  /** The tags that all of them have. */
  common = "";
  /** @type {Item[]} Those that are drawn. */
  drawn = [];

  #name;
  #view;
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, Item>} */
  #items = new Map();
  /** @type {Map<string, number>} Which style a line keeps while it is drawn. */
  #styles = new Map();

  /**
   * @param {string} name The metric.
   * @param {ChartView} view
   */
  constructor(name, view) {
    this.#name = name;
    this.#view = view;
  }

  /** @param {Series[]} list The series of which they are made. */
  find(list) {
    const { columns, common, rows } = rowsOf(list, this.#view.by);
    this.columns = columns;
    this.common = common;
    this.#rows = rows;
  }

  /**
   * What a picture draws.
   *
   * @param {Range} range
   * @param {number} wide Its width in pixels.
   * @param {{ average: boolean, log: boolean }} how
   * @returns {Scene}
   */
  scene([begin, end], wide, { average, log }) {
    const [from, to] = [Math.floor(begin), Math.floor(end)];
    const parts = { from, to, size: sizeFor(to - from + 1, wide) };
    const averaged = Math.max(AVERAGE, parts.size);
    const items = this.#rows.map((row) => this.#item(row, parts));
    const wanted = items.filter(({ key }) => this.#wants(key));
    const draw = this.#view.draw || (wanted.length > MANY ? "heat" : "lines");
    this.drawn = draw === "heat" ? wanted : this.#largest(wanted, parts);
    this.#items = new Map(
      [...items, ...this.drawn].map((one) => [one.key, one]),
    );
    const scene = {
      ...parts,
      first: firstOf(parts),
      averaged,
      log,
      lines: [],
      lit: undefined,
      heat: undefined,
    };
    if (draw === "heat") {
      const rows = this.drawn.map(({ title, bins }) => ({
        label: title,
        values: bins.max,
      }));
      return { ...scene, log: false, heat: new Heat(rows, log) };
    }
    this.#style();
    const lines = draw === "stack"
      ? this.#stacked(parts)
      : this.drawn.map((item) => this.#lineOf(item));
    if (!average || draw === "stack") return { ...scene, lines };
    const means = (/** @type {Line} */ line) => {
      const { sum, count } = binsOf(line, { ...parts, size: averaged });
      return sum.map((all, i) => all / Number(count[i]));
    };
    const averages = this.drawn.map(({ line }) => ({ average: means(line) }));
    return {
      ...scene,
      lines: lines.map((line, i) => ({ ...line, ...averages[i] })),
    };
  }

  /**
   * What stands in the legend: where some are drawn of many, these first.
   *
   * @param {Scene} scene
   * @returns {Entry[]}
   */
  entries({ heat }) {
    const drawn = new Set(this.drawn.map(({ key }) => key));
    const others = this.#rows.filter(({ key }) => !drawn.has(key));
    const some = this.drawn.some(({ key }) => key === REST);
    const rows = some ? [...this.drawn, ...others] : this.#rows;
    return rows.flatMap(({ key }) => {
      const item = this.#items.get(key);
      if (!item) return [];
      const has = !heat && drawn.has(key);
      const on = this.#wants(key) || key === REST;
      return [{ ...item, style: has ? this.#styles.get(key) : undefined, on }];
    });
  }

  /**
   * The value of a line in a part of the time, or else its last one.
   *
   * @param {string} key
   * @param {number | undefined} bin
   */
  value(key, bin) {
    const item = this.#items.get(key);
    return (bin === undefined ? item?.last : item?.bins.max[bin]) ?? NaN;
  }

  /** @param {string} key */
  #wants(key) {
    const { only, off } = this.#view;
    return only === undefined ? !off.includes(key) : only === key;
  }

  /**
   * @param {Row} row
   * @param {Parts} parts
   * @returns {Item}
   */
  #item(row, parts) {
    const { from, to } = parts;
    const line = lineOf(row, this.#view.how, [from, to]);
    const bins = binsOf(line, parts);
    const last = line.values[indexIn(line.times, to + 1) - 1] ?? NaN;
    const title = row.labels.join(" ") || this.#name;
    return { ...row, title, line, bins, last, ...figuresOf(bins) };
  }

  /**
   * The largest lines, and all others as one.
   *
   * @param {Item[]} items
   * @param {Parts} parts
   */
  #largest(items, parts) {
    const { top } = this.#view;
    if (items.length <= top + 1) return items;
    const bySum = items.toSorted((a, b) => b.sum - a.sum);
    const kept = new Set(bySum.slice(0, top));
    const others = bySum.slice(top);
    const { from, to } = parts;
    const how = this.#view.how;
    const line = combine(others.map(({ line }) => line), how, { from, to });
    const bins = binsOf(line, parts);
    const title = `${others.length} others`;
    const last = line.values.at(-1) ?? NaN;
    const labels = [title, ...this.columns.slice(1).map(() => "")];
    const rest = { key: REST, labels, list: [], title, line, bins, last };
    return [
      ...items.filter((item) => kept.has(item)),
      { ...rest, ...figuresOf(bins) },
    ];
  }

  /** Gives each line a style that it keeps. */
  #style() {
    const keys = new Set(this.drawn.map(({ key }) => key));
    for (const key of this.#styles.keys()) {
      if (!keys.has(key)) this.#styles.delete(key);
    }
    const taken = new Set(this.#styles.values());
    for (const key of keys) {
      if (this.#styles.has(key)) continue;
      let style = 0;
      while (taken.has(style)) style++;
      taken.add(style);
      this.#styles.set(key, style);
    }
  }

  /** @param {Item | undefined} item */
  #styleOf(item) {
    const style = this.#styles.get(item?.key ?? "") ?? 0;
    const label = repeats(style) ? { label: item?.title ?? "" } : {};
    return { ...lineStyle(style), ...label };
  }

  /**
   * @param {Item} item
   * @returns {Drawn}
   */
  #lineOf(item) {
    return {
      ...this.#styleOf(item),
      values: item.bins.max,
      ...this.drawn.length === 1 ? { floor: new Float64Array(0) } : {},
    };
  }

  /**
   * @param {Parts} parts
   * @returns {Drawn[]}
   */
  #stacked(parts) {
    const { from, to } = parts;
    const lines = stack(this.drawn.map(({ line }) => line), { from, to });
    const tops = lines.map((line) => binsOf(line, parts).max);
    return tops.map((values, i) => ({
      ...this.#styleOf(this.drawn[i]),
      dash: [],
      values,
      floor: tops[i - 1] ?? new Float64Array(0),
    }));
  }
}
