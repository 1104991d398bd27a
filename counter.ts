/**
 * {@linkcode MetricCounter}: counts events in cells of one second and reports
 * them as OpenTSDB put lines. It has no I/O and no timers; the clock is an option.
 * (One class, which shares its cells among all its methods: a third of the file
 * documents them.)
 *
 * @module
 */

import { Cells } from "./counter/cells.ts";
import { complete, type MetricCounterOptions } from "./counter/options.ts";
import { type PutFormat, PutLine } from "./counter/put.ts";
import { alive } from "./counter/registry.ts";
import { stopWatch } from "./counter/stop_watch.ts";

/** Options of {@linkcode MetricCounter.dump}. */
export interface DumpOptions {
  /**
   * Whether to report what is still open or held back, too, as nothing follows.
   *
   * @default {false}
   */
  final?: boolean;
}

const MAX_SECOND = 9_999_999_999; // ten digits

function floorTo(step: number, second: number): number {
  return Math.floor(second / step) * step;
}

/** The second of a clock in milliseconds. */
function secondOf(ms: number): number {
  const second = Math.floor(ms / 1000);
  if (second >= 0 && second <= MAX_SECOND) return second;
  throw new RangeError(
    `Cannot count as the clock must tell milliseconds since 1970, up to 2286: current value is ${ms}`,
  );
}

/**
 * Declares a counter a stock before its first level is set, so that nothing is
 * reported for it until then.
 */
export let declareStock: (counter: MetricCounter) => void;

/**
 * Counts one event, as `inc` does, and returns the second in which it counts;
 * undefined if it is too late.
 */
export let countIn: (
  counter: MetricCounter,
  at?: number,
) => number | undefined;

/**
 * A time series of one metric and one set of tags, with a granularity of one second
 * or more.
 *
 * A *cell* is one second of the clock. A *bucket* is `granularity` cells,
 * aligned to the epoch, and becomes one datapoint, stamped with its first
 * second, once its last second has ended. `inc` and `add` make a flow: a quiet
 * second is 0. `set` makes a stock: a second that nobody set is not reported.
 *
 * The clock may be set. When it is set back by up to `timespan`, events of the
 * repeated seconds count in the newest bucket. When it is set back by more, all that
 * was counted is reported, and the series starts afresh. When it goes forward by
 * more than `timespan`, as after the machine was suspended, only the last `timespan`
 * seconds are filled with 0.
 *
 * | method | cost |
 * | --- | --- |
 * | `inc`, `add`, `set` | O(1), plus the seconds since the last call |
 * | `dump` | O(n log n) for n cells that are held, mostly `timespan` |
 * | `summarize`, `flush` | O(`timespan`) |
 * | `setTags` | O(tags) |
 * | memory | one number a second for `timespan` seconds, and for what is not dumped yet |
 *
 * @example A flow
 * ```ts
 * import { MetricCounter } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * let now = 1_700_000_000_000;
 * const failures = new MetricCounter("auth.failures", {
 *   tags: { host: "web1" },
 *   clock: () => now,
 * });
 * failures.inc();
 * failures.inc();
 * now += 2000;
 * assertEquals(
 *   failures.dump(),
 *   "put auth.failures 1700000000 2 host=web1\n" +
 *     "put auth.failures 1700000001 0 host=web1\n",
 * );
 * ```
 */
export class MetricCounter {
  static {
    declareStock = (counter) => counter.#becomeStock();
    countIn = (counter, at) => counter.#count(1, at, false);
  }

  /** The metric's name. */
  readonly name: string;
  /** Whole seconds that the counter holds. */
  readonly timespan: number;
  /** Whole seconds that one datapoint covers. */
  readonly granularity: number;

  readonly #format: PutFormat;
  readonly #reduce: ((cells: number[]) => number) | undefined;
  readonly #allowedLateness: number;
  readonly #maxGap: number;
  readonly #clock: () => number;
  readonly #cells: Cells;
  #line: PutLine;

