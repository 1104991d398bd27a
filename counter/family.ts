/**
 * {@linkcode MetricFamily}: the counters of one metric, one for each set of
 * tags; and {@linkcode Family}, what it shares with families of distributions.
 *
 * @module
 */

import { MetricCounter } from "../counter.ts";
import { complete, type MetricCounterOptions } from "./options.ts";
import { PutLine } from "./put.ts";
import { copied, type Texts, TextTree } from "./text_tree.ts";

/** The tags for which a counter is asked for. */
export type Tags = Record<string, string | undefined>;

/** Options of a family. */
export interface FamilyOptions {
  /**
   * The keys of the tags in which the counters differ; other keys are left out.
   * Without this option all keys count.
   */
  labels?: string[];
  /**
   * Makes the value of a tag from the value that was asked for, which is undefined
   * if `labels` names a key that is missing. Without this option values are not
   * changed.
   */
  tagValue?: (value: string | undefined) => string;
  /**
   * The most counters. If more are needed, one more counts for all new sets of tags;
   * the values of its tags are all `other`.
   *
   * @default {1000}
   */
  maxSeries?: number;
  /** Called once, when there are `maxSeries` counters and one more is needed. */
  full?: () => void;
}

/** Options of {@linkcode MetricFamily}: those of its counters, and more. */
export interface MetricFamilyOptions
  extends MetricCounterOptions, FamilyOptions {}

/** A member of a family. */
export interface Member {
  /** Events refused because they came too late. */
  readonly late: number;
  /** Whether it was silent for `maxGap`, and all of it was reported. */
  readonly paused: boolean;
  /** Ends it. */
  close(): void;
}

const OTHER = "other";
const FIRST_SWEEP = 16; // counters

/** A family of one member for each set of tags. */
export class Family<M extends Member> {
  /** The metric's name. */
  readonly name: string;
  readonly #make: (tags: Record<string, string>) => M;
  readonly #labels: string[] | undefined;
  readonly #tagValue: (value: string | undefined) => string;
  readonly #maxSeries: number;
  readonly #full: (() => void) | undefined;
  readonly #counters = new Map<string, M>();
  /** The members by tags as they were asked for, which spares sorting and `tagValue`. */
  readonly #asked = new TextTree<M>();
  /** The one for all new sets of tags. */
  #other: M | undefined;
  #wasFull = false;
  /** How often tags without a counter may be asked for before the silent ones go. */
  #untilSweep = FIRST_SWEEP;
  #late = 0;

  /**
   * Makes a family without members.
   *
   * @param name The metric's name.
   * @param options What differs from the defaults.
   * @param make Makes the member for a set of tags.
   * @throws {RangeError} If `maxSeries` is not a whole number, 1 or more.
   */
  constructor(
    name: string,
    options: FamilyOptions,
    make: (tags: Record<string, string>) => M,
  ) {
    const { labels, tagValue, maxSeries = 1000, full } = options;
    if (!Number.isSafeInteger(maxSeries) || maxSeries < 1) {
      throw new RangeError(
        `Cannot make a family as maxSeries must be a whole number, 1 or more: current value is ${maxSeries}`,
      );
    }
    this.name = name;
    this.#make = make;
    this.#labels = labels;
    this.#tagValue = tagValue ?? ((value) => value as string);
    this.#maxSeries = maxSeries;
    this.#full = full;
  }

  /** The counters that are not forgotten. */
  get counters(): Iterable<M> {
    return this.#counters.values();
  }

