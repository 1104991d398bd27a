/**
 * Counts the lines of a log that match, in one series for each set of tags.
 *
 * @module
 */

import {
  DistributionFamily,
  MetricCounter,
  MetricDistribution,
  MetricFamily,
  type MetricFamilyOptions,
  type Statistic,
  type Tags,
  toWord,
} from "../../mod.ts";
import { complain } from "../../script/mod.ts";
import { fieldAt, type Fields } from "./fields.ts";
import type { Held, Take } from "./held.ts";

const MAX_TAG_LENGTH = 64; // characters of a text that become a tag's value

/** What is counted of the lines of a log. */
export interface LogRule {
  /** The metric's name. */
  metric: string;
  /** Which lines count; its named groups become tags. */
  match?: RegExp | undefined;
  /** Which of them do not. */
  except?: RegExp | undefined;
  /** Tags from fields, where lines are JSON: `{ status: "res.statusCode" }`. */
  labels?: Record<string, string> | undefined;
  /**
   * The group whose number is added, in place of 1; or the field, where lines
   * are JSON.
   */
  value?: string | undefined;
  /**
   * What is told of the values, each by a metric of its own, in place of their
   * sum: `count`, `sum`, `min`, `mean`, `max`, `p50`, `p99.9`.
   */
  stats?: Statistic[] | undefined;
  /**
   * Whether the highest second of each datapoint is told, not their sum.
   *
   * @default {false}
   */
  peak?: boolean | undefined;
  /** Tags of every datapoint. */
  tags?: Record<string, string> | undefined;
}

/** Options that all rules of a log share. */
export interface LogRateOptions
  extends Omit<MetricFamilyOptions, "labels" | "tagValue" | "full"> {
  /** Whose named groups become tags when it matches the path of a log. */
  path?: RegExp | undefined;
  /**
   * Whether lines are JSON.
   *
   * @default {false}
   */
  json?: boolean | undefined;
  /**
   * Whether a rate without groups reports quiet seconds from its start on, and
   * never pauses.
   *
   * @default {false}
   */
  fromStart?: boolean;
  /** What holds values until nothing from before them can follow. */
  held?: Held | undefined;
}

/** Texts of a line, by the names of groups or the keys of tags. */
export type Groups = Record<string, string | undefined>;

const NO_GROUPS: Groups = {};
const NO_FIELDS: Fields = {};

/** The names of an expression's groups. */
export function groupNames(match: RegExp | undefined): string[] {
  if (match === undefined) return [];
  const { groups } = new RegExp(`${match.source}|`, match.flags).exec("")!;
  return Object.keys(groups ?? {});
}

/** An expression that begins each line anew. */
export function anew(expression: RegExp | undefined): RegExp | undefined {
  return expression &&
    new RegExp(expression, expression.flags.replace(/[gy]/g, ""));
}

function tagValue(text: string | undefined): string {
  return text === undefined ? "none" : toWord(text, MAX_TAG_LENGTH);
}

function numberOf(text: string | undefined): number {
  return text?.trim() ? Number(text) : NaN;
}

/** Refuses what does not fit together. */
function check(rule: LogRule, labels: string[], tags: Tags): void {
  const { value, stats, peak } = rule;
  if (stats !== undefined && value === undefined) {
    throw new SyntaxError(
      "Cannot tell --stats as --value must say of which numbers: current value is none",
    );
  }
  if (stats !== undefined && peak) {
    throw new SyntaxError(
      "Cannot tell --stats as --peak must not be given, too: current value is both",
    );
  }
  const twice = labels.find((label, i) =>
    Object.hasOwn(tags, label) || labels.indexOf(label) < i
  );
  if (twice !== undefined) {
    throw new SyntaxError(
      `Cannot tag as --tag must not be a group of --match, too, and each tag must come from one place: current value is ${twice}`,
    );
  }
}

/** What finds the value of a rule: in groups, in fields, or always 1. */
function valueOf(
  { match, value }: LogRule,
  json: boolean,
): (groups: Groups, fields: Fields) => string | undefined {
  if (value === undefined) return () => "1";
  if (groupNames(match).includes(value)) return (groups) => groups[value];
  if (json) {
    const find = fieldAt(value);
    return (_, fields) => find(fields);
  }
  throw new SyntaxError(
    `Cannot add a value as --match must have its group: current value is ${
      JSON.stringify(value)
    }`,
  );
}

