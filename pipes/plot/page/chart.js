// @ts-check
/// <reference lib="dom" />
/**
 * The chart of one metric: its picture, its legend, and how it is drawn.
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
import { Controls } from "./controls.js";
import { byId, element, fill } from "./dom.js";
import { exact, stamp } from "./figures.js";
import { Heat } from "./heat.js";
import { Legend } from "./legend.js";
import { Picture } from "./picture.js";
import { followPointer } from "./pointer.js";
import { lineOf, rowsOf } from "./rows.js";
import { lineStyle, repeats } from "./theme.js";

/** @import { Bins, Line } from "../../history/bins.js" */
/** @import { Series } from "../../history/series.js" */
/** @import { Board, Range } from "./board.js" */
/** @import { Drawn } from "./picture.js" */
/** @import { Row } from "./rows.js" */

const MAX_SPOKEN = 8; // lines read out
const MANY = 30; // lines from which on a heat map shows more
const AVERAGE = 60; // seconds
const MARGIN = 90; // pixels beside the picture
const REACH = 3; // pixels at both sides within which the highest second is read
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
  /** @type {Series[]} Those that are searched for. */
  matched = [];
  /** @type {Picture | undefined} */
  picture;
  /** @type {Item[]} The lines that are drawn. */
  drawn = [];

  #note = element("span", { className: "common" });
  #place = element("div", { className: "plot", tabIndex: 0 });
  #hair = element("div", { className: "hair", hidden: true });
  #tip = element("div", { className: "tip", hidden: true });
  /** @type {Controls | undefined} */
  #controls;
  /** @type {Legend | undefined} */
  #legend;
  /** @type {{ columns: string[], common: string, rows: Row[] }} */
  #table = { columns: [], common: "", rows: [] };
  /** @type {Map<string, Item>} */
  #items = new Map();
  /** @type {Map<string, number>} Which style a line keeps while it is drawn. */
  #styles = new Map();
  #first = 0;
  #size = 1;
  #stale = true; // whether series came, went, or are wanted otherwise
  #near = false; // to what is scrolled into view
  #hovered = false;

  /**
   * @param {string} name The metric.
   * @param {Board} board
   */
  constructor(name, board) {
    this.name = name;
    this.board = board;
    this.view = board.view.of(name);
    this.section = element("section", { className: "chart" });
    this.section.setAttribute("aria-label", name);
    chartOf.set(this.section, this);
    nearness.observe(this.section);
  }

  /** Makes what stands in it, once it is near to what is scrolled into view. */
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
      `Chart of ${name}. Left and right read the seconds, plus and minus ` +
        "zoom, Escape follows again.",
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
    this.#place.addEventListener("keydown", (event) => this.#key(event));
    chartOf.set(this.#place, this);
    sizes.observe(this.#place);
  }

  /** Takes notice that series came, went, or are wanted otherwise. */
  update() {
    this.matched = this.series.filter((one) => this.board.matches(one));
    this.section.hidden = this.matched.length === 0;
    this.#stale = true;
  }

  /** Takes notice that the person wants to see it otherwise. */
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

  /** Draws with other colours from now on. */
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
      followPointer(over, {
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
    this.#table = rowsOf(this.matched, this.view.by);
    this.#controls?.offer(this.series);
    this.#legend?.setColumns(this.#table.columns);
  }

  /** @param {Range} range */
  draw(range) {
    if (!this.#near || this.section.hidden) return;
    if (this.#stale) this.#arrange();
    const [from, to] = [Math.floor(range[0]), Math.floor(range[1])];
    const { board: { view: { log, average } } } = this;
    const wide = Math.max(100, this.#place.clientWidth - MARGIN);
    const parts = { from, to, size: sizeFor(to - from + 1, wide) };
    this.#size = parts.size;
    this.#first = firstOf(parts);
    const averaged = Math.max(AVERAGE, parts.size);
    const items = this.#table.rows.map((row) => this.#item(row, parts));
    const wanted = items.filter(({ key }) => this.#wants(key));
    const draw = this.view.draw || (wanted.length > MANY ? "heat" : "lines");
    this.drawn = draw === "heat" ? wanted : this.#largest(wanted, parts);
    this.#items = new Map(
      [...items, ...this.drawn].map((one) => [one.key, one]),
    );
    if (draw !== "heat") this.#style();
    const heat = draw === "heat"
      ? new Heat(
        this.drawn.map(({ title, bins }) => ({
          label: title,
          values: bins.max,
        })),
        log,
      )
      : undefined;
    this.#place.classList.toggle("tall", draw === "heat" && wanted.length > 20);
    const picture = this.picture ?? this.#open();
    picture.fit();
    picture.draw({
      from,
      to,
      first: this.#first,
      size: parts.size,
      averaged,
      log: log && !heat,
      lines: heat
        ? []
        : draw === "stack"
        ? this.#stacked(parts)
        : this.drawn.map((item) =>
          this.#lineOf(item, { average, averaged, parts })
        ),
      lit: undefined,
      heat,
    });
    this.#tell(heat, averaged);
    this.read();
  }

  /** @param {string} key */
  #wants(key) {
    const { only, off } = this.view;
    return only === undefined ? !off.includes(key) : only === key;
  }

  /**
   * @param {Row} row
   * @param {{ from: number, to: number, size: number }} parts
   * @returns {Item}
   */
  #item(row, parts) {
    const { from, to } = parts;
    const line = lineOf(row, this.view.how, [from, to]);
    const bins = binsOf(line, parts);
    const last = line.values[indexIn(line.times, to + 1) - 1] ?? NaN;
    const title = row.labels.join(" ") || this.name;
    return { ...row, title, line, bins, last, ...figuresOf(bins) };
  }

  /**
   * The largest lines, and all others as one.
   *
   * @param {Item[]} items
   * @param {{ from: number, to: number, size: number }} parts
   */
  #largest(items, parts) {
    const { top } = this.view;
    if (items.length <= top + 1) return items;
    const bySum = items.toSorted((a, b) => b.sum - a.sum);
    const kept = new Set(bySum.slice(0, top));
    const others = bySum.slice(top);
    const { from, to } = parts;
    const how = this.view.how;
    const line = combine(others.map(({ line }) => line), how, { from, to });
    const bins = binsOf(line, parts);
    const title = `${others.length} others`;
    const last = line.values.at(-1) ?? NaN;
    const labels = [title, ...this.#table.columns.slice(1).map(() => "")];
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
   * @param {{
   *   average: boolean,
   *   averaged: number,
   *   parts: { from: number, to: number, size: number },
   * }} how
   * @returns {Drawn}
   */
  #lineOf(item, { average, averaged, parts }) {
    const { line, bins } = item;
    const means = () => {
      const { sum, count } = binsOf(line, { ...parts, size: averaged });
      return sum.map((all, i) => all / Number(count[i]));
    };
    return {
      ...this.#styleOf(item),
      values: bins.max,
      ...average ? { average: means() } : {},
      ...this.drawn.length === 1 ? { floor: new Float64Array(0) } : {},
    };
  }

  /**
   * @param {{ from: number, to: number, size: number }} parts
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

  /**
   * Writes the legend, and what there is to say of the picture.
   *
   * @param {Heat | undefined} heat
   * @param {number} averaged
   */
  #tell(heat, averaged) {
    const notes = [this.#table.common];
    if (this.#size > 1) notes.push(`each point the highest of ${this.#size} s`);
    if (this.board.view.average && !heat) {
      notes.push(`thick: the mean of ${averaged} s`);
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
    const rest = this.#items.get(REST);
    const rows = [...this.#table.rows, ...rest ? [rest] : []];
    const drawn = new Set(this.drawn.map(({ key }) => key));
    this.#legend?.tell(rows.flatMap(({ key }) => {
      const item = this.#items.get(key);
      if (!item) return [];
      const style = drawn.has(key) ? this.#styles.get(key) : undefined;
      const on = this.#wants(key) || key === REST;
      return [{ ...item, style: heat ? undefined : style, on }];
    }));
  }

  /** Shows what is read. */
  read() {
    const { board: { second, byKeys }, picture } = this;
    if (!this.#near || !picture) return;
    const bin = second === undefined ? -1 : this.#binOf(second);
    const at = this.#first + bin * this.#size;
    const read = second === undefined
      ? undefined
      : { second: at, size: this.#size };
    this.#legend?.read(read, (key) => {
      const item = this.#items.get(key);
      return (read ? item?.bins.max[bin] : item?.last) ?? NaN;
    });
    this.#hair.hidden = read === undefined;
    this.#hair.style.left = `${picture.left(at + this.#size / 2)}px`;
    if (byKeys || read === undefined) this.#leave();
  }

  /** @param {number} second */
  #binOf(second) {
    return Math.floor((second - this.#first) / this.#size);
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
    const bin = this.#highest(picture, x);
    const second = this.#first + bin * this.#size;
    board.read(second);
    const i = this.#nearest(picture, bin, y);
    const item = this.drawn[i ?? -1];
    this.#light(item?.key, true);
    this.#tip.hidden = item === undefined;
    if (!item) return;
    const value = item.bins.max[bin] ?? NaN;
    const at = Number.isNaN(value) ? second : item.bins.at[bin] ?? second;
    fill(
      this.#tip,
      `${item.title}: ${Number.isNaN(value) ? "no data" : exact(value)} at ${
        stamp(at)
      }`,
    );
    const { clientWidth: width } = picture.plot.over;
    const right = x > width / 2;
    this.#tip.style.left = right ? "" : `${x + 14}px`;
    this.#tip.style.right = right ? `${width - x + 14}px` : "";
    this.#tip.style.top = `${Math.max(0, y - 34)}px`;
  }

  /**
   * The part at a place, or the highest one near by if there are more seconds
   * than pixels: a peak is too narrow to be hit.
   *
   * @param {Picture} picture
   * @param {number} x
   */
  #highest({ plot, scene }, x) {
    const at = (/** @type {number} */ x) => this.#binOf(plot.posToVal(x, "x"));
    if (this.#size === 1) return at(x);
    let [best, most] = [at(x), -Infinity];
    for (let bin = at(x - REACH); bin <= at(x + REACH); bin++) {
      for (const { values } of scene.heat?.rows ?? scene.lines) {
        const value = values[bin] ?? NaN;
        if (value > most) [best, most] = [bin, value];
      }
    }
    return best;
  }

  /**
   * The line that is nearest, or in whose area a place is.
   *
   * @param {Picture} picture
   * @param {number} bin
   * @param {number} y
   * @returns {number | undefined}
   */
  #nearest({ plot, scene }, bin, y) {
    const { clientHeight: height } = plot.over;
    if (scene.heat) return scene.heat.rowAt(y / height, bin, height);
    const stacked = scene.lines.length > 1 && scene.lines[0]?.floor;
    let nearest;
    let least = Infinity;
    for (const [i, { values }] of scene.lines.entries()) {
      const value = values[bin] ?? NaN;
      if (Number.isNaN(value)) continue;
      const away = y - plot.valToPos(value, "y");
      if (stacked && away >= 0) return i;
      if (Math.abs(away) >= least) continue;
      [nearest, least] = [i, Math.abs(away)];
    }
    return nearest;
  }

  /**
   * @param {string | undefined} key
   * @param {boolean} row Whether its row is lit, too.
   */
  #light(key, row) {
    const i = this.drawn.findIndex((item) => item.key === key);
    this.picture?.light(
      i < 0 || this.drawn.length === 1 ? undefined : i,
    );
    if (row) this.#legend?.light(key);
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
    else if (event.key === "Escape") {
      board.read(undefined);
      board.follow();
    } else return;
    event.preventDefault();
  }

  /**
   * Reads so many parts of the time further.
   *
   * @param {number} step
   */
  #move(step) {
    const { board } = this;
    const last = this.#binOf(Math.floor(board.range()[1]));
    const at = board.second === undefined
      ? last + 1
      : this.#binOf(board.second);
    const bin = Math.max(0, Math.min(last, at + step));
    const second = this.#first + bin * this.#size;
    board.read(second, true);
    const spoken = this.drawn.slice(0, MAX_SPOKEN).map(({ title, bins }) => {
      const value = bins.max[bin] ?? NaN;
      return `${title} ${Number.isNaN(value) ? "no data" : exact(value)}`;
    });
    byId("announce").textContent = `${stamp(second)}: ${spoken.join(", ")}`;
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
