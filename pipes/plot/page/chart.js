// @ts-check
/// <reference lib="dom" />
/**
 * The chart of one metric: its picture, its legend, and how it is drawn.
 *
 * @module
 */

import { Controls } from "./controls.js";
import { element, fill } from "./dom.js";
import { exact, rough, stamp } from "./figures.js";
import { followKeys } from "./keyboard.js";
import { Legend } from "./legend.js";
import { Lines } from "./lines.js";
import { Picture } from "./picture.js";
import { followPointer } from "./pointer.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Item } from "./lines.js" */
/** @import { Board, Range } from "./board.js" */
/** @import { Scene } from "./picture.js" */

const TALL = 20; // rows of a heat map: with more, the picture is higher
const MARGIN = 90; // pixels beside the picture

const nearness = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    chartOf.get(target)?.setNear(isIntersecting);
  }
}, { rootMargin: "300px" });

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) chartOf.get(target)?.resize();
});

/** @type {WeakMap<Element, Chart>} */
const chartOf = new WeakMap();

export class Chart {
  /** @type {Series[]} */
  series = [];
  /** @type {Series[]} The series that match the search. */
  matched = [];
  /** @type {Picture | undefined} */
  picture;
  lines;

  #note = element("span", { className: "common" });
  #place = element("div", { className: "plot", tabIndex: 0 });
  #hair = element("div", { className: "hair", hidden: true });
  #tip = element("div", { className: "tip", hidden: true });
  /** @type {Controls | undefined} */
  #controls;
  /** @type {Legend | undefined} */
  #legend;
  /** @type {string | undefined} The line that is highlighted. */
  #lit;
  #stale = true; // whether the lines must be found again
  #near = false; // whether it is near the part of the page in view
  #hovered = false;
  #pointAgain = () => {};

  /**
   * @param {string} name The metric.
   * @param {Board} board
   */
  constructor(name, board) {
    this.name = name;
    this.board = board;
    this.view = board.view.of(name);
    this.lines = new Lines(name, this.view);
    this.section = element("section", { className: "chart" });
    this.section.setAttribute("aria-label", name);
    chartOf.set(this.section, this);
    nearness.observe(this.section);
  }

