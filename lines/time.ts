/**
 * {@linkcode LogTime}: the second at which a line of a log was written, as the
 * line tells it. (Long, as a third of it documents what a user of it may rely
 * on; formats, places and zones are in `time/`.)
 *
 * @module
 */

import { bounded, givenUp } from "../script/bounded.ts";
import {
  type Frame,
  type Groups,
  lacksDay,
  minuteOf,
  OLDEST,
  timeOfDay,
} from "./time/calendar.ts";
import { Evidence, PROVEN, type Telling } from "./time/evidence.ts";
import { Midnights } from "./time/midnights.ts";
import { NewestText } from "./time/newest_text.ts";
import { ANYWHERE, START } from "./time/places.ts";
import { strptime } from "./time/strptime.ts";
import { isAmbiguous } from "./time/zones.ts";

/** Options of {@linkcode LogTime}. */
export interface LogTimeOptions {
  /**
   * The part of a line that tells the time; undefined where there is none.
   *
   * @default {all of the line}
   */
  text?: ((line: string) => string | undefined) | undefined;
  /** The field of a line from which this text comes, for messages. */
  field?: string | undefined;
  /**
   * How times are written, in the letters of `strptime`: `%d.%m.%Y %H:%M:%S`.
   * Known letters: `Y y m b B h d e H k I l M S f p z Z s a A F D T R n t %`.
   * Numbers may lack their leading 0, and a blank stands for one or more.
   *
   * @default {the format is found out}
   */
  format?: string | undefined;
  /**
   * The zone of times that do not tell theirs: `Europe/Berlin`, `UTC`, `+0200`.
   *
   * @default {Temporal.Now.timeZoneId()}
   */
  zone?: string | undefined;
  /**
   * The clock, in seconds since the epoch, for lines that are read when they are
   * written. It tells what a line leaves open: the year, the day, and which of two
   * equal hours when clocks are set back.
   */
  near?: () => number;
  /**
   * The log's last change, in seconds since the epoch. No line is later by more than
   * a day; what a line leaves open is the latest time that fits.
   *
   * @default {Date.now() / 1000, or what `near` tells}
   */
  latest?: number;
  /**
   * Seconds by which lines may be out of order, where an hour comes twice or a line
   * tells no day.
   *
   * @default {60}
   */
  disorder?: number;
}

/** What a {@linkcode LogTime} has taken for the time of a line. */
export interface TakenTime {
  /** The text. */
  text: string;
  /** The time, in seconds since the epoch. */
  second: number;
  /** Its format, its place, and what was added: zone, year, day. */
  how: string;
}

const DAY = 86_400; // s
const SAMPLE = 200; // lines that are looked at together
const MAX_SEARCH = 10_000; // lines after which a log has no known times
const MAX_SECOND = 9_999_999_999; // the last second that a put line can tell
const MAY_BEGIN = /^(?:<\d{1,3}>|[^\w\s])?[\dA-Z]|\] "/; // a proven format

const TOLD = { name: "as told", source: "", proof: "sure" } as const;

/** The names of an expression's groups. */
function groupsOf(expression: RegExp): string[] {
  const all = new RegExp(`${expression.source}|`, expression.flags);
  return Object.keys(all.exec("")!.groups ?? {});
}

