// @ts-check
/// <reference lib="dom" />
/**
 * The legend of a chart: a table with a row for each line and its figures, which
 * can be sorted by each column.
 *
 * @module
 */

import { element, fill } from "./dom.js";
import { clock, exact, rough, stamp } from "./figures.js";
import { LegendHead, ratio } from "./legend_head.js";
import { keyOf, rowOf } from "./legend_row.js";

/** @import { Entry, LegendHearer } from "./legend_row.js" */

const SHOWN = 100; // rows, until the person asks for more

/**
 * The part of the time whose values are shown.
 *
 * @typedef {object} Read
 * @property {number} second The second with which it begins.
 * @property {number} size How many seconds it has.
 * @property {boolean} means Whether the value is their mean, or else the highest.
 */

/** @param {number} value */
function written(value) {
  return Number.isNaN(value) ? "–" : exact(value);
}

export class Legend {
  #caption = element("caption", { className: "unseen" });
  #head = new LegendHead(() => this.tell(this.#entries));
  #body = element("tbody");
  #more = element("button", { type: "button", className: "more" });
  #hearer;
  #all = false;
  #shape = "";
  /** @type {Map<string, { row: HTMLElement, cells: HTMLElement[] }>} */
  #rows = new Map();
  /** @type {Entry[]} */
  #entries = [];
  /** @type {Read | undefined} */
  #read;
  #value = (/** @type {string} */ _key) => NaN;

  /**
   * @param {string} name The metric.
   * @param {LegendHearer} hearer
   */
  constructor(name, hearer) {
    this.#hearer = hearer;
    this.#caption.textContent = `Series of ${name}`;
    this.#more.onclick = () => {
      this.#all = true;
      this.tell(this.#entries);
    };
    const table = element(
      "table",
      {},
      this.#caption,
      element("thead", {}, this.#head.row),
      this.#body,
    );
    this.place = element(
      "div",
      { className: "legend", tabIndex: 0, role: "region" },
      table,
      this.#more,
    );
    this.place.setAttribute("aria-label", `Legend of ${name}`);
    this.#body.addEventListener("mouseover", ({ target }) => {
      hearer.near(keyOf(target));
    });
    this.#body.addEventListener("mouseleave", () => hearer.near(undefined));
  }

  /** @param {string[]} columns The keys of the tags that stand in columns. */
  setColumns(columns) {
    if (this.#head.setColumns(columns)) this.#shape = "";
  }

  /**
   * Shows the entries, also those that are not drawn, so that they can be switched
   * on.
   *
   * @param {Entry[]} entries
   */
  tell(entries) {
    this.#entries = entries;
    const sorted = this.#head.sorted(entries);
    const shown = this.#all ? sorted : sorted.slice(0, SHOWN);
    const shape = shown.map(({ key, style, on }) => `${key} ${style} ${on}`)
      .join("\n");
    if (shape !== this.#shape) this.#make(shown);
    this.#shape = shape;
    for (const entry of shown) {
      const { cells, row } = this.#rows.get(entry.key) ?? {};
      if (!cells || !row) continue;
      fill(cells[1], rough(entry.mean));
      fill(cells[2], written(entry.peak));
      fill(cells[3], rough(ratio(entry)));
      const title = Number.isNaN(entry.at) ? "" : stamp(entry.at);
      if (cells[2] && cells[2].title !== title) cells[2].title = title;
    }
    this.#fill();
    this.#more.hidden = shown.length === sorted.length;
    fill(this.#more, `Show ${exact(sorted.length - shown.length)} more`);
  }

  /** @param {Entry[]} entries */
  #make(entries) {
    const focused = document.activeElement;
    const key = keyOf(focused);
    const kind = focused?.className;
    this.#rows.clear();
    const made = entries.map((entry) => {
      const parts = rowOf(entry, this.#hearer);
      this.#rows.set(entry.key, parts);
      return parts.row;
    });
    this.#body.replaceChildren(...made);
    if (key === undefined) return;
    const again = this.#rows.get(key)?.row.querySelector(`.${kind}`);
    if (again instanceof HTMLElement) again.focus();
  }

  /** Removes all rows. */
  clear() {
    this.#shape = "";
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  /**
   * Highlights the row of a line, and scrolls it into view.
   *
   * @param {string | undefined} key
   */
  light(key) {
    for (const [one, { row }] of this.#rows) {
      const near = one === key;
      if (row.classList.contains("near") === near) continue;
      row.classList.toggle("near", near);
      if (!near) continue;
      const { place } = this;
      const top = row.offsetTop - 26; // below the titles
      const bottom = row.offsetTop + row.offsetHeight - place.clientHeight;
      if (place.scrollTop > top) place.scrollTop = top;
      else if (place.scrollTop < bottom) place.scrollTop = bottom;
    }
  }

  /**
   * Shows the values at a part of the time, or else the last ones.
   *
   * @param {Read | undefined} read
   * @param {(key: string) => number} value
   */
  read(read, value) {
    this.#read = read;
    this.#value = value;
    this.#fill();
  }

  #fill() {
    const read = this.#read;
    const which = read?.means ? "mean" : "highest";
    const title = read === undefined ? "" : stamp(read.second) +
      (read.size > 1 ? `, the ${which} of ${read.size} s` : "");
    this.#head.name(read === undefined ? "Last" : clock(read.second), title);
    for (const [key, { cells }] of this.#rows) {
      const value = this.#value(key);
      fill(cells[0], read?.means ? rough(value) : written(value));
    }
  }
}
