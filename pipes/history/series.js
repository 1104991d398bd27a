// @ts-check
/**
 * The points of one series. The same file runs in the pipes and in the page of plot.ts.
 *
 * @module
 */

import { indexIn } from "./bins.js";

const RECENT = 64; // deltas from which the step is learned

/**
 * One series: its points, oldest first, of the last `keep` seconds before its
 * newest. All seconds are whole, so there are at most `keep` + 1 points.
 */
export class Series {
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #from = 0;
  #to = 0;
  #step = 0;

  /**
   * @param {number} id The number by which the server and the page name it.
   * @param {string} name The metric.
   * @param {string} tags As `key=value`, by key, separated by spaces.
   * @param {number} keep Seconds before the newest point that are kept.
   */
  constructor(id, name, tags, keep) {
    this.id = id;
    this.name = name;
    this.tags = tags;
    this.keep = keep;
  }

  /** Seconds since the epoch, oldest first; a view that the next `add` ends. */
  get times() {
    return this.#times.subarray(this.#from, this.#to);
  }

  /** The values at {@linkcode times}. */
  get values() {
    return this.#values.subarray(this.#from, this.#to);
  }

  /** How many points there are. */
  get length() {
    return this.#to - this.#from;
  }

  /** The newest second; -Infinity without any point. */
  get newest() {
    return this.length > 0 ? Number(this.#times[this.#to - 1]) : -Infinity;
  }

  /** The oldest second; Infinity without any point. */
  get oldest() {
    return this.length > 0 ? Number(this.#times[this.#from]) : Infinity;
  }

  /**
   * The seconds between two points, learned from the newest ones: the lower quartile,
   * so that neither gaps nor a single early point count.
   */
  get step() {
    if (this.#step === 0) {
      const times = this.times.subarray(-RECENT - 1);
      const deltas = times.slice(1).map((time, i) => time - Number(times[i]));
      this.#step = deltas.sort()[deltas.length >> 2] ?? 1;
    }
    return this.#step;
  }

  /**
   * Adds a point in the order of the seconds; it replaces an earlier value of its
   * second. A point too old to be kept means that the clock, or a replay, went back:
   * the series starts afresh with it.
   *
   * @param {number} second
   * @param {number} value
   */
  add(second, value) {
    this.#step = 0;
    if (second < this.newest - this.keep) this.#from = this.#to;
    let i = second > this.newest ? this.#to : this.#from + this.indexOf(second);
    if (i < this.#to && this.#times[i] === second) {
      this.#values[i] = value;
      return;
    }
    if (this.#to === this.#times.length) i -= this.#makeRoom();
    this.#times.copyWithin(i + 1, i, this.#to);
    this.#values.copyWithin(i + 1, i, this.#to);
    this.#times[i] = second;
    this.#values[i] = value;
    this.#to++;
    this.#trim();
  }

  /** @param {number} keep Seconds before the newest point that are kept now. */
  shorten(keep) {
    this.keep = keep;
    this.#trim();
    this.#makeRoom();
  }

  #trim() {
    const oldest = this.newest - this.keep;
    while (Number(this.#times[this.#from]) < oldest) this.#from++;
  }

  /** Moves the points to the front, of a larger array if need be. */
  #makeRoom() {
    const moved = this.#from;
    const size = 16 + Math.ceil(1.5 * this.length);
    const [times, values] = [this.times, this.values];
    this.#times = new Float64Array(size);
    this.#values = new Float64Array(size);
    this.#times.set(times);
    this.#values.set(values);
    this.#to -= moved;
    this.#from = 0;
    return moved;
  }

  /**
   * The index of the first point at a second or after it.
   *
   * @param {number} second
   */
  indexOf(second) {
    return indexIn(this.times, second);
  }

  /**
   * The value that was reported for exactly this second; undefined if there is none.
   *
   * @param {number} second
   * @returns {number | undefined}
   */
  at(second) {
    const i = this.#from + this.indexOf(second);
    return i < this.#to && this.#times[i] === second
      ? this.#values[i]
      : undefined;
  }
}
