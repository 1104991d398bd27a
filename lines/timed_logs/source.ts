/**
 * {@linkcode Source}: one file of a log, and which of its lines are in time.
 *
 * @module
 */

import { identityOf, type Piece } from "../tail/held_file.ts";
import type { LogTime, LogTimeOptions } from "../time.ts";
import { type FileState, hashOf } from "./state.ts";

/** Lines that were read at once. */
export type SourcePiece = Omit<Piece, "file">;

/** What is to be known of a file that is read. */
export interface SourceFile {
  /** What the system tells of it. */
  readonly info: Deno.FileInfo;
  /** Its first bytes, 1 KiB at most. */
  readonly head: Uint8Array;
  /** The bytes of it that were read. */
  readonly offset: number;
  /** How often it was truncated. */
  readonly truncations: number;
  /** Bytes of the file, in order: a piece ends there, if not before. */
  readonly stops: number[];
  /** Looks whether there is something to read. */
  look(elapsed: number): boolean;
  /** Its first lines. */
  firstLines(bytes: number): string[];
  /** Closes it. */
  close(): unknown;
}

/** Counts the lines of one file. */
export interface LineCounter {
  /** Prepares for the next lines. */
  foresee?(lines: string[]): void;
  /**
   * Counts the next line.
   *
   * @param line The line.
   * @param at Its time, in seconds since the epoch.
   */
  count(line: string, at: number): void;
  /** Takes a line that is not to be counted. */
  pass?(line: string): void;
  /** Whether the last line was a piece, and goes on in the next one. */
  readonly isWithin?: boolean;
}

/** What is known of a place in a file. */
export type Place = Pick<FileState, "offset" | "newest" | "last" | "final">;

/** Which lines are too late, and which seconds are one datapoint. */
export interface SourceOptions {
  /** Seconds that a line may be behind the newest one before it. */
  lateness: number;
  /** Whole seconds that one datapoint covers. */
  granularity: number;
}

const SHOWN = 64 * 1024; // bytes of a file that tell how its times are written
const PATIENCE = 10_000; // ms for more lines, where a few do not tell
const AHEAD = 60; // s ahead of the clock at which a time is doubted
const STREAK = 3; // later and later times in a row that are believed

/** The multiple of a step at or before a second. */
export function floorTo(step: number, second: number): number {
  return Math.floor(second / step) * step;
}

/**
 * One file of a log. Which of its lines are too late follows from its lines
 * (they come by more than the lateness behind the newest one), and from where
 * its end was when the clock passed seconds in which nothing was written. Both
 * are known at every place where reading can go on: whoever does decides alike.
 */
export class Source {
  /** Which file it is. */
  readonly identity: string;
  /** Reads the times of its lines; undefined until they are known. */
  time: LogTime | undefined;
  /** Counts its lines. */
  counter: LineCounter | undefined;
  /** Says that its pieces are counted. */
  ring = (): void => {};
  /** What was read and is not counted yet. */
  readonly pieces: SourcePiece[] = [];
  /** Lines of the first piece that were counted. */
  done = 0;
  /** The newest time that its lines told. */
  newest: number;
  /** The time of the line before. */
  last: number | undefined;
  /** Lines of seconds before this one are too late. */
  final: number;
  /** Whether nothing more is read of it. */
  left = false;
  /** When all that was written into it until then was read, by the clock. */
  settled = -Infinity;

  #file: SourceFile;
  /** The size of the file when its first lines were looked at, and since when. */
  #shown = -1;
  readonly #since = performance.now();
  readonly #options: SourceOptions;
  /** Times that were not believed, and how many of them came in a row. */
  readonly #wrong: Set<number>;
  #streak: number[] = [];
  readonly #truncations: number;
  /** Where pieces began: the last for each newest time that there was. */
  readonly #places: Place[];
  /** Where lines became too late by the clock: an offset, and a second. */
  readonly #cuts: FileState["cuts"];
  /** Those of an earlier reader that are still ahead. */
  readonly #ahead: FileState["cuts"];
  #head = { bytes: 0, hash: hashOf("") };
  #read: number;
  readonly #readBefore: number;

