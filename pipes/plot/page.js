// @ts-check
/// <reference lib="dom" />
/**
 * The live page: takes in what the server sends, and draws it.
 *
 * @module
 */

import { align, Series } from "./series.js";

/** @typedef {[from: number, to: number]} Range In seconds, both shown. */

const uPlot = /** @type {any} */ (globalThis).uPlot;
const RETRY = 1000; // ms between attempts to reach the server
const SILENCE = 30_000; // ms without a word after which it is away
const DOZE = 10_000; // ms hidden after which a page lets its connection go
const MIN_FRAME = 200; // ms between frames of new data
const MIN_ZOOM = 2; // seconds
const MAX_MARKED = 40; // lines with a mark each at the cursor
const MAX_LIT = 30_000; // points among which the line at the cursor is lit up
const MAX_SPOKEN = 8; // series read out
const INCREMENTS = [1, 2, 5, 10, 15, 30].flatMap((n) => [n, n * 60])
  .concat([1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192].map((n) => n * 3600))
  .concat([30, 90, 365, 1825, 3650].map((n) => n * 86_400))
  .sort((a, b) => a - b);
const STAMPS = [
  [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", ...Array(7).fill(null)],
  [1, "{HH}:{mm}:{ss}", ...Array(7).fill(null)],
].map((row) => {
  if (row[0] === 86_400) return row;
  const day = "\n{YYYY}-{MM}-{DD}";
  return [row[0], row[1], day, null, day, null, null, null, 1];
});

const darkness = matchMedia("(prefers-color-scheme: dark)");
const THEMES = {
  light: {
    card: "#ffffff",
    text: "#1c2230",
    faint: "#5d6675",
    grid: "#e9ebf0",
    lines: (
      "#3b6fd4 #d9730d #1f8f63 #c2407c #7a5ad6 " +
      "#a67c00 #12889e #d1394b #66707f #71892a"
    ).split(" "),
  },
  dark: {
    card: "#1a1f29",
    text: "#e4e8f0",
    faint: "#98a2b5",
    grid: "#262d39",
    lines: (
      "#6ea0ff #ff9f4a #4fcf9b #ff7ab2 #b39bff " +
      "#e6c04a #4fc4dc #ff7c86 #aab2c0 #b5d05c"
    ).split(" "),
  },
};
const DASHES = [[], [6, 3], [2, 3]];

function theme() {
  return darkness.matches ? THEMES.dark : THEMES.light;
}

/**
 * @param {string} id
 * @returns {any}
 */
function byId(id) {
  return document.getElementById(id);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [properties]
 * @param {(Node | string)[]} children Strings become text, never markup.
 * @returns {HTMLElementTagNameMap[K]}
 */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** @param {number} second */
function clock(second) {
  return new Date(second * 1000).toTimeString().slice(0, 8);
}

/** @param {number} second */
function day(second) {
  const date = new Date(second * 1000);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())]
    .join("-");
}

/** @param {number} second */
function stamp(second) {
  const today = day(second) === day(Date.now() / 1000);
  return today ? clock(second) : `${day(second)} ${clock(second)}`;
}

/**
 * A value exactly, with its thousands apart.
 *
 * @param {number | undefined} value
 */
function exact(value) {
  if (value === undefined) return "–";
  const [, sign, whole, rest] = String(value).match(/^(-?)(\d+)(.*)$/) ?? [];
  if (whole === undefined) return String(value);
  return (sign ? "−" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
}

/** @param {number | undefined} rate */
function change(rate) {
  if (rate === undefined) return "–";
  return (rate > 0 ? "+" : "") + exact(Number(rate.toPrecision(4)));
}

const compact = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumSignificantDigits: 5,
});

