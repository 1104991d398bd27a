// @ts-check
/// <reference lib="dom" />
/**
 * Saves what a chart shows.
 *
 * @module
 */

import { align } from "../../history/series.js";
import { element, save } from "./dom.js";
import { clock, day, exact, stamp } from "./figures.js";
import { labels, lastOf } from "./legend.js";
import { lineStyle, theme } from "./theme.js";

/** @import { Range } from "./board.js" */
/** @import { Chart } from "./chart.js" */

const FONT = "13px system-ui, sans-serif";
const TITLE_FONT = "600 16px system-ui, sans-serif";
const LINE = 20; // pixels from one row of the legend to the next
const MAX_ROWS = 30;

/**
 * @param {Chart} chart
 * @param {Range} range
 * @param {string} ending
 */
function fileName({ name }, [from], ending) {
  const time = clock(from).replaceAll(":", "-");
  const safe = name.replaceAll(/[^-\w.]/g, "_").replace(/^\.+/, "");
  return `${safe}-${day(from)}-${time}.${ending}`;
}

/**
 * Saves a chart with its legend, as it is drawn.
 *
 * @param {Chart} chart
 * @param {Range} range
 */
export function savePng(chart, range) {
  const { plot, series, name } = chart;
  if (!plot) return;
  const source = plot.ctx.canvas;
  const { card, text, faint } = theme();
  const [from, to] = range;
  const scale = source.width / plot.width;
  const { common, own } = labels(name, series);
  const shown = chart.drawn.slice(0, MAX_ROWS);
  const width = plot.width + 32;
  const height = plot.height + LINE * (shown.length + 3) + 20;
  const canvas = element("canvas", {
    width: width * scale,
    height: height * scale,
  });
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  context.fillStyle = card;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  const write = (
    /** @type {string} */ what,
    /** @type {number} */ x,
    /** @type {number} */ y,
    color = text,
    font = FONT,
  ) => {
    context.font = font;
    context.fillStyle = color;
    context.fillText(what, x, y);
  };
  write(name, 16, 22, text, TITLE_FONT);
  write(`${stamp(from)} to ${stamp(to)}  ${common}`, 16, 42, faint);
  context.drawImage(source, 16, 56, plot.width, plot.height);
  let y = plot.height + 72;
  for (const one of shown) {
    const i = series.indexOf(one);
    const { color, dash } = lineStyle(i);
    context.strokeStyle = color;
    context.lineWidth = 3;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(24, y);
    context.lineTo(42, y);
    context.stroke();
    const last = exact(lastOf(one, to).value);
    const peak = exact(one.peak(from, to));
    write(`${own[i]}   last ${last}   peak ${peak}`, 52, y);
    y += LINE;
  }
  const more = chart.drawn.length - shown.length;
  if (more > 0) write(`and ${more} more`, 52, y, faint);
  canvas.toBlob((blob) => blob && save(blob, fileName(chart, range, "png")));
}

/**
 * Saves the points that are shown: a row each second, a column each line.
 *
 * @param {Chart} chart
 * @param {Range} range
 */
export function saveCsv(chart, range) {
  const [from, to] = range;
  const { data: [seconds, ...columns] } = align(chart.drawn, from, to);
  const quote = (/** @type {string} */ text) =>
    `"${text.replaceAll('"', '""')}"`;
  const titles = chart.drawn.map(({ name, tags }) => quote(`${name} ${tags}`));
  const rows = [["time", "second", ...titles].join(",")];
  for (const [i, second] of seconds.entries()) {
    const values = columns.map((column) => column[i] ?? "");
    if (second < from || second > to || values.every((v) => v === "")) continue;
    const time = new Date(second * 1000).toISOString().slice(0, 19) + "Z";
    rows.push([time, second, ...values].join(","));
  }
  const type = "text/csv;charset=utf-8";
  const text = rows.join("\r\n") + "\r\n";
  save(new Blob([text], { type }), fileName(chart, range, "csv"));
}
