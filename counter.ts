/**
 * {@linkcode MetricCounter}: counts events in cells of one second and tells
 * them as OpenTSDB put lines. No I/O and no timers; the clock is an option.
 *
 * @module
 */

/** How a datapoint is written: as OpenTSDB's `put`, or as tcollector reads it. */
export type PutFormat = "put" | "tcollector";

/** Options of {@linkcode MetricCounter}. */
export interface MetricCounterOptions {
  /**
   * Whole seconds that a counter holds; `autodump` dumps it that often.
   *
   * @default {15}
   */
  timespan?: number;
  /**
   * Whole seconds that one datapoint covers; a divisor of `timespan`.
   *
   * @default {1}
   */
  granularity?: number;
  /**
   * Tags of every datapoint. `host` is the machine's name unless given here.
   *
   * @default {{}}
   */
  tags?: Record<string, string>;
  /**
   * The form of a line. The default is `tcollector` where the main script lies
   * in a folder whose name is a number, as in tcollector's `collectors/0`.
   *
   * @default {"put"}
   */
  format?: PutFormat;
  /**
   * Makes one value of a bucket's cells, oldest first, in place of the sum (a
   * flow) or the last level set (a stock). Gets the seconds that have a value.
   */
  reduce?: (cells: number[]) => number;
  /**
   * Seconds for which a bucket is held back after its end, so that late events
   * find it open.
   *
   * @default {0}
   */
  allowedLateness?: number;
  /**
   * Seconds of 0 that a flow reports after its last other value, at most; then
   * it pauses until the next one.
   *
   * @default {Infinity}
   */
  maxGap?: number;
  /**
   * The time now, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  clock?: () => number;
}

/** Options of {@linkcode MetricCounter.dump}. */
export interface DumpOptions {
  /**
   * Report what is still open or held back, too: nothing follows.
   *
   * @default {false}
   */
  final?: boolean;
}

const UNDER_TCOLLECTOR = /\/\d+\/[^/]+$/.test(Deno.mainModule);
const MAX_TAGS = 8; // OpenTSDB's default limit
const MAX_LINE_BYTES = 1023; // with its newline: under the 1,024 of OpenTSDB and tcollector
const MAX_SECOND = 9_999_999_999; // ten digits
const MAX_NUMBER_LENGTH = 327; // of -2.2250738585072014e-308 in plain decimals
const MAX_HOST_LENGTH = 64; // on Linux

/** Refuses what a put line cannot carry; returns it as it is. */
function checked(word: unknown, what: string): string {
  if (typeof word !== "string") {
    throw new TypeError(
      `Cannot write a put line as ${what} must be a string: current value is ${word}`,
    );
  }
  const bad = word.search(/[^-_./a-zA-Z0-9]|^$/);
  if (bad < 0) return word;
  const rule = `Cannot write a put line as ${what} must be of ` +
    "a-z A-Z 0-9 - _ . / and not empty: current value is " +
    JSON.stringify(word);
  if (word === "") throw new TypeError(rule);
  const character = String.fromCodePoint(word.codePointAt(bad)!);
  throw new TypeError(`${rule} with ${JSON.stringify(character)} at ${bad}`);
}

/** Says why there is no counter with such an option. */
function refusal(rule: string, value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : value;
  return `Cannot make a MetricCounter as ${rule}: current value is ${text}`;
}

/** A number in plain decimals: exact, no exponent, no `-0`. */
function decimal(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [, sign, whole, fraction, exponent] = text.match(
    /^(-?)(\d)\.?(\d*)e(.*)$/,
  )! as unknown as string[];
  const shift = Number(exponent);
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction!.padEnd(shift, "0")}`;
}

function floorTo(step: number, second: number): number {
  return Math.floor(second / step) * step;
}

/** The second of a clock that tells milliseconds. */
function secondOf(ms: number): number {
  const second = Math.floor(ms / 1000);
  if (second >= 0 && second <= MAX_SECOND) return second;
  throw new RangeError(
    `Cannot count as the clock must tell milliseconds since 1970, up to 2286: current value is ${ms}`,
  );
}

/**
 * A time series of one metric and one set of tags, at up to one second.
 *
 * A *cell* is one second of the clock. A *bucket* is `granularity` cells,
 * aligned to the epoch, and becomes one datapoint, stamped with its first
 * second, once its last second has ended. `inc` and `add` make a flow: a quiet
 * second is 0. `set` makes a stock: a second that nobody set is not reported.
 *
 * The clock may misbehave. Set back by up to `timespan`, its repeated seconds
 * count in the newest bucket; set back further, all that was counted is
 * reported and the series starts afresh. Set forward by more than `timespan`
 * (a suspended machine), only the last `timespan` seconds are filled with 0.
 *
 * | method | cost |
 * | --- | --- |
 * | `inc`, `add`, `set` | O(1), and the seconds since the last call |
 * | `dump` | O(n log n) in the cells held, n being `timespan` as a rule |
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
  /**
   * Every counter made: what `autodump()` dumps. Delete a counter from it when
   * its series has ended.
   */
  static readonly alive: Set<MetricCounter> = new Set();

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
  readonly #head: string;
  #tail = "";

  /** Undefined until the first event says what the counter is. */
  #kind: "flow" | "stock" | undefined;
  /** The newest second seen; what is counted without a time goes there. */
  #second: number;
  /** The value of `#second`, out of the map because `inc` is hot. */
  #cell: number | undefined;
  /** The seconds before it that have a value: just those are reported. */
  readonly #cells = new Map<number, number>();
  /** The first second of a flow: no 0 is reported from before it. */
  #start: number;
  /** The first second that is not reported yet; starts a bucket. */
  #unreported: number;
  /** The last reported second of a flow that was not 0. */
  #busy = -Infinity;
  /** Lines of a series that the clock ended. */
  #backlog = "";
  #late = 0;
  #restarts = 0;

