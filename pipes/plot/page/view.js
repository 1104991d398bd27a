// @ts-check
/// <reference lib="dom" />
/**
 * What is shown and how. It stands in the address of the page, so that a reload
 * and a bookmark keep it.
 *
 * @module
 */

/** @import { How } from "../../history/bins.js" */
/** @import { Range } from "./time_shown.js" */
/** @typedef {"" | "lines" | "stack" | "heat"} Draw Empty: as it fits. */

/**
 * How one chart is drawn.
 *
 * @typedef {object} ChartView
 * @property {string} by The tag by whose values series become one line.
 * @property {How} how How several series become one line.
 * @property {Draw} draw
 * @property {number} top How many lines are drawn; the others become one.
 * @property {string[]} off The lines that are switched off.
 * @property {string | undefined} only The line that is shown alone.
 */

/** @type {How[]} */
export const HOWS = ["sum", "max", "mean"];
/** @type {Draw[]} */
export const DRAWS = ["", "lines", "stack", "heat"];
export const TOPS = [5, 10, 20, 50];
const TOP = 10;

export class View {
  /** @type {number | undefined} How many seconds are shown; undefined: as it fits. */
  span;
  /** @type {Range | undefined} */
  zoom;
  search = "";
  average = false;
  log = false;
  /** @type {Map<string, ChartView>} */
  #charts = new Map();

  /** Reads the address. */
  constructor() {
    const told = new URLSearchParams(location.hash.slice(1));
    const span = Number(told.get("span"));
    if (span > 0) this.span = span;
    const [from = NaN, to = NaN] = told.get("zoom")?.split("-").map(Number) ??
      [];
    if (from < to) this.zoom = [from, to];
    this.search = told.get("search") ?? "";
    this.average = told.has("average");
    this.log = told.has("log");
    for (const [key, text] of told) {
      if (!key.startsWith("chart.")) continue;
      const view = this.of(key.slice("chart.".length));
      const [by = "", how, draw, top, ...keys] = text.split(" ");
      view.by = by;
      view.how = HOWS.find((one) => one === how) ?? "sum";
      view.draw = DRAWS.find((one) => one === draw) ?? "";
      view.top = TOPS.find((one) => one === Number(top)) ?? TOP;
      const lines = (/** @type {string} */ sign) =>
        keys.filter((key) => key.startsWith(sign))
          .map((key) => decodeURIComponent(key.slice(1)));
      view.off = lines("-");
      view.only = lines("+")[0];
    }
  }

  /**
   * How the chart of a metric is drawn.
   *
   * @param {string} name
   * @returns {ChartView}
   */
  of(name) {
    /** @type {ChartView} */
    const view = this.#charts.get(name) ??
      { by: "", how: "sum", draw: "", top: TOP, off: [], only: undefined };
    this.#charts.set(name, view);
    return view;
  }

  /** The text for the address. */
  toString() {
    const told = new URLSearchParams();
    if (this.span !== undefined) told.set("span", String(this.span));
    if (this.zoom) told.set("zoom", this.zoom.map(Math.round).join("-"));
    if (this.search) told.set("search", this.search);
    if (this.average) told.set("average", "");
    if (this.log) told.set("log", "");
    for (const [name, view] of this.#charts) {
      const { by, how, draw, top, off, only } = view;
      const hidden = off.map((key) => `-${encodeURIComponent(key)}`);
      const alone = only === undefined ? [] : [`+${encodeURIComponent(only)}`];
      const text = [by, how, draw, top, ...hidden, ...alone].join(" ");
      if (text !== ` sum  ${TOP}`) told.set(`chart.${name}`, text);
    }
    return told.toString();
  }

  /** Writes the address. */
  keep() {
    const told = this.toString();
    history.replaceState(
      null,
      "",
      told === "" ? location.pathname : `#${told}`,
    );
  }
}
