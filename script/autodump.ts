/**
 * Dumps counters to stdout at regular times, and what is left at the end.
 *
 * @module
 */

import { MetricCounter } from "../counter.ts";
import { alive } from "../counter/registry.ts";
import { complain, complainSync, counted, messageOf } from "./complain.ts";
import { lastWords } from "./last_words.ts";
import { LineWriter, type Output } from "./output.ts";
import { watchReader } from "./stdout_reader.ts";
import { unread } from "./unread_logs.ts";
import { sleep, within } from "./wait.ts";

const SECOND = 1000; // ms
const LAST_MOMENT = 985; // ms of a second: after the last look at logs, too late to start again
const MAX_SLEEPS = 3; // tries to wake at that moment, as a busy host may wake later
const ROOM = 64 * 1024; // bytes that wait while a reader keeps up
const STALL_AT_END = 3000; // ms in which the reader must take some after a signal
const TIME_TO_SAY = 50; // ms for a last complaint

const stdout = new LineWriter(Deno.stdout, readerGone);
const dumpers = new Set<Dumper>();
let signals: Disposable | undefined;
let watch: Disposable | undefined;
let restartsSaid = 0;

/** Where datapoints go: a stream of bytes, or a function that gets whole lines. */
export type DumpOutput =
  | WritableStream<Uint8Array>
  | ((lines: string) => void | Promise<void>);

/** Options of {@linkcode autodump}. */
export interface AutodumpOptions {
  /**
   * Where the datapoints go. It gets up to 4,096 bytes at a time, cut between
   * lines. If it fails, that is said on stderr and nothing more is written. A
   * stream is locked until all is dumped, and is not closed.
   *
   * @default {Deno.stdout}
   */
  output?: DumpOutput;
  /**
   * The time now, in milliseconds, by a clock that nobody sets.
   *
   * @default {performance.now}
   */
  clock?: () => number;
  /**
   * Waits for some milliseconds; the signal ends the wait early.
   *
   * @default {setTimeout}
   */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What {@linkcode autodump} dumps: a counter, or something with counters. */
export type Dumped = MetricCounter | { readonly counters: Iterable<Dumped> };

/** What {@linkcode autodump} returns: dispose it to report what is left. */
export interface Autodump extends AsyncDisposable {
  /** Datapoints dropped because the reader stalled for too long. */
  readonly dropped: number;
}

function* countersOf(all: Iterable<Dumped>): Generator<MetricCounter> {
  for (const dumped of all) {
    if (dumped instanceof MetricCounter) yield dumped;
    else yield* countersOf(dumped.counters);
  }
}

/** A writer to something else than stdout, and a function that releases that. */
function writerTo(output: DumpOutput): [LineWriter, () => void] {
  let out: Output;
  let release = () => {};
  if (typeof output === "function") {
    const decoder = new TextDecoder();
    out = {
      write: async (bytes) => {
        await output(decoder.decode(bytes));
        return bytes.length;
      },
    };
  } else {
    const writer = output.getWriter();
    out = { write: (bytes) => writer.write(bytes).then(() => bytes.length) };
    release = () => writer.releaseLock();
  }
  const writer: LineWriter = new LineWriter(out, (error) => {
    const count = writer.undelivered;
    complain(
      `cannot write: ${error}: could not deliver ${
        counted(count, "datapoint")
      }`,
    );
  });
  return [writer, release];
}

class Dumper implements Autodump {
  readonly writer: LineWriter;
  readonly #release: () => void;
  readonly #dumped: Dumped[];
  readonly #clock: () => number;
  readonly #sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly #stop = new AbortController();
  /** When each counter is due for its next dump. */
  readonly #due = new WeakMap<MetricCounter, number>();
  /** The counters whose first datapoint is out. */
  readonly #reported = new WeakSet<MetricCounter>();
  readonly #running: Promise<void>;