  /**
   * Makes a counter; it counts from now on.
   *
   * @param name The metric's name: `a-z A-Z 0-9 - _ . /`.
   * @param options What differs from the defaults.
   * @throws {TypeError} If a name or tag holds another character or is empty,
   * or an option is of the wrong type.
   * @throws {RangeError} If a number is out of its range, there are more than
   * 8 tags with `host`, or a line could pass 1,023 bytes.
   */
  constructor(name: string, options: MetricCounterOptions = {}) {
    const {
      timespan = 15,
      granularity = 1,
      tags = {},
      format = UNDER_TCOLLECTOR ? "tcollector" : "put",
      reduce,
      allowedLateness = 0,
      maxGap = Infinity,
      clock = Date.now,
    } = options;
    const wholeSeconds = "must be a whole number of seconds, 1 or more";
    if (!Number.isSafeInteger(timespan) || timespan < 1) {
      throw new RangeError(refusal(`timespan ${wholeSeconds}`, timespan));
    }
    if (!Number.isSafeInteger(granularity) || granularity < 1) {
      throw new RangeError(refusal(`granularity ${wholeSeconds}`, granularity));
    }
    if (timespan % granularity !== 0) {
      throw new RangeError(
        refusal(`granularity must divide timespan ${timespan}`, granularity),
      );
    }
    if (!Number.isFinite(allowedLateness) || allowedLateness < 0) {
      throw new RangeError(
        refusal("allowedLateness must be 0 seconds or more", allowedLateness),
      );
    }
    if (!(maxGap >= 0)) {
      throw new RangeError(
        refusal("maxGap must be 0 seconds or more", maxGap),
      );
    }
    if (format !== "put" && format !== "tcollector") {
      throw new TypeError(
        refusal('format must be "put" or "tcollector"', format),
      );
    }
    if (reduce !== undefined && typeof reduce !== "function") {
      throw new TypeError(refusal("reduce must be a function", reduce));
    }
    if (typeof clock !== "function") {
      throw new TypeError(refusal("clock must be a function", clock));
    }
    this.name = checked(name, "the name");
    this.timespan = timespan;
    this.granularity = granularity;
    this.#format = format;
    this.#reduce = reduce;
    this.#allowedLateness = allowedLateness;
    this.#maxGap = maxGap;
    this.#clock = clock;
    this.#head = format === "put" ? `put ${name} ` : `${name} `;
    this.setTags(tags);
    this.#start = this.#second = secondOf(clock());
    this.#unreported = floorTo(granularity, this.#second - allowedLateness);
    this.#cell = 0;
    MetricCounter.alive.add(this);
  }

  /** Events refused because their bucket had been reported. */
  get late(): number {
    return this.#late;
  }

