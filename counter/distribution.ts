/**
 * {@linkcode MetricDistribution}: statistics of the values of each second, such as
 * their number, their median, and their 99th percentile.
 *
 * @module
 */

import { countIn, type DumpOptions, MetricCounter } from "../counter.ts";
import { Family, type FamilyOptions, tagsOfOther } from "./family.ts";
import { complete, type MetricCounterOptions } from "./options.ts";
import { PutLine } from "./put.ts";
import { Sketch } from "./sketch.ts";
import { stopWatch } from "./stop_watch.ts";

/**
 * A statistic of the values of a bucket. `p99` is the 99th percentile: the value
 * that 99 of 100 values do not exceed.
 */
export type Statistic =
  | "count"
  | "sum"
  | "min"
  | "mean"
  | "max"
  | `p${number}`;

/** Options of {@linkcode MetricDistribution}: most of a counter's, and more. */
export interface MetricDistributionOptions
  extends Omit<MetricCounterOptions, "kind" | "reduce"> {
  /**
   * The statistics, of which each is a metric of its own: `count`, `sum`, `min`,
   * `mean`, `max`, and any percentile, such as `p50`, `p99` or `p99.9`.
   *
   * @default {["count", "p50", "p99", "max"]}
   */
  stats?: Statistic[];
}

const DEFAULT: Statistic[] = ["count", "p50", "p99", "max"];
const MAX_VALUE = 1e290; // the sum of as many as can be counted is finite

/** The functions for the statistics that are not percentiles. */
const SIMPLE: Record<string, (values: Sketch) => number> = {
  count: ({ count }) => count,
  sum: ({ sum }) => sum,
  min: ({ min }) => min,
  mean: ({ sum, count }) => sum / count,
  max: ({ max }) => max,
};
const TOLD_WHEN_QUIET = ["count", "sum"]; // they are 0; the others are not known
const PERCENTILE = /^p(\d{1,2}(?:\.\d+)?)$/;

/** The function for a statistic. */
function tellerOf(statistic: string): (values: Sketch) => number {
  if (Object.hasOwn(SIMPLE, statistic)) return SIMPLE[statistic]!;
  const part = Number(PERCENTILE.exec(statistic)?.[1]) / 100;
  if (part > 0) return (values) => values.quantile(part);
  throw new TypeError(
    `Cannot make a MetricDistribution as stats must be of ${
      Object.keys(SIMPLE).join(", ")
    } and percentiles such as p50 and p99.9: current value is ${
      JSON.stringify(statistic)
    }`,
  );
}

/** One metric of a distribution. */
interface Told {
  line: PutLine;
  tell: (values: Sketch) => number;
  whenQuiet: boolean;
}

/** All metrics of a distribution. */
function toldOf(name: string, options: MetricDistributionOptions): Told[] {
  const { stats = DEFAULT, ...rest } = options;
  const { tags, format } = complete(rest);
  if (stats.length === 0) {
    throw new RangeError(
      "Cannot make a MetricDistribution as stats must be at least one: current value is none",
    );
  }
  return [...new Set(stats)].map((statistic) => ({
    tell: tellerOf(statistic),
    line: new PutLine(`${name}.${statistic}`, tags, format),
    whenQuiet: TOLD_WHEN_QUIET.includes(statistic),
  }));
}

/**
 * The values of one metric and one set of tags: how long requests took, how
 * large they were. Each statistic is a metric of its own: `NAME.p99`.
 *
 * Times are treated as by a {@linkcode MetricCounter} that is a flow. A second
 * without values has a `count` and a `sum` of 0, and no other statistics.
 *
 * A percentile differs by at most 1 % from the true value, however many values
 * there are. The values of one bucket take at most 32 KiB, or 64 KiB with negative
 * ones, and mostly 5 KB. Values that are 10^35 times smaller than others of the
 * bucket are treated as larger ones.
 *
 * @example
 * ```ts
 * import { MetricDistribution } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * let now = 1_700_000_000_000;
 * const seconds = new MetricDistribution("http.seconds", {
 *   stats: ["count", "p50", "max"],
 *   tags: { host: "web1" },
 *   clock: () => now,
 * });
 * for (const value of [0.1, 0.2, 3]) seconds.observe(value);
 * now += 2000;
 * assertEquals(
 *   seconds.dump(),
 *   "put http.seconds.count 1700000000 3 host=web1\n" +
 *     "put http.seconds.p50 1700000000 0.1991 host=web1\n" +
 *     "put http.seconds.max 1700000000 3 host=web1\n" +
 *     "put http.seconds.count 1700000001 0 host=web1\n",
 * );
 * ```
 */
export class MetricDistribution {
  /** The metric's name, without those of the statistics. */
  readonly name: string;

  readonly #granularity: number;
  readonly #told: Told[];
  /** Counts the values, and so knows which second each is in. */
  readonly #counter: MetricCounter;
  /** The values of the buckets that are not reported yet, by first second. */
  readonly #values = new Map<number, Sketch>();