/** What is asked for by the controls. */
const view = {
  span: 300,
  paused: false,
  /** @type {string[]} */
  words: [],
  /** @type {Range | undefined} */
  zoomed: undefined,
  /** @type {Range | undefined} What was shown when it was paused. */
  frozen: undefined,
  /** @type {number | undefined} The second that is read. */
  second: undefined,
  /** Whether the keyboard chose it. */
  byKeys: false,
};

/** @type {Map<string, Chart>} */
const charts = new Map();
/** @type {Map<number, Series>} */
let known = new Map();

/** @param {Series} series */
function matches({ name, tags }) {
  const text = `${name} ${tags}`.toLowerCase();
  return view.words.every((word) => text.includes(word));
}

/** @returns {Range} */
function range() {
  if (view.zoomed) return view.zoomed;
  if (view.frozen) return view.frozen;
  let [oldest, newest] = [Infinity, -Infinity];
  for (const chart of charts.values()) {
    for (const series of chart.drawn) {
      oldest = Math.min(oldest, series.oldest);
      newest = Math.max(newest, series.newest);
    }
  }
  if (newest === -Infinity) newest = Math.floor(Date.now() / 1000);
  if (view.span === Infinity) return [Math.min(oldest, newest - 1), newest];
  return [newest - view.span, newest];
}

/**
 * What was reported last, up to a second.
 *
 * @param {Series} series
 * @param {number} to
 */
function lastOf(series, to) {
  return series.at(series.times[series.indexOf(to + 1) - 1] ?? NaN);
}

/** The chart of one metric, with a line for each set of tags. */
class Chart {
  /** @type {Series[]} */
  series = [];
  /** @type {Series[]} Those that are wanted. */
  drawn = [];
  /** @type {Set<string>} The tags of those that were switched off. */
  off = new Set();
  /** @type {Map<Series, { row: HTMLElement, cells: HTMLElement[] }>} */
  #rows = new Map();
  /** @type {any} */
  #plot;
  /** @type {number[][]} */
  #lone = [];
  #near = false; // to what is scrolled into view
  #stale = true; // whether lines came or went since the plot was made
  #lit = true; // whether the line at the cursor is lit up

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.common = element("span", { className: "common" });
    this.head = element("th", { scope: "col" }, "Last");
    this.body = element("tbody");
    this.place = element("div", { className: "plot", tabIndex: 0 });
    this.place.setAttribute("role", "group");
    this.place.setAttribute(
      "aria-label",
      `Chart of ${name}. Left and right read the seconds, plus and minus ` +
        "zoom, Escape follows again.",
    );
    const save = (
      /** @type {string} */ what,
      /** @type {() => void} */ onclick,
    ) => {
      const button = element("button", { type: "button", onclick }, what);
      button.setAttribute("aria-label", `Save ${name} as ${what}`);
      return button;
    };
    const column = (/** @type {string} */ title) =>
      element("th", { scope: "col" }, title);
    const title = element("h2", {}, name);
    this.section = element(
      "section",
      { className: "chart" },
      element(
        "div",
        { className: "title" },
        title,
        this.common,
        element(
          "div",
          { className: "saves" },
          save("PNG", () => this.savePng()),
          save("CSV", () => this.saveCsv()),
        ),
      ),
      element(
        "div",
        { className: "body" },
        this.place,
        element(
          "div",
          { className: "legend", tabIndex: -1 },
          element(
            "table",
            {},
            element("caption", { className: "unseen" }, `Series of ${name}`),
            element(
              "thead",
              {},
              element(
                "tr",
                {},
                column("Series"),
                this.head,
                column("Change/s"),
                column("Peak"),
              ),
            ),
            this.body,
          ),
        ),
      ),
    );
    this.section.setAttribute("aria-label", name);
    this.place.addEventListener("keydown", (event) => this.#key(event));
    nearness.observe(this.section);
    sizes.observe(this.place);
  }

  /** Takes notice that series came, went, or are wanted otherwise. */
  update() {
    this.drawn = this.series.filter((series) =>
      matches(series) && !this.off.has(series.tags)
    );
    this.section.hidden = !this.series.some(matches);
    this.#stale = true;
  }

