/**
 * {@linkcode LogRates}: counts the lines of logs by many rules in one pass.
 *
 * @module
 */

import type { MetricCounter, MetricDistribution } from "../../mod.ts";
import { LogRate, type LogRateOptions, type LogRule } from "./rate.ts";

/** Counts each line by all rules. */
export class LogRates {
  readonly #rates: LogRate[];

  /**
   * Checks that no series can be refused later, whatever the logs hold.
   *
   * @param rules What is counted.
   * @param options How it is reported.
   * @throws {SyntaxError} If the parts of a rule do not fit each other.
   * @throws {TypeError} If a name or tag cannot stand in a put line.
   * @throws {RangeError} If a number is out of its range, or lines get too long.
   */
  constructor(rules: LogRule[], options: LogRateOptions = {}) {
    const told = new Set<string>();
    for (const { metric, tags = {} } of rules) {
      const series = [metric, ...Object.entries(tags).sort().flat()].join(" ");
      if (told.has(series)) {
        throw new SyntaxError(
          `Cannot count by rules as each must have a metric or tags of its own: current value is ${series} twice`,
        );
      }
      told.add(series);
    }
    this.#rates = rules.map((rule) => new LogRate(rule, options));
  }

  /** Whether nothing is reported before a line has matched. */
  get waits(): boolean {
    return this.#rates.every(({ waits }) => waits);
  }

  /** Lines that were counted, once for each rule. */
  get events(): number {
    return this.#sum(({ events }) => events);
  }

  /** Lines that were counted, but came too late to be reported. */
  get late(): number {
    return this.#sum(({ late }) => late);
  }

  /** Lines that were not counted, as their value is not a number. */
  get badValues(): number {
    return this.#sum(({ badValues }) => badValues);
  }

  /** The counters of all rules that are not forgotten. */
  get counters(): Iterable<MetricCounter | MetricDistribution> {
    return this.#rates.flatMap(({ counters }) => [...counters]);
  }

  /**
   * Counts a line by each rule that it matches.
   *
   * @param line The line.
   * @param at Its time in seconds since the epoch; now if not given.
   */
  count(line: string, at?: number): void {
    for (const rate of this.#rates) rate.count(line, at);
  }

  /** Forgets the series that pause. */
  forget(): void {
    for (const rate of this.#rates) rate.forget();
  }

  #sum(number: (rate: LogRate) => number): number {
    return this.#rates.reduce((sum, rate) => sum + number(rate), 0);
  }
}
