/**
 * The charts in a terminal.
 *
 * @module
 */

import { fromJsr } from "../../script/mod.ts";
import type { History } from "../history.ts";
import type { Series } from "../history/series.js";

const { unicodeWidth } = await fromJsr(import("@std/cli/unicode-width"));

const WINDOW = 300; // seconds that a chart spans
const MAX_HEIGHT = 6; // rows of a series
const BARS = " ▁▂▃▄▅▆▇█";
const BRAILLE = 0x2800;
const DOTS = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]]; // bottom up

/** What of the terminal a frame depends on. */
export interface FrameOptions {
  /** Its width. */
  columns: number;
  /** Its height. */
  rows: number;
  /** Whether colours and weights are wanted. */
  color?: boolean;
}

/** A value in at most 8 characters or so; exact up to 7 digits. */
function short(value: number): string {
  const digits = String(value);
  if (digits.length <= 8) return digits;
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-3) return value.toExponential(2);
  if (size < 1e7) return String(Number(value.toPrecision(6)));
  const power = Math.floor(Math.log10(size) / 3);
  const scaled = value / 1000 ** power;
  return Number(scaled.toPrecision(4)) + ["", "k", "M", "G", "T"][power]!;
}

/** Text without control characters, cut to a width. */
function cut(text: string, width: number): string {
  const clean = text.replace(/\p{C}/gu, "?");
  if (unicodeWidth(clean) <= width) return clean;
  let kept = "";
  for (const letter of clean) {
    if (unicodeWidth(kept + letter) >= width) break;
    kept += letter;
  }
  return width > 0 ? kept + "…" : "";
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - unicodeWidth(text)));
}

/** The highest value of each of so many equal parts of the window. */
function peaks(series: Series, newest: number, parts: number): number[] {
  const each = Math.ceil(WINDOW / parts);
  const last = Math.floor(newest / each); // parts stay put while time goes on
  return Array.from({ length: parts }, (_, i) => {
    const from = (last - parts + 1 + i) * each;
    const peak = series.peak(from, from + each - 1);
    if (peak !== undefined) return peak;
    const before = series.indexOf(from) - 1; // a point lasts for its step
    return from - (series.times[before] ?? -Infinity) < series.step
      ? series.values[before]!
      : NaN;
  });
}

/** How high values stand, from 1 to a number of levels; 0 is for no value. */
function levels(values: number[], count: number): number[] {
  const known = values.filter((value) => !Number.isNaN(value));
  const low = Math.min(0, ...known);
  const range = Math.max(0, ...known) - low || 1;
  return values.map((value) =>
    Number.isNaN(value)
      ? 0
      : 1 + Math.round((value - low) / range * (count - 1))
  );
}

function sparkline(series: Series, newest: number, width: number): string {
  return levels(peaks(series, newest, width), 8)
    .map((level) => BARS[level]).join("");
}

function braille(
  series: Series,
  newest: number,
  width: number,
  height: number,
): string[] {
  const tops = levels(peaks(series, newest, 2 * width), 4 * height);
  return Array.from({ length: height }, (_, row) => {
    const floor = 4 * (height - 1 - row);
    return Array.from({ length: width }, (_, column) => {
      let dots = 0;
      for (const side of [0, 1]) {
        const top = tops[2 * column + side]! - floor;
        for (let i = 0; i < Math.min(4, top); i++) dots |= DOTS[side]![i]!;
      }
      return String.fromCharCode(BRAILLE + dots);
    }).join("");
  });
}

function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/**
 * Draws all series: as braille charts while there is room, else as sparklines,
 * and how many are left out if not even these fit.
 *
 * @param history What is drawn: the last 5 minutes of it.
 * @param options The size of the terminal.
 * @returns The rows, at most as many as the terminal has.
 */
export function frame(history: History, options: FrameOptions): string[] {
  const { columns, rows, color = false } = options;
  const style = (code: number, text: string) =>
    color && text !== "" ? `\x1b[${code}m${text}\x1b[0m` : text;
  const all = history.series.toSorted((a, b) =>
    a.name < b.name || a.name === b.name && a.tags < b.tags ? -1 : 1
  );
  const newest = all.reduce((newest, s) => Math.max(newest, s.newest), 0);
  const room = Math.max(0, rows - 1);
  const shown = all.slice(0, all.length > room ? room - 1 : room);
  const height = Math.min(MAX_HEIGHT, Math.floor(room / all.length));

  const figures = shown.map((series) => {
    const last = series.values.at(-1) ?? NaN;
    const peak = series.peak(newest - WINDOW + 1, newest);
    return [short(last), peak === undefined ? "-" : short(peak)] as const;
  });
  const wide = Math.max(4, ...figures.flat().map((figure) => figure.length));
  const label = Math.max(
    0,
    Math.min(
      Math.max(
        12,
        ...shown.map(({ name, tags }) => name.length + 1 + tags.length),
      ),
      height < 3 ? columns >> 1 : columns,
      columns - 2 * wide - 13,
    ),
  );

  const lines = shown.flatMap((series, i) => {
    const [last, peak] = figures[i]!;
    const name = cut(series.name, label);
    const tags = cut(series.tags, Math.max(0, label - name.length - 1));
    const title = style(1, name) +
      pad(tags && ` ${tags}`, label + 1 - name.length);
    const numbers = `${last.padStart(wide)} ${style(2, "peak")} ${
      peak.padStart(wide)
    }`;
    const width = columns - 2 * wide - 9 - label;
    if (height < 3) {
      const graph = width > 0 ? sparkline(series, newest, width) : "";
      return [`${title} ${style(36, graph)} ${numbers}`];
    }
    const graph = braille(series, newest, columns, height - 1);
    return [
      `${title}${numbers}`,
      ...graph.map((row) => style(36, row)),
    ];
  });
  if (shown.length < all.length) {
    lines.push(style(2, cut(`and ${all.length - shown.length} more`, columns)));
  }

  const notes = [
    all.length === 0
      ? "waiting for puts"
      : `${all.length} series, 5 min to ${clock(newest * 1000)}`,
  ];
  if (history.refused > 0) {
    notes.push(`no room for ${history.refused} points of other series`);
  }
  if (history.ended !== null) notes.push(`input ended ${clock(history.ended)}`);
  if (history.strange > 0) {
    const latest = history.latestStrange.at(-1);
    notes.push(`${history.strange} lines are no puts: ${latest}`);
  }
  return [...lines, style(2, cut(notes.join(" | "), columns))].slice(
    -Math.max(1, rows),
  );
}
