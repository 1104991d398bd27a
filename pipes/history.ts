/**
 * The history of a pipe: the series of the puts that it has read, bounded, and the
 * lines that were not puts.
 *
 * @module
 */

import { LineCutter, MAX_PUT, parsePut, type Put } from "../mod.ts";
import { Series } from "./history/series.js";

const LEAST_KEPT = 300; // seconds, however many series there are
const SILENCE = 3600; // seconds of silence after which a series may be removed, if all is kept
const AHEAD = 86_400; // seconds ahead of the clock from which a time is wrong
const SHOWN = 20; // lines that are not puts, and of each of them this many characters:
const SHOWN_LENGTH = 200;

/** What is told of each change. */
export interface Listener {
  /** There is a new series. */
  added(series: Series): void;
  /** A series was removed, to make room for another. */
  removed(series: Series): void;
  /** Each series keeps only so many seconds from now on. */
  shortened(keep: number): void;
  /** A series has a new point. */
  point(series: Series, second: number, value: number): void;
}

/** A copy that does not keep the text alive from which it was cut. */
function copy(text: string): string {
  return text.split("").join("");
}

/** Options of {@linkcode History}. */
export interface HistoryOptions {
  /**
   * Seconds of each series that are kept.
   *
   * @default {Infinity}
   */
  keep?: number;
  /**
   * The most points in all series together: `keep` becomes shorter when there
   * are more, but not shorter than 5 minutes.
   *
   * @default {Infinity}
   */
  maxPoints?: number;
  /**
   * The most series that are kept. A new one takes the place of one that was
   * silent for `keep` seconds, or for an hour if all is kept.
   *
   * @default {1000}
   */
  maxSeries?: number;
  /**
   * Milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  clock?: () => number;
}

/** The series of a pipe, and what else was read. */
export class History {
  /** The most series that are kept. */
  readonly maxSeries: number;
  /** How many lines were not puts. */
  strange = 0;
  /** The latest of them, oldest first. */
  readonly latestStrange: string[] = [];
  /** How many datapoints were of series for which there was no room. */
  refused = 0;
  /** How many datapoints were more than a day ahead of the clock. */
  ahead = 0;
  /** When input came last, in milliseconds since the epoch. */
  latest: number | null = null;
  /** When the input ended, in milliseconds since the epoch. */
  ended: number | null = null;
  /** What is told of each change. */
  listener: Listener | undefined;

  #maxPoints: number;
  readonly #clock: () => number;
  readonly #series = new Map<string, Series>();
  readonly #byText = new Map<string, Series>(); // spares sorting the tags
  // With one character more than a put may have, a line is known to be too long.
  readonly #lines = new LineCutter({ longest: MAX_PUT + 1 });
  readonly #silence: number;
  #keep: number;
  #points = 0;
  #nextId = 0;
  #nextLook = 0;

  constructor(options: HistoryOptions = {}) {
    const { keep = Infinity, maxPoints = Infinity, maxSeries = 1000 } = options;
    this.#keep = keep;
    this.#silence = options.keep ?? SILENCE;
    this.#maxPoints = maxPoints;
    this.maxSeries = maxSeries;
    this.#clock = options.clock ?? Date.now;
  }

  /** Seconds of each series that are kept. */
  get keep(): number {
    return this.#keep;
  }

  /** The series, in the order of their first point. */
  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Reads a part of the input; its last line may go on in the next part. */
  push(chunk: Uint8Array): void {
    this.latest = this.#clock();
    for (const line of this.#lines.push(chunk)) this.#read(line);
  }

  /** Notes that the input has ended. */
  end(now: number = Date.now()): void {
    for (const line of this.#lines.end()) this.#read(line);
    this.ended = now;
  }

  #read(line: string): void {
    const put = parsePut(line);
    if (put === undefined) {
      this.strange++;
      this.latestStrange.push(copy(line.slice(0, SHOWN_LENGTH)));
      if (this.latestStrange.length > SHOWN) this.latestStrange.shift();
      return;
    }
    const { second, value } = put;
    if (second > this.#clock() / 1000 + AHEAD) {
      this.ahead++;
      return;
    }
    const text = put.name + put.tags;
    const series = this.#byText.get(text) ?? this.#find(put, text);
    if (series === undefined) {
      this.refused++;
      return;
    }
    const before = series.length;
    series.add(second, value);
    this.listener?.point(series, second, value);
    this.#points += series.length - before;
    if (this.#points > this.#maxPoints) this.#shorten();
  }

  /** Forgets the oldest quarter of the time. */
  #shorten(): void {
    const spans = this.series.map(({ newest, oldest }) => newest - oldest);
    const keep = Math.max(
      LEAST_KEPT,
      Math.floor(0.75 * Math.min(this.#keep, Math.max(...spans))),
    );
    this.#points = 0;
    for (const series of this.series) {
      series.shorten(keep);
      this.#points += series.length;
    }
    if (keep === LEAST_KEPT) this.#maxPoints = Infinity;
    this.#keep = keep;
    this.listener?.shortened(keep);
  }

  #find({ name, tags, second }: Put, text: string): Series | undefined {
    const sorted = tags.trim().split(/[ \t]+/).sort().join(" ");
    const key = `${name} ${sorted}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= this.maxSeries && !this.#makeRoom(second)) {
        return undefined;
      }
      series = new Series(this.#nextId++, copy(name), copy(sorted), this.#keep);
      this.#series.set(key, series);
      this.listener?.added(series);
    }
    if (this.#byText.size > 4 * this.maxSeries) this.#byText.clear();
    this.#byText.set(copy(text), series);
    return series;
  }

  /** Removes the series that are silent for as long as is kept, or an hour. */
  #makeRoom(second: number): boolean {
    if (second < this.#nextLook && second > this.#nextLook - 60) return false;
    this.#nextLook = second + 1;
    for (const [key, series] of this.#series) {
      if (series.newest >= second - this.#silence) continue;
      this.#series.delete(key);
      this.#points -= series.length;
      this.#byText.clear();
      this.listener?.removed(series);
    }
    return this.#series.size < this.maxSeries;
  }
}
