// @ts-check
/// <reference lib="dom" />
/**
 * Saves what a chart shows.
 *
 * @module
 */

import { element, save } from "./dom.js";
import { clock, day, exact, rough, stamp } from "./figures.js";
import { wholeSeries } from "../../history/told.js";
import { theme } from "./theme.js";

/** @import { Board } from "./board.js" */
/** @import { Range } from "./time_shown.js" */
/** @import { Chart } from "./chart.js" */

const FONT = "13px system-ui, sans-serif";
const TITLE_FONT = "600 16px system-ui, sans-serif";
const LINE = 20; // pixels from one row of the legend to the next
const MAX_ROWS = 30;

/**
 * @param {{ name: string }} chart
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
  const { picture, name } = chart;
  if (!picture) return;
  const { plot, scene } = picture;
  const source = plot.ctx.canvas;
  const { card, text, faint } = theme();
  const [from, to] = range;
  const scale = source.width / plot.width;
  const shown = scene.heat ? [] : chart.lines.drawn.slice(0, MAX_ROWS);
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
  write(`${stamp(from)} to ${stamp(to)}`, 16, 42, faint);
  context.drawImage(source, 16, 56, plot.width, plot.height);
  let y = plot.height + 72;
  for (const [i, { title, mean, peak, at }] of shown.entries()) {
    const { color = text, dash = [] } = scene.lines[i] ?? {};
    context.strokeStyle = color;
    context.lineWidth = 3;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(24, y);
    context.lineTo(42, y);
    context.stroke();
    const top = `peak ${exact(peak)} at ${stamp(at)}`;
    write(`${title}   mean ${rough(mean)}   ${top}`, 52, y);
    y += LINE;
  }
  const more = chart.lines.drawn.length - shown.length;
  if (more > 0 && !scene.heat) write(`and ${more} more`, 52, y, faint);
  canvas.toBlob((blob) => blob && save(blob, fileName(chart, range, "png")));
}

/**
 * Saves the points that are shown: a row for each second, a column for each series.
 *
 * @param {Chart} chart
 * @param {Range} range
 */
export function saveCsv(chart, range) {
  const [from, to] = range;
  const shown = chart.matched;
  /** @type {Set<number>} */
  const seconds = new Set();
  for (const series of shown) {
    for (const second of series.times) {
      if (second >= from && second <= to) seconds.add(second);
    }
  }
  const quote = (/** @type {string} */ text) =>
    `"${text.replaceAll('"', '""')}"`;
  const titles = shown.map(({ name, tags }) => quote(`${name} ${tags}`));
  const rows = [["time", "second", ...titles].join(",")];
  for (const second of [...seconds].sort((a, b) => a - b)) {
    const time = new Date(second * 1000).toISOString().slice(0, 19) + "Z";
    const values = shown.map((series) => series.at(second) ?? "");
    rows.push([time, second, ...values].join(","));
  }
  const type = "text/csv;charset=utf-8";
  const text = rows.join("\r\n") + "\r\n";
  save(new Blob([text], { type }), fileName(chart, range, "csv"));
}

/**
 * Saves all charts with their data as a page in one file, which opens without a
 * server.
 *
 * @param {Board} board
 */
export async function savePage(board) {
  const [from, to] = board.time.range();
  const told = [...board.known.values()]
    .filter((series) => board.matches(series))
    .map((series) => wholeSeries(series, { from, to }));
  const html = await (await fetch("/")).text();
  const modules = await collect("/page/page.js");
  const imports = Object.fromEntries([...modules].map(([path, source]) => [
    bare(path),
    `data:text/javascript;charset=utf-8,${encodeURIComponent(source)}`,
  ]));
  const styles = await texts(html, /<link rel="stylesheet" href="(.+?)">/g);
  const scripts = await texts(html, /<script src="(.+?)" defer>/g);
  const state = { at: Date.now(), view: board.view.toString(), told };
  const json = JSON.stringify(state).replaceAll("<", "\\u003c");
  const parts = [
    ...styles.map((text) => `<style>${text}</style>`),
    ...scripts.map((text) =>
      `<script>${text.replaceAll("</", "<\\/")}<\/script>`
    ),
    `<script type="importmap">${JSON.stringify({ imports })}<\/script>`,
    `<script type="application/json" id="saved">${json}<\/script>`,
    `<script type="module">import "${bare("/page/page.js")}";<\/script>`,
  ];
  const page = html
    .replace(/<link\s+rel="stylesheet"[^>]*>\s*/g, "")
    .replace(/<script src[^>]*><\/script>\s*/g, "")
    .replace("</head>", () => `${parts.join("\n")}\n</head>`);
  const name = `metriccounter-${day(from)}-${clock(from).replaceAll(":", "-")}`;
  save(new Blob([page], { type: "text/html" }), `${name}.html`);
}

/**
 * @param {string} html
 * @param {RegExp} form
 */
function texts(html, form) {
  return Promise.all(
    [...html.matchAll(form)].map(async ([, path = ""]) =>
      await (await fetch(path)).text()
    ),
  );
}

/** @param {string} path The path of a module; returns its name in a saved page. */
function bare(path) {
  return `metriccounter${path}`;
}

/**
 * Collects a module and all that it imports; in a saved page they import each
 * other by bare names.
 *
 * @param {string} path
 * @param {Map<string, string>} found
 */
async function collect(path, found = new Map()) {
  if (found.has(path)) return found;
  found.set(path, "");
  const source = await (await fetch(path)).text();
  /** @type {string[]} */
  const others = [];
  const changed = source.replace(/ from "(\..*?)";/g, (_, other) => {
    const to = new URL(other, location.origin + path).pathname;
    others.push(to);
    return ` from "${bare(to)}";`;
  });
  found.set(path, changed);
  for (const other of others) await collect(other, found);
  return found;
}
