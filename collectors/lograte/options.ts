/**
 * The options of `lograte()`, and the settings that follow from them.
 *
 * @module
 */

import {
  isPattern,
  LogTime,
  type LogTimeOptions,
  type MetricCounterOptions,
  type PutFormat,
  type TakenTime,
  toWord,
} from "../../mod.ts";
import { programName, UNDER_TCOLLECTOR } from "../../script/mod.ts";
import { FieldReader } from "./fields.ts";
import type { LogRule } from "./rule_counter.ts";
import { LogCounter, type LogCounterOptions } from "./log_counter.ts";
import { unwrapped, wrappedTime } from "./unwrap.ts";

const AGAIN = 60; // s
const TIMESPAN = 15; // s, or more, to be a multiple of the granularity
const MAX_NAME = 64; // characters of the program's name in a tag
const MIN_DISORDER = 60; // s by which the lines of any log may be out of order
const PLAIN_TEXT = /^[^\\^$.*+?()[\]{}|]+$/; // an expression that is only a text

/** Options of `lograte()`: those of the command `lograte.ts`. */
export interface LogOptions {
  /**
   * Seconds between two reports.
   *
   * @default {15, or the next multiple of the granularity}
   */
  timespan?: number | undefined;
  /**
   * Seconds that one datapoint covers; a divisor of `timespan`.
   *
   * @default {1}
   */
  granularity?: number | undefined;
  /** Tags of all rules. */
  tags?: Record<string, string> | undefined;
  /**
   * The form of a line.
   *
   * @default {"tcollector" in a folder whose name is a number, else "put"}
   */
  format?: PutFormat | undefined;
  /**
   * Seconds of 0 after the last event of a series with tags from groups, or of
   * any series of a replay.
   *
   * @default {3600}
   */
  maxGap?: number | undefined;
  /**
   * The most sets of tags from groups, for each rule.
   *
   * @default {1000}
   */
  maxSeries?: number | undefined;
  /** Matches the path of a log; its named groups become tags. */
  path?: RegExp | undefined;
  /**
   * Whether lines are JSON: `labels` and `value` of a rule, and `time`, then
   * name fields.
   *
   * @default {false}
   */
  json?: boolean | undefined;
  /**
   * Whether what containers wrap around a line is taken off: Docker's
   * `{"log": "..."}`, and the CRI's time and stream.
   *
   * @default {false}
   */
  unwrap?: boolean | undefined;
  /** A systemd unit whose journal is read, too; empty for all units. */
  journal?: string | undefined;
  /**
   * Whether a log that cannot be read yet is waited for.
   *
   * @default {false}
   */
  wait?: boolean | undefined;
  /**
   * How the time of a line is found in it: `auto`, by the groups of an
   * expression, or in a field where lines are JSON. Otherwise a line counts when
   * it is read.
   *
   * @default {"auto" in a replay or with a timeFormat}
   */
  time?: string | RegExp | undefined;
  /** How times are written, in the letters of strptime: `%d.%m.%Y %H:%M:%S`. */
  timeFormat?: string | undefined;
  /**
   * The zone of times that do not tell theirs.
   *
   * @default {that of the machine}
   */
  zone?: string | undefined;
  /**
   * Seconds for which late lines are waited for, if lines tell their times.
   *
   * @default {timespan}
   */
  lateness?: number | undefined;
  /**
   * Whether whole files are read, by the times of their lines.
   *
   * @default {false}
   */
  replay?: boolean | undefined;
  /**
   * The first second of a replay that counts: `2026-06-14`,
   * `2026-06-14 15:16:01` or `2026-06-14T15:16:01Z`.
   */
  since?: string | undefined;
  /** The first second of a replay that does not count any more. */
  until?: string | undefined;
  /** Whether the times of a replay are moved so that it ends now. */
  shift?: "now" | undefined;
  /**
   * The file that keeps where to go on after a death. What was reported then
   * follows from the times of the lines, which `time` must tell. Each log must
   * be named: a pattern is refused.
   */
  resume?: string | undefined;
  /**
   * Seconds that are reported again then, with the same values.
   *
   * @default {60}
   */
  again?: number | undefined;
  /**
   * Whether what is known of this program is reported, too:
   * `metriccounter.lines`, `metriccounter.late` and `metriccounter.lag.seconds`.
   *
   * @default {true in the format "tcollector"}
   */
  self?: boolean | undefined;
}