  /** @param {boolean} near */
  setNear(near) {
    this.#near = near;
    if (!near) this.#discard();
  }

  /** The tags that tell a series from the others of the chart. */
  #labels() {
    const sets = this.series.map(({ tags }) => tags.split(" "));
    const all = sets.length > 1
      ? sets.reduce((common, tags) => common.filter((t) => tags.includes(t)))
      : [];
    this.common.textContent = all.join(" ");
    return sets.map((tags) =>
      tags.filter((tag) => !all.includes(tag)).join(" ") || this.name
    );
  }

  /** @param {Series} series */
  #style(series) {
    const { lines } = theme();
    const i = this.series.indexOf(series);
    return {
      color: lines[i % lines.length] ?? "",
      dash: DASHES[Math.floor(i / lines.length) % DASHES.length] ?? [],
    };
  }

  #discard() {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#rows.clear();
    this.body.replaceChildren();
    this.#stale = true;
  }

  #makeRows() {
    this.#rows.clear();
    const labels = this.#labels();
    const rows = this.series.map((series, i) => {
      if (!matches(series)) return [];
      const label = labels[i] ?? "";
      const { color, dash } = this.#style(series);
      const swatch = element("i");
      swatch.style.borderTopColor = color;
      swatch.style.borderTopStyle = dash.length > 0 ? "dashed" : "solid";
      const text = element("span", {}, label);
      const button = element(
        "button",
        {
          type: "button",
          className: "toggle",
          title: series.tags,
          onclick: () => this.#toggle(series),
        },
        swatch,
        text,
      );
      button.setAttribute("aria-pressed", String(!this.off.has(series.tags)));
      const cells = ["value", "rate", "peak"].map((className) =>
        element("td", { className })
      );
      const row = element(
        "tr",
        {},
        element("th", { scope: "row" }, button),
        ...cells,
      );
      this.#rows.set(series, { row, cells });
      return [row];
    }).flat();
    const focused = [...this.body.children].findIndex((row) =>
      row.contains(document.activeElement)
    );
    this.body.replaceChildren(...rows);
    rows[focused]?.querySelector("button")?.focus();
  }

  /** @param {Series} series */
  #toggle({ tags }) {
    if (!this.off.delete(tags)) this.off.add(tags);
    this.update();
    redraw();
  }

  #make() {
    this.#plot?.destroy();
    const { faint, grid, card } = theme();
    const axis = {
      stroke: faint,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1, size: 5 },
      font: "12px system-ui, sans-serif",
    };
    const many = this.drawn.length;
    this.#plot = new uPlot(
      {
        width: this.place.clientWidth,
        height: this.place.clientHeight,
        padding: [8, 8, 0, 0],
        legend: { show: false },
        focus: { alpha: 0.2 },
        cursor: {
          y: false,
          drag: { x: true, y: false, setScale: false },
          focus: { prox: this.#lit && many > 1 ? 24 : -1 },
          points: many > MAX_MARKED
            ? { show: false }
            : { size: 8, width: 2, stroke: card },
          bind: { dblclick: () => () => (follow(), null) },
        },
        scales: {
          x: { time: true, auto: false },
        },
        axes: [
          { ...axis, incrs: INCREMENTS, values: STAMPS, space: 70, size: 44 },
          {
            ...axis,
            size: 58,
            values: (/** @type {unknown} */ _, /** @type {number[]} */ all) =>
              all.map((value) => compact.format(value)),
          },
        ],
        series: [
          {},
          ...this.drawn.map((series, i) => {
            const { color, dash } = this.#style(series);
            return {
              stroke: color,
              width: 1.5,
              dash,
              fill: many === 1 ? color + "20" : undefined,
              points: {
                size: 4,
                width: 0,
                fill: color,
                filter: (
                  /** @type {unknown} */ _u,
                  /** @type {number} */ _i,
                  /** @type {boolean} */ show,
                ) => show ? null : this.#lone[i],
              },
            };
          }),
        ],
        hooks: {
          setCursor: [(/** @type {any} */ u) => this.#pointed(u)],
          setSelect: [(/** @type {any} */ u) => this.#selected(u)],
          setSeries: [
            (/** @type {unknown} */ _u, /** @type {number | null} */ i) => {
              const near = i === null ? undefined : this.drawn[i - 1];
              for (const [series, { row }] of this.#rows) {
                row.classList.toggle("near", series === near);
              }
            },
          ],
        },
      },
      [[], ...this.drawn.map(() => [])],
      this.place,
    );
    this.#plot.over.addEventListener("mouseleave", () => read(undefined));
  }

  /** @param {any} u */
  #pointed(u) {
    if (!u.over.matches(":hover")) return;
    const second = u.cursor.idx === null ? undefined : u.data[0][u.cursor.idx];
    if (u.cursor.left >= 0) read(second);
  }

  /** @param {any} u */
  #selected(u) {
    const { left, width } = u.select;
    if (width <= 0) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    zoom([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [from, to] = range();
    const middle = view.second ?? (from + to) / 2;
    const around = (/** @type {number} */ span) =>
      zoom([middle - span / 2, middle + span / 2]);
    const step = event.shiftKey ? 10 : 1;
    if (event.key === "ArrowLeft") this.#move(-step);
    else if (event.key === "ArrowRight") this.#move(step);
    else if (event.key === "Home") this.#move(-Infinity);
    else if (event.key === "End") this.#move(Infinity);
    else if (event.key === "+" || event.key === "=") around((to - from) / 2);
    else if (event.key === "-") around((to - from) * 2);
    else if (event.key === "Escape") follow();
    else return;
    event.preventDefault();
  }

  /**
   * Reads so many seconds further.
   *
   * @param {number} step
   */
  #move(step) {
    const [from, to] = range();
    const seconds =
      this.#plot?.data[0].filter((/** @type {number} */ second) =>
        second >= from && second <= to
      ) ?? [];
    const { length } = seconds;
    if (length === 0) return;
    const at = view.second ?? Infinity;
    let i = seconds.findIndex((/** @type {number} */ s) => s >= at);
    if (i < 0) i = length;
    const next = Math.max(0, Math.min(length - 1, i + step));
    read(seconds[next], true);
    const spoken = this.drawn.slice(0, MAX_SPOKEN).map((series) =>
      `${series.tags} ${exact(series.at(seconds[next]).value)}`
    );
    byId("announce").textContent = `${stamp(seconds[next])}: ${
      spoken.join(", ")
    }`;
  }

  /** @param {Range} range */
  draw([from, to]) {
    if (!this.#near || this.section.hidden) return;
    const { data, lone } = align(this.drawn, from, to);
    const lit = data[0].length * this.drawn.length <= MAX_LIT;
    if (this.#stale) this.#makeRows();
    if (this.#stale || lit !== this.#lit) {
      this.#lit = lit;
      this.#make();
      this.#stale = false;
    }
    this.#lone = lone;
    this.#plot.batch(() => {
      this.#plot.setData(data, false);
      this.#plot.setScale("x", { min: from, max: to });
    });
    for (const [series, { cells: [, , peak] }] of this.#rows) {
      fill(peak, exact(series.peak(from, to)));
    }
    this.tell([from, to]);
  }

  /**
   * Fills in what is read in the legend.
   *
   * @param {Range} range
   */
  tell([, to]) {
    if (!this.#near || this.#rows.size === 0) return;
    const { second } = view;
    this.head.textContent = second === undefined ? "Last" : clock(second);
    this.head.title = second === undefined ? "" : stamp(second);
    for (const [series, { cells }] of this.#rows) {
      const { value, rate } = second === undefined
        ? lastOf(series, to)
        : series.at(second);
      fill(cells[0], exact(value));
      fill(cells[1], change(rate));
    }
    if (!this.#plot || (second !== undefined && this.#hovered())) return;
    const left = second === undefined ? -10 : this.#plot.valToPos(second, "x");
    this.#plot.setCursor({ left, top: -1000 }); // far from all lines
  }

  #hovered() {
    return !view.byKeys && this.#plot.over.matches(":hover");
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.place;
    if (this.#plot && width > 0 && width !== this.#plot.width) {
      this.#plot.setSize({ width, height });
    }
  }

  remove() {
    this.#discard();
    nearness.unobserve(this.section);
    sizes.unobserve(this.place);
    this.section.remove();
  }

  /** @param {string} ending */
  #fileName(ending) {
    const [from] = range();
    const time = clock(from).replaceAll(":", "-");
    const name = this.name.replaceAll(/[^-\w.]/g, "_").replace(/^\.+/, "");
    return `${name}-${day(from)}-${time}.${ending}`;
  }

  /** Saves the chart with its legend, as it is drawn. */
  savePng() {
    const source = this.#plot?.ctx.canvas;
    if (!source) return;
    const { card, text, faint } = theme();
    const [from, to] = range();
    const scale = source.width / this.#plot.width;
    const line = 20;
    const labels = this.#labels();
    const shown = this.drawn.slice(0, 30);
    const width = this.#plot.width + 32;
    const height = this.#plot.height + line * (shown.length + 3) + 20;
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
      font = "13px system-ui, sans-serif",
    ) => {
      context.font = font;
      context.fillStyle = color;
      context.fillText(what, x, y);
    };
    write(this.name, 16, 22, text, "600 16px system-ui, sans-serif");
    write(
      `${stamp(from)} to ${stamp(to)}  ${this.common.textContent}`,
      16,
      42,
      faint,
    );
    context.drawImage(
      source,
      16,
      56,
      this.#plot.width,
      this.#plot.height,
    );
    let y = this.#plot.height + 72;
    for (const series of shown) {
      const { color, dash } = this.#style(series);
      context.strokeStyle = color;
      context.lineWidth = 3;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(24, y);
      context.lineTo(42, y);
      context.stroke();
      const { value } = lastOf(series, to);
      const peak = exact(series.peak(from, to));
      const label = labels[this.series.indexOf(series)] ?? "";
      write(`${label}   last ${exact(value)}   peak ${peak}`, 52, y);
      y += line;
    }
    const more = this.drawn.length - shown.length;
    if (more > 0) write(`and ${more} more`, 52, y, faint);
    canvas.toBlob((blob) => blob && save(blob, this.#fileName("png")));
  }

  /** Saves the points that are shown: a row each second, a column each line. */
  saveCsv() {
    const [from, to] = range();
    const { data: [seconds, ...columns] } = align(this.drawn, from, to);
    const quote = (/** @type {string} */ text) =>
      `"${text.replaceAll('"', '""')}"`;
    const titles = this.drawn.map(({ name, tags }) => quote(`${name} ${tags}`));
    const rows = [["time", "second", ...titles].join(",")];
    for (const [i, second] of seconds.entries()) {
      const values = columns.map((column) => column[i] ?? "");
      if (second < from || second > to || values.every((v) => v === "")) {
        continue;
      }
      const time = new Date(second * 1000).toISOString().slice(0, 19) + "Z";
      rows.push([time, second, ...values].join(","));
    }
    const type = "text/csv;charset=utf-8";
    save(
      new Blob([rows.join("\r\n") + "\r\n"], { type }),
      this.#fileName("csv"),
    );
  }
}

