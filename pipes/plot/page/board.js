// @ts-check
/// <reference lib="dom" />
/**
 * The board: all charts, what of them is asked for, and when they are drawn.
 *
 * @module
 */

import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { exact, stamp } from "./figures.js";

/** @import { Series } from "../../history/series.js" */
/** @typedef {[from: number, to: number]} Range In seconds, both shown. */

const SPAN = 300; // seconds
const MIN_FRAME = 200; // ms between frames of new data
const MIN_ZOOM = 2; // seconds

export class Board {
  /** @type {Map<string, Series>} The series by their name and tags. */
  known = new Map();
  /** Seconds that are shown up to the newest one. */
  span = SPAN;
  /** @type {number | undefined} The second that is read. */
  second;
  /** Whether the keyboard chose it. */
  byKeys = false;

  /** @type {Map<string, Chart>} */
  #charts = new Map();
  /** @type {string[]} */
  #words = [];
  /** @type {Range | undefined} */
  #zoomed;
  /** @type {Range | undefined} What was shown when it was paused. */
  #frozen;
  #opened = false;
  #telling = false;
  #drawing = false;
  #waiting = false;
  #nextFrame = 0;

  /**
   * Whether a series is searched for.
   *
   * @param {Series} series
   */
  matches({ name, tags }) {
    const text = `${name} ${tags}`.toLowerCase();
    return this.#words.every((word) => text.includes(word));
  }

  /** @param {string} text What series are searched for. */
  search(text) {
    this.#words = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
    this.update();
  }

  /**
   * The time that is shown.
   *
   * @returns {Range}
   */
  range() {
    const fixed = this.#zoomed ?? this.#frozen;
    if (fixed) return fixed;
    let [oldest, newest] = [Infinity, -Infinity];
    for (const chart of this.#charts.values()) {
      for (const series of chart.drawn) {
        oldest = Math.min(oldest, series.oldest);
        newest = Math.max(newest, series.newest);
      }
    }
    if (newest === -Infinity) newest = Math.floor(Date.now() / 1000);
    if (this.span === Infinity) return [Math.min(oldest, newest - 1), newest];
    return [newest - this.span, newest];
  }

  /** The newest second of all series; -Infinity without any. */
  get newest() {
    return Math.max(
      -Infinity,
      ...[...this.known.values()].map((one) => one.newest),
    );
  }

  /**
   * Opens on the latest minutes of what is live, and on all of what is not: an
   * input that has ended, or a replay.
   *
   * @param {boolean} ended
   */
  open(ended) {
    if (this.#opened || this.known.size === 0) return;
    const live = !ended && this.newest > Date.now() / 1000 - SPAN;
    this.show(live ? SPAN : Infinity);
  }

  /** @param {number} span Seconds to show up to the newest one. */
  show(span) {
    this.#opened = true;
    byId("spans").querySelector(`[value="${span}"]`).checked = true;
    const { paused } = this;
    this.span = span;
    this.#frozen = undefined;
    this.follow();
    if (paused) this.#frozen = this.range();
  }

  /** Whether new data waits. */
  get paused() {
    return this.#frozen !== undefined;
  }

  /** Pauses, or goes on. */
  togglePause() {
    this.#frozen = this.paused ? undefined : this.range();
    this.redraw();
  }

  /** @param {Range} wanted */
  zoom([from, to]) {
    const middle = (from + to) / 2;
    const half = Math.max(MIN_ZOOM, to - from) / 2;
    this.#zoomed = [middle - half, middle + half];
    byId("follow").disabled = false;
    this.redraw();
  }

  /** Leaves the zoom. */
  follow() {
    this.#zoomed = undefined;
    byId("follow").disabled = true;
    this.redraw();
  }

  /**
   * Reads a second in all charts.
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
      const shown = this.range();
      for (const chart of this.#charts.values()) chart.tell(shown);
    });
  }

  /** Draws before long. */
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame((start) => {
      this.#drawing = false;
      const shown = this.range();
      for (const chart of this.#charts.values()) chart.draw(shown);
      const [from, to] = [Math.ceil(shown[0]), Math.floor(shown[1])];
      byId("range").textContent = this.known.size > 0
        ? `${stamp(from)} – ${stamp(to)}`
        : "";
      // Leaves most of the time to all else, however long a frame takes.
      setTimeout(() => {
        const now = performance.now();
        this.#nextFrame = now + Math.max(MIN_FRAME, 4 * (now - start));
      });
    });
  }

  /** Draws new data, unless paused, when its time has come. */
  refresh() {
    if (this.paused || this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      if (!this.paused) this.redraw();
    }, Math.max(0, this.#nextFrame - performance.now()));
  }

  /** Brings the charts in line with the series that are known. */
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

  /** Takes notice that other series, or other colours, are asked for. */
  update() {
    for (const chart of this.#charts.values()) chart.update();
    this.#count();
    this.redraw();
  }

  #count() {
    const { size } = this.known;
    const shown = [...this.known.values()]
      .filter((series) => this.matches(series)).length;
    const total = size === 1 ? "1 series" : `${exact(size)} series`;
    const charts = this.#charts.size;
    byId("count").textContent = shown === size
      ? `${total} in ${charts === 1 ? "1 chart" : `${charts} charts`}`
      : `${exact(shown)} of ${total} match`;
    byId("empty").hidden = size > 0;
  }
}
