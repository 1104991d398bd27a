/**
 * {@linkcode Cells}: the values of a series, one for each second that has one.
 *
 * @module
 */

const MAX_HOLE = 60; // seconds without a value that a row may have

/** The values of a series by second, up to the newest one. */
export class Cells {
  /** The newest second. What is counted without a time counts in it. */
  second: number;
  /** The value of the newest second, apart from the row, as it changes most often. */
  newest: number | undefined;
  /** The values of the seconds just before the newest one, oldest first. */
  readonly #row: (number | undefined)[] = [];
  /** The values of the few seconds outside of the row. */
  #others: Map<number, number> | undefined;

  /**
   * Makes the first cell.
   *
   * @param second The newest second, in seconds since the epoch.
   * @param newest Its value; undefined if it has none.
   */
  constructor(second: number, newest: number | undefined) {
    this.second = second;
    this.newest = newest;
  }

  /**
   * The value of a second.
   *
   * @param second Any second.
   * @returns The value; undefined if the second has none.
   */
  get(second: number): number | undefined {
    if (second === this.second) return this.newest;
    const i = second - this.#first;
    return i >= 0 && i < this.#row.length
      ? this.#row[i]
      : this.#others?.get(second);
  }

  /**
   * Gives a second a value.
   *
   * @param second Any second, also one after the newest.
   * @param value The value.
   */
  set(second: number, value: number): void {
    if (second === this.second) {
      this.newest = value;
      return;
    }
    const i = second - this.#first;
    if (i >= 0 && i < this.#row.length) this.#row[i] = value;
    else (this.#others ??= new Map()).set(second, value);
  }

  /**
   * Makes another second the newest one; all values stay.
   *
   * @param second The newest second from now on.
   */
  moveTo(second: number): void {
    const hole = second - this.second - 1;
    if (hole < 0 || hole > MAX_HOLE) return this.#jumpTo(second);
    this.#row.push(this.newest);
    while (++this.second < second) this.#row.push(this.#take(this.second));
    this.newest = this.#take(second);
  }

  /**
   * Gives the value 0 to each second of a span that has none.
   *
   * @param from The first second.
   * @param end The second after the last one.
   */
  fill(from: number, end: number): void {
    for (let second = from; second < end; second++) {
      if (this.get(second) === undefined) this.set(second, 0);
    }
  }

  /**
   * The seconds of a span that have a value.
   *
   * @param from The first second.
   * @param end The second after the last one.
   * @returns A fresh array, oldest first.
   */
  seconds(from: number, end: number): number[] {
    const found: number[] = [];
    const last = Math.min(end - 1, this.second);
    for (let i = Math.max(from, this.#first); i <= last; i++) {
      if (this.get(i) !== undefined) found.push(i);
    }
    if (this.#others === undefined) return found;
    for (const second of this.#others.keys()) {
      if (second >= from && second < end) found.push(second);
    }
    return found.sort((a, b) => a - b);
  }

  /** Gives each second that has a value the value 0. */
  zero(): void {
    for (const second of this.seconds(-Infinity, Infinity)) this.set(second, 0);
  }

  /**
   * Forgets old values.
   *
   * @param second All seconds before this one are forgotten.
   */
  forgetBefore(second: number): void {
    const count = second - this.#first;
    if (count > 0) this.#row.splice(0, count);
    if (this.#others === undefined) return;
    for (const other of this.#others.keys()) {
      if (other < second) this.#others.delete(other);
    }
    if (this.#others.size === 0) this.#others = undefined;
  }

  /** Forgets all values. */
  clear(): void {
    this.#row.length = 0;
    this.#others = this.newest = undefined;
  }

  /** The first second of the row. */
  get #first(): number {
    return this.second - this.#row.length;
  }

  /** Removes a value from those outside of the row. */
  #take(second: number): number | undefined {
    const value = this.#others?.get(second);
    this.#others?.delete(second);
    return value;
  }

  /** Ends the row where the clock jumps, and moves its values out of it. */
  #jumpTo(second: number): void {
    const seconds = this.seconds(this.#first, this.second + 1);
    const others = this.#others ?? new Map();
    for (const second of seconds) others.set(second, this.get(second)!);
    this.#others = others;
    this.#row.length = 0;
    this.second = second;
    this.newest = this.#take(second);
  }
}
