/**
 * Counts the lines of whole files, by the times that they tell.
 *
 * @module
 */

import type { TakenTime } from "../../mod.ts";
import {
  complainSync,
  counted,
  fail,
  lastPutsWritten,
  lastWords,
  progressBar,
  putsWritten,
  within,
  writePuts,
} from "../../script/mod.ts";
import { span } from "./days.ts";
import { ValueBuffer } from "./value_buffer.ts";
import { describe, type Settings } from "./options.ts";
import type { LogRule, RuleCounterOptions } from "./rule_counter.ts";
import { LogCounter } from "./log_counter.ts";
import { WholeLog } from "./whole_log.ts";

const CHEAP = 1000; // held values: so few may be released after each batch
const LOOK_EVERY = 100; // ms between looks at the reader after a signal
const WORTH_WRITING = 4096; // characters
const RELEASE_EVERY = 1000; // ms at most between releases of more values

/** Counts lines by their times, in whatever order they come. */
export class Replay {
  /** What counts the lines. */
  readonly counter: LogCounter;
  /** Lines whose values would make a sum that is too large. */
  tooLarge = 0;
  /** Lines that were left out, as their times are far ahead of all others. */
  aside = 0;
  /** The first of these times. */
  firstAside = Infinity;
  readonly #buffer = new ValueBuffer();
  readonly #timespan: number;
  #now = 0;
  #dumped = 0;

  /**
   * Makes a replay; nothing is counted yet.
   *
   * @param rules What is counted.
   * @param options How it is reported.
   */
  constructor(rules: LogRule[], options: RuleCounterOptions = {}) {
    this.#timespan = options.timespan ?? 15;
    const clock = () => this.#now * 1000;
    this.counter = new LogCounter(rules, {
      ...options,
      allowedLateness: 0, // the held values come in order
      buffer: this.#buffer,
      clock,
    });
  }

  /** How much is held, as {@linkcode ValueBuffer.size} counts it. */
  get size(): number {
    return this.#buffer.size;
  }

  /** Lines that came later than what was released. */
  get late(): number {
    return this.#buffer.late;
  }