  /** Events of all counters, forgotten ones too, that were refused as too late. */
  get late(): number {
    let late = this.#late;
    for (const counter of this.#counters.values()) late += counter.late;
    return late;
  }

  /**
   * The counter for a set of tags, made when it is asked for the first time.
   *
   * @param tags In any order: the same tags are the same counter.
   * @returns The counter; the one for `other` if there are too many. With
   * `maxGap`, ask for it each time: one that was forgotten does not count.
   * @throws {TypeError} If a tag cannot stand in a put line.
   * @throws {RangeError} If there are too many tags, or a line gets too long.
   */
  with(tags: Tags): M {
    const keys = this.#labels ?? Object.keys(tags);
    const values = keys.map((key) => tags[key]);
    if (this.#labels !== undefined) return this.withValues(values);
    const asked = [...keys, ...values];
    return this.#known(asked) ?? this.#find(asked, keys, values);
  }

  /**
   * The counter for a set of tags, by the values of `labels` alone: for those who
   * count millions of lines.
   *
   * @param values In the order of `labels`.
   * @returns As `with` does.
   * @throws {TypeError} If there are no `labels`, or a tag cannot stand in a put
   * line.
   * @throws {RangeError} If there are too many tags, or a line gets too long.
   */
  withValues(values: Texts): M {
    return this.#known(values) ?? this.#find(values, this.#labels, values);
  }

  /**
   * Forgets the counters of flows that were silent for longer than `maxGap` and were
   * reported. One that is asked for again starts afresh. The family does this by
   * itself, often enough to bound its memory.
   */
  forget(): void {
    for (const [key, counter] of this.#counters) {
      if (!counter.paused) continue;
      this.#late += counter.late;
      this.#counters.delete(key);
      if (counter === this.#other) this.#other = undefined;
      this.#asked.clear();
      counter.close();
    }
  }

  /** The member that was found before; undefined if it must be looked for again. */
  #known(asked: Texts): M | undefined {
    const counter = this.#asked.get(asked);
    if (counter !== undefined && counter !== this.#other) return counter;
    return --this.#untilSweep > 0 ? counter : undefined;
  }

  /** Forgets often enough that at most twice as many counters exist as are busy. */
  #sweep(): void {
    const full = this.#counters.size === this.#maxSeries;
    if (this.#untilSweep > 0 && !full) return;
    this.forget();
    const { size } = this.#counters;
    this.#untilSweep = Math.max(FIRST_SWEEP - size, size);
  }

  #find(asked: Texts, keys: string[] | undefined, values: Texts): M {
    if (keys?.length !== values.length) {
      throw new TypeError(
        `Cannot find ${this.name} as there must be a value for each of the labels ${keys}: current value is ${values}`,
      );
    }
    const own = keys.map((key, i) =>
      [key, this.#tagValue(copied(values[i]))] as const
    );
    const key = nameOf(own);
    if (!this.#counters.has(key)) this.#sweep();
    const isFull = this.#counters.size >= this.#maxSeries;
    const counter = this.#counters.get(key) ??
      (isFull ? this.#takeOther(keys) : this.#add(key, own));
    if (this.#asked.size > 4 * this.#maxSeries) this.#asked.clear();
    this.#asked.set(asked, counter);
    return counter;
  }

  #takeOther(keys: string[]): M {
    if (!this.#wasFull) this.#full?.();
    this.#wasFull = true;
    const own = keys.map((key) => [key, OTHER] as const);
    const key = nameOf(own);
    this.#other ??= this.#counters.get(key) ?? this.#add(key, own);
    return this.#other;
  }

  #add(key: string, tags: (readonly [string, string])[]): M {
    const counter = this.#make(Object.fromEntries(tags));
    this.#counters.set(key, counter);
    return counter;
  }
}

/**
 * The counters of one metric, one for each set of tags.
 *
 * @example
 * ```ts
 * import { MetricFamily } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * const requests = new MetricFamily("http.requests", { tags: { host: "web1" } });
 * requests.with({ status: "200", method: "GET" }).inc();
 * requests.with({ method: "GET", status: "200" }).inc(); // the same counter
 * assertEquals(
 *   [...requests.counters].map((counter) => counter.summarize((cells) => cells.at(-1))),
 *   [2],
 * );
 * ```
 */
export class MetricFamily extends Family<MetricCounter> {
  /**
   * Makes a family without counters.
   *
   * @param name The metric's name.
   * @param options What differs from the defaults.
   * @throws {TypeError} If the name, a label or one of `tags` cannot stand in a
   * put line, or an option is of the wrong type.
   * @throws {RangeError} If a number is out of its range, there are too many
   * tags, or lines get too long.
   */
  constructor(name: string, options: MetricFamilyOptions = {}) {
    super(name, options, (tags) => {
      const all = { ...options.tags, ...tags };
      return new MetricCounter(name, { ...options, tags: all });
    });
    new PutLine(name, tagsOfOther(options), complete(options).format);
  }
}

/**
 * The tags of the member for too many sets of tags: what can be known of tags
 * before the first event.
 *
 * @param options The options of a family.
 */
export function tagsOfOther(
  options: { labels?: string[]; tags?: Record<string, string> },
): Record<string, string> {
  const others = (options.labels ?? []).map((label) => [label, OTHER]);
  return { host: OTHER, ...options.tags, ...Object.fromEntries(others) };
}

/**
 * A key for a set of tags, the same for any order of the tags. It has the number of
 * tags, so that a bad value such as `1 b=2` is not taken for one tag more.
 */
function nameOf(tags: (readonly [string, string])[]): string {
  const words = tags.map(([key, value]) => `${key}=${value}`).sort();
  return `${words.length} ${words.join(" ")}`;
}