/**
 * @param {HTMLElement | undefined} cell
 * @param {string} text
 */
function fill(cell, text) {
  if (cell && cell.textContent !== text) cell.textContent = text;
}

/**
 * @param {Blob} blob
 * @param {string} download The name of the file.
 */
function save(blob, download) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

const nearness = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    chartAt(target)?.setNear(isIntersecting);
  }
  redraw();
}, { rootMargin: "300px" });

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) chartAt(target)?.resize();
});

/** @param {Element} target */
function chartAt(target) {
  const name = target.closest(".chart")?.getAttribute("aria-label");
  return charts.get(name ?? "");
}

/**
 * Reads a second in all charts.
 *
 * @param {number | undefined} second
 * @param {boolean} byKeys
 */
function read(second, byKeys = false) {
  if (second === view.second && byKeys === view.byKeys) return;
  view.second = second;
  view.byKeys = byKeys;
  if (telling) return;
  telling = true;
  requestAnimationFrame(() => {
    telling = false;
    const shown = range();
    for (const chart of charts.values()) chart.tell(shown);
  });
}
let telling = false;

/** @param {Range} wanted */
function zoom([from, to]) {
  const middle = (from + to) / 2;
  const half = Math.max(MIN_ZOOM, to - from) / 2;
  view.zoomed = [middle - half, middle + half];
  byId("follow").disabled = false;
  redraw();
}

