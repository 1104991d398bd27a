/**
 * Writes lines without waiting for a reader that stalls. The lines that wait are
 * bounded: if there are more, the oldest are dropped.
 *
 * @module
 */

import { complain, counted } from "./complain.ts";
import { sleep, turn, within } from "./wait.ts";

const PIECE = 4096; // bytes: PIPE_BUF, what a pipe takes whole or not at all
const MAX_WAITING = 64 * 1024 * 1024; // bytes
const RETRY = 20; // ms until a full pipe that does not block is tried again
const SAY_AGAIN = 10_000; // ms between two complaints about a reader that stalls
const AHEAD = 3; // pieces that are made before the reader takes some
const SLICE = 10; // ms for which texts are made before other work may run
const STALL = 50; // ms for the reader to take some; then all texts are made
const NEWLINE = 10;

/** Where bytes go, such as `Deno.stdout`. */
export type Output = Pick<typeof Deno.stdout, "write">;

/**
 * Writes all bytes, also into a pipe that does not block, as another program that
 * shares the pipe may have set it to `O_NONBLOCK`. They are written in whole lines
 * of at most 4,096 bytes, which a pipe takes whole or not at all. Of more bytes,
 * `Deno.stdout.write` would write a part and still throw `WouldBlock` (measured), so
 * that this part would be written twice.
 *
 * @param out Where the bytes go.
 * @param bytes What to write: whole lines.
 */
export async function writeAll(out: Output, bytes: Uint8Array): Promise<void> {
  while (bytes.length > 0) {
    const end = endOfLines(bytes, 0, PIECE) || PIECE;
    try {
      bytes = bytes.subarray(await out.write(bytes.subarray(0, end)));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      await sleep(RETRY);
    }
  }
}

/** Whole lines, in a buffer that may have room for more. */
interface Piece {
  bytes: Uint8Array;
  length: number;
}

/** A caller that waits until at most `most` bytes wait to be written. */
interface Waiter {
  most: number;
  resolve(value: true): void;
}

function countLines({ bytes, length }: Piece): number {
  let count = 0;
  for (let i = 0; i < length; i++) if (bytes[i] === NEWLINE) count++;
  return count;
}

function roomIn({ bytes, length }: Piece): number {
  return bytes.length - length;
}

