// @ts-check
/// <reference lib="dom" />
/**
 * The board: all charts, what is shown of them, and when they are drawn.
 *
 * @module
 */

import { Chart } from "./chart.js";
import { byId } from "./dom.js";
import { exact, spanOf, stamp } from "./figures.js";
import { View } from "./view.js";

/** @import { Series } from "../../history/series.js" */
/** @typedef {[from: number, to: number]} Range The first and last second shown. */

const SPAN = 300; // seconds
const MIN_FRAME = 200; // ms between frames of new data
const MIN_ZOOM = 2; // seconds
const AHEAD = 60; // seconds by which a clock may be ahead of this one

export class Board {
  /** @type {Map<string, Series>} The series by their name and tags. */
  known = new Map();
  view = new View();
  /** @type {number | undefined} The second whose values are shown. */
  second;
  /** Whether it was chosen with the keyboard. */
  byKeys = false;
  /** How far the server's clock is ahead of this one, in milliseconds. */
  offset = 0;

  /** @type {Map<string, Chart>} */
  #charts = new Map();
  /** @type {string[]} */
  #words = [];
  /** @type {Range | undefined} What was shown when it was paused. */
  #frozen;
  #span = SPAN;
  #opened = false;
  #telling = false;
  #drawing = false;
  #waiting = false;
  #nextFrame = 0;

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

  /** The newest second that a series may show: later ones have a wrong clock. */
  get #limit() {
    return (Date.now() + this.offset) / 1000 + AHEAD;
  }

  /**
   * The oldest and the newest second of some series, without those whose clock is
   * ahead, unless all are.
   *
   * @param {Iterable<Series>} list
   * @returns {Range}
   */
  #ends(list) {
    let [oldest, newest, furthest] = [Infinity, -Infinity, -Infinity];
    const limit = this.#limit;
    for (const series of list) {
      const last = series.newest + series.step - 1;
      if (series.newest <= limit) newest = Math.max(newest, last);
      furthest = Math.max(furthest, last);
      oldest = Math.min(oldest, series.oldest);
    }
    return [oldest, newest > -Infinity ? newest : furthest];
  }

  /**
   * The time that is shown.
   *
   * @returns {Range}
   */
  range() {
    const fixed = this.view.zoom ?? this.#frozen;
    if (fixed) return fixed;
    const shown = [...this.#charts.values()].flatMap(({ matched }) => matched);
    let [oldest, newest] = this.#ends(shown);
    if (newest === -Infinity) newest = Math.floor(Date.now() / 1000);
    if (this.#span === Infinity) return [Math.min(oldest, newest - 1), newest];
    return [newest - this.#span, newest];
  }

  /**
   * Opens with the latest minutes of a live input, and with all of an input that
   * has ended or of a replay.
   *
   * @param {boolean} ended
   */
  open(ended) {
    if (this.#opened || this.known.size === 0) return;
    this.#opened = true;
    const [, newest] = this.#ends(this.known.values());
    const live = !ended && newest > Date.now() / 1000 - SPAN;
    this.#show(this.view.span ?? (live ? SPAN : Infinity));
  }

  /** @param {number} span How many seconds to show up to the newest one. */
  show(span) {
    this.#opened = true;
    this.view.span = span;
    this.#show(span);
    this.follow();
  }

  /** @param {number} span */
  #show(span) {
    const { paused } = this;
    this.#span = span;
    const button = byId("spans").querySelector(`[value="${span}"]`);
    if (button instanceof HTMLInputElement) button.checked = true;
    this.#frozen = undefined;
    if (paused) this.#frozen = this.range();
    byId("follow", HTMLButtonElement).disabled = this.view.zoom === undefined;
    this.redraw();
  }

  /** Whether new data is not drawn. */
  get paused() {
    return this.#frozen !== undefined;
  }

  /** Pauses drawing, or goes on with it. */
  togglePause() {
    this.#frozen = this.paused ? undefined : this.range();
    this.redraw();
  }

  /** @param {Range} wanted */
  zoom([from, to]) {
    const middle = (from + to) / 2;
    const half = Math.max(MIN_ZOOM, to - from) / 2;
    this.#zoomTo([middle - half, middle + half]);
  }

  /** Ends the zoom. */
  follow() {
    this.#zoomTo(undefined);
  }

  /** @param {Range | undefined} zoom */
  #zoomTo(zoom) {
    this.view.zoom = zoom;
    this.view.keep();
    byId("follow", HTMLButtonElement).disabled = zoom === undefined;
    this.redraw();
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
      const shown = this.range();
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
    if (this.paused || this.#waiting) return;
    this.#waiting = true;
    setTimeout(() => {
      this.#waiting = false;
      this.#tellEarly();
      if (!this.paused) this.redraw();
    }, Math.max(0, this.#nextFrame - performance.now()));
  }

  /** Tells the person which clocks are ahead. */
  #tellEarly() {
    const now = this.#limit - AHEAD;
    const early = [...this.known.values()]
      .filter(({ newest }) => newest > now + AHEAD)
      .sort((a, b) => b.newest - a.newest);
    byId("early").hidden = early.length === 0;
    const [first] = early;
    if (!first) return;
    const more = early.length > 1 ? ` and ${early.length - 1} more` : "";
    byId("early").textContent =
      `The clock of ${first.name} ${first.tags}${more} ` +
      `is ahead by ${spanOf(first.newest - now)}: the time shown ends before.`;
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
    const shown = charts.reduce((sum, { matched }) => sum + matched.length, 0);
    const visible = charts.filter(({ matched }) => matched.length > 0).length;
    const total = size === 1 ? "1 series" : `${exact(size)} series`;
    byId("count").textContent = shown === size
      ? `${total} in ${visible === 1 ? "1 chart" : `${visible} charts`}`
      : `${exact(shown)} of ${total} match`;
    byId("charts").classList.toggle("single", visible === 1);
  }
}
