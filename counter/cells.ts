/**
 * {@linkcode Cells}: the values of a series, one for each second that has one.
 *
 * @module
 */

/** The values of a series by second, up to the newest one. */
export class Cells {
  /** The newest second. What is counted without a time counts in it. */
  second: number;
  /** The value of the newest second: beside the map, because it is hot. */
  newest: number | undefined;
  /** The values of all other seconds. */
  readonly #others = new Map<number, number>();

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
    return second === this.second ? this.newest : this.#others.get(second);
  }

  /**
   * Gives a second a value.
   *
   * @param second Any second, also one after the newest.
   * @param value The value.
   */
  set(second: number, value: number): void {
    if (second === this.second) this.newest = value;
    else this.#others.set(second, value);
  }

  /**
   * Makes another second the newest one; all values stay.
   *
   * @param second The newest second from now on.
   */
  moveTo(second: number): void {
    if (this.newest !== undefined) this.#others.set(this.second, this.newest);
    this.second = second;
    this.newest = this.#others.get(second);
    this.#others.delete(second);
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
    let inOrder = true;
    for (const second of this.#others.keys()) {
      if (second < from || second >= end) continue;
      inOrder &&= found.length === 0 || second > found.at(-1)!;
      found.push(second);
    }
    const { second, newest } = this;
    if (newest !== undefined && second >= from && second < end) {
      inOrder &&= found.length === 0 || second > found.at(-1)!;
      found.push(second);
    }
    if (!inOrder) found.sort((a, b) => a - b); // events told their times
    return found;
  }

  /** Gives each second that has a value the value 0. */
  zero(): void {
    for (const second of this.#others.keys()) this.#others.set(second, 0);
    this.newest &&= 0;
  }

  /**
   * Forgets old values.
   *
   * @param second All seconds before this one are forgotten.
   */
  forgetBefore(second: number): void {
    for (const old of this.#others.keys()) {
      if (old < second) this.#others.delete(old);
    }
  }

  /** Forgets all values. */
  clear(): void {
    this.#others.clear();
    this.newest = undefined;
  }
}
