/**
 * {@linkcode Source}: one file of a log, and which of its lines are too late.
 *
 * @module
 */

import { identityOf, type Piece } from "../tail/held_file.ts";
import type { LogTime, LogTimeOptions } from "../time.ts";
import { type FileState, hashOf } from "./state.ts";

/** Lines that were read at once. */
export type SourcePiece = Omit<Piece, "file">;

/** A file that is read: a held one, or a zipped one. */
export interface SourceFile {
  /** What the system knows about it. */
  readonly info: Deno.FileInfo;
  /** Its first bytes, 1 KiB at most. */
  readonly head: Uint8Array;
  /** The bytes of it that were read. */
  readonly offset: number;
  /** How often it was truncated. */
  readonly truncations: number;
  /** Offsets of the file, in order, beyond which a piece must not go. */
  readonly stops: number[];
  /** Checks whether there is something to read. */
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
  /** Whether the last line was a piece of a line that goes on in the next one. */
  readonly isWithin?: boolean;
}

/** What is known of a place in a file. */
export type Place = Pick<FileState, "offset" | "newest" | "last" | "final">;

/** Options of {@linkcode Source}. */
export interface SourceOptions {
  /** Seconds by which a line may be older than the newest one before it. */
  lateness: number;
  /** Whole seconds that one datapoint covers. */
  granularity: number;
}

const SHOWN = 64 * 1024; // bytes of a file in which the format of its times is found
const PATIENCE = 10_000; // ms for more lines, if the first ones are not enough for that
const AHEAD = 60; // s ahead of the clock at which a time is doubted
const STREAK = 3; // times in a row, each later than the one before, that are believed

/** The multiple of a step at or before a second. */
export function floorTo(step: number, second: number): number {
  return Math.floor(second / step) * step;
}

/**
 * One file of a log. A line is too late if it is older than the newest one before
 * it by more than the lateness, or if it was written after the clock had closed its
 * second. Both are known at every place where reading can go on, so that it is
 * decided in the same way after a restart.
 */
export class Source {
  /** Which file it is. */
  readonly identity: string;
  /** Reads the times of its lines; undefined until they are known. */
  time: LogTime | undefined;
  /** Counts its lines. */
  counter: LineCounter | undefined;
  /** Is called when its pieces are counted. */
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
  /** Until when, by the clock, all that was written into it was read. */
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
  /** Where pieces began: the last such place for each newest time. */
  readonly #places: Place[];
  /** From which offsets on lines of which seconds are too late, by the clock. */
  readonly #cuts: FileState["cuts"];
  /** The same of an earlier reader, for offsets that are not reached yet. */
  readonly #ahead: FileState["cuts"];
  #head = { bytes: 0, hash: hashOf("") };
  #read: number;
  readonly #readBefore: number;

  /**
   * Makes a source.
   *
   * @param file The file, at the place from which it is read.
   * @param begin What is known of that place, and of cuts after it.
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

  /** The file that is read. */
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
   * @param file The file, which may have been opened again.
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
   * Whether a time that is newer than all before is believed. One that is far ahead
   * of the clock, in a log that is not, must not make the lines after it too late.
   * After a restart the line is doubted again, whatever the time is then.
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

  /** Notes a new newest time: lines of older seconds are too late now. */
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
   * Whether the format of the times is known, by the first lines of the file.
   *
   * @param make Makes a reader of times.
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
   * Notes that all lines of older seconds are counted: those that come now are too
   * late.
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
   * What must be known to report seconds again.
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