  constructor(dumped: Dumped[], options: AutodumpOptions) {
    const { output, clock = () => performance.now() } = options;
    this.#dumped = dumped;
    this.#clock = clock;
    this.#sleep = options.sleep ?? sleep;
    [this.writer, this.#release] = output === undefined
      ? [stdout, () => {}]
      : writerTo(output);
    this.#running = this.#run(clock());
    dumpers.add(this);
    unread.whenNone.add(this.#forgetZeros);
    signals ??= lastWords(reportAtEnd);
    if (output === undefined) {
      watch ??= watchReader(() => readerGone(new Deno.errors.BrokenPipe()));
    }
  }

  get dropped(): number {
    return this.writer.dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      await this.#running;
      this.pushAll();
    }
    await this.writer.room(0, Infinity);
    this.#release();
    unread.whenNone.delete(this.#forgetZeros);
    if (!dumpers.delete(this) || dumpers.size > 0) return;
    signals?.[Symbol.dispose]();
    watch?.[Symbol.dispose]();
    signals = watch = undefined;
  }

  /** Gives the last datapoints of all counters to the writer. */
  pushAll(): void {
    for (const counter of this.#counters()) {
      try {
        this.writer.push(this.#dump(counter, true));
      } catch (error) {
        complain(messageOf(error));
      }
    }
  }

  *#counters(): Generator<MetricCounter> {
    if (this.#dumped.length === 0) yield* alive;
    yield* countersOf(this.#dumped);
  }

  /** Dumps once a second the counters that are due. */
  async #run(started: number): Promise<void> {
    const { signal } = this.#stop;
    for (let tick = started + SECOND;;) {
      await this.#sleep(tick - this.#clock(), signal);
      if (signal.aborted) return;
      await this.writer.pull(this.#texts());
      const missed = Math.floor(Math.max(0, this.#clock() - tick) / SECOND);
      tick += (missed + 1) * SECOND;
    }
  }

  /** The datapoints of the counters that are due. */
  *#texts(): Generator<string> {
    const now = this.#clock();
    for (const counter of this.#counters()) {
      const due = this.#due.get(counter) ?? now; // a new one may have a datapoint
      if (now > due - SECOND / 2) {
        yield this.#dump(counter, false);
        this.#plan(counter, due, now);
      }
    }
  }

  /** A counter without a first datapoint is due again in a second. */
  #plan(counter: MetricCounter, due: number, now: number): void {
    const period = this.#reported.has(counter)
      ? counter.timespan * SECOND
      : SECOND;
    const missed = Math.floor(Math.max(0, now - due) / period);
    this.#due.set(counter, due + (missed + 1) * period);
  }

  /** All logs are read from now on: zeros for the time before would be false. */
  readonly #forgetZeros = (): void => {
    for (const counter of this.#counters()) if (counter.silent) counter.dump();
  };

  /** What a counter reports; says so if the dump fails. */
  #dump(counter: MetricCounter, final: boolean): string {
    let lines = "";
    try {
      lines = counter.dump({ final });
      if (unread.any && counter.silent) return "";
    } catch (error) {
      complain(messageOf(error));
    }
    if (lines !== "") this.#reported.add(counter);
    if (counter.restarts > restartsSaid) {
      restartsSaid = counter.restarts;
      complain(
        "the clock went back by more than a timespan: series start afresh",
      );
    }
    return lines;
  }
}

/**
 * Reports all just before the second ends: a program that is started right after
 * this one begins with another second, and does not report this one again.
 */
async function reportAtEnd(): Promise<void> {
  for (let sleeps = 0; sleeps < MAX_SLEEPS; sleeps++) {
    const now = Date.now() % SECOND;
    if (now >= LAST_MOMENT) break;
    await sleep(LAST_MOMENT - now);
  }
  for (const dumper of dumpers) dumper.pushAll();
  const writers = [...new Set([...dumpers].map(({ writer }) => writer))];
  const taken = await Promise.all(
    writers.map((writer) => writer.room(0, STALL_AT_END)),
  );
  if (!taken.includes(false)) return;
  const count = writers.reduce((sum, writer) => sum + writer.undelivered, 0);
  const message = `the reader stalls: could not deliver ${
    counted(count, "datapoint")
  }`;
  await within(TIME_TO_SAY, complain(message));
  Deno.exit(1);
}

/** Ends the program, as nobody reads what it counts. */
function readerGone(error: unknown): never {
  for (const dumper of dumpers) {
    if (dumper.writer === stdout) dumper.pushAll();
  }
  const count = stdout.undelivered;
  const gone = error instanceof Deno.errors.BrokenPipe;
  if (count > 0 || !gone) {
    const why = gone ? "the reader is gone" : `cannot write: ${error}`;
    complainSync(`${why}: could not deliver ${counted(count, "datapoint")}`);
  }
  Deno.exit(gone ? 141 : 1);
}

/**
 * Writes put lines to stdout, in whole lines, behind those that wait.
 *
 * @param lines Whole lines; may be empty.
 * @returns Resolves when there is room for more: then the reader keeps up.
 * @throws {RangeError} If a pipe could tear one of the lines.
 */
export async function writePuts(lines: string): Promise<void> {
  stdout.push(lines);
  await stdout.room(ROOM, Infinity);
}

/** Resolves when the reader of stdout has taken all that was written. */
export async function putsWritten(): Promise<void> {
  await stdout.room(0, Infinity);
}

/**
 * Waits for the reader of stdout after a signal.
 *
 * @returns Whether it has taken all that was written: false if it took nothing
 * for 3 s.
 */
export function lastPutsWritten(): Promise<boolean> {
  return stdout.room(0, STALL_AT_END);
}

/**
 * Dumps counters to stdout: each for the first time after a second, then every
 * `timespan` seconds. Disposing it reports all that was counted, and so do
 * SIGTERM, SIGINT and SIGHUP, which then end the program with status 0.
 *
 * Up to 64 MiB wait for a reader that stalls. Beyond that the oldest lines are
 * dropped, which is said on stderr. When the reader of stdout is gone the
 * program ends with status 141. A dump that fails is said on stderr and tried
 * again.
 *
 * @param dumped Counters, distributions, and families of them; with none, all counters that
 * are alive, also those that are made later. Options may come last.
 * @returns A disposable; disposing it twice is safe.
 *
 * @example To stdout
 * ```ts ignore
 * import { autodump, MetricCounter } from "@metriccounter/metriccounter";
 *
 * const requests = new MetricCounter("http.requests");
 * await using _ = autodump(requests);
 * requests.inc();
 * ```
 *
 * @example Elsewhere
 * ```ts
 * import { autodump, MetricCounter } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * let sent = "";
 * const output = (lines: string) => void (sent += lines);
 * const requests = new MetricCounter("http.requests", {
 *   tags: { host: "web1" },
 *   clock: () => 1_700_000_000_000,
 * });
 * {
 *   await using _ = autodump(requests, { output });
 *   requests.inc();
 * }
 * assertEquals(sent, "put http.requests 1700000000 1 host=web1\n");
 * ```
 */
export function autodump(
  ...dumped: [...Dumped[]] | [...Dumped[], AutodumpOptions]
): Autodump {
  const all: (Dumped | AutodumpOptions)[] = dumped;
  const last = all.at(-1);
  const options = last === undefined || isDumped(last) ? {} : last;
  return new Dumper(all.filter(isDumped), options);
}

function isDumped(value: Dumped | AutodumpOptions): value is Dumped {
  return value instanceof MetricCounter || "counters" in value;
}
