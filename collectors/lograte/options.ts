/**
 * The options of lograte.ts: what they are, and which go together.
 *
 * @module
 */

import { LogTime, type LogTimeOptions, type TakenTime } from "../../mod.ts";
import {
  accepted,
  choice,
  commandLine,
  complain,
  flag,
  FORMAT,
  pairs,
  refuse,
  regularExpression,
  text,
  textOrNothing,
  wholeNumber,
} from "../../script/mod.ts";
import type { LogRateOptions } from "./rate.ts";

const DAY = 86_400; // s
const TIMESPAN = 15; // s, or somewhat more where the granularity does not divide it
const MIN_DISORDER = 60; // s by which the lines of any log may be out of order
const PLAIN_TEXT = /^[^\\^$.*+?()[\]{}|]+$/; // an expression that matches just itself

/** What the command line asks for. */
export interface Settings {
  /** The logs; `-` is stdin. */
  files: string[];
  /** The unit whose journal is read; empty for all units. */
  journal: string | undefined;
  /** Whether whole files are read, by the times of their lines. */
  replay: boolean;
  /** Whether a log that cannot be read yet is waited for. */
  wait: boolean;
  /** Whether the times of a replay are moved so that it ends now. */
  shift: boolean;
  /** The metric's name. */
  metric: string;
  /** The text that a line must contain, if `match` asks for no more than that. */
  text: string | undefined;
  /** How the time of a line is found; undefined if it counts when it is read. */
  format: "auto" | RegExp | undefined;
  /** How it is written, in the letters of strptime; undefined to find it out. */
  timeFormat: string | undefined;
  /** The zone of times that do not tell theirs. */
  zone: string | undefined;
  /** What is counted, and how it is reported. */
  rate: LogRateOptions & { allowedLateness: number; timespan: number };
}

/** The text that an expression matches, if it matches no other. */
function textOf(match: RegExp | undefined): string | undefined {
  if (match?.ignoreCase) return undefined;
  const text = match?.source.replaceAll("\\/", "/");
  return text && PLAIN_TEXT.test(text) ? text : undefined;
}

/** How the times of the log are read: `auto`, or by an expression. */
function formatOf(time: string | undefined): Settings["format"] {
  if (time === undefined || time === "auto") return time;
  return accepted(() => {
    const expression = new RegExp(time);
    new LogTime(expression); // throws if there is no group for the time
    return expression;
  }, "option --time: ");
}

/**
 * Reads the command line. What does not fit ends the program with status 2.
 *
 * @param usage The text of `--help`.
 */
export function readSettings(usage: string): Settings {
  const { args, ...options } = commandLine(usage, {
    "metric": text(),
    "match": regularExpression(),
    "ignore-case": flag(),
    "value": text(),
    "tag": pairs(),
    "max-series": wholeNumber(1, 1_000_000, 1000),
    "journal": textOrNothing(),
    "timespan": wholeNumber(1, DAY, undefined),
    "granularity": wholeNumber(1, DAY, 1),
    "peak": flag(),
    "format": FORMAT,
    "max-gap": wholeNumber(0, 365 * DAY, 3600),
    "time": text(),
    "time-format": text(),
    "zone": text(),
    "lateness": wholeNumber(0, DAY, undefined),
    "replay": flag(),
    "wait": flag(),
    "shift": choice("now"),
  }, Infinity);
  const { metric, value, granularity, zone, replay } = options;
  const match = options.match &&
    new RegExp(options.match, options["ignore-case"] ? "i" : "");
  const timespan = options.timespan ??
    Math.ceil(TIMESPAN / granularity) * granularity;
  const timeFormat = options["time-format"];
  const isTimed = replay || timeFormat !== undefined;
  const time = options.time ?? (isTimed ? "auto" : undefined);
  const files = [...new Set(args)];

  const needs = (name: keyof typeof options, other: string, there: boolean) => {
    if (options[name] === undefined || there) return;
    refuse(`option --${name} cannot be given ${other}`);
  };
  needs("value", "without --match", match !== undefined);
  if (options["ignore-case"] && match === undefined) {
    refuse("option --ignore-case cannot be given without --match");
  }
  const [, inner] = match?.source.match(/^\\\/(.*)\\\/[a-z]+$/) ?? [];
  if (inner !== undefined) {
    complain(
      `--match looks for the slashes, too; for all cases of "${inner}" leave them out and add --ignore-case`,
    );
  }
  needs("zone", "without --time", time !== undefined);
  needs("lateness", "without --time", time !== undefined);
  needs("shift", "without --replay", replay);
  needs("wait", "with --replay", !options.wait || !replay);
  needs("journal", "with --replay", !replay);
  if (metric === undefined) refuse("option --metric is needed");
  if (files.length === 0 && options.journal === undefined) {
    refuse("a FILE is needed, or --journal");
  }
  if (replay && files.includes("-") && files.length > 1) {
    refuse("- must be the only FILE of a replay");
  }
  const format = formatOf(time);
  accepted(() => new LogTime("auto", { zone }), "option --zone: ");
  const told = { format: timeFormat };
  accepted(() => new LogTime("auto", told), "option --time-format: ");
  const late = time === undefined ? 0 : timespan;
  return {
    files,
    journal: options.journal,
    replay,
    wait: options.wait,
    shift: options.shift !== undefined,
    metric,
    text: textOf(match),
    format,
    timeFormat,
    zone,
    rate: {
      match,
      value,
      tags: options.tag,
      timespan,
      granularity,
      format: options.format,
      allowedLateness: options.lateness ?? late,
      maxGap: options["max-gap"],
      maxSeries: options["max-series"],
      ...(options.peak && { reduce: (cells) => Math.max(...cells) }),
    },
  };
}

/**
 * What reads the times of one log.
 *
 * @param settings What the command line asks for.
 * @param options What is known about this log.
 */
export function timeOf(settings: Settings, options: LogTimeOptions): LogTime {
  const { format, timeFormat, zone, rate } = settings;
  const disorder = Math.max(MIN_DISORDER, rate.allowedLateness);
  return new LogTime(format, {
    format: timeFormat,
    zone,
    disorder,
    ...options,
  });
}

/** What to do where the times of a log are not known. */
export const CURE =
  "tell how they are written with --time-format, such as '%d.%m.%Y %H:%M:%S'";

/** Says what was taken for the time. */
export function describe({ text, second, how }: TakenTime): string {
  const utc = Temporal.Instant.fromEpochMilliseconds(second * 1000);
  return `took ${JSON.stringify(text)} for ${utc} (${how})`;
}
