/**
 * The command line of lograte.ts: its options, and which of them go together.
 *
 * @module
 */

import type { Statistic } from "../../mod.ts";
import {
  accepted,
  choice,
  commandLine,
  complain,
  flag,
  FORMAT,
  list,
  pairs,
  refuse,
  regularExpression,
  text,
  textOrNothing,
  wholeNumber,
} from "../../script/mod.ts";
import type { LogOptions } from "./options.ts";
import type { LogRule } from "./rule_counter.ts";

const DAY = 86_400; // s

/** What the command line asks for. */
export interface Command {
  /** The logs; `-` is stdin. */
  files: string[];
  /** What is counted. */
  rule: LogRule;
  /** How the logs are read, and how the counts are reported. */
  options: LogOptions;
  /** The file for a script that does this; undefined to do it now. */
  save: string | undefined;
}

/**
 * Reads the command line. If options do not fit, it ends the program with
 * status 2.
 *
 * @param usage The text of `--help`.
 */
export function readCommand(usage: string): Command {
  const { args, ...options } = commandLine(usage, {
    "metric": text(),
    "match": regularExpression(),
    "except": regularExpression(),
    "ignore-case": flag(),
    "value": text(),
    "stats": list(),
    "json": flag(),
    "label": pairs("TAG=FIELD"),
    "unwrap": flag(),
    "path": regularExpression(),
    "tag": pairs(),
    "max-series": wholeNumber(1, 1_000_000, undefined),
    "journal": textOrNothing(),
    "timespan": wholeNumber(1, DAY, undefined),
    "granularity": wholeNumber(1, DAY, undefined),
    "peak": flag(),
    "format": FORMAT,
    "max-gap": wholeNumber(0, 365 * DAY, undefined),
    "time": text(),
    "time-format": text(),
    "zone": text(),
    "lateness": wholeNumber(0, DAY, undefined),
    "replay": flag(),
    "wait": flag(),
    "since": text(),
    "until": text(),
    "shift": choice("now"),
    "self": flag(),
    "resume": text(),
    "again": wholeNumber(0, DAY, undefined),
    "save": text(),
  }, Infinity);
  const { metric, match, replay, save } = options;
  const isTimed = replay || options.time !== undefined ||
    options["time-format"] !== undefined;

  const needs = (name: keyof typeof options, other: string, there: boolean) => {
    if (!options[name] && options[name] !== 0 || there) return;
    refuse(`option --${name} cannot be given ${other}`);
  };
  const { json } = options;
  needs("value", "without --match or --json", json || match !== undefined);
  const labels = some(options.label);
  if (labels && !json) refuse("option --label cannot be given without --json");
  needs("stats", "without --value", options.value !== undefined);
  needs(
    "ignore-case",
    "without --match or --except",
    match !== undefined || options.except !== undefined,
  );
  needs("zone", "without --time", isTimed);
  needs("lateness", "without --time", isTimed);
  needs("since", "without --replay", replay);
  needs("until", "without --replay", replay);
  needs("shift", "without --replay", replay);
  needs("wait", "with --replay", !replay);
  needs("self", "with --replay", !replay);
  needs("resume", "with --replay", !replay);
  needs("resume", "without --time", isTimed);
  needs("resume", "with --journal", options.journal === undefined);
  needs("resume", "with -: stdin is read once", !args.includes("-"));
  needs("again", "without --resume", options.resume !== undefined);
  if (options.journal !== undefined && replay) {
    refuse("option --journal cannot be given with --replay");
  }
  hintAtSlashes("--match", match);
  hintAtSlashes("--except", options.except);
  if (metric === undefined) refuse("option --metric is needed");
  if (args.length === 0 && options.journal === undefined) {
    refuse("a FILE is needed, or --journal");
  }
  if (replay && args.includes("-") && new Set(args).size > 1) {
    refuse("- must be the only FILE of a replay");
  }
  needs("save", "with --replay: it ends", !replay);
  needs("save", "with -: a script has no stdin", !args.includes("-"));
  const flags = options["ignore-case"] ? "i" : "";
  const expression = (found: RegExp | undefined) =>
    found && new RegExp(found, flags);
  return {
    files: args,
    save,
    rule: {
      metric,
      match: expression(match),
      except: expression(options.except),
      labels,
      value: options.value,
      stats: options.stats as Statistic[] | undefined,
      peak: options.peak || undefined,
      tags: some(options.tag),
    },
    options: {
      timespan: options.timespan,
      granularity: options.granularity,
      format: options.format,
      maxGap: options["max-gap"],
      maxSeries: options["max-series"],
      path: options.path,
      json: json || undefined,
      unwrap: options.unwrap || undefined,
      journal: options.journal,
      wait: options.wait || undefined,
      time: timeOf(options.time, json),
      timeFormat: options["time-format"],
      zone: options.zone,
      lateness: options.lateness,
      replay: replay || undefined,
      since: options.since,
      until: options.until,
      shift: options.shift,
      self: options.self || undefined,
      resume: options.resume,
      again: options.again,
    },
  };
}

/** The object, if it is not empty. */
function some<T extends object>(object: T): T | undefined {
  return Object.keys(object).length > 0 ? object : undefined;
}

/** How the times of the log are found: `auto`, an expression, or a field. */
function timeOf(time: string | undefined, json: boolean): LogOptions["time"] {
  if (time === undefined || time === "auto") return time;
  if (json && !time.includes("(?<")) return time;
  return accepted(() => new RegExp(time), "option --time: ");
}

/** Says what to write in place of `/expression/i`. */
function hintAtSlashes(option: string, expression: RegExp | undefined): void {
  const [, inner] = expression?.source.match(/^\\\/(.*)\\\/[a-z]+$/) ?? [];
  if (inner === undefined) return;
  complain(
    `${option} looks for the slashes, too; for all cases of "${inner}" leave them out and add --ignore-case`,
  );
}