  /**
   * Yields the puts before a time. Lines before it that come later are late.
   *
   * @param before Seconds since the epoch.
   * @param shift Seconds by which all is moved.
   */
  *release(before: number, shift = 0): Generator<string> {
    for (const { at, lines, take } of this.#buffer.release(before)) {
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
   * @param newest The last second of the logs, in seconds since the epoch. Held
   * values after it are left out.
   * @param shift Seconds by which all is moved.
   */
  *end(newest: number, shift = 0): Generator<string> {
    yield* this.release(newest + 1, shift);
    for (const series of this.counter.counters) {
      yield series.dump({ final: true });
    }
    for (const { at, lines } of this.#buffer.release()) {
      this.firstAside = Math.min(this.firstAside, at);
      this.aside += lines;
    }
  }

  /** Moves the clock on in steps of a timespan, so that no quiet second is missed. */
  *#advance(to: number): Generator<string> {
    while (to - this.#dumped > this.#timespan) {
      const [first] = this.counter.counters;
      this.#dumped = first ? this.#dumped + this.#timespan : to;
      this.#now = Math.max(this.#now, this.#dumped);
      for (const series of this.counter.counters) yield series.dump();
      this.counter.forget();
    }
    this.#now = to;
  }
}

/** What was taken for the time, one for each format. */
function taken(logs: WholeLog[]): Iterable<TakenTime> {
  const all = logs.flatMap(({ time }) => time.taken).reverse();
  return [...new Map(all.map((taken) => [taken.how, taken])).values()]
    .reverse();
}

function utc(second: number): string {
  return Temporal.Instant.fromEpochMilliseconds(second * 1000).toString();
}

/** Joins puts to texts that are worth a write. */
function* joined(texts: Iterable<string>): Generator<string> {
  let all = "";
  for (const text of texts) {
    all += text;
    if (all.length < WORTH_WRITING) continue;
    yield all;
    all = "";
  }
  if (all !== "") yield all;
}

/** Options of {@linkcode read}. */
export interface ReadOptions {
  /** Ends the reading early. */
  signal: AbortSignal;
  /** Seconds for which late lines of stdin are waited for. */
  lateness: number;
  /** Whether all values are held to the end. */
  hold?: boolean;
  /**
   * How many values may be held before the files are looked through.
   *
   * @default {500_000}
   */
  many?: number;
  /** Its `value` is raised by the bytes that were read. */
  progress?: { value: number } | undefined;
}

/** The earliest time that is still to be read. */
async function earliestOf(
  logs: WholeLog[],
  signal: AbortSignal,
): Promise<number> {
  for (const log of logs) await log.lookAhead(signal);
  return Math.min(...logs.map(({ earliest }) => earliest));
}

/**
 * Reads logs, one after the other, into a replay.
 *
 * @param logs The logs.
 * @param replay What counts them.
 * @param options How they are read.
 * @returns The puts that can be reported before all is read.
 */
export async function* read(
  logs: WholeLog[],
  replay: Replay,
  options: ReadOptions,
): AsyncGenerator<string> {
  const { signal, lateness, hold, many = 500_000, progress } = options;
  const queue = [...logs];
  let released = performance.now();
  let left = 0;
  for (let log = queue.shift(); log; log = queue.shift()) {
    const counted = replay.counter.of(log.path);
    for await (const lines of log.batches({ progress, signal })) {
      if (!await log.count(lines, counted, signal)) return;
      const { size } = replay;
      const isDue = log.path === "-"
        ? size < CHEAP || size > 2 * left ||
          performance.now() > released + RELEASE_EVERY
        : size > Math.max(many, 2 * left);
      if (hold || !isDue) continue;
      const settled = log.path === "-"
        ? log.days.settled - lateness
        : await earliestOf([log, ...queue], signal);
      queue.sort((a, b) => a.earliest - b.earliest);
      yield* joined(replay.release(settled));
      released = performance.now();
      left = replay.size;
    }
    if (signal.aborted) return;
    log.end();
  }
}

/**
 * Replays logs. Files are read to their end before the first put, as their last
 * line may belong to the first second. Where that is too much to hold, they are
 * looked through first for the times that are still to come. A signal ends it
 * early: all that was counted until then is reported.
 *
 * @param settings What the command line asks for.
 */
export async function replay(settings: Settings): Promise<void> {
  const { rules, shift, counting: { allowedLateness: lateness } } = settings;
  const replay = new Replay(rules, settings.counting);
  const { counter } = replay;
  const logs = settings.files.map((path) => new WholeLog(path, settings));
  for (const log of logs) await log.learn();
  const progress = await progressBar(settings.files);

  const interrupted = new AbortController();
  const finished = Promise.withResolvers<true>();
  using _ = lastWords(async () => {
    interrupted.abort();
    while (!await within(LOOK_EVERY, finished.promise)) {
      if (await lastPutsWritten()) continue;
      fail("the reader stalls: it did not take all that was counted", 1);
    }
  });
  const write = async (texts: AsyncIterable<string> | Iterable<string>) => {
    for await (const text of texts) await writePuts(text);
  };

  const started = performance.now();
  const { signal } = interrupted;
  const options = { signal, lateness, hold: shift, progress };
  await write(read(logs, replay, options));
  const { oldest, newest } = span(logs.map(({ days }) => days));
  const ahead = shift ? Math.floor(Date.now() / 1000) - newest : 0;
  await write(joined(replay.end(newest, ahead)));
  await putsWritten();
  await progress?.stop();

  const seconds = (performance.now() - started) / 1000;
  for (const time of taken(logs)) complainSync(describe(time));
  const { late, aside, firstAside, tooLarge } = replay;
  if (aside > 0) {
    complainSync(
      `set aside ${
        counted(aside, "line")
      } whose time is far ahead of all others: the first is of ${
        utc(firstAside)
      }`,
    );
  }
  if (late + aside > 0) Deno.exitCode = 1;
  const total = (key: "lines" | "outside") =>
    logs.reduce((sum, log) => sum + log[key], 0);
  const unread = logs.reduce((sum, { time }) => sum + time.unread, 0);
  complainSync([
    counted(total("lines"), "line"),
    counted(counter.events - late - aside - tooLarge, "event"),
    oldest <= newest
      ? `${utc(oldest + ahead)} to ${utc(newest + ahead)}`
      : "no times",
    `${Math.round(total("lines") / seconds)} lines/s`,
    ...counter.remarks({ late, tooLarge, unread, outside: total("outside") }),
  ].join(", "));
  finished.resolve(true);
}
