/**
 * {@linkcode LogTime}: the second at which a line of a log was written, as the
 * line tells it.
 *
 * @module
 */

/** Options of {@linkcode LogTime}. */
export interface LogTimeOptions {
  /**
   * The zone of times that do not tell theirs: `Europe/Berlin`, `UTC`, `+0200`.
   *
   * @default {Temporal.Now.timeZoneId()}
   */
  zone?: string | undefined;
  /**
   * The time, in seconds since the epoch, near which lines are read: what a
   * line leaves open (the year; which of two hours when clocks are set back) is
   * taken from there. Without it, from the line before.
   */
  near?: () => number;
  /**
   * Seconds since the epoch: the first line, without a year and without `near`,
   * is in the last year that puts it no later than a day after this.
   *
   * @default {Date.now() / 1000}
   */
  latest?: number;
  /**
   * Seconds by which lines may be out of order, where an hour is there twice.
   *
   * @default {60}
   */
  disorder?: number;
}

/** Parts of a time, all numbers: what an expression below found. */
type Parts = Partial<
  Record<"year" | "month" | "day" | "hour" | "minute", number>
>;

type Groups = Record<string, string | undefined>;

const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const MONTH_NAMES = MONTHS.split("|");
const NAMED_DAY = String.raw`(?<month>${MONTHS}) (?<day>[ \d]?\d)`;
const HOUR_AND_MINUTE = String.raw`(?<hour>\d\d):(?<minute>\d\d)`;
const TIME = String.raw`${HOUR_AND_MINUTE}:(?<second>\d\d)(?:[.,]\d+)?`;

/**
 * The known formats. A second that starts with `(?<second>` is one of the
 * minute before it; an `(?<epoch>` is a whole time.
 */
const FORMATS = [
  // RFC 3339, ISO 8601: 2026-06-14T15:16:01.5+02:00, 2026-06-14 15:16:01,500
  String.raw`(?<!\d)(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ]${TIME}` +
  String.raw` ?(?<zone>Z|UTC|GMT|[-+]\d\d(?::?\d\d)?(?!\d))?`,
  // Common Log Format: 14/Jun/2026:15:16:01 +0200
  String.raw`(?<day>\d\d)/(?<month>${MONTHS})/(?<year>\d{4}):${TIME}` +
  String.raw` (?<zone>[-+]\d{4})`,
  // Apache error log: Sun Jun 14 15:16:01.123456 2026
  String.raw`(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) ${NAMED_DAY} ${TIME} ` +
  String.raw`(?<year>\d{4})`,
  // syslog: Jun 14 15:16:01
  `${NAMED_DAY} ${TIME}`,
  // nginx error log: 2026/06/14 15:16:01
  String.raw`(?<!\d)(?<year>\d{4})/(?<month>\d\d)/(?<day>\d\d) ${TIME}`,
  // klog, glog: I0614 15:16:01.123456, I20260614 15:16:01.123456
  String.raw`\b[IWEF](?<year>\d{4})?(?<month>\d\d)(?<day>\d\d) ${TIME}`,
  // epoch seconds, milliseconds: 1781442961.5, 1781442961500
  String.raw`(?<![\w.])(?<epoch>[1-9]\d{9})(?:\d{3}|\.\d+)?(?![\w.])`,
];
const BEFORE = String.raw`^(?:<\d{1,3}>(?:1 )?)?[^\w\s]?`;
const AT_START = FORMATS.map((format) => new RegExp(BEFORE + format));
const ANYWHERE = FORMATS.map((format) => new RegExp(format));

const DAY = 86_400;
const MAX_SECOND = 9_999_999_999; // what a put line can carry

/**
 * Reads the times of one log's lines, in the order of the lines.
 *
 * The first line with a time settles the format and whether it stands at the
 * start of a line. A line without one takes the time of the line before; a line
 * that starts with a time of another format settles that one.
 *
 * | format | as in |
 * | --- | --- |
 * | RFC 3339, ISO 8601 | `2026-06-14T15:16:01.5+02:00`, `2026-06-14 15:16:01,500` |
 * | Common Log Format | `[14/Jun/2026:15:16:01 +0200]` |
 * | Apache error log | `[Sun Jun 14 15:16:01 2026]` |
 * | syslog | `Jun 14 15:16:01` |
 * | nginx error log | `2026/06/14 15:16:01` |
 * | klog, glog | `I0614 15:16:01.123456`, `I20260614 15:16:01.123456` |
 * | epoch seconds, milliseconds | `1781442961.5`, `1781442961500` |
 *
 * A log without years spans less than one. Where clocks are set back, the
 * second of two equal hours starts when the time goes back by more than
 * `disorder`.
 *
 * @example
 * ```ts
 * import { LogTime } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * const time = new LogTime("auto", { zone: "Europe/Berlin" });
 * assertEquals(time.at("2026-06-14 15:16:01 start"), 1781442961);
 * assertEquals(time.at("  at line 7"), 1781442961);
 * assertEquals(time.at("2026-06-14 15:16:02 end"), 1781442962);
 * ```
 */
