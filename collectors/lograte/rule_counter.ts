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
import { complain, type Texts } from "../../script/mod.ts";
import type { FieldReader } from "./fields.ts";
import type { Take, ValueBuffer } from "./value_buffer.ts";
import { groupsOf, LineReader } from "./line_reader.ts";

const MAX_OBSERVED = 1e290; // as MetricDistribution says
const MAX_TAG_LENGTH = 64; // characters of a text that become a tag's value

/** A rule: which lines of a log are counted, and how. */
export interface LogRule {
  /** The metric's name. */
  metric: string;
  /** Which lines count; its named groups become tags. */
  match?: RegExp | undefined;
  /** Which of these lines do not count. */
  except?: RegExp | undefined;
  /** Tags from fields, where lines are JSON: `{ status: "res.statusCode" }`. */
  labels?: Record<string, string> | undefined;
  /**
   * The group whose number is added, in place of 1; or the field, where lines
   * are JSON.
   */
  value?: string | undefined;
  /**
   * The statistics of the values that are reported in place of their sum, each as
   * a metric of its own: `count`, `sum`, `min`, `mean`, `max`, `p50`, `p99.9`.
   */
  stats?: Statistic[] | undefined;
  /**
   * Whether a datapoint is the value of its highest second, not the sum of its
   * seconds.
   *
   * @default {false}
   */
  peak?: boolean | undefined;
  /** Tags of every datapoint. */
  tags?: Record<string, string> | undefined;
}

/** Options that all rules of a log share. */
export interface RuleCounterOptions
  extends Omit<MetricFamilyOptions, "labels" | "tagValue" | "full"> {
  /** Matches the path of a log; its named groups become tags. */
  path?: RegExp | undefined;
  /** What reads the fields of lines, where they are JSON. */
  fields?: FieldReader | undefined;
  /**
   * Whether a rule without groups reports quiet seconds from its start on, and
   * never pauses.
   *
   * @default {false}
   */
  fromStart?: boolean;
  /** Holds values until no earlier ones can follow. */
  buffer?: ValueBuffer | undefined;
}

function tagValue(text: string | undefined): string {
  return text === undefined ? "none" : toWord(text, MAX_TAG_LENGTH);
}

/** Throws where parts of a rule do not fit together. */
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

/** Counts lines by one rule, in one series for each set of tags. */
export class RuleCounter {
  /** Lines that were counted. */
  events = 0;
  /** Lines that were not counted, as their value is not a number. */
  badValues = 0;

  readonly #reader: LineReader;
  readonly #family: MetricFamily | DistributionFamily;
  /** The largest value that is accepted. */
  readonly #most: number;
  /** Adds a value to the series of some tags. */
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
  constructor(rule: LogRule, options: RuleCounterOptions = {}) {
    const { metric, stats } = rule;
    const { fromStart, maxSeries = 1000, fields, buffer, ...rest } = options;
    const tags = { ...options.tags, ...rule.tags };
    const given = groupsOf(options.path).map(({ name }) => name);
    this.#reader = new LineReader(rule, given, fields);
    const { labels } = this.#reader;
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
    const longest = labels.map((name) => [name, "x".repeat(MAX_TAG_LENGTH)]);
    const most = { ...all, tags: { ...tags, ...Object.fromEntries(longest) } };
    let take: Take;
    if (stats === undefined) {
      discard(new MetricCounter(metric, most));
      const family = new MetricFamily(metric, all);
      take = (texts, value, at) => family.withValues(texts).add(value, at);
      this.#family = family;
    } else {
      discard(new MetricDistribution(metric, { ...most, stats }));
      const family = new DistributionFamily(metric, { ...all, stats });
      take = (texts, value, at) => family.withValues(texts).observe(value, at);
      this.#family = family;
    }
    const sums = stats === undefined;
    this.#most = sums ? Number.MAX_VALUE : MAX_OBSERVED;
    this.#take = buffer ? buffer.before(take, sums) : take;
    if (only) this.#family.withValues([]);
  }

  /** Lines without the field of JSON that holds the value. */
  get withoutValue(): number {
    return this.#reader.withoutValue;
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
   * @param given The values of the tags that its log has.
   * @param fields The texts of its fields, if it is JSON.
   */
  count(line: string, at?: number, given?: Texts, fields?: Texts): void {
    const reader = this.#reader;
    if (!reader.read(line, given, fields)) return;
    if (!(Math.abs(reader.value) <= this.#most)) {
      this.badValues++;
      return;
    }
    try {
      this.#take(reader.texts, reader.value, at);
      this.events++;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.badValues++; // the sum would be too large
    }
  }

  /** Forgets the series that pause. */
  forget(): void {
    this.#family.forget();
  }
}

/** Ends a series that was only made to check that it can be made. */
function discard(series: MetricCounter | MetricDistribution): void {
  series.close();
  series.dump();
}
