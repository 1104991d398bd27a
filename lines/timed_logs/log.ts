/**
 * {@linkcode Log}: the files of one log.
 *
 * @module
 */

import { complain, messageOf } from "../../script/complain.ts";
import { LogFollower } from "../tail/follower.ts";
import { HeldFile } from "../tail/held_file.ts";
import type { Source, SourceFile } from "./source.ts";
import { ZippedFile } from "./zipped_file.ts";

/** Seconds after which a log that is read to its end has reached a time. */
export const QUIET = 2;

/** One log: the files that are or were at a path. */
export class Log {
  /** Its path. */
  readonly path: string;
  /** Its files, the oldest first. */
  sources: Source[] = [];
  /** Follows it. */
  readonly follower: LogFollower;
  /** Whether a message about a wrong time was printed. */
  isDoubted = false;
  /** Since when there is nothing at the path, by the clock. */
  missing = -Infinity;

  #isEnded = false;

  /**
   * Begins to follow a log.
   *
   * @param path Its path.
   * @param sources Its files.
   * @param looked When they were looked for, in milliseconds since the epoch.
   */
  constructor(path: string, sources: Source[], looked: number) {
    this.path = path;
    const files = sources.map(({ file }) => file)
      .filter((file) => file instanceof HeldFile);
    this.follower = new LogFollower(path, {
      begin: { files, looked },
      wants: (file) => !this.find(file)?.pieces.length,
    });
    for (const source of sources) this.add(source);
  }

  /** The source of a file. */
  find(file: SourceFile): Source | undefined {
    return this.sources.find((source) => source.isOf(file));
  }

  /** Adds a file. */
  add(source: Source): void {
    source.ring = () => this.follower.ring();
    this.sources.push(source);
  }

  /** Forgets the files that have no line of this second or a later one. */
  forgetBefore(second: number): void {
    this.sources = this.sources.filter(({ left, newest }) =>
      !left || newest >= second
    );
  }

  /** The second before which only late lines can come. */
  get reached(): number {
    const open = this.sources.filter(({ left }) => !left);
    if (open.length === 0) return this.missing - QUIET;
    return Math.min(
      ...open.map(({ newest, settled }) => Math.max(newest, settled - QUIET)),
    );
  }

  /** How much of the files is not read yet, and from which time on. */
  get unread(): { bytes: number; newest: number }[] {
    return this.sources.flatMap(({ left, pieces, file, newest }) => {
      const bytes = Math.max(0, file.info.size - file.offset);
      return left || bytes === 0 && pieces.length === 0
        ? []
        : [{ bytes, newest }];
    });
  }

  /**
   * Reads its files, a piece of each at a time, until it is ended.
   *
   * @param sourceOf Finds the source of a file, which may be new.
   * @param taken Called whenever there is something to count.
   */
  async read(
    sourceOf: (file: HeldFile) => Source,
    taken: () => void,
  ): Promise<void> {
    const follow = async () => {
      for await (const piece of this.follower.pieces()) {
        sourceOf(piece.file).take(piece, piece.file);
        taken();
      }
    };
    const unzip = this.sources.map((source) => this.#unzip(source, taken));
    await Promise.all([follow(), ...unzip]);
  }

  /** Ends the reading. */
  end(): void {
    this.#isEnded = true;
    this.follower.end();
    for (const source of this.sources) source.ring();
  }

  /** Reads a compressed file. */
  async #unzip(source: Source, taken: () => void): Promise<void> {
    const { file } = source;
    if (!(file instanceof ZippedFile)) return;
    try {
      for await (const piece of file.pieces()) {
        source.take(piece);
        const { promise, resolve } = Promise.withResolvers<void>();
        source.ring = resolve;
        taken();
        await promise;
        if (this.#isEnded) return;
      }
    } catch (error) {
      complain(
        `cannot read all of a file of ${this.path}: ${messageOf(error)}`,
      );
      const { offset } = file;
      source.take({ start: offset, end: offset, lines: [], isLast: true });
      taken();
    } finally {
      file.close();
    }
  }
}
