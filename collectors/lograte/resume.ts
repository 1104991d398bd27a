/**
 * Counts lines as they are written, by their times, and goes on after a death
 * where it was: with `--resume`.
 *
 * @module
 */

import { resolve } from "node:path";
import type { LogTime } from "../../mod.ts";
import { TimedLogs } from "../../lines/resume.ts";
import { StateError } from "../../lines/resume/state.ts";
import {
  complain,
  complainSync,
  fail,
  lastWords,
  putsWritten,
  within,
  writePuts,
} from "../../script/mod.ts";
import { watchReader } from "../../script/reader.ts";
import { CURE, describe, type Settings, timeOf } from "./options.ts";
import { LogRates } from "./rates.ts";

const LAST_MOMENT = 3000; // ms for the reader to take what is left

/**
 * Counts what was added to logs since the state was written, and what is added
 * from now on, until a signal comes.
 *
 * @param settings What the command line asks for.
 */
export async function resume(settings: Settings): Promise<void> {
  const { files, rules, again, rate: options } = settings;
  const state = settings.resume!;
  const { timespan, granularity, allowedLateness: lateness } = options;
  let logs: TimedLogs;
  try {
    logs = new TimedLogs(files, {
      state,
      settings: countedBy(settings),
      again,
      lateness,
      timespan,
      granularity,
      time: (options) => timeOf(settings, options),
      timed: tellOnce(),
      count: (path) => {
        const log = rate.of(path);
        return (line, at) => log.count(line, at);
      },
      counters: () => rate.counters,
      forget: () => rate.forget(),
      write: async (lines) => {
        await writePuts(lines);
        await putsWritten();
      },
    });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    fail(
      `cannot go on by ${state}: ${error.message}; to start afresh, at the end of the logs, remove it`,
      2,
    );
  }
  const rate = new LogRates(rules, {
    ...options,
    fromStart: true,
    clock: logs.clock,
    allowedLateness: logs.hold,
  });
  const finished = Promise.withResolvers<void>();
  using _ = lastWords(async () => {
    logs.stop();
    if (await within(LAST_MOMENT, finished.promise.then(() => true))) return;
    complainSync("the reader stalls: what it did not take is reported again");
    Deno.exit(1);
  });
  using _reader = watchReader(() => Deno.exit(141));
  try {
    await logs.run();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    fail(`cannot write ${state}: ${error.message}`, 13);
  }
  if (logs.late + rate.badValues + logs.untimed > 0) {
    complainSync(
      `${logs.late} late, ${rate.badValues} bad values, ${logs.untimed} lines before the first time`,
    );
  }
  finished.resolve();
}

/** The options by which the values of datapoints differ, by their names. */
function countedBy(settings: Settings): Record<string, unknown> {
  const { files, rules, timeFormat, zone, rate } = settings;
  const text = (value: unknown) =>
    value instanceof RegExp ? String(value) : value;
  return {
    files: files.map((file) => resolve(file)),
    rules: rules.map((rule) =>
      Object.fromEntries(
        Object.entries(rule).map(([name, value]) => [name, text(value)]),
      )
    ),
    tags: rate.tags,
    "max-series": rate.maxSeries,
    granularity: rate.granularity,
    path: text(rate.path),
    json: rate.json,
    unwrap: rate.unwrap,
    time: text(settings.time),
    "time-format": timeFormat,
    zone: zone ?? Temporal.Now.timeZoneId(),
    lateness: rate.allowedLateness,
  };
}

/** Says of each log once what was taken for its times, or that they are not known. */
function tellOnce(): (path: string, time: LogTime) => void {
  const said = new Set<string>();
  const say = (path: string, how: string, what: string) => {
    const key = `${path}: ${how}`;
    if (!said.has(key)) complain(what);
    said.add(key);
  };
  return (path, time) => {
    if (time.doubt !== undefined) {
      const what = `the times of ${path} are not known: ${time.doubt}`;
      say(path, time.doubt, `${what}; its lines are left out; ${CURE}`);
    }
    for (const taken of time.taken) {
      say(path, taken.how, `${path}: ${describe(taken)}`);
    }
  };
}
