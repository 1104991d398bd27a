// @ts-check
/// <reference lib="dom" />
/**
 * The controls of a chart: how it is drawn, as the person chooses.
 *
 * @module
 */

import { element, find } from "./dom.js";
import { ALL, tagsOf } from "./rows.js";
import { saveCsv, savePng } from "./save.js";
import { DRAWS, HOWS, TOPS } from "./view.js";

/** @import { Series } from "../../history/series.js" */
/** @import { Chart } from "./chart.js" */
/** @import { Lines } from "./lines.js" */

/** @type {Record<string, string>} */
const DRAWN = {
  "": "automatic",
  lines: "lines",
  stack: "stack",
  heat: "heat map",
};

export class Controls {
  #chart;
  #by;
  #how;
  #draw;
  #top;
  #keys = "";
  #many = element("div", { className: "many" });

  /** @param {Chart} chart */
  constructor(chart) {
    this.#chart = chart;
    const { name, view } = chart;
    this.#by = this.#select("Lines", [], (value) => {
      view.by = value;
      view.off = [];
      view.only = undefined;
    });
    this.#how = this.#select(
      "value",
      HOWS.map((how) => [how, how]),
      (value) => view.how = HOWS.find((how) => how === value) ?? "sum",
    );
    this.#draw = this.#select(
      "drawn as",
      DRAWS.map((draw) => [draw, DRAWN[draw] ?? draw]),
      (value) => view.draw = DRAWS.find((draw) => draw === value) ?? "",
    );
    this.#top = this.#select(
      "show the largest",
      TOPS.map((top) => [String(top), String(top)]),
      (value) => view.top = Number(value),
    );
    this.#many.append(this.#by, this.#how, this.#draw, this.#top);
    const save = (
      /** @type {string} */ what,
      /** @type {() => void} */ onclick,
    ) => {
      const button = element("button", { type: "button", onclick }, what);
      button.setAttribute("aria-label", `Save ${name} as ${what}`);
      return button;
    };
    this.place = element(
      "div",
      { className: "controls" },
      this.#many,
      save("PNG", () => savePng(chart, chart.board.time.range())),
      save("CSV", () => saveCsv(chart, chart.board.time.range())),
    );
  }

  /**
   * @param {string} label
   * @param {[value: string, text: string][]} choices
   * @param {(value: string) => void} choose
   */
  #select(label, choices, choose) {
    const chart = this.#chart;
    const select = element("select", {
      onchange: () => {
        choose(select.value);
        chart.change();
      },
    }, ...choices.map(([value, text]) => element("option", { value }, text)));
    select.setAttribute("aria-label", `${chart.name}: ${label}`);
    const made = element("label", {}, element("span", {}, label), select);
    return made;
  }

  /**
   * Offers the choices that there are for these lines.
   *
   * @param {Series[]} list
   * @param {Lines} lines
   */
  offer(list, { wanted, draw }) {
    const { view } = this.#chart;
    this.#many.hidden = list.length < 2;
    const { keys } = tagsOf(list);
    const by = selectIn(this.#by);
    if (keys.join(" ") !== this.#keys) {
      this.#keys = keys.join(" ");
      const choices = [["", "each series"], [ALL, "all series as one"]];
      if (keys.length > 1) {
        choices.push(...keys.map((key) => [key, `by ${key}`]));
      }
      by.replaceChildren(
        ...choices.map(([value, text]) =>
          element("option", { value }, text ?? "")
        ),
      );
    }
    by.value = view.by;
    selectIn(this.#how).value = view.how;
    selectIn(this.#draw).value = view.draw;
    selectIn(this.#top).value = String(view.top);
    this.#how.hidden = view.by === "";
    this.#top.hidden = draw === "heat" || wanted.length <= Math.min(...TOPS);
  }
}

/** @param {HTMLElement} label */
function selectIn(label) {
  return find(label, "select", HTMLSelectElement);
}