/** The settings that follow from the options. */
export interface Settings {
  /** The logs; `-` is stdin. */
  files: string[];
  /** What is counted in them. */
  rules: LogRule[];
  /** The unit whose journal is read; empty for all units. */
  journal: string | undefined;
  /** Whether whole files are read, by the times of their lines. */
  replay: boolean;
  /** Whether a log that cannot be read yet is waited for. */
  wait: boolean;
  /** The first second of a replay that counts, in seconds since the epoch. */
  since: number;
  /** The first second of a replay that does not count any more. */
  until: number;
  /** Whether the times of a replay are moved so that it ends now. */
  shift: boolean;
  /** The text that a line must contain, if it needs nothing else to count. */
  text: string | undefined;
  /** How the time of a line is found; undefined if it counts when it is read. */
  format: "auto" | RegExp | undefined;
  /** Finds the text that tells the time; undefined for the whole line. */
  textOfTime: LogTimeOptions["text"];
  /** How times are written, in the letters of strptime; undefined to find it out. */
  timeFormat: string | undefined;
  /** The zone of times that do not tell theirs. */
  zone: string | undefined;
  /** The options of the counters about this program; undefined without them. */
  self: MetricCounterOptions | undefined;
  /** The option `time`. */
  time: string | RegExp | undefined;
  /** The file that keeps where to go on after a death. */
  resume: string | undefined;
  /** Seconds that are reported again then. */
  again: number;
  /** How the counts are reported. */
  counting:
    & LogCounterOptions
    & Required<
      Pick<LogCounterOptions, "allowedLateness" | "granularity" | "timespan">
    >;
}

/** The text that an expression matches, if it matches only that. */
function textOf(match: RegExp | undefined): string | undefined {
  if (match?.ignoreCase) return undefined;
  const text = match?.source.replaceAll("\\/", "/");
  return text && PLAIN_TEXT.test(text) ? text : undefined;
}

/** Finds the text that tells the time; undefined for the whole line. */
function textOfTime(
  options: LogOptions,
  reader: FieldReader | undefined,
): LogTimeOptions["text"] {
  const { unwrap = false, time = "auto" } = options;
  const bare = unwrap ? unwrapped : (line: string) => line;
  if (time instanceof RegExp) return unwrap ? bare : undefined;
  if (time === "auto") return unwrap ? wrappedTime : undefined;
  if (reader === undefined) {
    throw new SyntaxError(
      `Cannot read times as there must be a group "time", or --json and a field: current value is ${
        JSON.stringify(time)
      }`,
    );
  }
  const place = reader.want(time);
  return (line) => {
    const text = reader.read(bare(line))?.[place];
    return text && `${text} `; // the blank shows where the time ends
  };
}

/** Calls a function; puts the option before the message of what it throws. */
function of<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Error) {
      error.message = `option --${option}: ${error.message}`;
    }
    throw error;
  }
}

/** The second of a date, of a date with a time, or of an instant. */
function pointOf(
  text: string | undefined,
  zone = Temporal.Now.timeZoneId(),
): number | undefined {
  if (text === undefined) return undefined;
  try {
    const isInstant = /(?:Z|[-+]\d\d(?::?\d\d)?)$/.test(text.slice(11));
    const ms = isInstant
      ? Temporal.Instant.from(text).epochMilliseconds
      : Temporal.PlainDateTime.from(text).toZonedDateTime(zone)
        .epochMilliseconds;
    return Math.ceil(ms / 1000);
  } catch {
    throw new SyntaxError(
      `Cannot replay as a time must be written as 2026-06-14, "2026-06-14 15:16:01" or 2026-06-14T15:16:01Z: current value is ${
        JSON.stringify(text)
      }`,
    );
  }
}

function isSelfCounted({ self, format }: LogOptions): boolean {
  const isForTcollector = format === undefined
    ? UNDER_TCOLLECTOR
    : format === "tcollector";
  return self ?? isForTcollector;
}

