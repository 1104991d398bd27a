/**
 * {@linkcode MetricFamily}: the counters of one metric, one for each set of
 * tags; and {@linkcode Family}, what it shares with families of distributions.
 *
 * @module
 */

import { MetricCounter } from "../counter.ts";
import type { MetricCounterOptions } from "./options.ts";
import { copied, type Texts, TextTree } from "./text_tree.ts";

/** Tags by which a counter is asked for. */
export type Tags = Record<string, string | undefined>;

/** Options of a family. */
export interface FamilyOptions {
  /**
   * The keys of the tags that tell the counters apart. Other keys are then left
   * out. Without this option all keys count.
   */
  labels?: string[];
  /**
   * Makes the value that a tag carries of the one that was asked for, which is
   * undefined if `labels` names a key that is not there. Without this option
   * values are taken as they are.
   */
  tagValue?: (value: string | undefined) => string;
  /**
   * The most counters. Beyond it, one more counts for all new sets of tags; its
   * tags are all `other`.
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

/** What can be a member of a family. */
export interface Member {
  /** Events refused because they came too late. */
  readonly late: number;
  /** Whether it was silent for `maxGap`, and all of it is reported. */
  readonly paused: boolean;
  /** Ends it. */
  close(): void;
}

const OTHER = "other";
const FIRST_SWEEP = 16; // counters

/** What all families share: one member for each set of tags. */
export class Family<M extends Member> {
  /** The metric's name. */
  readonly name: string;
  readonly #make: (tags: Record<string, string>) => M;
  readonly #labels: string[] | undefined;
  readonly #tagValue: (value: string | undefined) => string;
  readonly #maxSeries: number;
  readonly #full: (() => void) | undefined;
  readonly #counters = new Map<string, M>();
  /** The same by the tags as they were asked for: spares sorting and `tagValue`. */
  readonly #asked = new TextTree<M>();
  #wasFull = false;
  /** So many counters must be there before it is worth looking for silent ones. */
  #sweepAt = FIRST_SWEEP;
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
   * @returns The counter; the one for `other` if there are too many.
   * @throws {TypeError} If a tag cannot stand in a put line.
   * @throws {RangeError} If there are too many tags, or a line gets too long.
   */
  with(tags: Tags): M {
    const keys = this.#labels ?? Object.keys(tags);
    const values = keys.map((key) => tags[key]);
    if (this.#labels !== undefined) return this.withValues(values);
    const asked = [...keys, ...values];
    return this.#asked.get(asked) ?? this.#find(asked, keys, values);
  }

  /**
   * The same by the values of `labels` alone: for those who count millions of
   * lines.
   *
   * @param values In the order of `labels`.
   * @returns As `with` does.
   * @throws {TypeError} If there are no `labels`, or a tag cannot stand in a put
   * line.
   * @throws {RangeError} If there are too many tags, or a line gets too long.
   */
  withValues(values: Texts): M {
    return this.#asked.get(values) ?? this.#find(values, this.#labels, values);
  }

  /**
   * Forgets the counters of flows that pause, as they were silent for longer
   * than `maxGap` and all of it is reported. One that is asked for again starts
   * afresh. The family does it by itself, often enough for its memory.
   */
  forget(): void {
    for (const [key, counter] of this.#counters) {
      if (!counter.paused) continue;
      this.#late += counter.late;
      this.#counters.delete(key);
      this.#asked.clear();
      counter.close();
    }
  }

  /** Forgets now and then: there are never more than twice the busy counters. */
  #sweep(): void {
    const full = this.#counters.size === this.#maxSeries;
    if (this.#counters.size < this.#sweepAt && !full) return;
    this.forget();
    this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#counters.size);
  }

  #find(asked: Texts, keys: string[] | undefined, values: Texts): M {
    if (keys?.length !== values.length) {
      throw new TypeError(
        `Cannot find ${this.name} as there must be a value for each of the labels ${keys}: current value is ${values}`,
      );
    }
    let own = keys.map((key, i) =>
      [key, this.#tagValue(copied(values[i]))] as const
    );
    let key = nameOf(own);
    if (!this.#counters.has(key)) this.#sweep();
    if (!this.#counters.has(key) && this.#counters.size >= this.#maxSeries) {
      if (!this.#wasFull) this.#full?.();
      this.#wasFull = true;
      own = keys.map((key) => [key, OTHER]);
      key = nameOf(own);
    }
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = this.#make(Object.fromEntries(own));
      this.#counters.set(key, counter);
    }
    if (this.#asked.size > 4 * this.#maxSeries) this.#asked.clear();
    this.#asked.set(asked, counter);
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
   * @throws {RangeError} If `maxSeries` is not a whole number, 1 or more.
   */
  constructor(name: string, options: MetricFamilyOptions = {}) {
    super(name, options, (tags) => {
      const all = { ...options.tags, ...tags };
      return new MetricCounter(name, { ...options, tags: all });
    });
  }
}

/** A name for a set of tags that is the same in any order. */
function nameOf(tags: (readonly [string, string])[]): string {
  return tags.map(([key, value]) => `${key}=${value}`).sort().join(" ");
}
