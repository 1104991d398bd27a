// @ts-check
/// <reference lib="dom" />
/**
 * The chart of one metric, with a line for each set of tags.
 *
 * @module
 */

import { align } from "../../history/series.js";
import { byId, element } from "./dom.js";
import { exact, stamp } from "./figures.js";
import { labels, Legend } from "./legend.js";
import { drawLines } from "./lines.js";
import { saveCsv, savePng } from "./save.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Board, Range } from "./board.js" */
/** @import { Plot } from "./lines.js" */

const MAX_LIT = 30_000; // points among which the line at the cursor is lit up
const MAX_SPOKEN = 8; // series read out

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
  /** @type {Series[]} Those that are wanted. */
  drawn = [];
  /** @type {Plot | undefined} */
  plot;

  #common = element("span", { className: "common" });
  #place = element("div", { className: "plot", tabIndex: 0 });
  #legend;
  /** @type {Set<string>} The tags of the series that were switched off. */
  #off = new Set();
  /** @type {number[][]} */
  #lone = [];
  #near = false; // to what is scrolled into view
  #stale = true; // whether lines came or went since the plot was made
  #lit = true; // whether the line at the cursor is lit up

  /**
   * @param {string} name The metric.
   * @param {Board} board
   */
  constructor(name, board) {
    this.name = name;
    this.board = board;
    this.#legend = new Legend(name, (series) => this.#toggle(series));
    this.#place.setAttribute("role", "group");
    this.#place.setAttribute(
      "aria-label",
      `Chart of ${name}. Left and right read the seconds, plus and minus ` +
        "zoom, Escape follows again.",
    );
    const button = (
      /** @type {string} */ what,
      /** @type {() => void} */ onclick,
    ) => {
      const made = element("button", { type: "button", onclick }, what);
      made.setAttribute("aria-label", `Save ${name} as ${what}`);
      return made;
    };
    const saves = element(
      "div",
      { className: "saves" },
      button("PNG", () => savePng(this, board.range())),
      button("CSV", () => saveCsv(this, board.range())),
    );
    const title = element("h2", {}, name);
    this.section = element(
      "section",
      { className: "chart" },
      element("div", { className: "title" }, title, this.#common, saves),
      element("div", { className: "body" }, this.#place, this.#legend.place),
    );
    this.section.setAttribute("aria-label", name);
    this.#place.addEventListener("keydown", (event) => this.#key(event));
    for (const place of [this.section, this.#place]) chartOf.set(place, this);
    nearness.observe(this.section);
    sizes.observe(this.#place);
  }

  /** Takes notice that series came, went, or are wanted otherwise. */
  update() {
    this.drawn = this.series.filter((series) =>
      this.board.matches(series) && !this.#off.has(series.tags)
    );
    this.section.hidden = !this.series.some((one) => this.board.matches(one));
    this.#stale = true;
  }

  /** @param {boolean} near */
  setNear(near) {
    this.#near = near;
    if (near) this.board.redraw();
    else this.#discard();
  }

  #discard() {
    this.plot?.destroy();
    this.plot = undefined;
    this.#legend.clear();
    this.#stale = true;
  }

  /** @param {Series} series */
  #toggle({ tags }) {
    if (!this.#off.delete(tags)) this.#off.add(tags);
    this.update();
    this.board.redraw();
  }

  #make() {
    const { board } = this;
    const { common, own } = labels(this.name, this.series);
    this.#common.textContent = common;
    const rows = this.series.map((series, i) => ({
      series,
      label: own[i] ?? "",
      style: i,
      on: !this.#off.has(series.tags),
    }));
    this.#legend.make(rows.filter(({ series }) => board.matches(series)));
    this.plot?.destroy();
    this.plot = drawLines(this.#place, {
      styles: this.drawn.map((series) => this.series.indexOf(series)),
      lit: this.#lit,
      lone: (line) => this.#lone[line],
      read: (second) => board.read(second),
      near: (line) => this.#legend.light(this.drawn[line ?? -1]),
      zoom: (range) => board.zoom(range),
      follow: () => board.follow(),
    });
  }

  /** @param {Range} range */
  draw([from, to]) {
    if (!this.#near || this.section.hidden) return;
    const { data, lone } = align(this.drawn, from, to);
    const lit = data[0].length * this.drawn.length <= MAX_LIT;
    if (this.#stale || lit !== this.#lit) {
      this.#lit = lit;
      this.#make();
      this.#stale = false;
    }
    this.#lone = lone;
    const { plot } = this;
    plot?.batch(() => {
      plot.setData(data, false);
      plot.setScale("x", { min: from, max: to });
    });
    this.#legend.tellPeaks([from, to]);
    this.tell([from, to]);
  }

  /**
   * Fills in what is read in the legend.
   *
   * @param {Range} range
   */
  tell([, to]) {
    const { plot, board: { second } } = this;
    if (!this.#near || !plot) return;
    this.#legend.tell(second, to);
    if (second !== undefined && this.#hovered(plot)) return;
    const left = second === undefined ? -10 : plot.valToPos(second, "x");
    plot.setCursor({ left, top: -1000 }); // far from all lines
  }

  /** @param {Plot} plot */
  #hovered(plot) {
    return !this.board.byKeys && plot.over.matches(":hover");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { board } = this;
    const [from, to] = board.range();
    const middle = board.second ?? (from + to) / 2;
    const around = (/** @type {number} */ span) =>
      board.zoom([middle - span / 2, middle + span / 2]);
    const step = event.shiftKey ? 10 : 1;
    if (event.key === "ArrowLeft") this.#move(-step);
    else if (event.key === "ArrowRight") this.#move(step);
    else if (event.key === "Home") this.#move(-Infinity);
    else if (event.key === "End") this.#move(Infinity);
    else if (event.key === "+" || event.key === "=") around((to - from) / 2);
    else if (event.key === "-") around((to - from) * 2);
    else if (event.key === "Escape") board.follow();
    else return;
    event.preventDefault();
  }

  /**
   * Reads so many seconds further.
   *
   * @param {number} step
   */
  #move(step) {
    const [from, to] = this.board.range();
    const seconds = [...this.plot?.data[0] ?? []]
      .filter((second) => second >= from && second <= to);
    const { length } = seconds;
    if (length === 0) return;
    const at = this.board.second ?? Infinity;
    let i = seconds.findIndex((second) => second >= at);
    if (i < 0) i = length;
    const next = seconds[Math.max(0, Math.min(length - 1, i + step))];
    if (next === undefined) return;
    this.board.read(next, true);
    const spoken = this.drawn.slice(0, MAX_SPOKEN).map((series) =>
      `${series.tags} ${exact(series.at(next).value)}`
    );
    byId("announce").textContent = `${stamp(next)}: ${spoken.join(", ")}`;
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (this.plot && width > 0 && width !== this.plot.width) {
      this.plot.setSize({ width, height });
    }
  }

  remove() {
    this.#discard();
    nearness.unobserve(this.section);
    sizes.unobserve(this.#place);
    this.section.remove();
  }
}