  /** Makes its contents, once it is near the part of the page in view. */
  #build() {
    const { name } = this;
    this.#controls = new Controls(this);
    this.#legend = new Legend(name, {
      toggle: (key) => this.#toggle(key),
      alone: (key) => this.#alone(key),
      near: (key) => this.#light(key, false),
    });
    this.#place.setAttribute("role", "group");
    this.#place.setAttribute(
      "aria-label",
      `Chart of ${name}. Left and right go to another second, plus and minus ` +
        "zoom, Escape shows the newest again.",
    );
    this.section.append(
      element(
        "div",
        { className: "title" },
        element("h2", {}, name),
        this.#note,
        this.#controls.place,
      ),
      element("div", { className: "body" }, this.#place, this.#legend.place),
    );
    followKeys(this.#place, this);
    chartOf.set(this.#place, this);
    sizes.observe(this.#place);
  }

  /** Finds the lines again with the next frame, as the series have changed. */
  update() {
    this.matched = this.series.filter((one) => this.board.matches(one));
    this.section.hidden = this.matched.length === 0;
    this.#stale = true;
  }

  /** Shows it in another way, as the person has chosen. */
  change() {
    this.board.view.keep();
    this.update();
    this.board.redraw();
  }

  /** @param {boolean} near */
  setNear(near) {
    this.#near = near;
    if (near) this.board.redraw();
    else this.#discard();
  }

  #discard() {
    this.picture?.destroy();
    this.picture = undefined;
    this.#hovered = false;
    this.#legend?.clear();
  }

  /** Draws in other colours from now on. */
  repaint() {
    this.#discard();
  }

  /** @param {string} key */
  #toggle(key) {
    const { view } = this;
    view.off = view.off.includes(key)
      ? view.off.filter((one) => one !== key)
      : [...view.off, key];
    this.change();
  }

  /** @param {string} key */
  #alone(key) {
    this.view.only = this.view.only === key ? undefined : key;
    this.change();
  }

  #open() {
    const picture = new Picture(this.#place, (over) => {
      over.append(this.#hair, this.#tip);
      this.#pointAgain = followPointer(over, {
        point: (x, y) => this.#point(x, y),
        drag: (from, to) => {
          const at = (/** @type {number} */ x) => picture.plot.posToVal(x, "x");
          this.board.zoom([at(from), at(to)]);
        },
        twice: () => this.board.follow(),
      });
    });
    this.picture = picture;
    return picture;
  }

  /** Finds the lines again. */
  #arrange() {
    this.#stale = false;
    if (!this.#legend) this.#build();
    this.lines.find(this.matched);
    this.#controls?.offer(this.series, this.lines);
    this.#legend?.setColumns(this.lines.columns);
  }

  /** @param {Range} range */
  draw(range) {
    if (!this.#near || this.section.hidden) return;
    if (this.#stale) this.#arrange();
    const wide = Math.max(100, this.#place.clientWidth - MARGIN);
    const scene = this.lines.scene(range, wide, this.board.view);
    scene.lit = this.#lineAt(this.#lit);
    this.#place.classList.toggle("tall", (scene.heat?.rows.length ?? 0) > TALL);
    const picture = this.picture ?? this.#open();
    picture.fit();
    picture.draw(scene);
    this.#tell(scene);
    this.#legend?.tell(this.lines.entries(scene));
    if (this.#hovered && !this.board.byKeys) this.#pointAgain();
    this.read();
  }

  /**
   * Writes the note above the picture.
   *
   * @param {Scene} scene
   */
  #tell({ size, means, averaged, lines, heat }) {
    const notes = [this.lines.common];
    const part = heat ? "cell" : "point";
    if (means) notes.push(`each ${part} is the mean of ${size} s`);
    else if (size > 1) notes.push(`each ${part} is the highest of ${size} s`);
    const averages = lines.filter(({ average }) => average).length;
    if (averages > 0) {
      const all = averages < lines.length ? " of all together" : "";
      notes.push(`thick line: the mean of ${averaged} s${all}`);
    }
    const key = heat?.key().map(({ label, color }) => {
      const swatch = element("i");
      swatch.style.background = color;
      return element("span", { className: "shade" }, swatch, label);
    });
    this.#note.replaceChildren(
      notes.filter((note) => note !== "").join(" · "),
      ...key ?? [],
    );
  }

  /**
   * The index of the line that has a key, if it is not the only one.
   *
   * @param {string | undefined} key
   */
  #lineAt(key) {
    const { drawn } = this.lines;
    const i = drawn.findIndex((item) => item.key === key);
    return i < 0 || drawn.length === 1 ? undefined : i;
  }

  /** Shows the values of the second that is pointed at. */
  read() {
    const { board: { second, byKeys }, picture, lines } = this;
    if (!this.#near || !picture) return;
    const bin = second === undefined ? undefined : picture.binOf(second);
    const { size, means } = picture.scene;
    const at = picture.secondOf(bin ?? 0);
    this.#legend?.read(
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
    this.#light(undefined, true);
    this.#tip.hidden = true;
  }

  /**
   * @param {number | undefined} x
   * @param {number} y
   */
  #point(x, y) {
    const { picture, board } = this;
    if (x === undefined || !picture) {
      this.#leave();
      board.read(undefined);
      return;
    }
    this.#hovered = true;
    const bin = picture.highest(x);
    const second = picture.secondOf(bin);
    board.read(second);
    const item = this.lines.drawn[picture.nearest(bin, y) ?? -1];
    this.#light(item?.key, true);
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
    const { size = 1, means = false } = this.picture?.scene ?? {};
    const begin = this.picture?.secondOf(bin) ?? NaN;
    const value = shown[bin] ?? NaN;
    if (Number.isNaN(value)) return `no data at ${stamp(begin)}`;
    return means
      ? `mean ${rough(value)} in ${size} s from ${stamp(begin)}`
      : `${exact(value)} at ${stamp(bins.at[bin] ?? begin)}`;
  }

  /**
   * @param {string | undefined} key
   * @param {boolean} row Whether its row is highlighted, too.
   */
  #light(key, row) {
    this.#lit = key;
    this.picture?.light(this.#lineAt(key));
    if (row) this.#legend?.light(key);
  }

  resize() {
    this.board.redraw();
  }

  remove() {
    this.#discard();
    nearness.unobserve(this.section);
    sizes.unobserve(this.#place);
    this.section.remove();
  }
}
