/**
 * What plot.ts remembers: the series of the puts it read, bounded, and what it
 * could not read as a put.
 *
 * @module
 */

import { LineCutter, MAX_PUT, parsePut, type Put } from "../../mod.ts";
import { Series } from "./series.js";

const SHOWN = 20; // lines that are no puts, of which this many characters:
const SHOWN_LENGTH = 200;

/** Who wants to know what changes. */
export interface Listener {
  /** There is a new series. */
  added(series: Series): void;
  /** A series made room for another. */
  removed(series: Series): void;
  /** A series has a new point. */
  point(series: Series, second: number, value: number): void;
}

/** A copy that does not keep alive the text which it was cut from. */
function copy(text: string): string {
  return text.split("").join("");
}

/** The series, in the order of their first point, and what else was read. */
export class History {
  /** Seconds of each series that are kept. */
  readonly keep: number;
  /** The most series that are kept. */
  readonly maxSeries: number;
  /** How many lines were no puts. */
  strange = 0;
  /** The latest of them, oldest first. */
  readonly latestStrange: string[] = [];
  /** How many datapoints came of series that there was no room for. */
  refused = 0;
  /** When the input ended, in milliseconds since the epoch. */
  ended: number | null = null;
  /** Who wants to know. */
  listener: Listener | undefined;

  readonly #series = new Map<string, Series>();
  readonly #byText = new Map<string, Series>(); // spared: sorting the tags
  // One character more than a put may have tells that a line is too long.
  readonly #lines = new LineCutter({ longest: MAX_PUT + 1 });
  #nextId = 0;
  #nextLook = 0;

  constructor(keep: number, maxSeries: number) {
    this.keep = keep;
    this.maxSeries = maxSeries;
  }

  /** The series, in the order of their first point. */
  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Reads a part of the input; its last line may go on in the next part. */
  push(chunk: Uint8Array): void {
    for (const line of this.#lines.push(chunk)) this.#read(line);
  }

  /** The input has ended. */
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
    const text = put.name + put.tags;
    const series = this.#byText.get(text) ?? this.#find(put, text);
    if (series === undefined) {
      this.refused++;
      return;
    }
    series.add(second, value);
    this.listener?.point(series, second, value);
  }

  #find({ name, tags, second }: Put, text: string): Series | undefined {
    const sorted = tags.trim().split(/[ \t]+/).sort().join(" ");
    const key = `${name} ${sorted}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= this.maxSeries && !this.#makeRoom(second)) {
        return undefined;
      }
      series = new Series(this.#nextId++, copy(name), copy(sorted), this.keep);
      this.#series.set(key, series);
      this.listener?.added(series);
    }
    if (this.#byText.size > 4 * this.maxSeries) this.#byText.clear();
    this.#byText.set(copy(text), series);
    return series;
  }

  /** Removes the series that are silent for longer than is kept. */
  #makeRoom(second: number): boolean {
    if (second < this.#nextLook && second > this.#nextLook - 60) return false;
    this.#nextLook = second + 1;
    for (const [key, series] of this.#series) {
      if (series.newest >= second - this.keep) continue;
      this.#series.delete(key);
      this.#byText.clear();
      this.listener?.removed(series);
    }
    return this.#series.size < this.maxSeries;
  }
}
