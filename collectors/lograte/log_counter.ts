/**
 * {@linkcode LogCounter}: counts the lines of logs by many rules in one pass.
 *
 * @module
 */

import type { MetricCounter, MetricDistribution } from "../../mod.ts";
import { bounded, counted, foresee, givenUp } from "../../script/mod.ts";
import type { FieldReader } from "./fields.ts";
import { anew, groupsOf } from "./line_reader.ts";
import {
  type LogRule,
  RuleCounter,
  type RuleCounterOptions,
} from "./rule_counter.ts";
import { unwrapped, Unwrapper } from "./unwrap.ts";

/** Options of {@linkcode LogCounter}. */
export interface LogCounterOptions extends RuleCounterOptions {
  /**
   * Whether what containers wrap around a line is taken off.
   *
   * @default {false}
   */
  unwrap?: boolean | undefined;
}

/** The lines of one log, for {@linkcode LogCounter}. */
export interface Counted {
  /** Prepares for the next lines. */
  foresee(lines: string[]): void;
  /**
   * Counts a line by each rule that it matches.
   *
   * @param line The next line.
   * @param at Its time in seconds since the epoch; now if not given.
   */
  count(line: string, at?: number): void;
}

/** The lines of one log, of which some are passed over. */
export interface CountedAgain extends Counted {
  /** Takes a line that must not be counted. */
  pass(line: string): void;
  /** Whether the last line was a piece of a line that a container has cut. */
  readonly isWithin: boolean;
}

/** Numbers of lines that {@linkcode LogCounter.remarks} tells. */
export interface Remarkable {
  /** They came too late. */
  late: number;
  /** Their values would make too large a sum. */
  tooLarge?: number;
  /** They took the time of the line before. */
  unread?: number;
  /** They are before the first time. */
  untimed?: number;
  /** They are ahead of the clock. */
  ahead?: number;
  /** They are of other times than those that are asked for. */
  outside?: number;
}

/** Whether a part of a message tells of any lines. */
export function tellsAny(remark: string): boolean {
  return !remark.startsWith("0 ");
}

/** Counts each line by all rules. */
export class LogCounter {
  /** Lines that should be JSON and are not. */
  #notJson = 0;

  readonly #rules: LogRule[];
  readonly #byRule: RuleCounter[];
  readonly #path: RegExp | undefined;
  readonly #fields: FieldReader | undefined;
  readonly #unwraps: boolean;

  /**
   * Checks that no series can be refused later, whatever the logs hold.
   *
   * @param rules What is counted.
   * @param options How it is reported.
   * @throws {SyntaxError} If the parts of a rule do not fit each other.
   * @throws {TypeError} If a name or tag cannot stand in a put line.
   * @throws {RangeError} If a number is out of its range, or lines get too long.
   */
  constructor(rules: LogRule[], options: LogCounterOptions = {}) {
    const { unwrap = false, ...rest } = options;
    this.#rules = rules;
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
    this.#byRule = rules.map((rule) => new RuleCounter(rule, rest));
    this.#path = rest.path && bounded(anew(rest.path)!);
    this.#fields = rest.fields;
    this.#unwraps = unwrap;
  }

  /** Whether nothing is reported before a line has matched. */
  get waits(): boolean {
    return this.#byRule.every(({ waits }) => waits);
  }

  /** Lines that were counted: one counts once for each rule. */
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
    return this.#byRule.flatMap(({ counters }) => [...counters]);
  }

  /**
   * What is to be said at the end of lines that did not count, or whose time is
   * another line's.
   *
   * @param lines What else is known of them.
   * @returns The parts of a message.
   */
  remarks(lines: Remarkable): string[] {
    const { late, tooLarge = 0, unread, untimed, ahead, outside } = lines;
    return [
      `${late} late`,
      counted(this.badValues + tooLarge, "bad value"),
      ...(this.#notJson > 0
        ? [`${counted(this.#notJson, "line")} without JSON`]
        : []),
      ...(givenUp.times > 0
        ? [`an expression was given up ${counted(givenUp.times, "time")}`]
        : []),
      ...this.#byRule.flatMap(({ withoutValue }, i) =>
        withoutValue > 0
          ? [
            `${counted(withoutValue, "line")} without the field ${
              this.#rules[i]!.value
            }`,
          ]
          : []
      ),
      ...Object.entries({
        "took the time of the line before": unread,
        "before the first time": untimed,
        "ahead of the clock": ahead,
        "of other times": outside,
      }).flatMap(([what, number = 0]) =>
        number > 0 ? [`${counted(number, "line")} ${what}`] : []
      ),
    ];
  }

  /**
   * Begins to count a log.
   *
   * @param path The path of the log, or its name.
   * @returns Counts its lines.
   */
  of(path: string): CountedAgain {
    const groups = this.#path?.exec(path)?.groups;
    const given = groupsOf(this.#path).map(({ name }) => groups?.[name]);
    const unwrapper = this.#unwraps ? new Unwrapper() : undefined;
    const count = (line: string, at?: number) => {
      const text = unwrapper ? unwrapper.next(line) : line;
      if (text === undefined) return;
      const fields = this.#fields?.read(text);
      if (this.#fields !== undefined && fields === undefined) this.#notJson++;
      else {
        for (const counter of this.#byRule) {
          counter.count(text, at, given, fields);
        }
      }
    };
    return {
      foresee: (lines) => foresee(unwrapper ? lines.map(unwrapped) : lines),
      count,
      get isWithin() {
        return unwrapper?.isWithin ?? false;
      },
      pass: (line) => void unwrapper?.next(line),
    };
  }

  /** Forgets the series that pause. */
  forget(): void {
    for (const counter of this.#byRule) counter.forget();
  }

  #sum(number: (counter: RuleCounter) => number): number {
    return this.#byRule.reduce((sum, counter) => sum + number(counter), 0);
  }
}
