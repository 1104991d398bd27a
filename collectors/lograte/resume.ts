/**
 * Counts lines by their times when they are written, and goes on at the same
 * place after a death: the option `--resume`.
 *
 * @module
 */

import {
  autodump,
  type Lag,
  type LogTime,
  MetricFamily,
  StateError,
  TimedLogs,
} from "../../mod.ts";
import {
  complain,
  complainSync,
  countSelf,
  fail,
  systemReason,
} from "../../script/mod.ts";
import { CURE, describe, type Settings, timeOf } from "./options.ts";
import { LogCounter, tellsAny } from "./log_counter.ts";

const NONE = new MetricFamily("none");
const SAY_AGAIN = 60_000; // ms between messages about how much is not read yet
const BEHIND = 60; // s behind which are worth a message

/**
 * Counts what was added to logs since the state was written, and what is added
 * from now on, until a signal comes.
 *
 * @param settings What the command line asks for.
 */
export async function resume(settings: Settings): Promise<void> {
  const { files, rules, again, counting: options } = settings;
  const state = settings.resume!;
  let logs: TimedLogs;
  try {
    logs = new TimedLogs(files, {
      state,
      settings: countedBy(settings),
      again,
      timespan: options.timespan,
      granularity: options.granularity,
      lateness: options.allowedLateness,
      time: (options) => timeOf(settings, options),
      onTimes: tellOnce(),
    });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    fail(
      `cannot go on by ${state}: ${error.message}; to start afresh, at the end of the logs, remove it`,
      2,
    );
  }
  const counter = new LogCounter(rules, {
    ...options,
    ...logs.counterOptions,
    fromStart: true,
  });
  using self = settings.self
    ? countSelf(() => ({
      flows: { lines: logs.lines, late: logs.late },
      stocks: { "lag.seconds": logs.lag.seconds },
    }), settings.self)
    : undefined;
  // Without a counter, too: it notices when the reader of stdout is gone.
  await using _dump = autodump(NONE, ...self?.counters ?? []);
  using _lag = sayLag(logs);
  try {
    await logs.run(counter);
  } catch (error) {
    const status = error instanceof StateError ? 1 : 13;
    fail(`cannot write ${state}: ${systemReason(error)}`, status);
  }
  const remarks = counter.remarks(logs);
  if (remarks.some(tellsAny)) complainSync(remarks.join(", "));
}

/** The options on which the values of datapoints depend, by their names. */
function countedBy(settings: Settings): Record<string, unknown> {
  const { rules, timeFormat, zone, counting } = settings;
  const text = (value: unknown) =>
    value instanceof RegExp ? String(value) : value;
  return {
    rules: rules.map((rule) =>
      Object.fromEntries(
        Object.entries(rule).map(([name, value]) => [name, text(value)]),
      )
    ),
    tags: counting.tags,
    "max-series": counting.maxSeries,
    path: text(counting.path),
    json: counting.fields !== undefined,
    unwrap: counting.unwrap,
    time: text(settings.time),
    "time-format": timeFormat,
    zone: zone ?? Temporal.Now.timeZoneId(),
  };
}

/** Says once for each log what was taken for the time, or that it is not known. */
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

function describeLag({ bytes, seconds }: Lag): string {
  const [hours, minutes] = [seconds / 3600, seconds / 60].map(Math.floor);
  const time = hours! > 0
    ? `${hours} h ${minutes! % 60} min`
    : minutes! > 0
    ? `${minutes} min ${seconds % 60} s`
    : `${seconds} s`;
  const size = bytes < 1e6
    ? `${Math.ceil(bytes / 1000)} kB`
    : `${Math.round(bytes / 1e6)} MB`;
  return `${size} to read, ${time} behind`;
}

/** Says how much was not read before the start, and once a minute how much is left. */
function sayLag(logs: TimedLogs): Disposable {
  const { lag } = logs;
  let isBehind = lag.bytes > 0 && lag.seconds > 0;
  if (isBehind) complain(`going on: ${describeLag(lag)}`);
  const timer = setInterval(() => {
    const { lag } = logs;
    if (lag.seconds > BEHIND) complain(`still ${describeLag(lag)}`);
    else if (isBehind) complain("has caught up");
    isBehind = lag.seconds > BEHIND;
  }, SAY_AGAIN);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