export class LogTime {
  readonly #zone: string;
  readonly #near: (() => number) | undefined;
  readonly #latest: number;
  readonly #disorder: number;
  readonly #find: RegExp | undefined;
  /** The expression that finds the time; undefined until one did. */
  #format: RegExp | undefined;
  /** The time of the newest line, as text that a next line may hold, too. */
  #text = "";
  #index = 0;
  #second: number | undefined;
  /** The minute of it, as it was found, and its first second. */
  #groups: Groups = {};
  #minute = 0;

  /**
   * Makes a reader for one log.
   *
   * @param format `auto`, or an expression whose group `time` holds the time.
   * @param options What differs from the defaults.
   * @throws {SyntaxError} If the expression has no group `time`.
   * @throws {RangeError} If there is no such zone.
   */
  constructor(format: "auto" | RegExp = "auto", options: LogTimeOptions = {}) {
    const {
      zone = Temporal.Now.timeZoneId(),
      near,
      latest = Date.now() / 1000,
      disorder = 60,
    } = options;
    if (format !== "auto") {
      const groups = new RegExp(`${format.source}|`, format.flags).exec("")!
        .groups;
      if (!groups || !("time" in groups)) {
        throw new SyntaxError(
          `Cannot read times as the expression must have a group "time": current value is ${format}`,
        );
      }
      this.#find = new RegExp(format, format.flags.replace(/[gy]/g, ""));
    }
    try {
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    } catch {
      throw new RangeError(
        `Cannot read times as zone must be an IANA name or an offset from UTC: current value is ${
          JSON.stringify(zone)
        }`,
      );
    }
    this.#zone = zone;
    this.#near = near;
    this.#latest = latest;
    this.#disorder = disorder;
  }

  /**
   * The time of the next line.
   *
   * @param line The line.
   * @returns Whole seconds since the epoch; undefined if neither this line nor
   * one before it has a time.
   */
  at(line: string): number | undefined {
    // Most lines of a busy log are of the second of the line before.
    if (this.#text !== "" && line.startsWith(this.#text, this.#index)) {
      return this.#second;
    }
    const text = this.#find ? this.#find.exec(line)?.groups?.time : line;
    const found = text === undefined ? null : this.#match(text);
    if (found === null) return this.#second;
    const second = this.#read(found.groups!);
    if (!(second >= 0 && second <= MAX_SECOND)) return this.#second;
    this.#second = second;
    // With what stands behind it, so that 17:01 is not taken for 17:01:30.
    const end = found.index + found[0].length + 1;
    this.#text = this.#find || end > line.length
      ? ""
      : line.slice(found.index, end);
    this.#index = found.index;
    return second;
  }

  #match(text: string): RegExpExecArray | null {
    const found = this.#format?.exec(text);
    if (found) return found;
    for (const format of AT_START) {
      const found = format.exec(text);
      if (found) {
        this.#format = format;
        return found;
      }
    }
    if (this.#format !== undefined) return null;
    let first: RegExpExecArray | null = null;
    for (const format of ANYWHERE) {
      const found = format.exec(text);
      if (found === null) continue;
      const bare = found.groups!.epoch !== undefined;
      if (first === null || !bare && found.index < first.index) {
        first = found;
        this.#format = format;
      }
    }
    return first;
  }

  #read(groups: Groups): number {
    const { epoch, second, zone, year, month, day, hour, minute } = groups;
    if (epoch !== undefined) return Number(epoch);
    const last = this.#groups;
    const same = minute === last.minute && hour === last.hour &&
      day === last.day && month === last.month && year === last.year &&
      zone === last.zone;
    if (!same) {
      const name = MONTH_NAMES.indexOf(month!) + 1;
      this.#minute = this.#resolve(zone, {
        ...(year !== undefined && { year: Number(year) }),
        month: name || Number(month),
        day: Number(day),
        hour: Number(hour),
        minute: Number(minute),
      });
      this.#groups = groups;
    }
    return this.#minute + Number(second);
  }

  /** The first second of a minute; NaN where the calendar has no such one. */
  #resolve(zone: string | undefined, parts: Parts): number {
    const near = this.#near?.() ?? this.#second;
    const zoneId = zone === undefined ? this.#zone : zone.replace("Z", "UTC");
    const seconds = (year: number, disambiguation: "compatible" | "later") => {
      try {
        const time = Temporal.PlainDateTime
          .from({ ...parts, year } as Required<Parts>, { overflow: "reject" });
        const zoned = time.toZonedDateTime(zoneId, { disambiguation });
        return zoned.epochMilliseconds / 1000;
      } catch (error) {
        if (error instanceof RangeError) return NaN;
        throw error;
      }
    };
    const year = parts.year ??
      this.#year(near, (year) => seconds(year, "compatible"));
    const first = seconds(year, "compatible");
    return near === undefined || first + 59 >= near - this.#disorder
      ? first
      : seconds(year, "later");
  }

  /** The year of a time that does not tell it. */
  #year(near: number | undefined, seconds: (year: number) => number): number {
    const anchor = near ?? this.#latest;
    const limit = near === undefined ? DAY : 0;
    const middle = new Date(anchor * 1000).getUTCFullYear();
    let above = { year: middle, ahead: Infinity };
    for (let year = middle + 1; year > middle - 8; year--) { // leap days
      const ahead = seconds(year) - anchor;
      if (ahead > limit) above = { year, ahead };
      else if (near !== undefined && above.ahead < -ahead) break;
      else if (ahead <= limit) return year;
    }
    return above.year;
  }
}
