/**
 * The report of bursts.ts: a sentence for each metric and a row for each series.
 *
 * @module
 */

import type { History } from "../history.ts";
import { Series } from "../history/series.js";
import { type Figures, figuresOf } from "./figures.ts";
import { countedIn } from "./spans.ts";

/** A series, and how bursty it is. */
export interface Line {
  /** The metric. */
  metric: string;
  /** The tags, as `key=value`; `undefined` for all series of the metric together. */
  tags: string | undefined;
  /** How bursty it is. */
  figures: Figures;
}

/** All series of one metric. */
export interface Metric {
  /** The metric. */
  name: string;
  /** The tags that all of its series have. */
  common: string;
  /** All of them together: events of the same second are added. */
  total: Line;
  /** Each of them, the one with the most events first. */
  each: Line[];
  /** The series with the most events in the total's peak, and how many. */
  cause: { tags: string; value: number };
}

const COLUMNS: [title: string, cell: (figures: Figures) => string][] = [
  ["events", ({ sum }) => count(sum)],
  ["mean/s", ({ mean }) => count(mean)],
  ["median", ({ median }) => count(median)],
  ["p99", ({ p99 }) => count(p99)],
  ["p99.9", ({ p999 }) => count(p999)],
  ["peak/s", ({ peak }) => count(peak.value)],
  ["at", ({ peak }) => time(peak.at)],
  ["peak/mean", ({ peakToMean }) => count(peakToMean)],
  ["minute", ({ busiestMinute }) => count(busiestMinute.value)],
  ["in 1 %", ({ busiest1Percent: share }) => percent(share)],
  ["dispersion", ({ dispersion }) => count(dispersion)],
  ["quiet", ({ longestQuiet }) => span(longestQuiet)],
];

const SHOWN = new Intl.NumberFormat("en", {
  maximumFractionDigits: 0,
  minimumSignificantDigits: 1,
  maximumSignificantDigits: 3,
  roundingPriority: "morePrecision",
});

/** A number with at least three digits, and separators of thousands. */
function count(value: number | undefined): string {
  return value === undefined ? "-" : SHOWN.format(value);
}

function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${Math.round(100 * share)} %`;
}

function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${count(seconds / 60)} min`;
  return `${count(seconds / 3600)} h`;
}

function time(second: number): string {
  return new Date(second * 1000).toTimeString().slice(0, 8);
}

function day(second: number): string {
  const date = new Date(second * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${
    two(date.getDate())
  }`;
}

/** The sum of all series for each second. */
function total(list: Series[]): Series {
  if (list.length === 1) return list[0]!;
  const sums = new Map<number, number>();
  for (const { times, values } of list) {
    for (let i = 0; i < times.length; i++) {
      sums.set(times[i]!, (sums.get(times[i]!) ?? 0) + values[i]!);
    }
  }
  const all = new Series(-1, list[0]!.name, "", Infinity);
  for (const second of Float64Array.from(sums.keys()).sort()) {
    all.add(second, sums.get(second)!);
  }
  return all;
}

/**
 * Measures how bursty each metric is.
 *
 * @param history The datapoints.
 * @returns The metrics, by name.
 */
export function metricsOf(history: History): Metric[] {
  const byName = Map.groupBy(history.series, ({ name }) => name);
  return [...byName].sort(([a], [b]) => a < b ? -1 : 1).map(([name, list]) => {
    const sets = list.map(({ tags }) => tags.split(" "));
    const common = list.length > 1
      ? sets.reduce((all, tags) => all.filter((tag) => tags.includes(tag)))
      : [];
    const own = (tags: string) =>
      tags.split(" ").filter((tag) => !common.includes(tag)).join(" ");
    const sum = total(list);
    const spans = countedIn(list, sum);
    const all = {
      metric: name,
      tags: undefined,
      figures: figuresOf(sum, spans),
    };
    const { at } = all.figures.peak;
    const [top] = list.map((series) => ({
      tags: own(series.tags),
      value: series.at(at) ?? 0,
    })).sort((a, b) => b.value - a.value);
    const each = list.map((series) => ({
      metric: name,
      tags: own(series.tags),
      figures: figuresOf(series, spans),
    })).sort((a, b) => b.figures.sum - a.figures.sum);
    return { name, common: common.join(" "), total: all, each, cause: top! };
  });
}

/** The burstiest second of a metric, in a sentence. */
function sentence({ name, total, each, cause }: Metric): string {
  const { peak, peakToMean, step, mean } = total.figures;
  const times = peakToMean === undefined
    ? ""
    : `, ${count(peakToMean)} times the mean of ${count(mean)}`;
  const of = each.length > 1 && peak.value > 0
    ? `; ${cause.tags} ${count(cause.value / step)} of them`
    : "";
  return `${name}: ${count(peak.value)} in the ${
    step > 1 ? `busiest ${step} s (per second)` : "burstiest second"
  }, ${day(peak.at)} ${time(peak.at)}${times}${of}`;
}

/** Aligns cells in columns: the first to the left, the others to the right. */
function table(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, i) =>
    Math.max(...rows.map((row) => row[i]!.length))
  );
  return rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
    ).join("  ")
  );
}

/**
 * Writes the figures for people.
 *
 * @param metrics The metrics.
 * @returns The rows.
 */
export function report(metrics: Metric[]): string[] {
  return metrics.flatMap((metric) => {
    const { each, total, common } = metric;
    const titled = each.length > 1
      ? [{ ...total, tags: `all ${each.length}` }, ...each]
      : each;
    const rows = titled.map(({ tags, figures }) => [
      tags ?? "",
      ...COLUMNS.map(([, cell]) => cell(figures)),
    ]);
    const head = [common, ...COLUMNS.map(([title]) => title)];
    return [sentence(metric), ...table([head, ...rows]), ""];
  }).slice(0, -1);
}

/** Tags as an object. */
function tagsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(" ").filter((tag) => tag !== "").map((tag) => {
      const [, key, value] = tag.match(/^([^=]*)=(.*)$/)!;
      return [key, value];
    }),
  );
}

/**
 * Writes the figures for programs: a JSON object for each series, and one
 * without tags for all series of a metric together.
 *
 * @param metrics The metrics.
 * @returns The rows.
 */
export function jsonLines(metrics: Metric[]): string[] {
  return metrics.flatMap(({ total, each, common }) =>
    [...(each.length > 1 ? [total] : []), ...each].map((line) => {
      const { metric, figures } = line;
      const tags = line.tags === undefined
        ? {}
        : { tags: tagsOf(`${common} ${line.tags}`) };
      return JSON.stringify({ metric, ...tags, ...figures });
    })
  );
}