/** The options of the counters about this program: its metric tells it apart. */
function selfOptions(
  { metric, tags }: LogRule,
  { timespan, granularity, format, tags: common }: Settings["counting"],
): MetricCounterOptions {
  const { host } = { ...common, ...tags };
  const program = toWord(programName(), MAX_NAME);
  return {
    timespan,
    granularity,
    format,
    tags: { program, metric, ...(host !== undefined && { host }) },
  };
}

/**
 * Checks logs, rules and options, and fills in the defaults.
 *
 * @param files The logs; `-` is stdin.
 * @param rules What is counted in them.
 * @param options What differs from the defaults.
 * @throws {TypeError} If a name or tag cannot stand in a put line, or an option
 * is of the wrong type.
 * @throws {SyntaxError} If the parts of a rule do not fit each other, or times
 * are told in a wrong way.
 * @throws {RangeError} If a number is out of its range, or lines get too long.
 */
export function complete(
  files: string[],
  rules: LogRule[],
  options: LogOptions = {},
): Settings {
  const { granularity = 1, zone, timeFormat, replay = false } = options;
  const {
    timespan = Math.ceil(TIMESPAN / granularity) * granularity,
  } = options;
  const isTimed = replay || timeFormat !== undefined;
  const fields = options.json ? new FieldReader() : undefined;
  const { time = isTimed ? "auto" : undefined } = options;
  const format = typeof time === "string" ? "auto" : time;
  of("zone", () => new LogTime("auto", { zone }));
  of("time-format", () => new LogTime("auto", { format: timeFormat }));
  of("time", () => new LogTime(format));
  const { lateness = format === undefined ? 0 : timespan } = options;
  const counting = {
    timespan,
    granularity,
    tags: options.tags ?? {},
    format: options.format,
    allowedLateness: lateness,
    maxGap: options.maxGap ?? 3600,
    maxSeries: options.maxSeries ?? 1000,
    path: options.path,
    fields,
    unwrap: options.unwrap,
  };
  new LogCounter(rules, counting); // throws
  if (options.resume !== undefined && format === undefined) {
    throw new SyntaxError(
      "Cannot resume as the lines must tell their times: there is no option time",
    );
  }
  const pattern = options.resume === undefined
    ? undefined
    : files.find(isPattern);
  if (pattern !== undefined) {
    throw new SyntaxError(
      `Cannot resume as each log must be named, for the state tells which log a rotated file belongs to by its name: current value is ${
        JSON.stringify(pattern)
      }`,
    );
  }
  const since = of("since", () => pointOf(options.since, zone)) ?? -Infinity;
  const until = of("until", () => pointOf(options.until, zone)) ?? Infinity;
  if (since >= until) {
    throw new RangeError(
      `Cannot replay as since must be before until: current value is ${options.since}`,
    );
  }
  return {
    files: [...new Set(files)],
    rules,
    journal: options.journal,
    replay,
    wait: options.wait ?? false,
    since,
    until,
    shift: options.shift !== undefined,
    text: rules.length === 1 && !options.unwrap
      ? textOf(rules[0]!.match)
      : undefined,
    format,
    textOfTime: of("time", () => textOfTime(options, fields)),
    timeFormat,
    zone,
    self: isSelfCounted(options) ? selfOptions(rules[0]!, counting) : undefined,
    time,
    resume: options.resume,
    again: options.again ?? AGAIN,
    counting,
  };
}

/**
 * Makes a reader of the times of one log.
 *
 * @param settings What the command line asks for.
 * @param options What is known about this log.
 */
export function timeOf(settings: Settings, options: LogTimeOptions): LogTime {
  const { format, textOfTime: text, timeFormat, zone, counting, time } =
    settings;
  const disorder = Math.max(MIN_DISORDER, counting.allowedLateness);
  return new LogTime(format, {
    text,
    field: typeof time === "string" && time !== "auto" ? time : undefined,
    format: timeFormat,
    zone,
    disorder,
    ...options,
  });
}

/** What to do where the times of a log are not known. */
export const CURE =
  "tell how they are written with --time-format, such as '%d.%m.%Y %H:%M:%S'";

/** The message that says what was taken for the time. */
export function describe({ text, second, how }: TakenTime): string {
  const utc = Temporal.Instant.fromEpochMilliseconds(second * 1000);
  return `took ${JSON.stringify(text)} for ${utc} (${how})`;
}