  /**
   * Makes a source.
   *
   * @param file The file, at the place where it is to be read on.
   * @param begin What is known of that place, and of cuts behind it.
   * @param options Which lines are too late.
   */
  constructor(
    file: SourceFile,
    begin: Place & Partial<Pick<FileState, "cuts" | "read" | "wrong">>,
    options: SourceOptions,
  ) {
    this.identity = identityOf(file.info);
    this.newest = begin.newest ?? -Infinity;
    this.last = begin.last ?? undefined;
    this.final = begin.final;
    this.#file = file;
    this.#options = options;
    this.#truncations = file.truncations;
    const { offset, newest, last, final } = begin;
    this.#places = [{ offset, newest: newest ?? -Infinity, last, final }];
    this.#cuts = [...begin.cuts ?? []];
    this.#ahead = [...this.#cuts];
    this.#wrong = new Set(begin.wrong);
    this.#readBefore = begin.read ?? 0;
    file.stops.push(...this.#cuts.map(([offset]) => offset), this.#readBefore);
    file.stops.sort((a, b) => a - b);
    this.#read = begin.offset;
    this.#passCuts();
  }

  /** Where it is read. */
  get file(): SourceFile {
    return this.#file;
  }

  /** Whether all that was read of it is counted; a piece may be on its way. */
  get isCounted(): boolean {
    return this.#read === this.#file.offset;
  }

  /** Whether an earlier reader has counted its first piece. */
  get isAgain(): boolean {
    return this.pieces[0]!.end <= this.#readBefore;
  }

  /** Whether a piece is of this file as it is, and not as it was before. */
  isOf(file: SourceFile): boolean {
    if (file.truncations !== this.#truncations) return false;
    return file === this.#file || identityOf(file.info) === this.identity;
  }

  /**
   * Takes the next piece.
   *
   * @param piece What was read.
   * @param file Where: it may have been opened again.
   */
  take(piece: SourcePiece, file = this.#file): void {
    this.#file = file;
    this.left = false;
    this.pieces.push(piece);
    if (this.pieces.length > 1 || this.#streak.length > 0) return;
    if (this.counter?.isWithin) return;
    const { newest, last = null, final } = this;
    const place = { offset: piece.start, newest, last, final };
    if (this.#places.at(-1)!.newest === newest) this.#places.pop();
    this.#places.push(place);
  }

  /**
   * Whether a time that is newer than all before is to be believed: one far ahead
   * of the clock, in a log that is not, must not take the lines after it with
   * it. Whoever reads the line again doubts it again, whatever the time is then.
   *
   * @param time The time of a line.
   */
  believes(time: number): boolean {
    const limit = Date.now() / 1000 + AHEAD;
    const isDoubted = time > limit && this.newest > 0 && this.newest <= limit ||
      this.#wrong.has(time);
    if (!isDoubted || this.#streak.length >= STREAK) return true;
    if (time > (this.#streak.at(-1) ?? 0)) this.#streak.push(time);
    if (this.#streak.length >= STREAK) return true; // the log is ahead
    this.#wrong.add(time);
    return false;
  }

  /** The newest time is another one: lines of older seconds are too late now. */
  rise(newest: number): void {
    const { lateness, granularity } = this.#options;
    this.newest = newest;
    this.#streak = [];
    this.final = Math.max(
      this.final,
      floorTo(granularity, newest - lateness),
    );
  }

  /**
   * Whether it is known how times are written, by the first lines of the file.
   *
   * @param make Makes what reads times.
   * @param reported Seconds before this one were reported.
   */
  knowsTimes(
    make: (options: LogTimeOptions) => LogTime,
    reported: number,
  ): boolean {
    if (this.time !== undefined) return true;
    const { size } = this.#file.info;
    const mayWait = performance.now() - this.#since < PATIENCE;
    if (size === this.#shown && mayWait) return false;
    this.#shown = size;
    const near = () => Math.max(this.newest, this.settled, reported);
    const time = make({ near, latest: Date.now() / 1000 });
    if (time.doubt !== undefined && !this.pieces[0]!.isLast) {
      if (!time.learn(this.#file.firstLines(SHOWN))) time.settle();
      if (time.doubt !== undefined && mayWait) return false;
    }
    this.time = time;
    return true;
  }

  /** Ends the first piece, whose lines are counted. */
  endPiece(): void {
    const { isLast, end } = this.pieces.shift()!;
    this.#read = end;
    this.done = 0;
    this.left = isLast;
    this.#passCuts();
  }

  /**
   * All that was written before is counted: lines of older seconds that come
   * now are too late.
   *
   * @param second The first second that is not over.
   */
  cut(second: number): void {
    if (second <= this.final) return; // by its lines
    this.final = second;
    const offset = this.#read;
    if (this.#cuts.at(-1)?.[0] === offset) this.#cuts.pop();
    this.#cuts.push([offset, second]);
  }

  /**
   * What is to be known to report seconds again.
   *
   * @param from The first of them.
   */
  state(from: number): FileState {
    const place = this.#places.findLastIndex(({ newest }) => newest! < from);
    this.#places.splice(0, place);
    const { dev, ino, birthtime } = this.#file.info;
    const begin = this.#places[0]!;
    return {
      dev,
      ino,
      born: birthtime?.getTime() ?? null,
      head: this.#head,
      read: this.#read,
      wrong: [...this.#wrong],
      cuts: this.#cuts.filter(([offset]) => offset >= begin.offset),
      ...begin,
    };
  }

  #passCuts(): void {
    if (this.left) return;
    while (this.#ahead.length > 0 && this.#ahead[0]![0] <= this.#read) {
      this.final = Math.max(this.final, this.#ahead.shift()![1]);
    }
    const { head } = this.#file;
    if (head.length <= this.#head.bytes) return;
    this.#head = { bytes: head.length, hash: hashOf(head) };
  }
}