/** Counts lines by one rule, in one series for each set of tags. */
export class LogRate {
  /** Lines that were counted. */
  events = 0;
  /** Lines that were not counted, as their value is not a number. */
  badValues = 0;

  readonly #match: RegExp | undefined;
  readonly #except: RegExp | undefined;
  /** The tags that come from fields, and what finds each. */
  readonly #labels: [string, ReturnType<typeof fieldAt>][];
  readonly #value: ReturnType<typeof valueOf>;
  /** Whether a line without the value is of no concern. */
  readonly #mayLack: boolean;
  readonly #family: MetricFamily | DistributionFamily;
  /** Takes a value into the series of some groups. */
  readonly #take: Take;

  /**
   * Checks that no series can be refused later, whatever the log holds.
   *
   * @param rule What is counted.
   * @param options How it is reported.
   * @throws {SyntaxError} If groups, tags and the value do not fit each other.
   * @throws {TypeError} If a name or tag cannot stand in a put line.
   * @throws {RangeError} If a number is out of its range, or lines get too long.
   */
  constructor(rule: LogRule, options: LogRateOptions = {}) {
    const { metric, value, stats } = rule;
    const { fromStart, maxSeries = 1000, json = false, held, ...rest } =
      options;
    const tags = { ...options.tags, ...rule.tags };
    const fields = json ? Object.entries(rule.labels ?? {}) : [];
    const labels = [
      ...groupNames(options.path),
      ...groupNames(rule.match).filter((name) => name !== value),
      ...fields.map(([label]) => label),
    ];
    check(rule, labels, tags);
    const only = fromStart && labels.length === 0;
    const all = {
      ...rest,
      ...(only && { maxGap: Infinity }),
      ...(rule.peak && { reduce: (cells: number[]) => Math.max(...cells) }),
      tags,
      labels,
      tagValue,
      maxSeries,
      full: () =>
        complain(
          `${maxSeries} series of ${metric} are there: new ones are "other"`,
        ),
    };
    this.#match = anew(rule.match);
    this.#except = anew(rule.except);
    this.#labels = fields.map(([label, path]) => [label, fieldAt(path)]);
    this.#value = valueOf(rule, json);
    this.#mayLack = json;
    const longest = labels.map((name) => [name, "x".repeat(MAX_TAG_LENGTH)]);
    const most = { ...all, tags: { ...tags, ...Object.fromEntries(longest) } };
    let take: Take;
    if (stats === undefined) {
      discard(new MetricCounter(metric, most));
      const family = new MetricFamily(metric, all);
      take = (groups, value, at) => family.with(groups).add(value, at);
      this.#family = family;
    } else {
      discard(new MetricDistribution(metric, { ...most, stats }));
      const family = new DistributionFamily(metric, { ...all, stats });
      take = (groups, value, at) => family.with(groups).observe(value, at);
      this.#family = family;
    }
    const sums = stats === undefined;
    this.#take = held ? held.before(labels, take, sums) : take;
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
  get counters(): Iterable<MetricCounter | MetricDistribution> {
    return this.#family.counters;
  }

  /**
   * Counts a line, if it matches.
   *
   * @param line The line.
   * @param at Its time in seconds since the epoch; now if not given.
   * @param given Tags of the log that it is of.
   * @param fields Its fields, if it is JSON.
   */
  count(
    line: string,
    at?: number,
    given: Groups = NO_GROUPS,
    fields: Fields = NO_FIELDS,
  ): void {
    let groups = given;
    if (this.#match !== undefined) {
      const found = this.#match.exec(line);
      if (found === null) return;
      if (given === NO_GROUPS) groups = found.groups ?? given;
      else groups = { ...given, ...found.groups };
    }
    if (this.#except?.test(line)) return;
    const text = this.#value(groups, fields);
    if (text === undefined && this.#mayLack) return;
    const value = numberOf(text);
    if (this.#labels.length > 0) {
      groups = { ...groups };
      for (const [label, find] of this.#labels) groups[label] = find(fields);
    }
    if (!Number.isFinite(value)) {
      this.badValues++;
      return;
    }
    try {
      this.#take(groups, value, at);
      this.events++;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.badValues++; // the sum is too large
    }
  }

  /** Forgets the series that pause. */
  forget(): void {
    this.#family.forget();
  }
}

/** Ends a series that was only made to see whether it can be. */
function discard(series: MetricCounter | MetricDistribution): void {
  series.close();
  series.dump();
}
