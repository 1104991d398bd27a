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
import { CURE, describe, type Settings, timeOf } from "./options.ts";
import type { LogRateOptions, LogRule } from "./rate.ts";
import { LogRates } from "./rates.ts";

/** Rates whose clock is the newest time that a line told. */
export class Replay {
  /** What counts the lines. */
  readonly rate: LogRates;
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
    this.rate = new LogRates(rules, { ...options, clock });
  }

  /** The newest time, in seconds since the epoch. */
  get now(): number {
    return this.#now;
  }

  /**
   * Moves the clock on to a newer time, in steps that leave out no quiet
   * second, and yields the puts of the time that passed.
   *
   * @param to The newer time, in seconds since the epoch.
   */
  *advance(to: number): Generator<string> {
    while (to - this.#dumped > this.#timespan) {
      const [first] = this.rate.counters;
      this.#dumped = first ? this.#dumped + this.#timespan : to;
      this.#now = Math.max(this.#now, this.#dumped);
      for (const counter of this.rate.counters) yield counter.dump();
      this.rate.forget();
    }
    this.#now = to;
  }

  /** Yields the puts of what is left. */
  *end(): Generator<string> {
    for (const counter of this.rate.counters) {
      yield counter.dump({ final: true });
    }
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

/** The times of the files that hold lines, in the order of their first times. */
async function timesOf(settings: Settings): Promise<Map<string, LogTime>> {
  const [path] = settings.files;
  if (path === "-") return new Map([[path, timeOfFile(settings, path)]]);
  const found: { path: string; time: LogTime; first: number }[] = [];
  for (const path of settings.files) {
    const time = timeOfFile(settings, path);
    if (!await learn(time, path)) continue;
    settle(time, path);
    const first = await firstTime(time, path);
    if (first === undefined) {
      fail(`no line of ${path} has a time as it was told`, 2);
    }
    found.push({ path, time, first });
  }
  found.sort((a, b) => a.first - b.first);
  return new Map(found.map(({ path, time }) => [path, time]));
}

/** Shows a file to what reads its times; returns whether it has lines. */
async function learn(time: LogTime, path: string): Promise<boolean> {
  let empty = true;
  for await (const lines of readable(path)) {
    empty &&= lines.length === 0;
    if (!empty && time.learn(lines)) break;
  }
  return !empty;
}

async function firstTime(
  time: LogTime,
  path: string,
): Promise<number | undefined> {
  for await (const lines of readable(path)) {
    for (const line of lines) {
      const second = time.at(line);
      if (second === undefined) continue;
      time.rewind();
      return second;
    }
  }
}

/** The lines of stdin, the first of them held back until times are known. */
async function* learned(
  time: LogTime,
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
    settle(time, "stdin");
    yield* held;
    held = undefined;
  }
  if (held === undefined || !held.some((lines) => lines.length > 0)) return;
  settle(time, "stdin");
  yield* held;
}

async function newestTime(
  times: Map<string, LogTime>,
  progress: ReadLogOptions["progress"],
): Promise<number> {
  let newest = 0;
  for (const [path, time] of times) {
    for await (const lines of readable(path, { progress })) {
      for (const line of lines) newest = Math.max(newest, time.at(line) ?? 0);
    }
    time.rewind();
  }
  return newest;
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
 * Replays logs as fast as the reader of stdout takes the puts. A signal ends it
 * early, with all that was counted until then.
 *
 * @param settings What the command line asks for.
 */
export async function replay(settings: Settings): Promise<void> {
  const { rules, shift } = settings;
  const replay = new Replay(rules, settings.rate);
  const { rate } = replay;
  const times = await timesOf(settings);
  const files = [...times.keys()];
  const progress = progressBar(shift ? [...files, ...files] : files);
  const ahead = shift
    ? Math.floor(Date.now() / 1000) -
      await newestTime(times, progress)
    : 0;

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
  let count = 0;
  let untimed = 0;
  let oldest = Infinity;
  let last: number | undefined;
  for (const [path, time] of times) {
    const log = rate.of(path);
    const lines = readable(path, { progress });
    for await (const batch of path === "-" ? learned(time, lines) : lines) {
      if (interrupted) break;
      count += batch.length;
      for (const line of batch) {
        last = time.at(line) ?? last;
        if (last === undefined) {
          untimed++;
          continue;
        }
        const at = last + ahead;
        if (at < oldest) oldest = at;
        if (at > replay.now) await write(replay.advance(at));
        log.count(line, at);
      }
    }
  }
  await write(replay.end());
  await putsWritten();
  await progress?.stop();

  const seconds = (performance.now() - started) / 1000;
  for (const time of taken(times.values())) complainSync(describe(time));
  const unread = [...times.values()].reduce(
    (sum, { unread }) => sum + unread,
    0,
  );
  complainSync([
    `${count} lines`,
    `${rate.events} events`,
    oldest <= replay.now ? `${utc(oldest)} to ${utc(replay.now)}` : "no times",
    `${Math.round(count / seconds)} lines/s`,
    `${rate.late} late`,
    `${rate.badValues} bad values`,
    ...(rate.notJson > 0 ? [`${rate.notJson} lines are no JSON`] : []),
    ...(unread > untimed
      ? [`${unread - untimed} lines took the time of the line before`]
      : []),
    ...(untimed > 0 ? [`${untimed} lines before the first time`] : []),
  ].join(", "));
  finished.resolve();
}