function follow() {
  view.zoomed = undefined;
  byId("follow").disabled = true;
  redraw();
}

let drawing = false;
let waiting = false;
let nextFrame = 0;

/** Draws before long. */
function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame((start) => {
    drawing = false;
    const shown = range();
    for (const chart of charts.values()) chart.draw(shown);
    const [from, to] = [Math.ceil(shown[0]), Math.floor(shown[1])];
    byId("range").textContent = known.size > 0
      ? `${stamp(from)} – ${stamp(to)}`
      : "";
    // Leaves most of the time to all else, however long a frame takes.
    setTimeout(() => {
      const now = performance.now();
      nextFrame = now + Math.max(MIN_FRAME, 4 * (now - start));
    });
  });
}

/** Draws new data, unless paused, when its time has come. */
function refresh() {
  if (view.paused || waiting) return;
  waiting = true;
  setTimeout(() => {
    waiting = false;
    if (!view.paused) redraw();
  }, Math.max(0, nextFrame - performance.now()));
}

function count() {
  const shown = [...known.values()].filter(matches).length;
  const total = known.size === 1 ? "1 series" : `${exact(known.size)} series`;
  byId("count").textContent = shown === known.size
    ? `${total} in ${charts.size === 1 ? "1 chart" : `${charts.size} charts`}`
    : `${exact(shown)} of ${total} match`;
  byId("empty").hidden = known.size > 0;
}

