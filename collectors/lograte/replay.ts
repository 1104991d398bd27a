/**
 * Counts the lines of whole files, by the times that they tell.
 *
 * @module
 */

import {
  type LogTime,
  readLog,
  type ReadLogOptions,
  type TakenTime,
} from "../../mod.ts";
import {
  complainSync,
  fail,
  lastWords,
  progressBar,
  putsWritten,
  writePuts,
} from "../../script/mod.ts";
import { Days, span } from "./days.ts";
import { Held } from "./held.ts";
import { CURE, describe, type Settings, timeOf } from "./options.ts";
import type { LogRateOptions, LogRule } from "./rate.ts";
import { type Counted, LogRates } from "./rates.ts";

const MAX_EARLY = 10_000; // lines in front of the first that has a time
const CHEAP = 1000; // values that are gone through after each batch of stdin
const RELEASE_EVERY = 1000; // ms at most, while there are more

/** Rates whose clock is the time of the lines, in whatever order they come. */
export class Replay {
  /** What counts the lines. */
  readonly rate: LogRates;
  /** Lines whose values make too large a sum. */
  tooLarge = 0;
  /** Lines that were left out, as their times are far ahead of all others. */
  aside = 0;
  /** The first of these times. */
  firstAside = Infinity;
  readonly #held = new Held();
  readonly #timespan: number;
  #now = 0;
  #dumped = 0;

  /**
   * Makes a replay; nothing is counted yet.
   *
   * @param rules What is counted.
   * @param options How it is reported.
   */
  constructor(rules: LogRule[], options: LogRateOptions = {}) {
    this.#timespan = options.timespan ?? 15;
    const clock = () => this.#now * 1000;
    this.rate = new LogRates(rules, {
      ...options,
      allowedLateness: 0, // what is held comes in order
      held: this.#held,
      clock,
    });
  }

  /** How many values are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Lines that came later than what was released. */
  get late(): number {
    return this.#held.late;
  }

  /**
   * Yields the puts from before a time. Lines from before it are late from then
   * on.
   *
   * @param before Seconds since the epoch.
   * @param shift Seconds by which all is moved.
   */
  *release(before: number, shift = 0): Generator<string> {
    for (const { at, lines, take } of this.#held.release(before)) {
      if (at + shift > this.#now) yield* this.#advance(at + shift);
      try {
        take(shift);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.tooLarge += lines;
      }
    }
    const last = before - 1 + shift;
    if (last > this.#now) yield* this.#advance(last);
  }

  /**
   * Yields the puts of what is left.
   *
   * @param newest The last second of the logs, in seconds since the epoch. What
   * is held from after it is left out.
   * @param shift Seconds by which all is moved.
   */
  *end(newest: number, shift = 0): Generator<string> {
    yield* this.release(newest + 1, shift);
    for (const counter of this.rate.counters) {
      yield counter.dump({ final: true });
    }
    for (const { at, lines } of this.#held.release()) {
      this.firstAside = Math.min(this.firstAside, at);
      this.aside += lines;
    }
  }

  /** Moves the clock on in steps that leave out no quiet second. */
  *#advance(to: number): Generator<string> {
    while (to - this.#dumped > this.#timespan) {
      const [first] = this.rate.counters;
      this.#dumped = first ? this.#dumped + this.#timespan : to;
      this.#now = Math.max(this.#now, this.#dumped);
      for (const counter of this.rate.counters) yield counter.dump();
      this.rate.forget();
    }
    this.#now = to;
  }
}

/** What reads the times of a file, whose last change tells the year. */
function timeOfFile(settings: Settings, path: string): LogTime {
  const changed = path === "-" ? undefined : Deno.statSync(path).mtime;
  const latest = (changed?.getTime() ?? Date.now()) / 1000;
  return timeOf(settings, { latest });
}

/** Reads what can be read of a file. */
async function* readable(
  path: string,
  options: ReadLogOptions = {},
): AsyncGenerator<string[]> {
  try {
    yield* readLog(path, options).batches;
  } catch (error) {
    complainSync(`cannot read all of ${path}: ${(error as Error).message}`);
    Deno.exitCode = 1;
  }
}

function settle(time: LogTime, path: string): void {
  if (time.settle()) return;
  fail(`the times of ${path} are not known: ${time.doubt}; ${CURE}`, 2);
}

/** Whether a path can be read once only. */
function isStream(path: string): boolean {
  return path === "-" || !Deno.statSync(path).isFile;
}

/** What reads the times of each log. */
async function timesOf(settings: Settings): Promise<Map<string, LogTime>> {
  const times = new Map<string, LogTime>();
  for (const path of settings.files) {
    const time = timeOfFile(settings, path);
    times.set(path, time);
    if (isStream(path)) continue;
    let empty = true;
    for await (const lines of readable(path)) {
      empty &&= lines.length === 0;
      if (time.learn(lines)) break;
    }
    if (!empty) settle(time, path);
  }
  return times;
}

/** The lines of a stream, the first of them held back until times are known. */
async function* learned(
  time: LogTime,
  path: string,
  batches: AsyncIterable<string[]>,
): AsyncGenerator<string[]> {
  let held: string[][] | undefined = [];
  for await (const lines of batches) {
    if (held === undefined) {
      yield lines;
      continue;
    }
    held.push(lines);
    if (!time.learn(lines)) continue;
    settle(time, path);
    yield* held;
    held = undefined;
  }
  if (held === undefined || !held.some((lines) => lines.length > 0)) return;
  settle(time, path);
  yield* held;
}

/** Lines behind their times, as far as they are from the asked time on. */
class Reader {
  readonly days = new Days();
  lines = 0;
  /** Lines from before `--since` or after `--until`. */
  outside = 0;
  readonly #settings: Settings;
  readonly #time: LogTime;
  readonly #log: Counted;
  /** Lines in front of the first that has a time: they take that one. */
  #early: string[] = [];

