/**
 * {@linkcode Log}: the files of one log.
 *
 * @module
 */

import { LogFollower } from "../tail/follower.ts";
import { HeldFile } from "../tail/held_file.ts";
import type { Source, SourceFile } from "./source.ts";

/** Seconds that the clock is ahead of a log that is read to its end. */
export const QUIET = 2;

/** One log: the files that are or were at a path. */
export class Log {
  /** Where it is. */
  readonly path: string;
  /** Its files, those that were there first before others. */
  sources: Source[] = [];
  /** What follows it. */
  readonly follower: LogFollower;
  /** Whether it was said that it tells a wrong time. */
  isDoubted = false;
  /** When there was nothing at the path, by the clock. */
  missing = -Infinity;

  /**
   * Begins to follow a log.
   *
   * @param path Where it is.
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

  /** What is known of a file. */
  find(file: SourceFile): Source | undefined {
    return this.sources.find((source) => source.isOf(file));
  }

  /** Adds a file. */
  add(source: Source): void {
    source.ring = () => this.follower.ring();
    this.sources.push(source);
  }

  /** Forgets the files that have no line of a second, or of one after it. */
  forgetBefore(second: number): void {
    this.sources = this.sources.filter(({ left, newest }) =>
      !left || newest >= second
    );
  }

  /** The time before which nothing comes any more but what is late. */
  get reached(): number {
    const open = this.sources.filter(({ left }) => !left);
    if (open.length === 0) return this.missing - QUIET;
    return Math.min(
      ...open.map(({ newest, settled }) => Math.max(newest, settled - QUIET)),
    );
  }
}
