/**
 * The shared module, and the only import of a collector: the counter, and all
 * that stands between a log or a sample and put lines on stdout.
 *
 * @example A collector
 * ```ts ignore
 * import { autodump, MetricCounter, tail } from "@metriccounter/metriccounter";
 *
 * const failures = new MetricCounter("auth.failures");
 * await using _ = autodump(failures);
 * for await (const _ of tail("/var/log/auth.log", { match: "failure" })) {
 *   failures.inc();
 * }
 * ```
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { MetricCounter } from "./counter.ts";
import { complain, complainAside, sleep, spawn } from "./tail.ts";

export {
  type DumpOptions,
  MetricCounter,
  type MetricCounterOptions,
  type PutFormat,
} from "./counter.ts";
export { LogTime, type LogTimeOptions } from "./logtime.ts";
export { progressBar, readLog, type ReadLogOptions } from "./readlog.ts";
export {
  complain,
  follow,
  type FollowOptions,
  hasJournal,
  isReadable,
  lineBatches,
  type LineOptions,
  sleep,
  tail,
  tailBatches,
} from "./tail.ts";

const PIECE = 4096; // PIPE_BUF: what a pipe takes whole or not at all
const MAX_WAITING = 64 * 1024 * 1024; // characters
const PATIENCE = 3000; // ms for a stalled reader to go on after a signal
const LAST_MOMENT = 980; // ms of a second: too late to start again within it
const SLICE = 10; // ms of dumping before other work gets its turn
const AHEAD = 64 * 1024; // characters dumped before the reader takes some
const STALL = 50; // ms without that: the reader stalls, dump all the same
const RETRY = 20; // ms until a full pipe that does not block is tried again
const LONGEST_TIMER = 2 ** 31 - 1; // ms

/**
 * Ends the program with one line on stderr. Under tcollector, status 13 says
 * "do not run me on this host".
 *
 * @param message What is wrong.
 * @param status The exit status.
 */
export function fail(message: string, status: number): never {
  complain(message);
  Deno.exit(status);
}

function countLines(text: string): number {
  return text.split("\n").length - 1;
}

async function writeAll(bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(await Deno.stdout.write(bytes));
    } catch (error) {
      // Somebody who shares the pipe has set it to O_NONBLOCK, and it is full.
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await sleep(RETRY);
    }
  }
}

/** Puts on their way to stdout, in whole lines; what waits is bounded. */
const output = {
  pieces: [] as string[],
  inFlight: "",
  waiting: 0,
  written: 0,
  dropped: 0,
  writing: undefined as Promise<void> | undefined,

  push(lines: string): void {
    const newest = this.pieces.at(-1);
    if (newest !== undefined && newest.length + lines.length <= PIECE) {
      this.pieces[this.pieces.length - 1] = newest + lines;
    } else {
      for (let start = 0; start < lines.length;) {
        const end = lines.length - start <= PIECE
          ? lines.length
          : lines.lastIndexOf("\n", start + PIECE - 1) + 1;
        if (end <= start) {
          throw new RangeError(
            `Cannot write puts as a line must be at most ${PIECE} characters: current value is ${
              lines.length - start
            }`,
          );
        }
        this.pieces.push(lines.slice(start, end));
        start = end;
      }
    }
    this.waiting += lines.length;
    if (this.waiting > MAX_WAITING) this.dropOldest();
    if (this.pieces.length > 0) this.writing ??= this.write();
  },

  dropOldest(): void {
    const before = this.dropped;
    while (this.waiting > MAX_WAITING) {
      const oldest = this.pieces.shift()!;
      this.waiting -= oldest.length;
      this.dropped += countLines(oldest);
    }
    complainAside(
      `the reader stalls: dropped the oldest ${
        this.dropped - before
      } datapoints, ${this.dropped} in all`,
    );
  },

  async write(): Promise<void> {
    const encoder = new TextEncoder();
    try {
      while (this.pieces.length > 0) {
        this.inFlight = this.pieces.shift()!;
        this.waiting -= this.inFlight.length;
        await writeAll(encoder.encode(this.inFlight));
        this.inFlight = "";
        this.written++;
      }
    } catch (error) {
      readerGone(error);
    } finally {
      this.writing = undefined;
    }
  },

  undelivered(): number {
    return countLines(this.inFlight + this.pieces.join(""));
  },
};

/**
 * Writes put lines to stdout, in whole lines, behind those that wait.
 *
 * @param lines Whole lines; may be empty.
 * @returns Resolves once the reader has taken them.
 */
export async function writePuts(lines: string): Promise<void> {
  output.push(lines);
  await output.writing;
}

function readerGone(error: unknown): never {
  for (const dump of dumps) dump.pushAll();
  const count = output.undelivered();
  const gone = error instanceof Deno.errors.BrokenPipe;
  if (count > 0 || !gone) {
    const why = gone ? "the reader is gone" : `cannot write: ${error}`;
    complain(`${why}: ${count} datapoints were not delivered`);
  }
  Deno.exit(gone ? 141 : 1);
}

const dumps = new Set<Dumper>();
let restartsSaid = 0;

