// @ts-check
/// <reference lib="dom" />
/**
 * The legend of a chart: a row for each series, with its figures.
 *
 * @module
 */

import { element, fill } from "./dom.js";
import { change, clock, exact, stamp } from "./figures.js";
import { lineStyle } from "./theme.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Range } from "./board.js" */

/**
 * The tags that all of several series have, and for each series the others.
 *
 * @param {string} name What a series without a tag of its own is called.
 * @param {Series[]} list
 */
export function labels(name, list) {
  const sets = list.map(({ tags }) => tags.split(" "));
  const common = sets.length > 1
    ? sets.reduce((common, tags) => common.filter((t) => tags.includes(t)))
    : [];
  const own = sets.map((tags) =>
    tags.filter((tag) => !common.includes(tag)).join(" ") || name
  );
  return { common: common.join(" "), own };
}

/**
 * What was reported last, up to a second.
 *
 * @param {Series} series
 * @param {number} to
 */
export function lastOf(series, to) {
  return series.at(series.times[series.indexOf(to + 1) - 1] ?? NaN);
}

export class Legend {
  #head = element("th", { scope: "col" }, "Last");
  #body = element("tbody");
  /** @type {Map<Series, { row: HTMLElement, cells: HTMLElement[] }>} */
  #rows = new Map();

  /**
   * @param {string} name The metric.
   * @param {(series: Series) => void} toggle Switches a series off, or on.
   */
  constructor(name, toggle) {
    this.toggle = toggle;
    const column = (/** @type {string} */ title) =>
      element("th", { scope: "col" }, title);
    const titles = element(
      "tr",
      {},
      column("Series"),
      this.#head,
      column("Change/s"),
      column("Peak"),
    );
    this.place = element(
      "div",
      { className: "legend", tabIndex: -1 },
      element(
        "table",
        {},
        element("caption", { className: "unseen" }, `Series of ${name}`),
        element("thead", {}, titles),
        this.#body,
      ),
    );
  }

  /**
   * Makes a row for each series.
   *
   * @param {{ series: Series, label: string, style: number, on: boolean }[]} all
   */
  make(all) {
    this.#rows.clear();
    const rows = all.map(({ series, label, style, on }) => {
      const { color, dash } = lineStyle(style);
      const swatch = element("i");
      swatch.style.borderTopColor = color;
      swatch.style.borderTopStyle = dash.length > 0 ? "dashed" : "solid";
      const button = element(
        "button",
        {
          type: "button",
          className: "toggle",
          title: series.tags,
          onclick: () => this.toggle(series),
        },
        swatch,
        element("span", {}, label),
      );
      button.setAttribute("aria-pressed", String(on));
      const cells = ["value", "rate", "peak"].map((className) =>
        element("td", { className })
      );
      const title = element("th", { scope: "row" }, button);
      const row = element("tr", {}, title, ...cells);
      this.#rows.set(series, { row, cells });
      return row;
    });
    const focused = [...this.#body.children].findIndex((row) =>
      row.contains(document.activeElement)
    );
    this.#body.replaceChildren(...rows);
    rows[focused]?.querySelector("button")?.focus();
  }

  /** Removes all rows. */
  clear() {
    this.#rows.clear();
    this.#body.replaceChildren();
  }

  /** @param {Series | undefined} near The series that the cursor is near. */
  light(near) {
    for (const [series, { row }] of this.#rows) {
      row.classList.toggle("near", series === near);
    }
  }

  /** @param {Range} range The time of the peaks. */
  tellPeaks([from, to]) {
    for (const [series, { cells: [, , peak] }] of this.#rows) {
      fill(peak, exact(series.peak(from, to)));
    }
  }

  /**
   * Fills in what is read at a second, or else what was reported last.
   *
   * @param {number | undefined} second
   * @param {number} to The last second that is shown.
   */
  tell(second, to) {
    this.#head.textContent = second === undefined ? "Last" : clock(second);
    this.#head.title = second === undefined ? "" : stamp(second);
    for (const [series, { cells }] of this.#rows) {
      const { value, rate } = second === undefined
        ? lastOf(series, to)
        : series.at(second);
      fill(cells[0], exact(value));
      fill(cells[1], change(rate));
    }
  }
}