  /** Undefined until an option or the first event decides it. */
  #kind: "flow" | "stock" | undefined;
  /** The first second of a flow: no 0 is reported before it. */
  #start: number;
  /** The first second that is not reported yet; a bucket starts with it. */
  #unreported: number;
  /** The last reported second of a flow that was not 0. */
  #busy = -Infinity;
  /** Lines that no dump has returned yet. */
  #backlog = "";
  #late = 0;
  #restarts = 0;
  #closed = false;

  /**
   * Makes a counter, which counts from now on.
   *
   * @param name The metric's name: `a-z A-Z 0-9 - _ . /`.
   * @param options What differs from the defaults.
   * @throws {TypeError} If a name or tag holds another character or is empty,
   * or an option is of the wrong type.
   * @throws {RangeError} If a number is out of its range, there are more than
   * 8 tags with `host`, or a line could pass 1,023 bytes.
   */
  constructor(name: string, options: MetricCounterOptions = {}) {
    const all = complete(options);
    this.name = name;
    this.timespan = all.timespan;
    this.granularity = all.granularity;
    this.#format = all.format;
    this.#kind = all.kind;
    this.#reduce = all.reduce;
    this.#allowedLateness = all.allowedLateness;
    this.#maxGap = all.maxGap;
    this.#clock = all.clock;
    this.#line = new PutLine(name, all.tags, all.format);
    const now = secondOf(this.#clock());
    this.#cells = new Cells(now, this.#quiet);
    this.#start = now;
    this.#unreported = this.#firstOpen(now);
    alive.add(this);
  }

  /** The tags of every datapoint, in a fresh object. */
  get tags(): Record<string, string> {
    return { ...this.#line.tags };
  }

  /** Events refused because their bucket had been reported. */
  get late(): number {
    return this.#late;
  }

  /** How often the series started afresh because the clock was set back too far. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether a flow was silent for `maxGap`, and all of it was reported. */
  get paused(): boolean {
    if (!(this.#unreported > this.#busy + this.#maxGap)) return false;
    const open = this.#cells.seconds(this.#unreported, Infinity);
    return open.every((second) => this.#cells.get(second) === 0) &&
      this.#backlog === "";
  }

  /** Whether only zeros of a quiet flow were dumped so far. */
  get silent(): boolean {
    return this.#kind !== "stock" && this.#busy === -Infinity;
  }

  /**
   * Counts one event.
   *
   * @param at Its time in seconds since the epoch; now if not given. An event ahead
   * of the clock counts now; one that is too late is only counted in `late`.
   * @throws {RangeError} If `at` is not a finite number.
   * @throws {TypeError} If the counter is closed.
   */
  inc(at?: number): void {
    this.#count(1, at, false);
  }

  /**
   * Counts a value.
   *
   * @param value The number that is added to the second: any finite one.
   * @param at As in {@linkcode MetricCounter.inc}.
   * @throws {RangeError} If a number is not finite, or the sum would not be.
   * @throws {TypeError} If the counter is closed.
   */
  add(value: number, at?: number): void {
    this.#count(value, at, false);
  }

  /**
   * Sets a level. A counter that was not declared a stock becomes one with its
   * first `set`; before that it is a flow, whose quiet seconds are 0. The value
   * of a bucket is then the last level in it, whatever was counted before.
   *
   * @param value The level of the second: any finite number.
   * @param at As in {@linkcode MetricCounter.inc}.
   * @throws {RangeError} If a number is not finite.
   * @throws {TypeError} If the counter is closed.
   */
  set(value: number, at?: number): void {
    this.#count(value, at, true);
  }

  /**
   * Starts a stop watch. Disposing it adds the seconds that have passed.
   *
   * @returns The stop watch; disposing it twice adds once.
   *
   * @example
   * ```ts
   * import { MetricCounter } from "@metriccounter/metriccounter";
   * import { assert } from "@std/assert";
   *
   * const seconds = new MetricCounter("job.seconds", { tags: { host: "web1" } });
   * {
   *   using _ = seconds.time();
   *   await new Promise((resolve) => setTimeout(resolve, 10));
   * }
   * assert(seconds.summarize((cells) => Math.max(...cells)) > 0.005);
   * ```
   */
  time(): Disposable {
    return stopWatch((seconds) => this.add(seconds));
  }

  /**
   * Replaces the tags. All that is dumped from now on has the new ones.
   *
   * @param tags As in the options: without a `host`, it is the machine's name.
   * @throws {TypeError} If a tag holds a character that is not allowed.
   * @throws {RangeError} If there are too many, or a line could get too long.
   */
  setTags(tags: Record<string, string>): void {
    this.#line = new PutLine(this.name, tags, this.#format);
  }

  /**
   * Hands the newest cells to a function without reporting them.
   *
   * @param f Gets a fresh array of `timespan` + 1 values, one a second, oldest
   * first, the last one being the current second; 0 where there is none.
   * @returns What `f` returns.
   */
  summarize<T>(f: (cells: number[]) => T): T {
    this.#tick();
    const last = this.#cells.second;
    const cells: number[] = [];
    for (let second = last - this.timespan; second <= last; second++) {
      cells.push(this.#cells.get(second) ?? 0);
    }
    return f(cells);
  }

  /** Sets the cells to 0 without reporting them; a stock forgets them. */
  flush(): void {
    if (this.#kind === "stock") this.#cells.clear();
    else this.#cells.zero();
  }

  /**
   * Reports all buckets that became reportable since the last dump.
   *
   * @param options `final` reports the open ones, too.
   * @returns Whole lines, oldest first; empty if there are none.
   * @throws {RangeError} If `reduce` returns no finite number; nothing is lost.
   */
  dump(options: DumpOptions = {}): string {
    if (!this.#closed) {
      this.#tick();
      if (options.final) this.#reportAll();
      else this.#report(this.#cells.second - this.#allowedLateness);
    }
    const text = this.#backlog;
    this.#backlog = "";
    if (this.#closed) alive.delete(this);
    return text;
  }

  /**
   * Ends the series: the next dump reports all that is left, the open bucket
   * included, and nothing can be counted any more. Closing twice is safe.
   *
   * @throws {RangeError} If `reduce` returns no finite number; nothing is lost.
   */
  close(): void {
    if (this.#closed) return;
    this.#tick();
    this.#reportAll();
    this.#closed = true;
    if (this.#backlog === "") alive.delete(this);
  }

  /** The value of a second in which nothing was counted. */
  get #quiet(): number | undefined {
    return this.#kind === "stock" ? undefined : 0;
  }

  /** The first bucket that is still open at a time. */
  #firstOpen(now: number): number {
    return floorTo(this.granularity, now - this.#allowedLateness);
  }

  /** Brings the cells up to the clock. */
  #tick(): void {
    const ms = this.#clock();
    const elapsed = ms - this.#cells.second * 1000;
    if (elapsed >= 0 && elapsed < 1000) return; // mostly so: this spares a division
    const now = secondOf(ms);
    if (now > this.#cells.second) this.#forward(now);
    else if (now < this.#cells.second - this.timespan) this.#restart(now);
  }

  #forward(now: number): void {
    const before = this.#cells.second;
    this.#cells.moveTo(now);
    if (this.#kind === "stock") return;
    const jumped = now - before - 1 > this.timespan; // as after a suspended machine
    const filled = floorTo(this.granularity, now - 1) - this.timespan +
      this.granularity;
    this.#cells.fill(jumped ? filled : before + 1, now + 1);
  }

  /** Starts afresh, as the clock was set back by more than the timespan. */
  #restart(now: number): void {
    this.#reportAll();
    this.#cells.clear();
    this.#cells.moveTo(now);
    this.#cells.newest = this.#quiet;
    this.#start = now;
    this.#unreported = this.#firstOpen(now);
    this.#busy = -Infinity;
    this.#restarts++;
  }

  /** Reports the open bucket, too; what comes now counts in the next one. */
  #reportAll(): void {
    const last = this.#cells.seconds(this.#unreported, Infinity).at(-1);
    if (last === undefined) return;
    this.#report(floorTo(this.granularity, last) + this.granularity);
  }

  /** Writes the lines of all buckets that have ended by then. */
  #report(until: number): void {
    const end = floorTo(this.granularity, until);
    if (!(end > this.#unreported)) return;
    const seconds = this.#cells.seconds(this.#unreported, end);
    let lines = "";
    for (let i = 0; i < seconds.length;) {
      const bucket = floorTo(this.granularity, seconds[i]!);
      const cells: number[] | undefined = this.#reduce && [];
      let value = 0;
      while (seconds[i]! < bucket + this.granularity) {
        const second = seconds[i++]!;
        const cell = this.#cells.get(second)!;
        if (cell !== 0) this.#busy = second;
        cells?.push(cell);
        value = this.#kind === "stock" ? cell : value + cell;
      }
      if (this.#kind !== "stock" && bucket > this.#busy + this.#maxGap) {
        continue;
      }
      if (cells) value = this.#reduce!(cells);
      if (!Number.isFinite(value)) this.#refuse("a datapoint", value);
      lines += this.#line.write(bucket, value);
    }
    this.#backlog += lines;
    this.#unreported = end;
    this.#cells.forgetBefore(
      Math.min(end, this.#cells.second - this.timespan),
    );
  }

  /** Returns the second in which it counts; undefined if it is too late. */
  #count(
    value: number,
    at: number | undefined,
    level: boolean,
  ): number | undefined {
    if (!Number.isFinite(value)) this.#refuse("the value", value);
    if (this.#closed) this.#refuseClosed();
    this.#tick();
    const cells = this.#cells;
    let second = Math.max(cells.second, this.#unreported);
    if (at !== undefined) {
      if (!Number.isFinite(at)) this.#refuse("the time", at);
      second = Math.min(second, Math.floor(at));
      if (second < this.#unreported) {
        this.#late++;
        return undefined;
      }
    }
    const cell = cells.get(second);
    const next = level || cell === undefined ? value : cell + value;
    if (!(Math.abs(next) < 1e300)) this.#checkSum(second, next);
    if (level) this.#becomeStock();
    this.#kind ??= "flow";
    cells.set(second, next);
    if (second < this.#start) this.#startAt(second);
    return second;
  }

  /** Lets the series begin earlier, with an event before its first second. */
  #startAt(second: number): void {
    if (this.#kind !== "stock") this.#cells.fill(second, this.#start);
    this.#start = second;
  }

  #becomeStock(): void {
    if (this.#kind === "flow") {
      this.#report(this.#cells.second - this.#allowedLateness); // as sums
    } else if (this.#kind === undefined) {
      this.#cells.clear(); // the quiet seconds of a stock are not 0
    }
    this.#kind = "stock";
  }

  #checkSum(second: number, value: number): void {
    const bucket = floorTo(this.granularity, second);
    let total = Math.abs(value);
    for (let s = bucket; s < bucket + this.granularity; s++) {
      if (s !== second) total += Math.abs(this.#cells.get(s) ?? 0);
    }
    if (!Number.isFinite(total)) this.#refuse("the sum of a datapoint", total);
  }

  #refuse(what: string, value: number): never {
    throw new RangeError(
      `Cannot count ${this.name} as ${what} must be a finite number: current value is ${value}`,
    );
  }

  #refuseClosed(): never {
    throw new TypeError(`Cannot count ${this.name} as the counter is closed`);
  }
}
