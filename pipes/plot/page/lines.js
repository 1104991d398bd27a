// @ts-check
/**
 * The lines of a chart, and the scene that a picture draws of them.
 *
 * @module
 */

import { binsOf, firstOf, sizeFor, stack } from "../../history/bins.js";
import { Heat } from "./heat.js";
import { itemOf, largestOf, meansOf, REST } from "./items.js";
import { rowsOf } from "./rows.js";
import { Styles } from "./styles.js";
import { lineStyle, repeats } from "./theme.js";

/** @import { Parts } from "../../history/bins.js" */
/** @import { Series } from "../../history/series.js" */
/** @import { Range } from "./time_shown.js" */
/** @import { Item } from "./items.js" */
/** @import { Entry } from "./legend_row.js" */
/** @import { Drawn, Scene } from "./picture.js" */
/** @import { Row } from "./rows.js" */
/** @import { ChartView } from "./view.js" */

const MANY = 30; // lines: if there are more, a heat map is drawn
const AVERAGE = 60; // seconds
const NOTHING = new Float64Array(0); // the floor of the lowest area

export class Lines {
  /** @type {string[]} The keys of the tags in which the lines differ. */
  columns = [];
  /** The tags that all lines have. */
  common = "";
  /** @type {Item[]} The lines that are drawn. */
  drawn = [];

  #name;
  #view;
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, Item>} */
  #items = new Map();
  #styles = new Styles();

  /**
   * @param {string} name The metric.
   * @param {ChartView} view
   */
  constructor(name, view) {
    this.#name = name;
    this.#view = view;
  }

  /** @param {Series[]} list The series of which the lines are made. */
  find(list) {
    const { columns, common, rows } = rowsOf(list, this.#view.by);
    this.columns = columns;
    this.common = common;
    this.#rows = rows;
  }

  /** The rows that are not switched off. */
  get wanted() {
    return this.#rows.filter(({ key }) => this.#wants(key));
  }

  /** How they are drawn: as the person has chosen, or else as it fits. */
  get draw() {
    return this.#view.draw || (this.wanted.length > MANY ? "heat" : "lines");
  }

  /**
   * The scene that a picture draws.
   *
   * @param {Range} range
   * @param {number} wide Its width in pixels.
   * @param {{ average: boolean, log: boolean }} how
   * @returns {Scene}
   */
  scene([begin, end], wide, { average, log }) {
    const [from, to] = [Math.floor(begin), Math.floor(end)];
    const { draw } = this;
    const finest = sizeFor(to - from + 1, wide);
    const averaged = Math.max(AVERAGE, finest);
    const means = average && draw === "heat"; // in place of the seconds
    const parts = { from, to, size: means ? averaged : finest, means };
    const { how, top } = this.#view;
    const name = this.#name;
    const items = this.#rows.map((row) => itemOf(row, parts, { name, how }));
    const wanted = items.filter(({ key }) => this.#wants(key));
    this.drawn = draw === "heat"
      ? wanted
      : largestOf(wanted, parts, { how, top });
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
      const rows = this.drawn.map(({ title, shown }) => ({
        label: title,
        values: shown,
      }));
      const most = Math.max(0, ...this.drawn.map(({ peak }) => peak || 0));
      return { ...scene, log: false, heat: new Heat(rows, { most, log }) };
    }
    this.#styles.give(this.drawn.map(({ key }) => key));
    const minutes = average ? { ...parts, size: averaged } : undefined;
    const lines = draw === "stack"
      ? this.#stacked(parts, minutes)
      : this.drawn.map((item) => this.#lineOf(item, minutes));
    return { ...scene, lines };
  }

  /**
   * The entries of the legend; if only some of many are drawn, these come first.
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
      return [{ ...item, style: has ? this.#styles.of(key) : undefined, on }];
    });
  }

  /**
   * The value of a line in a part of the time, or else its last value.
   *
   * @param {string} key
   * @param {number | undefined} bin
   */
  value(key, bin) {
    const item = this.#items.get(key);
    return (bin === undefined ? item?.last : item?.shown[bin]) ?? NaN;
  }

  /** @param {string} key */
  #wants(key) {
    const { only, off } = this.#view;
    return only === undefined ? !off.includes(key) : only === key;
  }

  /** @param {Item | undefined} item */
  #styleOf(item) {
    const style = this.#styles.of(item?.key ?? "") ?? 0;
    const label = repeats(style) && this.drawn.length > 1
      ? { label: item?.title ?? "" }
      : {};
    return { ...lineStyle(style), ...label };
  }

  /**
   * @param {Item} item
   * @param {Parts} [minutes] The parts of an average.
   * @returns {Drawn}
   */
  #lineOf(item, minutes) {
    return {
      ...this.#styleOf(item),
      values: item.shown,
      ...this.drawn.length === 1 ? { floor: NOTHING } : {},
      ...minutes ? { average: meansOf(binsOf(item.line, minutes)) } : {},
    };
  }

  /**
   * Stacks the lines in the order of the legend: the last one is at the bottom, and
   * the first one has the average of all.
   *
   * @param {Parts} parts
   * @param {Parts} [minutes] The parts of an average.
   * @returns {Drawn[]}
   */
  #stacked(parts, minutes) {
    const { from, to } = parts;
    const upwards = this.drawn.map(({ line }) => line).reverse();
    const lines = stack(upwards, { from, to }).reverse();
    const tops = lines.map((line) => binsOf(line, parts).max);
    return lines.map((line, i) => ({
      ...this.#styleOf(this.drawn[i]),
      label: this.drawn[i]?.title ?? "",
      values: tops[i] ?? NOTHING,
      floor: tops[i + 1] ?? NOTHING,
      ...minutes && i === 0 ? { average: meansOf(binsOf(line, minutes)) } : {},
    }));
  }
}
