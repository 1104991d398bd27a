/**
 * {@linkcode MetricFamily}: the counters of one metric, one for each set of
 * tags.
 *
 * @module
 */

import { MetricCounter } from "../counter.ts";
import type { MetricCounterOptions } from "./options.ts";

/** Tags by which a counter is asked for. */
export type Tags = Record<string, string | undefined>;

/** Options of {@linkcode MetricFamily}: those of its counters, and more. */
export interface MetricFamilyOptions extends MetricCounterOptions {
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

const OTHER = "other";
const FIRST_SWEEP = 16; // counters

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
export class MetricFamily {
  /** The metric's name. */
  readonly name: string;
  readonly #options: MetricCounterOptions;
  readonly #labels: string[] | undefined;
  readonly #tagValue: (value: string | undefined) => string;
  readonly #maxSeries: number;
  readonly #full: (() => void) | undefined;
  readonly #counters = new Map<string, MetricCounter>();
  /** The same by the tags as they were asked for: spares sorting and `tagValue`. */
  readonly #asked = new Map<string, MetricCounter>();
  #wasFull = false;
  /** So many counters must be there before it is worth looking for silent ones. */
  #sweepAt = FIRST_SWEEP;
  #late = 0;

  /**
   * Makes a family without counters.
   *
   * @param name The metric's name.
   * @param options What differs from the defaults.
   * @throws {RangeError} If `maxSeries` is not a whole number, 1 or more.
   */
  constructor(name: string, options: MetricFamilyOptions = {}) {
    const { labels, tagValue, maxSeries = 1000, full, ...rest } = options;
    if (!Number.isSafeInteger(maxSeries) || maxSeries < 1) {
      throw new RangeError(
        `Cannot make a MetricFamily as maxSeries must be a whole number, 1 or more: current value is ${maxSeries}`,
      );
    }
    this.name = name;
    this.#options = rest;
    this.#labels = labels;
    this.#tagValue = tagValue ?? ((value) => value as string);
    this.#maxSeries = maxSeries;
    this.#full = full;
  }

  /** The counters that are not forgotten. */
  get counters(): Iterable<MetricCounter> {
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
  with(tags: Tags): MetricCounter {
    let asked = "";
    for (const key of this.#labels ?? Object.keys(tags)) {
      asked += `\n${key}=${tags[key]}`; // no line has a newline in it
    }
    return this.#asked.get(asked) ?? this.#find(asked, tags);
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

  #find(asked: string, tags: Tags): MetricCounter {
    const keys = this.#labels ?? Object.keys(tags);
    let own = keys.map((key) => [key, this.#tagValue(tags[key])] as const);
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
      const all = { ...this.#options.tags, ...Object.fromEntries(own) };
      counter = new MetricCounter(this.name, { ...this.#options, tags: all });
      this.#counters.set(key, counter);
    }
    if (this.#asked.size > 4 * this.#maxSeries) this.#asked.clear();
    this.#asked.set(asked, counter);
    return counter;
  }
}

/** A name for a set of tags that is the same in any order. */
function nameOf(tags: (readonly [string, string])[]): string {
  return tags.map(([key, value]) => `${key}=${value}`).sort().join(" ");
}