/**
 * Reads the times of one log's lines, in the order of the lines.
 *
 * The first lines of the log decide where and how it tells its times: by position,
 * agreement, order, and plausibility. If {@linkcode LogTime.learn} shows it several
 * lines, it can decide in more cases than by one line. A line without a time takes
 * the time of the line before. A format that was seen once stays known, so that
 * several may be mixed in one log.
 *
 * | format | as in |
 * | --- | --- |
 * | RFC 3339, ISO 8601 | `2026-06-14T15:16:01.5+02:00`, `2026/06/14 15:16:01 CEST` |
 * | compact | `20260614T151601Z`, `20260614-15:16:01:606`, `260614 15:16:01` |
 * | Common Log Format | `[14/Jun/2026:15:16:01 +0200]` |
 * | with the month's name | `14 Jun 2026 15:16:01`, `Jun 14, 2026 3:16:01 PM` |
 * | Apache error log, ctime | `Sun Jun 14 15:16:01 2026` |
 * | syslog | `Jun 14 15:16:01` |
 * | klog, glog | `I0614 15:16:01.123456`, `I20260614 15:16:01.123456` |
 * | day, month and year in any order | `14.06.2026 15:16:01`, `6/14/2026 3:16:01 PM`, `26/06/14 15:16:01` |
 * | month and day in any order | `06-14 15:16:01.123` |
 * | time of day | `15:16:01.123` |
 * | epoch, to seconds or to nanoseconds | `1781442961.5`, `1781442961500` |
 *
 * When clocks are set back, the second of two equal hours begins where the time
 * goes back by more than `disorder`. Times without a year are in the year before
 * the log's last change. Times without a day go on to the next one when they go
 * back by more than `disorder`, and the last of them is on the day of the log's
 * last change.
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
  /** Lines that took the time of the line before. */
  unread = 0;

  readonly #zone: string;
  readonly #near: (() => number) | undefined;
  readonly #latest: number;
  readonly #disorder: number;
  readonly #part: LogTimeOptions["text"];
  readonly #field: string | undefined;
  /** Finds the text in which the time is looked for; undefined for all of it. */
  readonly #find: RegExp | undefined;

  #tellings: Telling[] = [];
  #evidence: Evidence | undefined;
  /** How many lines were looked at. */
  #looked = 0;
  #doubt: string | undefined;
  /** The format whose day is in doubt: then only one line of each day is looked at. */
  #doubted: { find: RegExp; seen: Set<string> } | undefined;
  #ahead = false;
  /** What was taken for the time, by format and place. */
  readonly #taken = new Map<Telling, TakenTime>();

  readonly #midnights: Midnights;
  #second: number | undefined;
  readonly #newest = new NewestText();
  /** The newest minute, as it was found, and its first second. */
  #groups: Groups = {};
  #minute = NaN;

  /**
   * Makes a reader for one log.
   *
   * @param find `auto`, or an expression. Its group `time` holds the time; or
   * its groups `year`, `month`, `day`, `hour`, `minute`, `second`, `ampm`,
   * `zone` or `epoch` are the parts of it, of which `hour` and `minute` or
   * `epoch` must be there.
   * @param options What differs from the defaults.
   * @throws {SyntaxError} If the expression has not these groups, or the format
   * an unknown letter.
   * @throws {RangeError} If there is no such zone.
   */
  constructor(find: "auto" | RegExp = "auto", options: LogTimeOptions = {}) {
    const {
      text,
      field,
      format,
      zone = Temporal.Now.timeZoneId(),
      near,
      latest = near ? 0 : Date.now() / 1000,
      disorder = 60,
    } = options;
    try {
      Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    } catch {
      throw new RangeError(
        `Cannot read times as zone must be an IANA name or an offset from UTC: current value is ${
          JSON.stringify(zone)
        }`,
      );
    }
    this.#part = text;
    this.#field = field;
    this.#zone = zone;
    this.#near = near;
    this.#latest = latest;
    this.#disorder = disorder;
    this.#midnights = new Midnights({ zone, near, latest, disorder });
    if (format !== undefined) {
      const find = strptime(format);
      this.#tell(find, format, new RegExp(find, "d"));
    }
    if (find === "auto") return;
    const anew = new RegExp(find, find.flags.replace(/[gy]/g, ""));
    const expression = bounded(anew);
    if (groupsOf(anew).includes("time")) this.#find = expression;
    else this.#tell(expression, `${find}`);
  }

  #tell(find: RegExp, text: string, locate?: RegExp): void {
    const names = groupsOf(find);
    const isWhole = names.includes("epoch") ||
      names.includes("hour") && names.includes("minute");
    if (!isWhole) {
      throw new SyntaxError(
        `Cannot read times as there must be a group "time", or at least the hour and the minute, or the epoch: current value is ${text}`,
      );
    }
    this.#tellings = [{ format: TOLD, place: ANYWHERE, find, locate }];
  }

  /** Why the times are not known; undefined once they are. */
  get doubt(): string | undefined {
    if (this.#tellings.length > 0) return undefined;
    return this.#doubt ?? "it has no lines";
  }

  /** What was taken for the time: the first time of each format and place. */
  get taken(): TakenTime[] {
    return [...this.#taken.values()];
  }

  /**
   * Shows lines, from the first one on, before their times are asked for.
   *
   * @param lines The lines.
   * @returns Whether enough was seen. If not, more lines may be shown, or
   * {@linkcode LogTime.settle} called when there are no more.
   */
  learn(lines: Iterable<string>): boolean {
    const without = this.#tellings[0];
    if (without !== undefined && !this.#countsMidnights(without)) return true;
    const before = givenUp.times;
    for (const line of lines) {
      if (this.#tellings.length > 0) this.#walk(line);
      else if (this.#look(line)) return true;
      else if (givenUp.times > before) break; // each would take a second
    }
    return this.#looked >= MAX_SEARCH && this.#tellings.length === 0;
  }

  /**
   * Decides with the lines that were shown.
   *
   * @returns Whether the times are known.
   */
  settle(): boolean {
    this.#decide(true);
    const [first] = this.#tellings;
    this.#midnights.settle();
    this.rewind();
    return first !== undefined;
  }

  /** Begins again with the first line; what was learned stays known. */
  rewind(): void {
    this.#midnights.rewind();
    this.#second = undefined;
    this.#newest.forget();
    this.#groups = {};
    this.#minute = NaN;
    this.unread = 0;
  }

  /**
   * The time of the next line.
   *
   * @param line The line.
   * @returns Whole seconds since the epoch; undefined if neither this line nor
   * one before it has a time.
   */
  at(line: string): number | undefined {
    const part = this.#part ? this.#part(line) : line;
    // Most lines of a busy log have the second of the line before.
    if (part !== undefined && this.#newest.isIn(part)) return this.#second;
    if (this.#tellings.length === 0 && !this.learn([line]) && !this.settle()) {
      return undefined;
    }
    const text = this.#textOf(part);
    if (text === undefined || !this.#read(text)) this.unread++;
    return this.#second;
  }

  /** The text of a part in which the time is looked for. */
  #textOf(part: string | undefined): string | undefined {
    if (part === undefined || this.#find === undefined) return part;
    return this.#find.exec(part)?.groups?.time;
  }

  /** Looks at one more line; returns whether the times are known by it. */
  #look(line: string): boolean {
    if (this.#looked++ >= MAX_SEARCH) return false;
    const text = this.#textOf(this.#part ? this.#part(line) : line);
    if (text === undefined) {
      this.#doubt ??= this.#field === undefined
        ? "the expression finds nothing in it"
        : `its lines have no field ${this.#field}`;
      return false;
    }
    if (this.#doubted !== undefined) {
      const groups = this.#doubted.find.exec(text)?.groups;
      const date = `${groups?.day} ${groups?.month} ${groups?.year}`;
      if (!groups || this.#doubted.seen.has(date)) return false;
      this.#doubted.seen.add(date);
    }
    this.#evidence ??= new Evidence(this.#frame(undefined));
    this.#evidence.add(text);
    if (this.#evidence.lines.length < SAMPLE) return false;
    this.#decide(false);
    if (this.#tellings.length > 0) return !this.#countsMidnights();
    if (this.#doubted === undefined) this.#evidence = undefined;
    return false;
  }

  #decide(final: boolean): void {
    if (this.#evidence === undefined || this.#tellings.length > 0) return;
    const { tellings, ahead, doubt, doubted } = this.#evidence.verdict(final);
    this.#tellings = tellings;
    this.#ahead = ahead;
    this.#doubt = doubt;
    if (doubted) this.#doubted ??= { find: doubted.find, seen: new Set() };
    if (tellings.length === 0) return;
    const { lines } = this.#evidence;
    this.#evidence = undefined;
    if (this.#countsMidnights()) lines.forEach((line) => this.#walk(line));
  }

  /** Whether days are counted back from the last line. */
  #countsMidnights(first = this.#tellings[0]!): boolean {
    return this.#near === undefined &&
      !/<day>|<epoch>/.test(first.find.source);
  }

  /** Follows times of day from midnight to midnight. */
  #walk(text: string): void {
    const groups = this.#tellings[0]!.find.exec(text)?.groups;
    if (groups) this.#midnights.next(timeOfDay(groups));
  }

  #limit(): number {
    if (this.#ahead) return MAX_SECOND;
    return Math.max(this.#near?.() ?? 0, this.#latest) + DAY;
  }

  #frame(after: number | undefined): Frame {
    return {
      zone: this.#zone,
      limit: this.#limit(),
      after,
      day: this.#midnights.day,
    };
  }

  /** Reads the time of a line, if it has one. */
  #read(text: string): boolean {
    for (const telling of this.#tellings) {
      const found = telling.find.exec(text);
      if (found !== null && this.#take(telling, found, text)) return true;
    }
    if (this.#tellings[0]?.format.source === "" || !MAY_BEGIN.test(text)) {
      return false;
    }
    for (const telling of PROVEN) {
      if (this.#tellings.includes(telling)) continue;
      const found = telling.find.exec(text);
      if (found !== null && this.#take(telling, found, text)) {
        this.#tellings.push(telling);
        return true;
      }
    }
    return false;
  }

  #take(telling: Telling, found: RegExpExecArray, text: string): boolean {
    const groups = found.groups!;
    const second = this.#secondOf(groups);
    if (!(second >= OLDEST && second <= this.#limit())) return false;
    if (!this.#taken.has(telling)) this.#note(telling, found, second);
    if (second !== this.#second) {
      this.#newest.forget();
      this.#second = second;
    } else if (this.#find === undefined && !lacksDay(groups)) {
      this.#newest.see(telling, found, text);
    }
    return true;
  }

  #secondOf(groups: Groups): number {
    if (groups.epoch !== undefined) return Number(groups.epoch);
    const { second = "0", zone, year, month, day, hour, minute, ampm } = groups;
    const last = this.#groups;
    const isSame = minute === last.minute && hour === last.hour &&
      day === last.day && month === last.month && year === last.year &&
      zone === last.zone && ampm === last.ampm;
    if (!isSame || lacksDay(groups)) {
      const near = this.#near?.() ?? this.#second;
      const after = near === undefined ? undefined : near - this.#disorder;
      const frame = this.#frame(after);
      if (lacksDay(groups)) frame.day = this.#midnights.next(timeOfDay(groups));
      this.#minute = minuteOf(groups, frame);
      this.#groups = groups;
    }
    return Number(second) <= 60 ? this.#minute + Number(second) : NaN;
  }

  #note(telling: Telling, found: RegExpExecArray, second: number): void {
    const { zone, year, month, epoch } = found.groups!;
    const open: string[] = [];
    if (epoch === undefined && (zone === undefined || isAmbiguous(zone))) {
      open.push(`zone ${this.#zone}`);
    }
    const by = this.#near ? "the clock" : "the log's last change";
    if (epoch === undefined && month === undefined) open.push(`day by ${by}`);
    else if (epoch === undefined && year === undefined) {
      open.push(`year by ${by}`);
    }
    if (this.#ahead) open.push("after the log's last change");
    const { format, place } = telling;
    const isTold = format.source === "";
    const at = this.#field && place === START
      ? `in the field ${this.#field}`
      : place.name;
    const where = isTold ? format.name : `${format.name} ${at}`;
    const how = [where, ...open].join(", ");
    this.#taken.set(telling, { text: found[0].trim(), second, how });
  }
}
