/**
 * What plot.ts remembers: the series of the puts it read, bounded, and what it
 * could not read as a put.
 *
 * @module
 */

import { Series } from "./series.js";

const PUT =
  /^(?:put[ \t]+)?([-_./a-zA-Z0-9]+)[ \t]+(\d{10})[ \t]+([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)((?:[ \t]+[-_./a-zA-Z0-9]+=[-_./a-zA-Z0-9]+)*)[ \t]*\r?$/;
const MAX_LINE = 1024; // characters; a longer line is no put
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

/** A datapoint, as a put line tells it. */
export interface Put {
  /** The metric. */
  name: string;
  /** The tags as they stand in the line, with the space before them. */
  tags: string;
  /** Seconds since the epoch. */
  second: number;
  /** The value. */
  value: number;
}

/** Reads a put line, with `put` or as tcollector has it. */
export function parsePut(line: string): Put | undefined {
  if (line.length > MAX_LINE) return undefined;
  const [, name, second, number, tags] = line.match(PUT) ?? [];
  const value = Number(number);
  if (name === undefined || !Number.isFinite(value)) return undefined;
  return { name, tags: tags!, second: Number(second), value };
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
  #nextId = 0;
  #nextLook = 0;
  #started = "";

  constructor(keep: number, maxSeries: number) {
    this.keep = keep;
    this.maxSeries = maxSeries;
  }

  /** The series, in the order of their first point. */
  get series(): Series[] {
    return [...this.#series.values()];
  }

  /** Reads text, of which the last line may go on in the next. */
  push(text: string): void {
    const lines = (this.#started + text).split("\n");
    this.#started = lines.pop()!.slice(0, MAX_LINE + 1);
    for (const line of lines) this.#read(line);
  }

  /** The input has ended. */
  end(now: number = Date.now()): void {
    if (this.#started !== "") this.push("\n");
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
