/**
 * Draws charts in a terminal, as far as they fit into its rows and columns.
 *
 * @module
 */

import type { History } from "../history.ts";
import { type Bins, binsOf, figuresOf } from "../history/bins.js";
import type { Series } from "../history/series.js";
import { type Row, rowsOf } from "./page/rows.js";
import { axis, graph, type Scale } from "./terminal/graph.ts";
import {
  clock,
  cut,
  pad,
  rough,
  short,
  WIDE,
  width as widthOf,
} from "./terminal/text.ts";

const SPAN = 300; // seconds that are shown of what is live
const LEAST_GRAPH = 24; // characters; figures are left out before it gets narrower

const FIGURES: [title: string, value: (line: Line) => number][] = [
  ["last", ({ last }) => last],
  ["peak", ({ peak }) => peak],
  ["mean", ({ mean }) => rough(mean)],
  ["× mean", ({ peak, mean }) => mean > 0 ? rough(peak / mean) : NaN],
];

/** What a frame depends on, beside the history. */
export interface FrameOptions {
  /** Its width. */
  columns: number;
  /** Its height. */
  rows: number;
  /** Whether colours and weights are wanted. */
  color?: boolean;
  /** Series from the top that are scrolled past. */
  skip?: number;
  /**
   * What time it is, in milliseconds since the epoch.
   *
   * @default {Date.now()}
   */
  now?: number;
}

/** A series, with the figures that are shown. */
interface Line {
  label: string;
  bins: Bins;
  last: number;
  peak: number;
  mean: number;
}

/** The series of a metric, on one scale. */
interface Metric extends Scale {
  title: string;
  lines: Line[];
}

/** The time that is shown: the last minutes of a live input, or a whole replay. */
function shown(all: Series[], now: number): { from: number; to: number } {
  const ends = all.map((series) => series.newest + series.step - 1);
  const punctual = ends.filter((end) => end < now / 1000 + 60);
  const to = Math.max(...punctual.length > 0 ? punctual : ends);
  if (to > now / 1000 - SPAN) return { from: to - SPAN + 1, to };
  return { from: Math.min(...all.map(({ oldest }) => oldest)), to };
}

/** The metrics in order, with one part of the time for each column. */
function metricsOf(
  history: History,
  parts: { from: number; to: number; size: number },
): Metric[] {
  const byName = Map.groupBy(history.series, ({ name }) => name);
  return [...byName].sort(([a], [b]) => a < b ? -1 : 1).map(([name, list]) => {
    const { columns, common, rows } = rowsOf(list, "");
    const lines = rows.map((row) => lineOf(row, parts));
    const peaks = lines.map(({ peak }) => peak).filter((n) => !isNaN(n));
    const lows = lines.flatMap(({ bins: { max } }) =>
      Array.from(max).filter((n) => n < 0)
    );
    const keys = list.length > 1 ? columns.join(" ") : "";
    return {
      title: [name, common, keys && `(${keys})`].filter(Boolean).join(" "),
      lines,
      low: lows.reduce((a, b) => Math.min(a, b), 0),
      high: Math.max(0, ...peaks),
    };
  });
}

function lineOf(
  { labels, list: [series] }: Row,
  parts: { from: number; to: number; size: number },
): Line {
  const { times, values } = series!;
  let last = values.length - 1;
  while (last > 0 && times[last]! > parts.to) last--;
  const bins = binsOf(series!, parts);
  const label = labels.join(" ");
  return { label, bins, last: values[last] ?? NaN, ...figuresOf(bins) };
}

/**
 * Draws the series that fit, grouped by their metric, which has one scale: as
 * braille charts if there is room, and else as sparklines.
 *
 * @param history What is drawn.
 * @param options The size of the terminal.
 * @returns The rows, at most as many as the terminal has.
 */
export function frame(history: History, options: FrameOptions): string[] {
  const { columns, rows, color = false, now = Date.now() } = options;
  const style = (code: number, text: string) =>
    color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  const all = history.series;
  const notes = notesOf(history);
  if (all.length === 0 || rows < 4) {
    const waiting = all.length === 0 ? ["waiting for puts"] : [];
    const text = [...waiting, ...notes].join(" | ") || `${all.length} series`;
    return [style(2, cut(text, columns))];
  }

  const labels = metricsOf(history, { from: 0, to: 0, size: 1 })
    .flatMap(({ lines }) => lines.map(({ label }) => widthOf(label)));
  const label = Math.min(Math.max(...labels), Math.max(0, columns / 3 | 0));
  const figures = FIGURES.slice(
    0,
    Math.max(0, (columns - label - 2 - LEAST_GRAPH) / (WIDE + 1) | 0),
  );
  const width = Math.max(0, columns - label - 2 - figures.length * (WIDE + 1));
  const { from, to } = shown(all, now);
  // One part less than there is room for, as parts begin at multiples of their size.
  const most = Math.max(1, 2 * width - 1);
  const size = Math.max(1, Math.ceil((to - from + 1) / most));
  const begin = (Math.floor(to / size) - 2 * width + 1) * size;
  const metrics = metricsOf(history, { from: begin, to, size });

  const room = rows - 2 - metrics.length; // for series; if there are more, they are scrolled
  const scrolls = room < all.length;
  const height = scrolls ? 1 : Math.floor(room / all.length);
  let taller = scrolls ? 0 : room - height * all.length;
  const blocks = metrics.flatMap((metric) => {
    const scale = `${short(metric.low)} to ${short(metric.high)}`;
    const titles = figures.map(([title]) => title.padStart(WIDE + 1)).join("");
    const title = cut(metric.title, label + width - scale.length);
    const head = pad(`${title}  ${scale}`, label + 2 + width);
    return [
      [style(1, cut(head, label + 2 + width)) + style(2, titles)],
      ...metric.lines.map((line) => {
        const numbers = figures.map(([, value]) =>
          short(value(line)).padStart(WIDE + 1)
        ).join("");
        const own = height + (taller-- > 0 ? 1 : 0);
        return graph(line.bins.max, metric, own).map((row, i) => {
          const left = pad(i === 0 ? cut(line.label, label) : "", label);
          return `${left} ${style(36, row)} ${i === 0 ? numbers : ""}`;
        });
      }),
    ];
  });
  const lines = blocks.flat();
  const hidden = Math.max(0, lines.length - (rows - 2));
  const skip = Math.min(hidden, options.skip ?? 0);
  const seen = lines.slice(skip, skip + rows - 2);
  const times = pad("", label + 1) + axis(begin, size, width);
  const day = new Date(to * 1000).toDateString();
  const where = hidden > 0
    ? [`rows ${skip + 1} to ${skip + seen.length} of ${lines.length}, ↑ ↓`]
    : [];
  const foot = [`${all.length} series to ${clock(to)}, ${day}`, ...where];
  return [
    ...seen,
    style(2, cut(times, columns)),
    style(2, cut([...foot, ...notes].join(" | "), columns)),
  ];
}

function notesOf(history: History): string[] {
  const notes = [];
  if (history.refused > 0) {
    notes.push(`no room for ${history.refused} points of other series`);
  }
  if (history.ahead > 0) {
    notes.push(`${history.ahead} points are far ahead of the clock`);
  }
  if (history.ended !== null) {
    notes.push(`input ended ${clock(history.ended / 1000)}`);
  }
  if (history.strange > 0) {
    const latest = history.latestStrange.at(-1);
    notes.push(`${history.strange} lines are not puts: ${latest}`);
  }
  return notes;
}