class Dumper implements Autodump {
  readonly #counters: Iterable<MetricCounter>;
  readonly #due = new WeakMap<MetricCounter, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #tick: Promise<void> | undefined;
  #disposed = false;

  constructor(counters: Iterable<MetricCounter>) {
    this.#counters = counters;
    for (const _ of this.#dueCounters()) { /* all are due from now on */ }
    this.#timer = setInterval(() => {
      this.#tick ??= this.#dump().finally(() => this.#tick = undefined);
    }, 1000);
    if (dumps.size === 0) watch();
    dumps.add(this);
  }

  get dropped(): number {
    return output.dropped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#disposed) {
      this.#disposed = true;
      clearInterval(this.#timer);
      await this.#tick;
      this.pushAll();
    }
    await output.writing;
    if (dumps.delete(this) && dumps.size === 0) unwatch();
  }

  /** Hands the last datapoints of all counters to the writer. */
  pushAll(): void {
    for (const counter of this.#counters) this.#push(counter, true);
  }

  *#dueCounters(): Generator<MetricCounter> {
    const now = performance.now();
    for (const counter of this.#counters) {
      const due = this.#due.get(counter);
      if (due === undefined) {
        this.#due.set(counter, now + 1000); // its first second ends by then
      } else if (now > due - 500) {
        const period = counter.timespan * 1000;
        const missed = Math.floor(Math.max(0, now - due) / period);
        this.#due.set(counter, due + (missed + 1) * period);
        yield counter;
      }
    }
  }

  async #dump(): Promise<void> {
    let slice = performance.now();
    let stalled = -1; // once in a dump it may wait in vain
    for (const counter of this.#dueCounters()) {
      this.#push(counter, false);
      const { waiting, written } = output;
      if (waiting > AHEAD && written !== stalled) {
        await Promise.race([output.writing, sleep(STALL)]);
        if (output.written === written) stalled = written;
      } else if (performance.now() - slice < SLICE) continue;
      else await new Promise((resolve) => setImmediate(resolve));
      slice = performance.now();
    }
  }

  #push(counter: MetricCounter, final: boolean): void {
    try {
      output.push(counter.dump({ final }));
    } catch (error) {
      complainAside(error instanceof Error ? error.message : String(error));
    }
    if (counter.restarts > restartsSaid) {
      restartsSaid = counter.restarts;
      complainAside(
        "the clock went back by more than a timespan: series start afresh",
      );
    }
  }
}

const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGINT", "SIGHUP"];
let stopping = false;
let readerWatch: Deno.ChildProcess | undefined;

function watch(): void {
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  readerWatch = watchReader();
}

function unwatch(): void {
  for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
  readerWatch?.kill();
  readerWatch = undefined;
}

/**
 * A dead reader shows only at the next write, up to a timespan later; a `tail`
 * on the same stdout notices at once, if the script may run one.
 */
function watchReader(): Deno.ChildProcess | undefined {
  const tail = { name: "run", command: "tail" } as const;
  if (Deno.stdout.isTerminal()) return;
  if (Deno.permissions.querySync(tail).state !== "granted") return;
  const args = ["-f", "-s", "0.5", `--pid=${Deno.pid}`, "/dev/null"];
  const child = spawn("tail", args, { stdout: "inherit", stderr: "null" });
  child.unref();
  child.status.then(({ signal }) => {
    if (signal === "SIGPIPE") readerGone(new Deno.errors.BrokenPipe());
  });
  return child;
}

/**
 * Reports all and exits, just before the second ends: a program started at
 * once after this one then begins with another second, not with it again.
 */
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await sleep(Math.max(0, LAST_MOMENT - Date.now() % 1000));
  for (const dump of dumps) dump.pushAll();
  for (let before = -1; output.writing !== undefined;) {
    before = output.written;
    await Promise.race([output.writing, sleep(PATIENCE)]);
    if (output.written === before) {
      const count = output.undelivered();
      const said = `the reader stalls: ${count} datapoints were not delivered`;
      await Promise.race([complainAside(said), sleep(STALL)]);
      Deno.exit(1);
    }
  }
  Deno.exit(0);
}

/** What {@linkcode autodump} returns: dispose it to report what is left. */
export interface Autodump extends AsyncDisposable {
  /** Datapoints dropped because the reader stalled for too long. */
  readonly dropped: number;
}

/**
 * Dumps counters to stdout: each for the first time after a second, then every
 * `timespan` seconds. Disposing it reports all that was counted, and so do
 * SIGTERM, SIGINT and SIGHUP, which then end the program with status 0.
 *
 * Up to 64 MiB wait for a reader that stalls; beyond it the oldest lines go,
 * which is said on stderr. When the reader is gone the program ends with status
 * 141. A dump that fails is said on stderr and tried again.
 *
 * @param counters The counters; with none, all that are alive, also those that
 * are made later.
 * @returns A disposable; disposing it twice is safe.
 *
 * @example
 * ```ts ignore
 * import { autodump, MetricCounter } from "@metriccounter/metriccounter";
 *
 * const requests = new MetricCounter("http.requests");
 * await using _ = autodump(requests);
 * requests.inc();
 * ```
 */