/** The end of the last line that fits; `start` if none fits. */
function endOfLines(bytes: Uint8Array, start: number, room: number): number {
  if (bytes.length - start <= room) return bytes.length;
  if (room === 0) return start;
  return Math.max(start, bytes.lastIndexOf(NEWLINE, start + room - 1) + 1);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/**
 * Writes lines in pieces that are cut between lines and that a pipe takes whole,
 * so that several programs can share the pipe without tearing each other's
 * lines. Up to 64 MiB wait for a reader that stalls.
 */
export class LineWriter {
  readonly #out: Output;
  readonly #gone: (error: unknown) => void;
  readonly #encoder = new TextEncoder();
  readonly #pieces: Piece[] = [];
  readonly #waiters = new Set<Waiter>();
  /** The start of a line whose end was not passed on yet. */
  #begun = new Uint8Array(0) as Uint8Array;
  #inFlight: Piece | undefined;
  #waiting = 0;
  #written = 0;
  #dropped = 0;
  #complained = -Infinity;
  #writing = false;
  #closed = false;
  /** Makes more text while a piece is being written. */
  #source: Iterator<string> | undefined;
  /** Resolves when the source has ended, or nothing waits to be written. */
  #news = Promise.withResolvers<true>();
  #pulled: Promise<void> = Promise.resolve();

  /**
   * Makes a writer.
   *
   * @param out Where the lines go.
   * @param gone Called once if nothing more can be written. What is pushed
   * after that is discarded.
   */
  constructor(out: Output, gone: (error: unknown) => void) {
    this.#out = out;
    this.#gone = gone;
  }

  /** Lines that were dropped because the reader stalled for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Lines that the reader has not taken. */
  get undelivered(): number {
    let count = this.#inFlight ? countLines(this.#inFlight) : 0;
    for (const piece of this.#pieces) count += countLines(piece);
    return count;
  }

  /**
   * Writes whole lines behind those that wait.
   *
   * @param lines ASCII; may be empty.
   * @throws {RangeError} If a pipe could tear one of the lines.
   */
  push(lines: string): void {
    const bytes = this.#encoder.encode(lines);
    const longest = this.#append(bytes);
    this.#start();
    if (longest > PIECE) {
      throw new RangeError(
        `Cannot write a line whole as it must be at most ${PIECE} bytes: current value is ${longest}`,
      );
    }
  }

  /**
   * Writes texts as the reader takes them: the next ones are made while a piece
   * is being written. If the reader stalls, all of them are made and wait.
   *
   * @param texts Whole lines, or nothing.
   * @returns Resolves when all texts are made.
   */
  pull(texts: Iterator<string>): Promise<void> {
    const pulled = this.#pulled.then(() => this.#pull(texts));
    this.#pulled = pulled;
    return pulled;
  }

  /**
   * Passes any bytes on as they are. A line that has begun waits for its end.
   *
   * @param chunk The next part of a stream.
   */
  pass(chunk: Uint8Array): void {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    const whole = concat(this.#begun, chunk.subarray(0, end));
    if (end > 0) this.#begun = chunk.slice(end);
    else this.#begun = concat(this.#begun, chunk.slice());
    if (end > 0) this.#append(whole);
    if (this.#begun.length > PIECE) this.passRest();
    this.#start();
  }

  /** Passes on a line that has no end. */
  passRest(): void {
    this.#append(this.#begun);
    this.#begun = new Uint8Array(0);
    this.#start();
  }

  /**
   * Waits for the reader.
   *
   * @param most Bytes that may still wait to be written.
   * @param patience Milliseconds for a reader that takes nothing.
   * @returns Resolves to true when no more than that waits, and to false if the
   * reader took nothing for so long.
   */
  async room(most: number, patience: number): Promise<boolean> {
    while (this.#waiting > most) {
      const { promise, resolve } = Promise.withResolvers<true>();
      const waiter = { most: most >> 1, resolve };
      const written = this.#written;
      this.#waiters.add(waiter);
      const found = await within(patience, promise);
      this.#waiters.delete(waiter);
      if (!found && this.#written === written) return false;
    }
    return true;
  }

  async #pull(texts: Iterator<string>): Promise<void> {
    this.#source = texts;
    let stalled = false;
    while (true) {
      this.#fill(stalled ? Infinity : AHEAD);
      this.#start();
      if (this.#source === undefined) return;
      if (stalled || !this.#writing) {
        await turn();
        continue;
      }
      const written = this.#written;
      this.#news = Promise.withResolvers();
      const news = await within(STALL, this.#news.promise);
      stalled = !news && this.#written === written;
    }
  }

  /** Takes texts from the source until enough pieces wait, or for a while. */
  #fill(enough: number): void {
    const end = performance.now() + SLICE;
    const inTime = () => this.#source && performance.now() < end;
    while (this.#pieces.length < enough && inTime()) {
      let texts = "";
      while (texts.length < PIECE && inTime()) {
        const { value, done } = this.#source!.next();
        if (done) this.#source = undefined;
        else texts += value;
      }
      if (this.#append(this.#encoder.encode(texts)) > PIECE) {
        complain(`a line is longer than ${PIECE} bytes: a pipe could tear it`);
      }
    }
    if (this.#source === undefined) this.#news.resolve(true);
  }

  /** Fills pieces with bytes; returns the length of the longest line if it is over PIECE. */
  #append(bytes: Uint8Array): number {
    if (this.#closed) return 0;
    let longest = 0;
    for (let start = 0; start < bytes.length;) {
      const last = this.#pieces.at(-1);
      let end = last ? endOfLines(bytes, start, roomIn(last)) : start;
      if (end === start) {
        end = endOfLines(bytes, start, PIECE);
        if (end === start) {
          end = bytes.indexOf(NEWLINE, start) + 1 || bytes.length;
          longest = Math.max(longest, end - start);
        }
        const size = Math.max(PIECE, end - start);
        this.#pieces.push({ bytes: new Uint8Array(size), length: 0 });
      }
      const piece = this.#pieces.at(-1)!;
      piece.bytes.set(bytes.subarray(start, end), piece.length);
      piece.length += end - start;
      this.#waiting += end - start;
      start = end;
    }
    if (this.#waiting > MAX_WAITING) this.#dropOldest();
    return longest;
  }

  #dropOldest(): void {
    while (this.#waiting > MAX_WAITING) {
      const oldest = this.#pieces.shift()!;
      this.#waiting -= oldest.length;
      this.#dropped += countLines(oldest);
    }
    if (performance.now() - this.#complained < SAY_AGAIN) return;
    this.#complained = performance.now();
    complain(
      `the reader stalls: dropped the oldest ${counted(this.#dropped, "line")}`,
    );
  }

  #start(): void {
    if (this.#writing || this.#closed || this.#pieces.length === 0) return;
    this.#writing = true;
    this.#write();
  }

  async #write(): Promise<void> {
    try {
      while (this.#pieces.length > 0) {
        const { bytes, length } = this.#inFlight = this.#pieces.shift()!;
        const writing = writeAll(this.#out, bytes.subarray(0, length));
        this.#fill(AHEAD);
        await writing;
        this.#inFlight = undefined;
        this.#written++;
        this.#waiting -= length;
        if (this.#complained > -Infinity) {
          this.#complained = -Infinity;
          complain(
            `the reader goes on: dropped ${
              counted(this.#dropped, "line")
            } in all`,
          );
        }
        this.#wake();
      }
      this.#writing = false;
      this.#news.resolve(true);
    } catch (error) {
      this.#gone(error);
      this.#closed = true;
      this.#writing = false;
      this.#pieces.length = 0;
      this.#waiting = 0;
      this.#news.resolve(true);
      this.#wake();
    }
  }

  #wake(): void {
    for (const { most, resolve } of this.#waiters) {
      if (this.#waiting <= most) resolve(true);
    }
  }
}
