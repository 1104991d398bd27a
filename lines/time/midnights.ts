/**
 * {@linkcode Midnights}: the days of times without a day.
 *
 * @module
 */

import { dateIn } from "./calendar.ts";

/** Options of {@linkcode Midnights}. */
export interface MidnightsOptions {
  /** The zone of the times. */
  zone: string;
  /** The clock, for lines that are read when they are written. */
  near: (() => number) | undefined;
  /** The log's last change, in seconds since the epoch. */
  latest: number;
  /** Seconds by which lines may be out of order. */
  disorder: number;
}

const DAY = 86_400; // s

/** The first second of a day. */
function startOf(day: Temporal.PlainDate, zone: string): number {
  return day.toZonedDateTime(zone).epochMilliseconds / 1000;
}

/**
 * Counts days from midnight to midnight. The last line is of the day of the
 * log's last change; by the clock, each line is of the nearest day.
 */
export class Midnights {
  readonly #options: MidnightsOptions;
  /** The day of the first line, and of the newest. */
  #first: Temporal.PlainDate;
  #day: Temporal.PlainDate;
  /** The newest time of day. */
  #newest: number | undefined;

  /** Begins on the day of the log's last change. */
  constructor(options: MidnightsOptions) {
    this.#options = options;
    const { zone, near, latest } = options;
    this.#day = this.#first = dateIn(zone, near?.() ?? latest);
  }

  /** The day of the newest line. */
  get day(): Temporal.PlainDate {
    return this.#day;
  }

  /**
   * Goes on to the next line.
   *
   * @param time Its time of day, in seconds.
   * @returns Its day.
   */
  next(time: number): Temporal.PlainDate {
    const { zone, near, disorder } = this.#options;
    if (near !== undefined) {
      const now = near();
      const day = dateIn(zone, now);
      const days = Math.round((now - startOf(day, zone) - time) / DAY);
      return day.add({ days });
    }
    const before = this.#newest ?? time;
    if (time - before > DAY - disorder) {
      return this.#day.subtract({ days: 1 }); // late, from before midnight
    }
    if (before - time > disorder) this.#day = this.#day.add({ days: 1 });
    this.#newest = time;
    return this.#day;
  }

  /** Ends the log: now its last line is known, and so is the first day. */
  settle(): void {
    if (this.#newest === undefined) return;
    const { zone, latest, disorder } = this.#options;
    const passed = this.#first.until(this.#day).days;
    const day = dateIn(zone, latest);
    const isToday = startOf(day, zone) + this.#newest <= latest + disorder;
    this.#first = day.subtract({ days: isToday ? passed : passed + 1 });
  }

  /** Begins again with the first line. */
  rewind(): void {
    this.#day = this.#first;
    this.#newest = undefined;
  }
}
