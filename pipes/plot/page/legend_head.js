// @ts-check
/// <reference lib="dom" />
/**
 * The titles of a legend's columns, by which its rows can be sorted.
 *
 * @module
 */

import { element, fill } from "./dom.js";
import { FIGURES } from "./legend_row.js";
import { compare } from "./rows.js";

/** @import { Entry } from "./legend_row.js" */

/**
 * The peak, as a multiple of the mean.
 *
 * @param {Entry} entry
 */
export function ratio({ peak, mean }) {
  return mean > 0 ? peak / mean : NaN;
}

export class LegendHead {
  row = element("tr");

  #resorted;
  /** @type {string[]} */
  #columns = [];
  #sort = { column: -1, down: true }; // -1: not sorted

  /** @param {() => void} resorted Is called when the order has changed. */
  constructor(resorted) {
    this.#resorted = resorted;
  }

  /**
   * @param {string[]} columns The keys of the tags that stand in columns.
   * @returns {boolean} Whether they are others than before.
   */
  setColumns(columns) {
    if (columns.join(" ") === this.#columns.join(" ") && this.row.firstChild) {
      return false;
    }
    this.#columns = columns;
    const titles = ["", ...columns, ...FIGURES.map(([, title]) => title)];
    this.row.replaceChildren(...titles.map((title, i) => {
      if (i === 0) return element("td");
      const cell = element("th", { scope: "col" });
      const button = element("button", {
        type: "button",
        onclick: () => this.#sortBy(i - 1),
      }, title);
      if (i > columns.length) cell.className = "figure";
      cell.append(button);
      return cell;
    }));
    this.#mark();
    return true;
  }

  /**
   * Names the first column of figures.
   *
   * @param {string} name
   * @param {string} title What is shown when it is pointed at.
   */
  name(name, title) {
    const button = this.row.children[this.#columns.length + 1]?.firstChild;
    if (!(button instanceof HTMLElement)) return;
    fill(button, name);
    button.title = title;
  }

  /** @param {number} column */
  #sortBy(column) {
    const { column: before, down } = this.#sort;
    const figure = column >= this.#columns.length;
    if (before !== column) this.#sort = { column, down: figure };
    else if (down === figure) this.#sort = { column, down: !figure };
    else this.#sort = { column: -1, down: true };
    this.#mark();
    this.#resorted();
  }

  #mark() {
    for (const [i, cell] of [...this.row.children].slice(1).entries()) {
      const { column, down } = this.#sort;
      if (i !== column) cell.removeAttribute("aria-sort");
      else cell.setAttribute("aria-sort", down ? "descending" : "ascending");
    }
  }

  /**
   * The entries in the order that the person has chosen.
   *
   * @param {Entry[]} entries
   * @returns {Entry[]}
   */
  sorted(entries) {
    const { column, down } = this.#sort;
    if (column < 0) return entries;
    const tags = this.#columns.length;
    const figure = (/** @type {Entry} */ entry) => {
      const values = [entry.last, entry.mean, entry.peak, ratio(entry)];
      const value = values[column - tags] ?? NaN;
      return Number.isNaN(value) ? -Infinity : value;
    };
    const order = (/** @type {Entry} */ a, /** @type {Entry} */ b) =>
      column < tags
        ? compare(a.labels.slice(column), b.labels.slice(column))
        : figure(a) - figure(b) || 0;
    return entries.toSorted((a, b) => down ? order(b, a) : order(a, b));
  }
}
