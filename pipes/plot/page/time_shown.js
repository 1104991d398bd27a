// @ts-check
/// <reference lib="dom" />
/**
 * The time that all charts show: the newest seconds, the whole input, a time that
 * was zoomed to, or what was newest when the person paused.
 *
 * @module
 */

import { byId } from "./dom.js";
import { spanOf } from "./figures.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Board } from "./board.js" */
/** @typedef {[from: number, to: number]} Range The first and last second shown. */

const SPAN = 300; // seconds
const MIN_ZOOM = 2; // seconds
const AHEAD = 60; // seconds by which a clock may be ahead of this one

export class TimeShown {
  /** How far the server's clock is ahead of this one, in milliseconds. */
  offset = 0;

  #board;
  /** @type {Range | undefined} What was shown when it was paused. */
  #frozen;
  #span = SPAN;
  #opened = false;

  /** @param {Board} board */
  constructor(board) {
    this.#board = board;
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
    const fixed = this.#board.view.zoom ?? this.#frozen;
    if (fixed) return fixed;
    let [oldest, newest] = this.#ends(this.#board.matched);
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
    if (this.#opened || this.#board.known.size === 0) return;
    this.#opened = true;
    const [, newest] = this.#ends(this.#board.known.values());
    const live = !ended && newest > Date.now() / 1000 - SPAN;
    this.#show(this.#board.view.span ?? (live ? SPAN : Infinity));
  }

  /** @param {number} span How many seconds to show up to the newest one. */
  show(span) {
    this.#opened = true;
    this.#board.view.span = span;
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
    byId("follow", HTMLButtonElement).disabled =
      this.#board.view.zoom === undefined;
    this.#board.redraw();
  }

  /** Whether new data is not drawn. */
  get paused() {
    return this.#frozen !== undefined;
  }

  /** Pauses drawing, or goes on with it. */
  togglePause() {
    this.#frozen = this.paused ? undefined : this.range();
    this.#board.redraw();
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
    this.#board.view.zoom = zoom;
    this.#board.view.keep();
    byId("follow", HTMLButtonElement).disabled = zoom === undefined;
    this.#board.redraw();
  }

  /** Tells the person which clocks are ahead. */
  tellEarly() {
    const now = this.#limit - AHEAD;
    const early = [...this.#board.known.values()]
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
}
