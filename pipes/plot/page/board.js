// @ts-check
/// <reference lib="dom" />
/**
 * The board: all charts, which series they show, and when they are drawn.
 *
 * @module
 */

import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { exact, stamp } from "./figures.js";
import { TimeShown } from "./time_shown.js";
import { View } from "./view.js";

/** @import { Series } from "../../history/series.js" */

const MIN_FRAME = 200; // ms between frames of new data

export class Board {
  /** @type {Map<string, Series>} The series by their name and tags. */
  known = new Map();
  view = new View();
  time = new TimeShown(this);
  /** @type {number | undefined} The second whose values are shown. */
  second;
  /** Whether it was chosen with the keyboard. */
  byKeys = false;

  /** @type {Map<string, Chart>} */
  #charts = new Map();
  /** @type {string[]} */
  #words = [];
  #telling = false;
  #drawing = false;
  #waiting = false;
  #nextFrame = 0;

  /** The series that match the search. */
  get matched() {
    return [...this.#charts.values()].flatMap(({ matched }) => matched);
  }

  /**
   * Whether a series matches the search.
   *
   * @param {Series} series
   */
  matches({ name, tags }) {
    const text = `${name} ${tags}`.toLowerCase();
    return this.#words.every((word) => text.includes(word));
  }

  /** @param {string} text The text that names and tags must contain. */
  search(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
    this.view.search = text;
    this.view.keep();
    this.update();
  }

  /**
   * Shows the values of a second in all charts.
   *
   * @param {number | undefined} second
   * @param {boolean} byKeys
   */
  read(second, byKeys = false) {
    if (second === this.second && byKeys === this.byKeys) return;
    this.second = second;
    this.byKeys = byKeys;
    if (this.#telling) return;
    this.#telling = true;
    requestAnimationFrame(() => {
      this.#telling = false;
      for (const chart of this.#charts.values()) chart.read();
    });
  }

  /** Draws in the next frame. */
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame((start) => {
      this.#drawing = false;
      const shown = this.time.range();
      for (const chart of this.#charts.values()) chart.draw(shown);
      const [from, to] = [Math.ceil(shown[0]), Math.floor(shown[1])];
      byId("range").textContent = this.known.size > 0
        ? `${stamp(from)} – ${stamp(to)}`
        : "";
      // Most of the time is left to other work, however long a frame takes.
      setTimeout(() => {
        const now = performance.now();
        this.#nextFrame = now + Math.max(MIN_FRAME, 4 * (now - start));
      });
    });
  }

  /** Draws new data, unless paused, but not too often. */
  refresh() {
    if (this.time.paused || this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.time.tellEarly();
      if (!this.time.paused) this.redraw();
    }, Math.max(0, this.#nextFrame - performance.now()));
  }

  /** Makes and removes charts, so that they show the known series. */
  arrange() {
    const wanted = Map.groupBy(this.known.values(), ({ name }) => name);
    for (const [name, chart] of this.#charts) {
      if (wanted.has(name)) continue;
      chart.remove();
      this.#charts.delete(name);
    }
    for (const [name, series] of wanted) {
      let chart = this.#charts.get(name);
      if (!chart) {
        chart = new Chart(name, this);
        this.#charts.set(name, chart);
        byId("charts").append(chart.section);
      }
      const same = chart.series.length === series.length &&
        series.every((one, i) => one === chart.series[i]);
      if (same) continue;
      chart.series = series;
      chart.update();
    }
    this.#count();
  }

  /** Finds the series and the lines of all charts again. */
  update() {
    for (const chart of this.#charts.values()) chart.update();
    this.#count();
    this.redraw();
  }

  /** Draws everything in other colours. */
  repaint() {
    for (const chart of this.#charts.values()) chart.repaint();
    this.redraw();
  }

  #count() {
    const { size } = this.known;
    const charts = [...this.#charts.values()];
    const shown = this.matched.length;
    const visible = charts.filter(({ matched }) => matched.length > 0).length;
    const total = size === 1 ? "1 series" : `${exact(size)} series`;
    byId("count").textContent = shown === size
      ? `${total} in ${visible === 1 ? "1 chart" : `${visible} charts`}`
      : `${exact(shown)} of ${total} match`;
    byId("charts").classList.toggle("single", visible === 1);
  }
}
