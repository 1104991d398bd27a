/**
 * {@linkcode WholeLog}: the lines of a whole log, with their times.
 *
 * @module
 */

import { type LogTime, readLog, type ReadLogOptions } from "../../mod.ts";
import { complainSync, fail, messageOf, takeAll } from "../../script/mod.ts";
import { Days } from "./days.ts";
import { CURE, type Settings, timeOf } from "./options.ts";
import type { Counted } from "./log_counter.ts";

const MAX_EARLY = 10_000; // lines before the first that has a time
const BLOCK = 10_000; // lines of which the earliest time is remembered

/** Options of {@linkcode WholeLog.batches}. */
export interface BatchesOptions extends ReadLogOptions {
  /** Ends it early. */
  signal?: AbortSignal;
}

/** Makes a reader of the times of a file; its last change tells the year. */
function timeOfFile(settings: Settings, path: string): LogTime {
  const changed = path === "-" ? undefined : Deno.statSync(path).mtime;
  const latest = (changed?.getTime() ?? Date.now()) / 1000;
  return timeOf(settings, { latest });
}

/** Reads as much of a file as can be read; says why if that is not all. */
async function* readable(
  path: string,
  options: ReadLogOptions & { quiet?: boolean },
): AsyncGenerator<string[]> {
  try {
    yield* readLog(path, options).batches;
  } catch (error) {
    if (options.quiet) return;
    complainSync(`cannot read all of ${path}: ${messageOf(error)}`);
    Deno.exitCode = 1;
  }
}

/** What comes before a signal: of a pipe, more may come in hours, or never. */
async function* until(
  signal: AbortSignal,
  batches: AsyncGenerator<string[]>,
): AsyncGenerator<string[]> {
  let end = () => {};
  signal.addEventListener("abort", () => end());
  while (!signal.aborted) {
    const { promise, resolve, reject } = Promise.withResolvers<
      IteratorResult<string[]> | undefined
    >();
    end = () => resolve(undefined);
    batches.next().then(resolve, reject);
    const next = await promise;
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** A log that is read once, from its beginning to its end. */
export class WholeLog {
  /** The path of the log; `-` is stdin. */
  readonly path: string;
  /** Reads its times. */
  readonly time: LogTime;
  /** The times that were counted. */
  readonly days = new Days();
  /** Lines that were read. */
  lines = 0;
  /** Lines before `--since`, or not before `--until`. */
  outside = 0;

  readonly #settings: Settings;
  /** Whether it can be read only once. */
  readonly #isStream: boolean;
  /** Lines before the first that has a time: they take its time. */
  #early: string[] = [];
  /** For each block of lines, the earliest time in it and all blocks after it. */
  #earliest: number[] | undefined;

  /**
   * Makes a log that was not read yet.
   *
   * @param path The path of the log; `-` is stdin.
   * @param settings How its times are read, and which of them count.
   */
  constructor(path: string, settings: Settings) {
    this.path = path;
    this.time = timeOfFile(settings, path);
    this.#settings = settings;
    this.#isStream = path === "-" || !Deno.statSync(path).isFile;
  }

  /** Finds out how a file tells its times; if it does not, the program ends. */
  async learn(): Promise<void> {
    if (!this.#isStream) await this.#learn(this.time);
  }

  /**
   * The lines from the beginning to the end.
   *
   * @param options What is told of the progress, and what ends it early.
   */
  async *batches(options: BatchesOptions = {}): AsyncGenerator<string[]> {
    const { signal, ...rest } = options;
    const found = readable(this.path, rest);
    const all = signal ? until(signal, found) : found;
    if (this.#isStream) yield* this.#learned(all);
    else yield* all;
  }

  /**
   * Counts the next lines.
   *
   * @param lines The lines.
   * @param log What counts them.
   * @param signal Ends it early, where an expression is given up.
   * @returns Whether all were counted.
   */
  async count(
    lines: string[],
    log: Counted,
    signal?: AbortSignal,
  ): Promise<boolean> {
    log.foresee(lines);
    const take = (line: string) => this.#take(line, log);
    const isAll = await takeAll(lines, take, signal);
    if (this.#early.length > MAX_EARLY) this.end();
    return isAll;
  }

  /** Ends the log; if none of its lines had a time, the program ends, too. */
  end(): void {
    if (this.#early.length === 0) return;
    const first = JSON.stringify(this.#early[0]!.slice(0, 60));
    fail(
      `no line of ${this.#name} has a time as --time or --time-format tells; its first line is ${first}`,
      2,
    );
  }

  /** No line that was not counted yet is before this second since the epoch. */
  get earliest(): number {
    return this.#earliest?.[Math.floor(this.lines / BLOCK)] ?? -Infinity;
  }

  /**
   * Looks through a file once, for the times that are still to come.
   *
   * @param signal Ends it early; then no times are known.
   */
  async lookAhead(signal: AbortSignal): Promise<void> {
    if (this.#isStream || this.#earliest !== undefined) return;
    const time = timeOfFile(this.#settings, this.path);
    await this.#learn(time);
    const earliest: number[] = [];
    let number = 0;
    for await (const lines of readable(this.path, { quiet: true })) {
      const isAll = await takeAll(lines, (line) => {
        const block = Math.floor(number++ / BLOCK);
        const at = time.at(line) ?? Infinity;
        if (!(at >= earliest[block]!)) earliest[block] = at;
      }, signal);
      if (!isAll || signal.aborted) return;
    }
    earliest.push(Infinity); // behind the last line nothing is to come
    for (let i = earliest.length - 2; i >= 0; i--) {
      earliest[i] = Math.min(earliest[i]!, earliest[i + 1]!);
    }
    this.#earliest = earliest;
  }

  get #name(): string {
    return this.path === "-" ? "stdin" : this.path;
  }

  #take(line: string, log: Counted): void {
    this.lines++;
    const at = this.time.at(line);
    if (at === undefined) {
      this.#early.push(line);
      return;
    }
    if (this.#early.length > 0) {
      for (const early of this.#early) this.#count(early, at, log);
      this.#early = [];
    }
    this.#count(line, at, log);
  }

  #count(line: string, at: number, log: Counted): void {
    const { since, until } = this.#settings;
    if (at >= since && at < until) {
      this.days.add(at);
      log.count(line, at);
    } else {
      this.outside++;
    }
  }

  async #learn(time: LogTime): Promise<void> {
    let empty = true;
    for await (const lines of readable(this.path, { quiet: true })) {
      empty &&= lines.length === 0;
      if (time.learn(lines)) break;
    }
    if (!empty) this.#settle(time);
  }

  #settle(time: LogTime): void {
    if (time.settle()) return;
    const why = `the times of ${this.#name} are not known: ${time.doubt}`;
    fail(`${why}; ${CURE}`, 2);
  }

  /** Holds the first lines back until their times are known. */
  async *#learned(batches: AsyncIterable<string[]>): AsyncGenerator<string[]> {
    const { time } = this;
    let held: string[][] | undefined = [];
    for await (const lines of batches) {
      if (held === undefined) {
        yield lines;
        continue;
      }
      held.push(lines);
      if (!time.learn(lines)) continue;
      this.#settle(time);
      yield* held;
      held = undefined;
    }
    if (held === undefined || !held.some((lines) => lines.length > 0)) return;
    this.#settle(time);
    yield* held;
  }
}