/** Brings the charts in line with the series that are known. */
function arrange() {
  /** @type {Map<string, Series[]>} */
  const wanted = new Map();
  for (const series of known.values()) {
    const list = wanted.get(series.name);
    if (list) list.push(series);
    else wanted.set(series.name, [series]);
  }
  for (const [name, chart] of charts) {
    if (wanted.has(name)) continue;
    chart.remove();
    charts.delete(name);
  }
  for (const [name, series] of wanted) {
    let chart = charts.get(name);
    if (!chart) {
      chart = new Chart(name);
      charts.set(name, chart);
      byId("charts").append(chart.section);
    }
    const same = chart.series.length === series.length &&
      series.every((one, i) => one === chart.series[i]);
    if (same) continue;
    chart.series = series;
    chart.update();
  }
  count();
}

function updateAll() {
  for (const chart of charts.values()) chart.update();
  count();
  redraw();
}

// What the server tells.

/** @type {number | null} */
let ended = null;
/** @type {number | null} */
let away = null;
let keep = 3600;
/** @type {EventSource | undefined} */
let source;
let heard = 0;

function showStatus() {
  const at = (/** @type {number} */ ms) => clock(ms / 1000);
  const words = [];
  if (ended !== null) words.push(`input ended ${at(ended)}`);
  if (away !== null) words.push(`server went away ${at(away)}, trying again`);
  if (words.length === 0) words.push("live");
  const text = words.join("; ");
  const status = byId("status");
  status.dataset.state = away !== null
    ? "away"
    : ended !== null
    ? "ended"
    : "live";
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  if (status.textContent !== sentence) status.textContent = sentence;
}

