/**
 * {@linkcode HeldFile}: one file of a log, held open while it is read.
 *
 * @module
 */

import { turn } from "../../script/wait.ts";
import { LineCutter, type LineOptions } from "../cut.ts";

const CHUNK = 64 * 1024; // bytes: 128 KiB take half as much memory again (measured)
const LAST = 64; // bytes that are compared to notice a truncation
const TURN = 16; // reads between which timers and signals may run
const NEWLINE = 10;
const EMPTY = new Uint8Array(0);

/** Bytes by which a file is known again. */
export const HEAD = 1024;

/** Lines that were read at once. */
export interface Piece {
  /** The file from which they were read. */
  file: HeldFile;
  /**
   * How many bytes of the file are before its first line, wanted or not: a reader
   * that begins there gets these lines and all that follow, once.
   */
  start: number;
  /** How many bytes of the file were read, with this piece. */
  end: number;
  /** The wanted lines, in a fresh array. */
  lines: string[];
  /** Whether the file is left, and this is its last piece. */
  isLast: boolean;
}

/**
 * The identity of a file. Its birth time tells it from an older file with the same
 * inode number.
 *
 * @param info What is known about the file.
 */
export function identityOf(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}:${info.birthtime?.getTime()}`;
}

/**
 * A file that is read by its descriptor. So it stays the same file when it gets
 * another name, or loses its last one, and no other file can get its inode number.
 * Only regular files can be held.
 */
export class HeldFile {
  /** What was known about it at the last look. */
  info: Deno.FileInfo;
  /** For how many milliseconds nothing was written, as far as looks can tell. */
  quiet = 0;
  /** Its first bytes, 1 KiB at most. */
  head: Uint8Array = EMPTY;
  /** Where reading began, in bytes; 0 after a truncation. */
  begin = 0;
  /** How often it was truncated. */
  truncations = 0;
  /** Offsets of the file, in order, beyond which a piece must not go. */
  readonly stops: number[] = [];

  readonly #file: Deno.FsFile;
  readonly #options: LineOptions;
  #cutter: LineCutter;
  /** Bytes read. */
  #offset = 0;
  /** The last bytes read: if others are there now, the file was truncated. */
  #last = EMPTY;
  /** The memory for reading, which is kept while there is much to read. */
  #chunk = EMPTY;
  /** Where the line begins whose end is still to come. */
  #lineStart = 0;
  #reads = 0;

  /**
   * Opens a file, to be read from its beginning.
   *
   * @param path Where it is now.
   * @param options Which lines are wanted.
   * @throws {Error} If it cannot be opened.
   */
  constructor(path: string, options: LineOptions) {
    this.#file = Deno.openSync(path);
    this.info = this.#file.statSync();
    this.#options = options;
    this.#cutter = new LineCutter(options);
    const head = new Uint8Array(HEAD);
    this.head = head.slice(0, this.#file.readSync(head) ?? 0);
  }

  /** The bytes of it that were read. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Begins at another place than the beginning.
   *
   * @param offset The place, in bytes.
   */
  seek(offset: number): void {
    this.begin = this.#offset = this.#lineStart = offset;
    this.#last = EMPTY;
  }

  /**
   * Whether this is the file that was found somewhere. An overlay file system
   * may give a file another number when it is written for the first time.
   *
   * @param info What was found.
   */
  is(info: Deno.FileInfo): boolean {
    const same = () => info.dev === this.info.dev && info.ino === this.info.ino;
    if (same()) return true;
    this.info = this.#file.statSync();
    return same();
  }

  /**
   * Checks whether it was written to.
   *
   * @param elapsed Milliseconds since the last look.
   * @param info What is known about it now.
   * @returns Whether there is something to read.
   */
  look(elapsed: number, info: Deno.FileInfo = this.#file.statSync()): boolean {
    this.quiet = info.size === this.info.size ? this.quiet + elapsed : 0;
    this.info = info;
    return info.size !== this.#offset;
  }

  /**
   * Reads some more bytes. A file that is shorter than before, or has other bytes
   * before this place, was truncated, and is read from its beginning.
   *
   * @returns The lines; undefined if there is nothing to read.
   */
  async read(): Promise<Piece | undefined> {
    if (this.info.size <= this.#offset && !this.look(0)) {
      this.#chunk = EMPTY;
      return;
    }
    // Not awaited: that would take as long as the work on what is read (measured).
    if (++this.#reads % TURN === 0) await turn();
    if (this.info.size < this.#offset) this.#startAgain();
    const known = this.#last.length;
    this.#file.seekSync(this.#offset - known, Deno.SeekMode.Start);
    while (this.stops[0]! <= this.#offset) this.stops.shift();
    const end = Math.min(this.info.size, this.stops[0] ?? Infinity);
    const size = Math.min(CHUNK, end - this.#offset);
    if (this.#chunk.length < known + size) {
      this.#chunk = new Uint8Array(known + size);
    }
    const chunk = this.#chunk.subarray(0, known + size);
    const read = this.#file.readSync(chunk) ?? 0;
    if (read <= known) return; // truncated since
    if (this.#last.some((byte, i) => byte !== chunk[i])) {
      this.#startAgain();
      return this.read();
    }
    this.#last = chunk.slice(Math.max(0, read - LAST), read);
    const bytes = chunk.subarray(known, read);
    if (this.head.length < HEAD) this.#growHead(bytes);
    const start = this.#lineStart;
    const lineEnd = bytes.lastIndexOf(NEWLINE) + 1;
    if (lineEnd > 0) this.#lineStart = this.#offset + lineEnd;
    this.#offset += bytes.length;
    const lines = this.#cutter.push(bytes);
    return { file: this, start, end: this.#offset, lines, isLast: false };
  }

  /** Begins again with a truncated file; a line without an end is lost. */
  #startAgain(): void {
    this.seek(0);
    this.truncations++;
    this.head = EMPTY;
    this.stops.length = 0;
    this.#cutter = new LineCutter(this.#options);
  }

  /** Completes the first bytes from those that are read now. */
  #growHead(bytes: Uint8Array): void {
    const from = this.head.length - this.#offset;
    if (from < 0) return;
    const all = [...this.head, ...bytes.subarray(from, from + HEAD)];
    this.head = Uint8Array.from(all.slice(0, HEAD));
  }

  /**
   * Its first lines, without moving on. It must not be called while it is read.
   *
   * @param bytes How much of it to look at.
   */
  firstLines(bytes: number): string[] {
    const chunk = new Uint8Array(bytes);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    const read = this.#file.readSync(chunk) ?? 0;
    return new LineCutter().push(chunk.subarray(0, read));
  }

  /**
   * Closes it.
   *
   * @returns The last line, if it has no end.
   */
  close(): Piece {
    this.#file.close();
    const lines = this.#cutter.end();
    const [start, end] = [this.#lineStart, this.#offset];
    return { file: this, start, end, lines, isLast: true };
  }
}
