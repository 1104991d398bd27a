/**
 * Counts the lines of whole files, by the times that they tell.
 *
 * @module
 */

import { type LogTime, readLog, type ReadLogOptions } from "../../mod.ts";
import {
  accepted,
  complainSync,
  fail,
  lastWords,
  progressBar,
  putsWritten,
  writePuts,
} from "../../script/mod.ts";
import { type Settings, timeOf } from "./options.ts";
import { LogRate, type LogRateOptions } from "./rate.ts";

/** A rate whose clock is the newest time that a line told. */
export class Replay {
  /** What counts the lines. */
  readonly rate: LogRate;
  readonly #timespan: number;
  #now = 0;
  #dumped = 0;

  /**
   * Makes a replay; nothing is counted yet.
   *
   * @param metric The metric's name.
   * @param options What is counted and how.
   */
  constructor(metric: string, options: LogRateOptions = {}) {
    this.#timespan = options.timespan ?? 15;
    const clock = () => this.#now * 1000;
    this.rate = new LogRate(metric, { ...options, clock });
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

/** The first time in a file; undefined if the file is empty. */
async function firstTime(
  settings: Settings,
  path: string,
): Promise<number | undefined> {
  const time = timeOfFile(settings, path);
  let empty = true;
  for await (const lines of readable(path)) {
    empty &&= lines.length === 0;
    for (const line of lines) {
      const second = time.at(line);
      if (second !== undefined) return second;
    }
  }
  if (!empty) fail(`there is no time in ${path}; try --time`, 2);
}

/** The files that hold lines, in the order of their first times. */
async function inOrder(settings: Settings): Promise<string[]> {
  if (settings.files[0] === "-") return settings.files; // the only one, then
  const first = new Map<string, number>();
  for (const path of settings.files) {
    const second = await firstTime(settings, path);
    if (second !== undefined) first.set(path, second);
  }
  return [...first.keys()].sort((a, b) => first.get(a)! - first.get(b)!);
}

async function newestTime(
  settings: Settings,
  files: string[],
  progress: ReadLogOptions["progress"],
): Promise<number> {
  let newest = 0;
  for (const path of files) {
    const time = timeOfFile(settings, path);
    for await (const lines of readable(path, { progress })) {
      for (const line of lines) newest = Math.max(newest, time.at(line) ?? 0);
    }
  }
  return newest;
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
  const { metric, shift } = settings;
  const replay = accepted(() => new Replay(metric, settings.rate));
  const { rate } = replay;
  const files = await inOrder(settings);
  const progress = progressBar(shift ? [...files, ...files] : files);
  const ahead = shift
    ? Math.floor(Date.now() / 1000) -
      await newestTime(settings, files, progress)
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
  for (const path of files) {
    const time = timeOfFile(settings, path);
    for await (const lines of readable(path, { progress })) {
      if (interrupted) break;
      count += lines.length;
      for (const line of lines) {
        last = time.at(line) ?? last;
        if (last === undefined) {
          untimed++;
          continue;
        }
        const at = last + ahead;
        if (at < oldest) oldest = at;
        if (at > replay.now) await write(replay.advance(at));
        rate.count(line, at);
      }
    }
  }
  await write(replay.end());
  await putsWritten();
  await progress?.stop();

  const seconds = (performance.now() - started) / 1000;
  complainSync([
    `${count} lines`,
    `${rate.events} events`,
    oldest <= replay.now ? `${utc(oldest)} to ${utc(replay.now)}` : "no times",
    `${Math.round(count / seconds)} lines/s`,
    `${rate.late} late`,
    `${rate.badValues} bad values`,
    ...(untimed > 0 ? [`${untimed} lines before the first time`] : []),
  ].join(", "));
  finished.resolve();
}
