/**
 * Converts the parts of a time, as they stand in a line, to seconds since the
 * epoch.
 *
 * @module
 */

import { isAmbiguous, offsetsOf } from "./zones.ts";

/** The named groups of an expression that found a time. */
export type Groups = Record<string, string | undefined>;

/** What completes a time that is not complete. */
export interface Frame {
  /** The zone of times without one, or with an abbreviation that this zone has. */
  zone: string;
  /** The latest expected time, in seconds since the epoch. */
  limit: number;
  /** Of two equal hours, the one not before this second since the epoch is taken. */
  after?: number | undefined;
  /** The day of a time without one. */
  day: Temporal.PlainDate;
}

/** Seconds since the epoch: no log that is read here is older. */
export const OLDEST = Date.UTC(1990) / 1000;

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const MAX_LEAP_GAP = 8; // years from one February 29 to the next

/** The hour from 0 to 23; NaN if there is no such hour. */
function hourOf(hour: string | undefined, ampm: string | undefined): number {
  const number = Number(hour);
  if (ampm === undefined) return number < 24 ? number : NaN;
  if (!(number >= 1 && number <= 12)) return NaN;
  return number % 12 + (/p/i.test(ampm) ? 12 : 0);
}

/** The date in a zone. */
export function dateIn(zone: string, second: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(second * 1000)
    .toZonedDateTimeISO(zone).toPlainDate();
}

/** By how much a zone is ahead of UTC at a time. */
function offsetIn(zone: string, second: number): number {
  return Temporal.Instant.fromEpochMilliseconds(second * 1000)
    .toZonedDateTimeISO(zone).offsetNanoseconds / 1e9;
}

type Resolve = (year: number, month: number, day: number) => number;

function atOffset(
  hour: number,
  minute: number,
  zone: string,
  frame: Frame,
): Resolve {
  const offsets = offsetsOf(zone);
  return (year, month, day) => {
    const ms = Date.UTC(year, month - 1, day, hour, minute);
    const there = new Date(ms);
    if (there.getUTCDate() !== day) return NaN; // it would be in the next month
    const offset = isAmbiguous(zone)
      ? offsets.find((offset) =>
        offset === offsetIn(frame.zone, ms / 1000 - offset)
      )
      : offsets[0];
    return ms / 1000 - (offset ?? NaN);
  };
}

function inZone(hour: number, minute: number, frame: Frame): Resolve {
  const { zone, after = -Infinity } = frame;
  return (year, month, day) => {
    try {
      const time = Temporal.PlainDateTime
        .from({ year, month, day, hour, minute }, { overflow: "reject" });
      const first = time.toZonedDateTime(zone).epochMilliseconds / 1000;
      if (first + 59 >= after) return first;
      return time.toZonedDateTime(zone, { disambiguation: "later" })
        .epochMilliseconds / 1000;
    } catch (error) {
      if (error instanceof RangeError) return NaN;
      throw error;
    }
  };
}

/**
 * The first second of the minute that these groups tell: `year`, `month`, `day`,
 * `hour`, `minute`, `ampm`, `zone`.
 *
 * @param groups What was found in the line.
 * @param frame What completes it.
 * @returns Seconds since the epoch; NaN where the calendar has no such minute.
 */
export function minuteOf(groups: Groups, frame: Frame): number {
  const { limit } = frame;
  const hour = hourOf(groups.hour, groups.ampm);
  const minute = Number(groups.minute);
  if (!(hour < 24 && minute < 60)) return NaN;
  const resolve = groups.zone === undefined
    ? inZone(hour, minute, frame)
    : atOffset(hour, minute, groups.zone, frame);
  if (lacksDay(groups)) {
    return resolve(frame.day.year, frame.day.month, frame.day.day);
  }
  const name = groups.month!.slice(0, 3).toLowerCase();
  const month = MONTHS.indexOf(name) + 1 || Number(groups.month);
  const day = Number(groups.day);
  const last = new Date(limit * 1000).getUTCFullYear() + 1;
  if (groups.year === undefined) {
    for (let year = last; year >= last - MAX_LEAP_GAP; year--) {
      const second = resolve(year, month, day);
      if (second <= limit) return second;
    }
    return NaN;
  }
  let year = Number(groups.year);
  if (groups.year.length <= 2) year += year + 2000 < last ? 2000 : 1900;
  return resolve(year, month, day);
}

/**
 * The second that groups tell, by `epoch` or by their parts.
 *
 * @param groups What was found in the line.
 * @param frame What completes it.
 * @returns Seconds since the epoch; NaN where the calendar has no such second.
 */
export function secondOf(groups: Groups, frame: Frame): number {
  if (groups.epoch !== undefined) return Number(groups.epoch);
  const second = Number(groups.second ?? 0);
  return second <= 60 ? minuteOf(groups, frame) + second : NaN; // a leap second
}

/** Whether groups tell a time of day, and no day. */
export function lacksDay(groups: Groups): boolean {
  return groups.epoch === undefined &&
    (groups.month === undefined || groups.day === undefined);
}

/** The seconds of a time of day since midnight. */
export function timeOfDay(groups: Groups): number {
  const { hour, minute, second = 0, ampm } = groups;
  return hourOf(hour, ampm) * 3600 + Number(minute) * 60 + Number(second);
}