  /**
   * Makes a distribution, which takes values from now on.
   *
   * @param name The metric's name: `a-z A-Z 0-9 - _ . /`.
   * @param options What differs from the defaults.
   * @throws {TypeError} If there is no such statistic, a name or tag holds
   * another character or is empty, or an option is of the wrong type.
   * @throws {RangeError} If there is no statistic at all, a number is out of its
   * range, there are more than 8 tags with `host`, or a line could pass 1,023
   * bytes.
   */
  constructor(name: string, options: MetricDistributionOptions = {}) {
    this.name = name;
    this.#told = toldOf(name, options);
    this.#counter = new MetricCounter(name, {
      ...options,
      tags: { host: "none" }, // it writes no line of its own
      format: (_name, second) => this.#report(second),
    });
    this.#granularity = this.#counter.granularity;
  }

  /** The counter of the values, for `autodump()`. */
  get counters(): Iterable<MetricCounter> {
    return [this.#counter];
  }

  /** The tags of every datapoint, in a fresh object. */
  get tags(): Record<string, string> {
    return { ...this.#told[0]!.line.tags };
  }

  /** Values refused because their bucket had been reported. */
  get late(): number {
    return this.#counter.late;
  }

  /** How often the series started afresh because the clock was set back too far. */
  get restarts(): number {
    return this.#counter.restarts;
  }

  /** Whether it was silent for `maxGap`, and all of it was reported. */
  get paused(): boolean {
    return this.#counter.paused;
  }

  /**
   * Takes a value.
   *
   * @param value Any number from -1e290 to 1e290.
   * @param at Its time in seconds since the epoch; now if not given. A value ahead of
   * the clock counts now; one that is too late is only counted in `late`.
   * @throws {RangeError} If a number is not finite, or the value is too large.
   * @throws {TypeError} If the distribution is closed.
   */
  observe(value: number, at?: number): void {
    if (!(Math.abs(value) <= MAX_VALUE)) {
      throw new RangeError(
        `Cannot observe ${this.name} as the value must be a number from -${MAX_VALUE} to ${MAX_VALUE}: current value is ${value}`,
      );
    }
    const second = countIn(this.#counter, at);
    if (second === undefined) return;
    const bucket = second - second % this.#granularity;
    let values = this.#values.get(bucket);
    if (values === undefined) {
      values = new Sketch();
      this.#values.set(bucket, values);
    }
    values.add(value);
  }

  /**
   * Starts a stop watch. Disposing it observes the seconds that have passed.
   *
   * @returns The stop watch; disposing it twice observes once.
   *
   * @example
   * ```ts
   * import { MetricDistribution } from "@metriccounter/metriccounter";
   * import { assertMatch } from "@std/assert";
   *
   * const requests = new MetricDistribution("requests", { stats: ["count", "p99"] });
   * {
   *   using _ = requests.time();
   *   await new Promise((resolve) => setTimeout(resolve, 10));
   * }
   * assertMatch(requests.dump({ final: true }), /^put requests.p99 \d+ 0\.\d+ /m);
   * ```
   */
  time(): Disposable {
    return stopWatch((seconds) => this.observe(seconds));
  }

  /**
   * Reports all buckets that became reportable since the last dump.
   *
   * @param options `final` reports the open ones, too.
   * @returns Whole lines, oldest first; empty if there are none.
   */
  dump(options: DumpOptions = {}): string {
    return this.#counter.dump(options);
  }

  /**
   * Ends the series: the next dump reports all that is left, the open bucket
   * included, and nothing can be observed any more. Closing twice is safe.
   */
  close(): void {
    this.#counter.close();
  }

  /** The lines of a bucket. */
  #report(bucket: number): string {
    const values = this.#values.get(bucket);
    this.#values.delete(bucket);
    let lines = "";
    for (const { line, tell, whenQuiet } of this.#told) {
      if (values) lines += line.write(bucket, tell(values));
      else if (whenQuiet) lines += line.write(bucket, 0);
    }
    return lines.slice(0, -1);
  }
}

/** Options of {@linkcode DistributionFamily}: those of its members, and more. */
export interface DistributionFamilyOptions
  extends MetricDistributionOptions, FamilyOptions {}

/**
 * The distributions of one metric, one for each set of tags.
 *
 * @example
 * ```ts
 * import { DistributionFamily } from "@metriccounter/metriccounter";
 *
 * const seconds = new DistributionFamily("http.seconds", { tags: { host: "web1" } });
 * seconds.with({ status: "200" }).observe(0.012);
 * ```
 */
export class DistributionFamily extends Family<MetricDistribution> {
  /**
   * Makes a family without distributions.
   *
   * @param name The metric's name, without those of the statistics.
   * @param options What differs from the defaults.
   * @throws {TypeError} If there is no such statistic, the name, a label or one
   * of `tags` cannot stand in a put line, or an option is of the wrong type.
   * @throws {RangeError} If there is no statistic at all, a number is out of its
   * range, there are too many tags, or lines get too long.
   */
  constructor(name: string, options: DistributionFamilyOptions = {}) {
    super(name, options, (tags) => {
      const all = { ...options.tags, ...tags };
      return new MetricDistribution(name, { ...options, tags: all });
    });
    toldOf(name, { ...options, tags: tagsOfOther(options) });
  }
}