export function autodump(...counters: MetricCounter[]): Autodump {
  return new Dumper(counters.length > 0 ? counters : MetricCounter.alive);
}

/** Options of {@linkcode runEveryNSeconds}. */
export interface RunOptions {
  /** Stops the runs; the promise then resolves. */
  signal?: AbortSignal;
}

/**
 * Sets a counter to what a function returns, now and every n seconds.
 *
 * @param n Seconds: runs fall on the multiples of n of the wall clock. A run
 * that overstays makes the next ones skip.
 * @param counter The counter to set.
 * @param fn Returns the level; it never overlaps itself.
 * @param options A signal that stops it.
 * @returns Resolves when stopped; rejects if `fn` throws.
 * @throws {RangeError} If n is not a positive number.
 *
 * @example
 * ```ts ignore
 * import {
 *   autodump,
 *   MetricCounter,
 *   runEveryNSeconds,
 * } from "@metriccounter/metriccounter";
 *
 * const load = new MetricCounter("proc.loadavg.1min");
 * await using _ = autodump(load);
 * await runEveryNSeconds(1, load, () => Deno.loadavg()[0]!);
 * ```
 */
export function runEveryNSeconds(
  n: number,
  counter: MetricCounter,
  fn: () => number | Promise<number>,
  options?: RunOptions,
): Promise<void>;
/**
 * Runs a function now and every n seconds.
 *
 * @param n Seconds: runs fall on the multiples of n of the wall clock. A run
 * that overstays makes the next ones skip.
 * @param fn What to run; it never overlaps itself.
 * @param options A signal that stops it.
 * @returns Resolves when stopped; rejects if `fn` throws.
 * @throws {RangeError} If n is not a positive number.
 */
export function runEveryNSeconds(
  n: number,
  fn: () => unknown,
  options?: RunOptions,
): Promise<void>;
export async function runEveryNSeconds(
  n: number,
  ...rest: unknown[]
): Promise<void> {
  if (!Number.isFinite(n) || n <= 0) {
    throw new RangeError(
      `Cannot run every n seconds as n must be a positive number: current value is ${n}`,
    );
  }
  const counter = rest[0] instanceof MetricCounter ? rest[0] : undefined;
  const [fn, { signal } = {}] = rest.slice(counter ? 1 : 0) as [
    () => unknown,
    RunOptions?,
  ];
  const period = n * 1000;
  while (!signal?.aborted) {
    const level = await fn();
    counter?.set(level as number);
    const next = (Math.floor(Date.now() / period) + 1) * period;
    // Timers can be early, and the clock can be set while they run.
    for (let wait; (wait = next - Date.now()) > 0 && wait <= period;) {
      if (signal?.aborted) return;
      await sleep(Math.min(wait, LONGEST_TIMER), signal);
    }
  }
}

function hasEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.includes("");
}

/** What {@linkcode commandLine} accepts. */
export interface CommandLineOptions<
  S extends string,
  L extends string,
  B extends string,
> {
  /** Options that take a value. */
  string?: S[];
  /** Those of them that may go without; their value is then empty. */
  bare?: S[];
  /** Options that take a value and may be repeated. */
  list?: L[];
  /** Options that take none. */
  boolean?: B[];
  /**
   * The most arguments that are no options.
   *
   * @default {0}
   */
  files?: number;
}

/** What {@linkcode commandLine} found. */
export type CommandLine<
  S extends string,
  L extends string,
  B extends string,
> =
  & { files: string[] }
  & { [key in S]?: string }
  & { [key in L]: string[] }
  & { [key in B]: boolean };

/**
 * Reads the command line. `--help` prints the usage and ends with status 0;
 * what is not accepted ends with status 2 and a hint on stderr.
 *
 * @param usage The whole text of `--help`.
 * @param options What is accepted.
 * @returns The options by name, and the other arguments as `files`.
 */
export function commandLine<
  const S extends string = never,
  const L extends string = never,
  const B extends string = never,
>(
  usage: string,
  options: CommandLineOptions<S, L, B> = {},
): CommandLine<S, L, B> {
  const strings: string[] = options.string ?? [];
  const lists: string[] = options.list ?? [];
  const booleans: string[] = options.boolean ?? [];
  const bare: string[] = options.bare ?? [];
  const { files = 0 } = options;
  const refuse = (what: string) => fail(`${what}; try --help`, 2);
  const { help, _: rest, ...found } = parseArgs(Deno.args, {
    string: ["_", ...strings, ...lists],
    collect: lists,
    boolean: [...booleans, "help"],
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key !== undefined) refuse(`unknown option ${argument}`);
    },
  });
  if (help) {
    console.log(usage.trim());
    Deno.exit(0);
  }
  for (const [name, value] of Object.entries<unknown>(found)) {
    if (value === "" ? !bare.includes(name) : hasEmpty(value)) {
      refuse(`option --${name} needs a value`);
    }
  }
  if (rest.length > files) refuse(`unexpected argument ${rest[files]}`);
  return { ...found, files: rest } as unknown as CommandLine<S, L, B>;
}
