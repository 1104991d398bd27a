// @ts-check
/// <reference lib="dom" />
/**
 * What a person reads on a chart: the values of the second and the line under the
 * pointer, or of the second that was chosen with the keys.
 *
 * @module
 */

import { element, fill } from "./dom.js";
import { exact, rough, stamp } from "./figures.js";
import { followPointer } from "./pointer.js";

/** @import { Chart } from "./chart.js" */
/** @import { Item } from "./items.js" */

export class Reading {
  #chart;
  #hair = element("div", { className: "hair", hidden: true });
  #tip = element("div", { className: "tip", hidden: true });
  /** @type {string | undefined} The line that is highlighted. */
  #lit;
  #hovered = false;
  #pointAgain = () => {};

  /** @param {Chart} chart */
  constructor(chart) {
    this.#chart = chart;
  }

  /** @param {HTMLElement} over The new element that lies over the picture. */
  follow(over) {
    const { time } = this.#chart.board;
    over.append(this.#hair, this.#tip);
    this.#pointAgain = followPointer(over, {
      point: (x, y) => this.#point(x, y),
      drag: (from, to) => {
        const plot = this.#chart.picture?.plot;
        if (plot) time.zoom([plot.posToVal(from, "x"), plot.posToVal(to, "x")]);
      },
      twice: () => time.follow(),
    });
  }

  /** Forgets the pointer, as the picture is gone. */
  forget() {
    this.#hovered = false;
  }

  /** The index of the line that is highlighted, if it is not the only one. */
  get line() {
    const { drawn } = this.#chart.lines;
    const i = drawn.findIndex(({ key }) => key === this.#lit);
    return i < 0 || drawn.length === 1 ? undefined : i;
  }

  /** Shows what is under the pointer now, as the picture was drawn again. */
  renew() {
    if (this.#hovered && !this.#chart.board.byKeys) this.#pointAgain();
    this.read();
  }

  /** Shows the values of the second that is pointed at. */
  read() {
    const { board: { second, byKeys }, picture, lines, legend } = this.#chart;
    if (!picture) return;
    const bin = second === undefined ? undefined : picture.binOf(second);
    const { size, means } = picture.scene;
    const at = picture.secondOf(bin ?? 0);
    legend?.read(
      bin === undefined ? undefined : { second: at, size, means },
      (key) => lines.value(key, bin),
    );
    this.#hair.hidden = bin === undefined;
    this.#hair.style.left = `${picture.left(at + size / 2)}px`;
    if (byKeys || bin === undefined) this.#leave();
  }

  #leave() {
    if (!this.#hovered) return;
    this.#hovered = false;
    this.light(undefined, true);
    this.#tip.hidden = true;
  }

  /**
   * @param {number | undefined} x
   * @param {number} y
   */
  #point(x, y) {
    const { picture, board, lines } = this.#chart;
    if (x === undefined || !picture) {
      this.#leave();
      board.read(undefined);
      return;
    }
    this.#hovered = true;
    const bin = picture.highest(x);
    const second = picture.secondOf(bin);
    board.read(second);
    const item = lines.drawn[picture.nearest(bin, y) ?? -1];
    this.light(item?.key, true);
    this.#tip.hidden = item === undefined;
    if (!item) return;
    fill(this.#tip, `${item.title}: ${this.#words(item, bin)}`);
    const { clientWidth: width } = picture.plot.over;
    const right = x > width / 2;
    this.#tip.style.left = right ? "" : `${x + 14}px`;
    this.#tip.style.right = right ? `${width - x + 14}px` : "";
    this.#tip.style.top = `${Math.max(0, y - 34)}px`;
  }

  /**
   * The value of a line in a part of the time, in words.
   *
   * @param {Item} item
   * @param {number} bin
   */
  #words({ shown, bins }, bin) {
    const { picture } = this.#chart;
    const { size = 1, means = false } = picture?.scene ?? {};
    const begin = picture?.secondOf(bin) ?? NaN;
    const value = shown[bin] ?? NaN;
    if (Number.isNaN(value)) return `no data at ${stamp(begin)}`;
    return means
      ? `mean ${rough(value)} in ${size} s from ${stamp(begin)}`
      : `${exact(value)} at ${stamp(bins.at[bin] ?? begin)}`;
  }

  /**
   * Highlights a line.
   *
   * @param {string | undefined} key
   * @param {boolean} row Whether its row is highlighted, too.
   */
  light(key, row) {
    this.#lit = key;
    this.#chart.picture?.light(this.line);
    if (row) this.#chart.legend?.light(key);
  }
}
