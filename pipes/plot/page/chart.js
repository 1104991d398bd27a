// @ts-check
/// <reference lib="dom" />
/**
 * The chart of one metric: its picture, its legend, and how it is drawn.
 *
 * @module
 */

import { Controls } from "./controls.js";
import { element } from "./dom.js";
import { followKeys } from "./keyboard.js";
import { Legend } from "./legend.js";
import { Lines } from "./lines.js";
import { noteOf } from "./note.js";
import { Picture } from "./picture.js";
import { Reading } from "./reading.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Board } from "./board.js" */
/** @import { Range } from "./time_shown.js" */

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
  /** @type {Legend | undefined} */
  legend;
  lines;

  #note = element("span", { className: "common" });
  #place = element("div", { className: "plot", tabIndex: 0 });
  /** @type {Controls | undefined} */
  #controls;
  #reading = new Reading(this);
  #stale = true; // whether the lines must be found again
  #near = false; // whether it is near the part of the page in view

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
    this.legend = new Legend(name, {
      toggle: (key) => this.#toggle(key),
      alone: (key) => this.#alone(key),
      near: (key) => this.#reading.light(key, false),
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
      element("div", { className: "body" }, this.#place, this.legend.place),
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
    this.#reading.forget();
    this.legend?.clear();
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

  /** Finds the lines again. */
  #arrange() {
    this.#stale = false;
    if (!this.legend) this.#build();
    this.lines.find(this.matched);
    this.#controls?.offer(this.series, this.lines);
    this.legend?.setColumns(this.lines.columns);
  }

  /** @param {Range} range */
  draw(range) {
    if (!this.#near || this.section.hidden) return;
    if (this.#stale) this.#arrange();
    const wide = Math.max(100, this.#place.clientWidth - MARGIN);
    const scene = this.lines.scene(range, wide, this.board.view);
    scene.lit = this.#reading.line;
    this.#place.classList.toggle("tall", (scene.heat?.rows.length ?? 0) > TALL);
    const picture = this.picture ??= new Picture(
      this.#place,
      (over) => this.#reading.follow(over),
    );
    picture.fit();
    picture.draw(scene);
    this.#note.replaceChildren(...noteOf(scene, this.lines.common));
    this.legend?.tell(this.lines.entries(scene));
    this.#reading.renew();
  }

  /** Shows the values of the second that is pointed at. */
  read() {
    if (this.#near) this.#reading.read();
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
