/**
 * {@linkcode Days}: the times that a log tells, and which of them are wrong.
 *
 * @module
 */

const DAY = 86_400; // s
const SETTLING = 20; // more lines that are a day ahead prove their time
const ODD_SHARE = 1 / 100; // of all lines: if more are odd, they are no mistake

/** The lines of a day. */
interface Day {
  lines: number;
  /** Lines between two lines that are earlier by more than a day. */
  odd: number;
  /** Its newest second. */
  newest: number;
}

/** Collects the times of one log by days, in the order of its lines. */
export class Days {
  readonly days = new Map<number, Day>();
  /** The earliest time. */
  oldest = Infinity;
  /**
   * The newest time, without one that is ahead by more than a day and is not
   * followed by more of them.
   */
  settled = -Infinity;
  #ahead = 0;
  #before = Infinity;
  #at = NaN;
  #lines = 0;

  /** Adds the time of the next line. */
  add(second: number): void {
    if (second === this.#at) this.#lines++;
    else this.#turn(second);
  }

  /** Ends the log; ending it twice is safe. */
  end(): void {
    this.#turn(NaN);
    this.#lines = 0;
  }

  /** Counts the lines of the last second, and goes on to the next one. */
  #turn(next: number): void {
    const at = this.#at;
    if (this.#lines > 0) {
      const number = Math.floor(at / DAY);
      let day = this.days.get(number);
      if (day === undefined) {
        day = { lines: 0, odd: 0, newest: at };
        this.days.set(number, day);
      }
      day.lines += this.#lines;
      const isOdd = at > this.#before + DAY && next < at - DAY;
      if (isOdd) day.odd += this.#lines;
      if (at > day.newest) day.newest = at;
      if (at < this.oldest) this.oldest = at;
      this.#before = at;
      this.#settle(at);
    }
    this.#at = next;
    this.#lines = 1;
  }

  #settle(at: number): void {
    const isNear = at <= this.settled + DAY;
    this.#ahead = isNear ? 0 : this.#ahead + this.#lines;
    if (isNear || this.#ahead > SETTLING) {
      this.settled = Math.max(this.settled, at);
      this.#ahead = 0;
    }
  }
}

/**
 * The first and the last second that logs tell. Times far ahead of all others
 * are left out if they are few, stand between earlier lines, and are farther from
 * the others than those are from each other.
 *
 * @param logs The times of the logs.
 * @returns The seconds; Infinity and -Infinity if there are none.
 */
export function span(logs: Days[]): { oldest: number; newest: number } {
  for (const log of logs) log.end();
  const all = logs.flatMap(({ days }) => [...days])
    .sort(([a], [b]) => b - a); // the newest first
  const oldest = Math.min(...logs.map(({ oldest }) => oldest));
  let left = all.reduce((sum, [, { lines }]) => sum + lines, 0) * ODD_SHARE;
  let from = 0;
  for (let i = 0; i + 1 < all.length; i++) {
    const [number, { lines, odd }] = all[i]!;
    left -= lines;
    if (left < 0 || odd < lines) break;
    const [before] = all[i + 1]!;
    const gap = number - before;
    if (gap > 1 && gap > before - Math.floor(oldest / DAY)) from = i + 1;
  }
  const newest = all.slice(from)
    .reduce((newest, [, day]) => Math.max(newest, day.newest), -Infinity);
  return { oldest, newest };
}
