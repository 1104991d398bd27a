/**
 * {@linkcode ZippedFile}: a rotated file that was compressed.
 *
 * @module
 */

import { LineCutter } from "../cut.ts";
import { unzipped } from "../file.ts";
import { HEAD } from "../tail/held_file.ts";
import { builtin } from "../../script/builtin.ts";
import type { SourceFile, SourcePiece } from "./source.ts";

const FIRST = 16 * 1024; // compressed bytes that tell how the file begins
const CHUNK = 128 * 1024; // bytes
const NEWLINE = 10;

/** A file compressed by gzip. All sizes and offsets are those of its contents. */
export class ZippedFile implements SourceFile {
  readonly info: Deno.FileInfo;
  readonly head: Uint8Array;
  readonly truncations = 0;
  readonly stops: number[] = [];

  readonly #file: Deno.FsFile;
  readonly #first: Uint8Array;
  #offset = 0;
  #isRead = false;

  /**
   * Opens a file.
   *
   * @param path Its path now.
   * @throws {Error} If it cannot be opened, or is not compressed by gzip.
   */
  constructor(path: string) {
    this.#file = Deno.openSync(path);
    try {
      this.info = this.#file.statSync();
      const chunk = new Uint8Array(FIRST);
      const read = this.#file.readSync(chunk) ?? 0;
      const { constants, gunzipSync } = builtin("node:zlib");
      this.#first = gunzipSync(chunk.subarray(0, read), {
        finishFlush: constants.Z_SYNC_FLUSH, // there is more of it
      });
    } catch (error) {
      this.#file.close();
      throw error;
    }
    this.head = this.#first.slice(0, HEAD);
  }

  /** How many bytes of its contents were read. */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Begins at another place than the beginning.
   *
   * @param offset The place, in bytes of its contents.
   */
  seek(offset: number): void {
    this.#offset = offset;
  }

  /** Whether there is something to read. */
  look(): boolean {
    return !this.#isRead;
  }

  /**
   * Its first lines.
   *
   * @param bytes How much of it to look at.
   */
  firstLines(bytes: number): string[] {
    return new LineCutter().push(this.#first.subarray(0, bytes));
  }

  /** Reads on to its end. */
  async *pieces(): AsyncGenerator<SourcePiece> {
    const cutter = new LineCutter();
    let start = this.#offset;
    let skip = this.#offset;
    for await (const bytes of unzipped(this.#chunks())) {
      let rest = bytes.subarray(Math.min(skip, bytes.length));
      skip -= bytes.length - rest.length;
      while (rest.length > 0) {
        while (this.stops[0]! <= this.#offset) this.stops.shift();
        const piece = rest.subarray(
          0,
          (this.stops[0] ?? Infinity) - this.#offset,
        );
        rest = rest.subarray(piece.length);
        const begin = start;
        const end = piece.lastIndexOf(NEWLINE) + 1;
        if (end > 0) start = this.#offset + end;
        this.#offset += piece.length;
        const lines = cutter.push(piece);
        yield { start: begin, end: this.#offset, lines, isLast: false };
      }
    }
    this.#isRead = true;
    yield { start, end: this.#offset, lines: cutter.end(), isLast: true };
  }

  /** Closes it. */
  close(): void {
    this.#file.close();
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    await this.#file.seek(0, Deno.SeekMode.Start);
    const chunk = new Uint8Array(CHUNK);
    for (let read; (read = await this.#file.read(chunk)) !== null;) {
      yield chunk.subarray(0, read);
    }
  }
}