  /** Times the series started afresh because the clock went back too far. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Whether a flow pauses after `maxGap`, and all of it is reported. */
  get paused(): boolean {
    if (!(this.#unreported > this.#busy + this.#maxGap)) return false;
    for (const [second, cell] of this.#cells) {
      if (second >= this.#unreported && cell !== 0) return false;
    }
    return !this.#cell && this.#backlog === "";
  }

  /**
   * Counts one event.
   *
   * @param at Its time in seconds since the epoch; now if not given. An event
   * from ahead of the clock counts now, one that is too late in `late`.
   * @throws {RangeError} If `at` is not a finite number.
   */
  inc(at?: number): void {
    this.#count(1, at, false);
  }

  /**
   * Counts a value.
   *
   * @param value What is added to the second: any finite number.
   * @param at As in {@linkcode MetricCounter.inc}.
   * @throws {RangeError} If a number is not finite, or the sum would not be.
   */
  add(value: number, at?: number): void {
    this.#count(value, at, false);
  }

  /**
   * Sets a level. Before its first event a counter is a flow, whose quiet
   * seconds are 0.
   *
   * @param value The level of the second: any finite number.
   * @param at As in {@linkcode MetricCounter.inc}.
   * @throws {RangeError} If a number is not finite.
   */
  set(value: number, at?: number): void {
    this.#count(value, at, true);
  }

  /**
   * Replaces the tags. All that is dumped from now on carries the new ones.
   *
   * @param tags As in the options: without a `host`, it is the machine's name.
   * @throws {TypeError} If a tag holds a character that is not allowed.
   * @throws {RangeError} If there are too many, or a line could get too long.
   */
  setTags(tags: Record<string, string>): void {
    const pairs = Object.entries(tags);
    const hosted = pairs.some(([key]) => key === "host");
    const bare = this.#format === "tcollector"; // it adds "put" and the host
    if (!hosted && !bare) pairs.unshift(["host", Deno.hostname()]);
    const text = pairs
      .map(([k, v]) => ` ${checked(k, "a tag key")}=${checked(v, `tag ${k}`)}`)
      .join("");
    const count = pairs.length + (!hosted && bare ? 1 : 0);
    if (count > MAX_TAGS) {
      throw new RangeError(
        `Cannot write a put line as the tags must be at most ${MAX_TAGS} with host: current value is ${count}`,
      );
    }
    const length = "put  1700000000 \n".length + this.name.length +
      text.length + MAX_NUMBER_LENGTH +
      (!hosted && bare ? " host=".length + MAX_HOST_LENGTH : 0);
    if (length > MAX_LINE_BYTES) {
      throw new RangeError(
        `Cannot write a put line as it must be at most ${MAX_LINE_BYTES} bytes with the longest number: current value is ${length}`,
      );
    }
    this.#tail = `${text}\n`;
  }

  /**
   * Looks at the newest cells without reporting them.
   *
   * @param f Gets a fresh array of `timespan` + 1 values, one a second, oldest
   * first, the last one being the current second; 0 where there is none.
   * @returns What `f` returns.
   */
  summarize<T>(f: (cells: number[]) => T): T {
    this.#tick();
    const cells = Array.from(
      { length: this.timespan },
      (_, i) => this.#cells.get(this.#second - this.timespan + i) ?? 0,
    );
    cells.push(this.#cell ?? 0);
    return f(cells);
  }

  /** Zeroes the cells without reporting what they held. */
  flush(): void {
    this.#tick();
    if (this.#kind === "stock") {
      this.#cells.clear();
      this.#cell = undefined;
    } else {
      for (const second of this.#cells.keys()) this.#cells.set(second, 0);
      this.#cell &&= 0;
    }
  }

  /**
   * Reports all buckets that became reportable since the last dump.
   *
   * @param options `final` reports the open ones, too.
   * @returns Whole lines, oldest first; empty if there are none.
   * @throws {RangeError} If `reduce` returns no finite number; nothing is lost.
   */
  dump(options: DumpOptions = {}): string {
    this.#tick();
    if (options.final) this.#reportAll();
    else this.#report(this.#second - this.#allowedLateness);
    const text = this.#backlog;
    this.#backlog = "";
    return text;
  }

  /** Brings `#second` up to the clock. */
  #tick(): void {
    const ms = this.#clock();
    const elapsed = ms - this.#second * 1000;
    if (elapsed >= 0 && elapsed < 1000) return; // as a rule, so no division
    const now = secondOf(ms);
    if (now > this.#second) this.#forward(now);
    else if (now < this.#second - this.timespan) this.#restart(now);
  }

  #forward(now: number): void {
    if (this.#cell !== undefined) this.#cells.set(this.#second, this.#cell);
    if (this.#kind !== "stock") {
      let quiet = this.#second + 1;
      if (now - quiet > this.timespan) {
        quiet = floorTo(this.granularity, now - 1) - this.timespan +
          this.granularity;
      }
      for (; quiet <= now; quiet++) {
        if (!this.#cells.has(quiet)) this.#cells.set(quiet, 0);
      }
    }
    this.#second = now;
    this.#cell = this.#cells.get(now);
  }

  /** The clock went back by more than the timespan: it was wrong before. */
  #restart(now: number): void {
    this.#reportAll();
    this.#cells.clear();
    this.#start = this.#second = now;
    this.#unreported = floorTo(
      this.granularity,
      now - this.#allowedLateness,
    );
    this.#cell = this.#kind === "stock" ? undefined : 0;
    this.#busy = -Infinity;
    this.#restarts++;
  }

  /** Reports the open bucket, too; what comes now counts in the next one. */
  #reportAll(): void {
    if (this.#cell !== undefined) this.#cells.set(this.#second, this.#cell);
    let newest = -Infinity;
    for (const second of this.#cells.keys()) newest = Math.max(newest, second);
    this.#report(floorTo(this.granularity, newest) + this.granularity);
  }

  /** Writes the buckets that end by then into the backlog. */
  #report(until: number): void {
    const end = floorTo(this.granularity, until);
    if (!(end > this.#unreported)) return;
    const seconds: number[] = [];
    let inOrder = true;
    for (const second of this.#cells.keys()) {
      if (second < this.#unreported || second >= end) continue;
      inOrder &&= seconds.length === 0 || second > seconds.at(-1)!;
      seconds.push(second);
    }
    if (!inOrder) seconds.sort((a, b) => a - b); // events told their times
    const parts: string[] = [];
    for (let i = 0; i < seconds.length;) {
      const bucket = floorTo(this.granularity, seconds[i]!);
      const cells: number[] = [];
      let value = 0;
      while (seconds[i]! < bucket + this.granularity) {
        const second = seconds[i++]!;
        const cell = this.#cells.get(second)!;
        if (cell !== 0) this.#busy = second;
        if (this.#reduce) cells.push(cell);
        value = this.#kind === "stock" ? cell : value + cell;
      }
      if (this.#kind !== "stock" && bucket > this.#busy + this.#maxGap) {
        continue;
      }
      if (this.#reduce) value = this.#reduce(cells);
      if (!Number.isFinite(value)) this.#refuse("a datapoint", value);
      const second = String(bucket).padStart(10, "0");
      parts.push(this.#head, second, " ", decimal(value), this.#tail);
    }
    this.#backlog += parts.join(""); // flat: 10,000 counters make much of it
    this.#unreported = end;
    const held = Math.min(end, this.#second - this.timespan);
    for (const second of this.#cells.keys()) {
      if (second < held) this.#cells.delete(second);
    }
  }

  #count(value: number, at: number | undefined, level: boolean): void {
    if (!Number.isFinite(value)) this.#refuse("the value", value);
    this.#tick();
    let second = Math.max(this.#second, this.#unreported);
    if (at !== undefined) {
      if (!Number.isFinite(at)) this.#refuse("the time", at);
      second = Math.min(second, Math.floor(at));
      if (second < this.#unreported) {
        this.#late++;
        return;
      }
    }
    const current = second === this.#second;
    const cell = current ? this.#cell : this.#cells.get(second);
    const next = level || cell === undefined ? value : cell + value;
    if (!(Math.abs(next) < 1e300)) this.#checkSum(second, next);
    if (level) this.#becomeStock();
    this.#kind ??= "flow";
    if (current) this.#cell = next;
    else this.#countElsewhere(second, next);
  }

  /** Of an earlier second, or of the next bucket after a final dump. */
  #countElsewhere(second: number, value: number): void {
    this.#cells.set(second, value);
    if (this.#kind === "stock") return;
    for (let s = second + 1; s < this.#start; s++) {
      if (!this.#cells.has(s)) this.#cells.set(s, 0);
    }
    this.#start = Math.min(this.#start, second);
  }

  #becomeStock(): void {
    if (this.#kind === "flow") {
      this.#report(this.#second - this.#allowedLateness); // as sums
    } else if (this.#kind === undefined) {
      this.#cells.clear(); // the quiet seconds of a stock are not 0
      this.#cell = undefined;
    }
    this.#kind = "stock";
  }

  #checkSum(second: number, value: number): void {
    const bucket = floorTo(this.granularity, second);
    let total = Math.abs(value);
    for (let s = bucket; s < bucket + this.granularity; s++) {
      if (s === second) continue;
      const cell = s === this.#second ? this.#cell : this.#cells.get(s);
      total += Math.abs(cell ?? 0);
    }
    if (!Number.isFinite(total)) this.#refuse("the sum of a datapoint", total);
  }

  #refuse(what: string, value: number): never {
    throw new RangeError(
      `Cannot count ${this.name} as ${what} must be a finite number: current value is ${value}`,
    );
  }
}