function connect() {
  source?.close();
  source = new EventSource("/events");
  heard = performance.now();
  /** @type {Map<number, Series>} */
  let incoming = new Map();
  const on = (
    /** @type {string} */ name,
    /** @type {(data: any) => void} */ act,
  ) => {
    source?.addEventListener(name, ({ data }) => {
      heard = performance.now();
      act(JSON.parse(data));
    });
  };
  on("history", (data) => {
    keep = data.keep;
    incoming = new Map();
  });
  on("series", ([id, name, tags, first, runs, values]) => {
    const series = new Series(id, name, tags, keep);
    let second = first;
    let i = 0;
    if (values.length > 0) series.add(second, values[i++]);
    for (let run = 0; run < runs.length; run += 2) {
      for (let n = runs[run + 1]; n > 0; n--) {
        series.add(second += runs[run], values[i++]);
      }
    }
    incoming.set(id, series);
  });
  on("live", () => {
    known = incoming;
    away = null;
    arrange();
    refresh();
  });
  on("points", ({ added, removed, points }) => {
    for (const [id, name, tags] of added) {
      if (!known.has(id)) known.set(id, new Series(id, name, tags, keep));
    }
    for (const id of removed) known.delete(id);
    for (const [id, ...pairs] of points) {
      const series = known.get(id);
      for (let i = 0; series && i < pairs.length; i += 2) {
        series.add(pairs[i], pairs[i + 1]);
      }
    }
    if (added.length + removed.length > 0) arrange();
    refresh();
  });
  on("state", ({ strange, latestStrange, refused, ended: at }) => {
    ended = at;
    showStatus();
    byId("strange").hidden = strange === 0;
    byId("strange").querySelector("summary").textContent = strange === 1
      ? "1 line is no put"
      : `${exact(strange)} lines are no puts`;
    byId("strange").querySelector("ol").replaceChildren(
      ...latestStrange.map((/** @type {string} */ line) =>
        element("li", {}, line || " ")
      ),
    );
    byId("refused").hidden = refused === 0;
    byId("refused").textContent = `${
      exact(refused)
    } datapoints were of series that there was no room for.`;
  });
  source.onerror = lost;
}

function lost() {
  source?.close();
  source = undefined;
  if (away === null) {
    away = Date.now();
    showStatus();
  }
  setTimeout(() => {
    if (!source && !document.hidden) connect();
  }, RETRY);
}

setInterval(() => {
  if (source && performance.now() - heard > SILENCE) lost();
}, 5000);

// A browser opens only so many connections to one host: the hidden let go.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) {
    if (!source) connect();
    return;
  }
  setTimeout(() => {
    if (!document.hidden) return;
    source?.close();
    source = undefined;
  }, DOZE);
});

byId("search").addEventListener("input", () => {
  const text = byId("search").value.trim().toLowerCase();
  view.words = text === "" ? [] : text.split(/\s+/);
  updateAll();
});

byId("spans").addEventListener("change", (/** @type {Event} */ event) => {
  view.span = Number(/** @type {HTMLInputElement} */ (event.target).value);
  view.frozen = undefined;
  follow();
  if (view.paused) view.frozen = range();
});

byId("pause").addEventListener("click", () => {
  view.frozen = view.paused ? undefined : range();
  view.paused = !view.paused;
  byId("pause").setAttribute("aria-pressed", String(view.paused));
  redraw();
});

byId("follow").addEventListener("click", follow);
darkness.addEventListener("change", updateAll);

connect();
