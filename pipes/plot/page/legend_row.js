// @ts-check
/// <reference lib="dom" />
/**
 * A row of a legend: the style of the line, its name, and its figures.
 *
 * @module
 */

import { element } from "./dom.js";
import { lineStyle } from "./theme.js";

const SVG = "http://www.w3.org/2000/svg";
const NOT_DRAWN = { color: "currentColor", dash: [1, 3] };

/**
 * A row of the legend.
 *
 * @typedef {object} Entry
 * @property {string} key Differs from those of the other rows.
 * @property {string[]} labels The texts in the columns of tags.
 * @property {string} title
 * @property {number | undefined} style The style of its line, if it has one.
 * @property {boolean} on
 * @property {number} last
 * @property {number} mean
 * @property {number} peak
 * @property {number} at The second of the peak.
 */

/**
 * What is told of the person's actions in the legend.
 *
 * @typedef {object} LegendHearer
 * @property {(key: string) => void} toggle A line is switched off or on.
 * @property {(key: string) => void} alone A line is shown alone, or no longer so.
 * @property {(key: string | undefined) => void} near A row is pointed at.
 */

/**
 * The columns of figures.
 *
 * @type {[className: string, title: string][]}
 */
export const FIGURES = [
  ["value", "Last"],
  ["mean", "Mean"],
  ["peak", "Peak"],
  ["ratio", "Peak/mean"],
];

/**
 * Makes a row.
 *
 * @param {Entry} entry
 * @param {LegendHearer} hearer
 * @returns {{ row: HTMLElement, cells: HTMLElement[] }} The cells are those of
 * the figures.
 */
export function rowOf({ key, labels, title, style, on }, hearer) {
  const toggle = element("button", {
    type: "button",
    className: "toggle",
    title: on ? "Hide" : "Show",
    onclick: () => hearer.toggle(key),
  }, swatch(style === undefined ? NOT_DRAWN : lineStyle(style)));
  toggle.setAttribute("aria-label", `Show ${labels.join(" ")}`);
  toggle.setAttribute("aria-pressed", String(on));
  const [first = title, ...others] = labels;
  const alone = element("button", {
    type: "button",
    className: "alone",
    title: `${title}: show it alone`,
    onclick: () => hearer.alone(key),
  }, first);
  const cells = FIGURES.map(([className]) => element("td", { className }));
  const row = element(
    "tr",
    {},
    element("td", {}, toggle),
    element("th", { scope: "row" }, alone),
    ...others.map((label) => element("td", { className: "tag" }, label)),
    ...cells,
  );
  row.dataset.key = key;
  if (!on) row.className = "off";
  return { row, cells };
}

/**
 * A line as it is drawn.
 *
 * @param {{ color: string, dash: number[] }} style
 */
function swatch({ color, dash }) {
  const image = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", "M0 4h22");
  line.setAttribute("stroke", color);
  line.setAttribute("stroke-dasharray", dash.join(" "));
  image.append(line);
  return image;
}

/**
 * The key of the row in which an element is.
 *
 * @param {EventTarget | null} target
 * @returns {string | undefined}
 */
export function keyOf(target) {
  const row = target instanceof Element ? target.closest("tr") : null;
  return row?.dataset.key;
}
