/**
 * Hands stdin on to stdout, byte for byte, without ever waiting for a reader
 * that stalls.
 *
 * @module
 */

import { complain, sleep } from "../../mod.ts";

const PIECE = 64 * 1024; // bytes
const MAX_WAITING = 64 * 1024 * 1024; // bytes
const PATIENCE = 1000; // ms without progress after which a reader stalls
const NEWLINE = 10;

/** Where the bytes go: `Deno.stdout`. */
export type Output = Pick<typeof Deno.stdout, "write">;

/** Whole lines, in a buffer that may have room for more. */
interface Piece {
  bytes: Uint8Array;
  length: number;
}

function countLines({ bytes, length }: Piece): number {
  let count = 0;
  for (let i = 0; i < length; i++) if (bytes[i] === NEWLINE) count++;
  return count;
}

/**
 * What waits for the reader is bounded by 64 MiB. A reader that is slow slows
 * the input, as a pipe does; from one that stalls, the oldest whole lines are
 * kept, and when it is gone, nothing is handed on: both are said on stderr.
 */
export class HandOn {
  /** How many lines were dropped, as the reader stalled. */
  dropped = 0;

  readonly #out: Output;
  readonly #say: (message: string) => void;
  #pieces: Piece[] = [];
  #waiting = 0;
  #started = new Uint8Array(0); // of a line
  #written = 0;
  #writing: Promise<void> | undefined;
  #stalled = false;
  #gone = false;

  constructor(out: Output, say: (message: string) => void = complain) {
    this.#out = out;
    this.#say = say;
  }

  /** Hands bytes on; resolves when there is room for more. */
  async push(chunk: Uint8Array): Promise<void> {
    if (this.#gone) return;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && this.#started.length < PIECE) {
      this.#started = concat(this.#started, chunk);
      return;
    }
    this.#append(concat(this.#started, chunk.subarray(0, end || chunk.length)));
    this.#started = chunk.slice(end || chunk.length);
    this.#writing ??= this.#write();
    if (this.#waiting > MAX_WAITING) await this.#room();
  }

  /**
   * Hands on what is left. Deno cannot close stdout: its reader sees the end
   * when the program ends.
   */
  async end(): Promise<void> {
    if (this.#gone) return;
    this.#append(this.#started);
    await (this.#writing ??= this.#write());
  }

  #append(bytes: Uint8Array): void {
    let last = this.#pieces.at(-1);
    if (!last || last.bytes.length - last.length < bytes.length) {
      const size = Math.max(PIECE, bytes.length);
      last = { bytes: new Uint8Array(size), length: 0 };
      this.#pieces.push(last);
    }
    last.bytes.set(bytes, last.length);
    last.length += bytes.length;
    this.#waiting += bytes.length;
  }

  async #room(): Promise<void> {
    while (this.#waiting > MAX_WAITING && !this.#gone) {
      const before = this.#written;
      if (!this.#stalled) {
        const stop = new AbortController();
        await Promise.race([this.#writing, sleep(PATIENCE, stop.signal)]);
        stop.abort();
      }
      if (this.#written === before) this.#drop();
    }
  }

  #drop(): void {
    if (!this.#stalled) {
      this.#stalled = true;
      this.#say("the reader stalls: dropping the oldest lines");
    }
    while (this.#waiting > MAX_WAITING) {
      const oldest = this.#pieces.shift()!;
      this.#waiting -= oldest.length;
      this.dropped += countLines(oldest);
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#pieces.length > 0) {
        const { bytes, length } = this.#pieces.shift()!;
        this.#waiting -= length;
        for (let at = 0; at < length;) {
          at += await this.#out.write(bytes.subarray(at, length));
          this.#written++;
        }
        if (this.#stalled) {
          this.#stalled = false;
          this.#say(`the reader goes on: dropped ${this.dropped} lines in all`);
        }
      }
    } catch (error) {
      const gone = error instanceof Deno.errors.BrokenPipe;
      const why = gone ? "the reader is gone" : `cannot write: ${error}`;
      this.#say(`${why}: handing nothing on`);
      this.#gone = true;
      this.#pieces = [];
      this.#started = new Uint8Array(0);
    } finally {
      this.#writing = undefined;
    }
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
