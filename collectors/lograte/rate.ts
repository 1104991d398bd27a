/**
 * Counts the lines of a log that match, in one series for each set of tags.
 *
 * @module
 */

import {
  MetricCounter,
  type MetricCounterOptions,
  MetricFamily,
  toWord,
} from "../../mod.ts";
import { complain } from "../../script/mod.ts";

const MAX_TAG_LENGTH = 64; // characters of a group that become a tag's value

/** What {@linkcode LogRate} counts and how. */
export interface LogRateOptions extends MetricCounterOptions {
  /** Which lines count; its named groups become tags. */
  match?: RegExp | undefined;
  /** The group whose number is added, in place of 1. */
  value?: string | undefined;
  /**
   * The most sets of tags from groups.
   *
   * @default {1000}
   */
  maxSeries?: number;
  /**
   * Whether a rate without groups reports quiet seconds from its start on, and
   * never pauses.
   *
   * @default {false}
   */
  fromStart?: boolean;
}

type Groups = Record<string, string | undefined>;

const NO_GROUPS: Groups = {};

/** The names of an expression's groups. */
function groupNames(match: RegExp): string[] {
  const { groups } = new RegExp(`${match.source}|`, match.flags).exec("")!;
  return Object.keys(groups ?? {});
}

function tagValue(text: string | undefined): string {
  return text === undefined ? "none" : toWord(text, MAX_TAG_LENGTH);
}

/** Counts lines in one series for each set of tags. */
export class LogRate {
  /** Lines that were counted. */
  events = 0;
  /** Lines that were not counted, as their value is not a number. */
  badValues = 0;

  readonly #match: RegExp | undefined;
  readonly #value: string | undefined;
  readonly #family: MetricFamily;

  /**
   * Checks that no series can be refused later, whatever the log holds.
   *
   * @param metric The metric's name.
   * @param options What is counted and how.
   * @throws {SyntaxError} If groups, tags and the value do not fit each other.
   * @throws {TypeError} If a name or tag cannot stand in a put line.
   * @throws {RangeError} If a number is out of its range, or lines get too long.
   */
  constructor(metric: string, options: LogRateOptions = {}) {
    const { match, value, maxSeries = 1000, fromStart, ...rest } = options;
    const names = match ? groupNames(match) : [];
    if (value !== undefined && !names.includes(value)) {
      throw new SyntaxError(
        `Cannot add a value as --match must have its group: current value is ${
          JSON.stringify(value)
        }`,
      );
    }
    const labels = names.filter((name) => name !== value);
    const twice = labels.find((name) => Object.hasOwn(rest.tags ?? {}, name));
    if (twice !== undefined) {
      throw new SyntaxError(
        `Cannot tag as --tag must not be a group of --match, too: current value is ${twice}`,
      );
    }
    const only = fromStart && labels.length === 0;
    if (only) rest.maxGap = Infinity;
    this.#match = match;
    this.#value = value;
    this.#family = new MetricFamily(metric, {
      ...rest,
      labels,
      tagValue,
      maxSeries,
      full: () =>
        complain(`${maxSeries} series are there: new ones are "other"`),
    });
    const longest = labels.map((name) => [name, "x".repeat(MAX_TAG_LENGTH)]);
    const tags = { ...rest.tags, ...Object.fromEntries(longest) };
    new MetricCounter(metric, { ...rest, tags, kind: "stock" }).close();
    if (only) this.#family.with(NO_GROUPS);
  }

  /** Whether nothing is reported before a line has matched. */
  get waits(): boolean {
    return [...this.#family.counters].length === 0;
  }

  /** Lines that were counted, but came too late to be reported. */
  get late(): number {
    return this.#family.late;
  }

  /** The counters that are not forgotten. */
  get counters(): Iterable<MetricCounter> {
    return this.#family.counters;
  }

  /**
   * Counts a line, if it matches.
   *
   * @param line The line.
   * @param at Its time in seconds since the epoch; now if not given.
   */
  count(line: string, at?: number): void {
    let groups = NO_GROUPS;
    if (this.#match !== undefined) {
      const found = this.#match.exec(line);
      if (found === null) return;
      groups = found.groups ?? groups;
    }
    if (this.#value === undefined) this.#family.with(groups).inc(at);
    else if (!this.#add(groups[this.#value], groups, at)) return;
    this.events++;
  }

  /** Forgets the series that pause. */
  forget(): void {
    this.#family.forget();
  }

  #add(text: string | undefined, groups: Groups, at?: number): boolean {
    const value = text?.trim() ? Number(text) : NaN;
    if (Number.isFinite(value)) {
      try {
        this.#family.with(groups).add(value, at);
        return true;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error; // the sum is too large
      }
    }
    this.badValues++;
    return false;
  }
}