  constructor(settings: Settings, time: LogTime, log: Counted) {
    this.#settings = settings;
    this.#time = time;
    this.#log = log;
  }

  /** Counts the next lines. */
  read(lines: string[], path: string): void {
    this.lines += lines.length;
    for (const line of lines) {
      const at = this.#time.at(line);
      if (at === undefined) {
        this.#early.push(line);
        continue;
      }
      if (this.#early.length > 0) {
        for (const early of this.#early) this.#count(early, at);
        this.#early = [];
      }
      this.#count(line, at);
    }
    if (this.#early.length > MAX_EARLY) this.end(path);
  }

  /** Ends the log. */
  end(path: string): void {
    this.days.end();
    if (this.#early.length === 0) return;
    fail(`no line of ${path} has a time as it was told`, 2);
  }

  #count(line: string, at: number): void {
    const { since, until } = this.#settings;
    if (at >= since && at < until) {
      this.days.add(at);
      this.#log.count(line, at);
    } else {
      this.outside++;
    }
  }
}

/** What was taken for the time, once for each way in which that was done. */
function taken(times: Iterable<LogTime>): Iterable<TakenTime> {
  const all = [...times].flatMap(({ taken }) => taken).reverse();
  return [...new Map(all.map((taken) => [taken.how, taken])).values()]
    .reverse();
}

function utc(second: number): string {
  return Temporal.Instant.fromEpochMilliseconds(second * 1000).toString();
}

/**
 * Replays logs. Files are read to their end before the first put, as their last
 * line may belong to the first second. A signal ends it early, with all that was
 * counted until then.
 *
 * @param settings What the command line asks for.
 */
export async function replay(settings: Settings): Promise<void> {
  const { rules, shift, rate: { allowedLateness } } = settings;
  const replay = new Replay(rules, settings.rate);
  const { rate } = replay;
  const times = await timesOf(settings);
  const progress = progressBar([...times.keys()]);

  let interrupted = false;
  const finished = Promise.withResolvers<void>();
  using _ = lastWords(() => {
    interrupted = true;
    return finished.promise;
  });
  const write = async (texts: Iterable<string>) => {
    for (const text of texts) if (text !== "") await writePuts(text);
  };

  const started = performance.now();
  const readers: Reader[] = [];
  for (const [path, time] of times) {
    const reader = new Reader(settings, time, rate.of(path));
    readers.push(reader);
    const all = readable(path, { progress });
    let released = started;
    let left = 0;
    for await (const lines of isStream(path) ? learned(time, path, all) : all) {
      if (interrupted) break;
      reader.read(lines, path);
      if (path !== "-" || shift) continue;
      const isDue = replay.size < CHEAP || replay.size > 2 * left ||
        performance.now() > released + RELEASE_EVERY;
      if (!isDue) continue;
      await write(replay.release(reader.days.settled - allowedLateness));
      released = performance.now();
      left = replay.size;
    }
    if (!interrupted) reader.end(path);
  }
  const { oldest, newest } = span(readers.map(({ days }) => days));
  const ahead = shift ? Math.floor(Date.now() / 1000) - newest : 0;
  await write(replay.end(newest, ahead));
  await putsWritten();
  await progress?.stop();

  const seconds = (performance.now() - started) / 1000;
  for (const time of taken(times.values())) complainSync(describe(time));
  const { late, aside, firstAside, tooLarge } = replay;
  if (aside > 0) {
    complainSync(
      `${aside} lines were set aside, as their times are far ahead of all others: the first of these is ${
        utc(firstAside)
      }`,
    );
  }
  if (late + aside > 0) Deno.exitCode = 1;
  const total = (key: "lines" | "outside") =>
    readers.reduce((sum, reader) => sum + reader[key], 0);
  const unread = times.values().reduce((sum, { unread }) => sum + unread, 0);
  const outside = total("outside");
  complainSync([
    `${total("lines")} lines`,
    `${rate.events - late - aside - tooLarge} events`,
    oldest <= newest
      ? `${utc(oldest + ahead)} to ${utc(newest + ahead)}`
      : "no times",
    `${Math.round(total("lines") / seconds)} lines/s`,
    `${late} late`,
    `${rate.badValues + tooLarge} bad values`,
    ...(rate.notJson > 0 ? [`${rate.notJson} lines are no JSON`] : []),
    ...(unread > 0 ? [`${unread} lines took the time of the line before`] : []),
    ...(outside > 0 ? [`${outside} lines of other times`] : []),
  ].join(", "));
  finished.resolve();
}
