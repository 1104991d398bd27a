/**
 * {@linkcode ValueBuffer}: values that wait until no earlier ones can follow.
 *
 * @module
 */

import { copied, type Texts, TextTree } from "../../script/mod.ts";

/** Takes a value of a set of tags and a time. */
export type Take = (texts: Texts, value: number, at?: number) => void;

/** The values of one second and one series, or their sum. */
export interface BufferedValue {
  /** The second of the values. */
  at: number;
  /** How many lines they come from. */
  lines: number;
  /** Hands them on, moved by some seconds. */
  take(shift: number): void;
}

/** One set of tags, and what takes its values. */
interface Series {
  texts: Texts;
  /** The tree in which it is found. */
  all: TextTree<Series>;
  take: Take;
  /** Whether the values of one second become their sum. */
  sums: boolean;
  /** The index of its newest value; -1 if there is none. */
  newest: number;
}

const FIRST_LIMIT = 65_536; // values
const SINGLES = 16; // values that are not summed: so many count as one, as they are small

/**
 * Holds values, and hands them on in the order of their times; those of one
 * second and one series in the order in which they came.
 *
 * It needs 40 bytes for each second of a series that has values, up to 80 while
 * they come out of order, and 8 bytes for each value that is not summed.
 */
export class ValueBuffer {
  /** Lines that were refused, as their second was already handed on. */
  late = 0;

  /** The first second that was not handed on. */
  #from = -Infinity;
  #isInOrder = true;
  /** With more values than this, those of the same second are joined. */
  #limit = FIRST_LIMIT;
  readonly #series: TextTree<Series>[] = [];
  /** What is held: one value has the same index in each of these lists. */
  #seconds: number[] = [];
  #values: number[] = [];
  /** The single values of a second, where they are not summed. */
  #each: (number[] | undefined)[] = [];
  /** How many single values there are in all. */
  #singles = 0;
  #lines: number[] = [];
  #of: Series[] = [];

  /** How much is held: the sums of seconds, and single values, 16 of which count as one. */
  get size(): number {
    return this.#seconds.length + Math.floor(this.#singles / SINGLES);
  }

  /**
   * Makes a function that takes values and holds them.
   *
   * @param take Takes the values when they are handed on.
   * @param sums Whether values of one second become their sum.
   * @returns The function.
   */
  before(take: Take, sums: boolean): Take {
    const all = new TextTree<Series>();
    this.#series.push(all);
    return (texts, value, at) => {
      let series = all.get(texts);
      if (series === undefined) {
        series = { texts: texts.map(copied), all, take, sums, newest: -1 };
        all.set(texts, series);
      }
      this.#add(series, value, Math.floor(at!));
    };
  }

  /**
   * Hands on the values before a time. Values before it that come later are
   * refused as late.
   *
   * @param before Seconds since the epoch.
   */
  *release(before = Infinity): Generator<BufferedValue> {
    this.#from = Math.max(this.#from, before);
    const { order, rest } = this.#split(before);
    for (const i of order) {
      const { texts, take } = this.#of[i]!;
      const values = this.#each[i] ?? [this.#values[i]!];
      const at = this.#seconds[i]!;
      yield {
        at,
        lines: this.#lines[i]!,
        take: (shift) => {
          for (const value of values) take(texts, value, at + shift);
        },
      };
    }
    this.#keep(rest);
  }

  #add(series: Series, value: number, at: number): void {
    if (at < this.#from) {
      this.late++;
      return;
    }
    const { newest, sums } = series;
    if (newest >= 0 && this.#seconds[newest] === at) {
      const each = this.#each[newest];
      if (each !== undefined) {
        each.push(value);
        this.#singles++;
        this.#lines[newest]!++;
        return;
      }
      if (this.#join(newest, value, 1)) return;
    }
    this.#isInOrder &&= !(at < this.#seconds.at(-1)!);
    this.#push(series, value, at, 1, sums ? undefined : [value]);
    if (this.#seconds.length > this.#limit) this.#shrink();
  }

  #push(
    series: Series,
    value: number,
    at: number,
    lines: number,
    each: number[] | undefined,
  ): void {
    series.newest = this.#seconds.push(at) - 1;
    this.#values.push(value);
    this.#each.push(each);
    this.#singles += each?.length ?? 0;
    this.#lines.push(lines);
    this.#of.push(series);
  }

  /** Adds to the sum of a second. */
  #join(i: number, value: number, lines: number): boolean {
    const sum = this.#values[i]! + value;
    if (!Number.isFinite(sum)) return false; // what takes the value refuses it
    this.#values[i] = sum;
    this.#lines[i]! += lines;
    return true;
  }

  /** The indexes of the values before a time, in order, and of the others. */
  #split(before: number): { order: number[]; rest: number[] } {
    const order: number[] = [];
    const rest: number[] = [];
    for (const [i, second] of this.#seconds.entries()) {
      (second < before ? order : rest).push(i);
    }
    if (!this.#isInOrder) {
      order.sort((a, b) => this.#seconds[a]! - this.#seconds[b]!);
    }
    return { order, rest };
  }

  /** Keeps only these values, in this order, and joins those of the same second. */
  #keep(order: number[]): void {
    const [seconds, values, all, lines, of] = [
      this.#seconds,
      this.#values,
      this.#each,
      this.#lines,
      this.#of,
    ];
    this.#seconds = [];
    this.#values = [];
    this.#each = [];
    this.#singles = 0;
    this.#lines = [];
    this.#of = [];
    for (const tree of this.#series) tree.clear();
    for (const series of of) series.newest = -1;
    for (const i of order) {
      const series = of[i]!;
      const { newest } = series;
      if (newest < 0) series.all.set(series.texts, series);
      const each = all[i];
      const isSame = newest >= 0 && this.#seconds[newest] === seconds[i];
      if (isSame && each !== undefined) {
        for (const value of each) this.#each[newest]!.push(value);
        this.#singles += each.length;
        this.#lines[newest]! += lines[i]!;
      } else if (!isSame || !this.#join(newest, values[i]!, lines[i]!)) {
        this.#push(series, values[i]!, seconds[i]!, lines[i]!, each);
      }
    }
  }

  /** Joins the values of the same second that did not follow each other. */
  #shrink(): void {
    if (!this.#isInOrder) {
      this.#keep(this.#split(Infinity).order);
      this.#isInOrder = true;
    }
    this.#limit = Math.max(FIRST_LIMIT, 2 * this.#seconds.length);
  }
}
