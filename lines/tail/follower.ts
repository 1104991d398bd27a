/**
 * {@linkcode LogFollower}: follows a log across its rotations.
 *
 * @module
 */

import { complain } from "../../script/complain.ts";
import { unread } from "../../script/unread_logs.ts";
import type { LineOptions } from "../cut.ts";
import { COARSE, ifThere, namesIn, split } from "../path.ts";
import { reasonOf, whyNoLog } from "../reason.ts";
import { listen, listenElsewhere } from "./bell.ts";
import { HeldFile, identityOf, type Piece } from "./held_file.ts";
import { isRotated } from "./rotated.ts";

const SECOND = 1000; // ms
const GRACE = 30_000; // ms without a write after which a rotated file is left
const LULL = 2000; // ms for which something must be wrong before it is said
const MAX_ROTATED = 32; // files that were rotated and are still read
const MAX_LEFT = 64; // files that are remembered, in case they come back

/** Options of {@linkcode LogFollower}. */
export interface FollowerOptions extends LineOptions {
  /**
   * The time now, in milliseconds, by a clock that nobody sets.
   *
   * @default {performance.now}
   */
  monotonic?: () => number;
  /**
   * The files to begin with, oldest first, each at the place from which it is read;
   * and when they were looked for, in milliseconds since the epoch.
   *
   * @default {the one at the path, from its end on}
   */
  begin?: { files: HeldFile[]; looked: number };
  /**
   * Whether more of a file is wanted now; `ring()` says that this has changed.
   *
   * @default {always}
   */
  wants?: (file: HeldFile) => boolean;
  /**
   * Whether the log may be missing without a message.
   *
   * @default {false}
   */
  mayGo?: boolean;
}

/**
 * Follows the files that a path leads to, one after the other. A file is opened
 * once and read to its end, also when it is renamed or deleted meanwhile: it is
 * left when its writer has been quiet for 30 s and nothing of it is unread.
 */
export class LogFollower {
  /** The log, links resolved: there it is rotated. */
  home: string;
  /** Whether there was a log at the path, and nothing else since then. */
  found = false;

  readonly #path: string;
  readonly #options: FollowerOptions;
  readonly #monotonic: () => number;
  readonly #begin: FollowerOptions["begin"];
  readonly #wants: (file: HeldFile) => boolean;
  /** The files that are read, oldest first. */
  readonly #files: HeldFile[] = [];
  /** The file that is at the path. */
  #current: HeldFile | undefined;
  /** How far the files were read that are not held any more, by their identity. */
  readonly #left = new Map<string, number>();
  /** When the path was last looked at: by the clock, and by a clock nobody sets. */
  #looked = Date.now();
  #ticked: number;
  /** Why there is nothing to read at the path, and since when. */
  #reason: string | undefined;
  #lasts = 0;
  #said: string | undefined;
  #readError: string | undefined;
  #error: unknown;
  #isEnded = false;
  #rung = Promise.withResolvers<void>();

  /**
   * Makes a follower; it begins when the first piece is asked for.
   *
   * @param path The log.
   * @param options Which lines are wanted.
   */
  constructor(path: string, options: FollowerOptions = {}) {
    this.home = this.#path = path.startsWith("/") ? path : `./${path}`;
    this.#monotonic = options.monotonic ?? (() => performance.now());
    this.#ticked = this.#monotonic();
    this.#begin = options.begin;
    if (this.#begin) this.#looked = this.#begin.looked;
    this.#wants = options.wants ?? (() => true);
    this.#options = options;
  }

  /**
   * The pieces of all files, without end, those of older files first. Nothing is
   * read ahead: what is not taken yet waits in its file.
   */
  async *pieces(): AsyncGenerator<Piece> {
    // What is in the file now was written before, even if it cannot be read yet.
    const info = this.#begin ? "" : this.#stat();
    if (typeof info !== "string") this.#left.set(identityOf(info), info.size);
    this.#files.push(...this.#begin?.files ?? []);
    if (this.#files.length === 0) unread.add(this);
    const listening = listen(this);
    try {
      this.look();
      while (this.#error === undefined && !this.#isEnded) {
        this.#rung = Promise.withResolvers();
        for (const file of [...this.#files]) yield* this.#read(file);
        for (const file of this.#finished()) yield this.#leave(file);
        if (this.#error === undefined) await this.#rung.promise;
      }
      if (this.#error !== undefined) throw this.#error;
    } finally {
      unread.delete(this);
      for (const file of this.#files) file.close();
      await listening[Symbol.asyncDispose]();
    }
  }

  /** The files that are held, in the order in which they were found. */
  get files(): readonly HeldFile[] {
    return this.#files;
  }

  /** Whether all is read, and only the file at the path is held. */
  get isIdle(): boolean {
    const [file, ...others] = this.#files;
    return others.length === 0 && file !== undefined &&
      file === this.#current && file.info.size === file.offset;
  }

  /** Reads on, if more is wanted. */
  ring(): void {
    this.#rung.resolve();
  }

  /** Ends the pieces. */
  end(): void {
    this.#isEnded = true;
    this.#rung.resolve();
  }

  /** Looks at the path and at all files; what is new is read at once. */
  look(): void {
    const now = this.#monotonic();
    const elapsed = Math.min(now - this.#ticked, SECOND); // the process may have been stopped
    this.#ticked = now;
    try {
      this.#lookAtPath(elapsed);
      for (const file of this.#files) {
        if (file === this.#current) continue; // that one was looked at by its path
        if (file.look(elapsed) || this.#isQuiet(file)) this.#rung.resolve();
      }
    } catch (error) {
      this.#error = error;
      this.#rung.resolve();
    }
  }

  #stat(): Deno.FileInfo | string {
    try {
      return Deno.statSync(this.#path);
    } catch (error) {
      return reasonOf(error, this.#path);
    }
  }

  #lookAtPath(elapsed: number): void {
    const since = this.#looked;
    const now = Date.now();
    const info = this.#stat();
    if (typeof info !== "string" && this.#current?.is(info)) {
      this.#looked = now;
      if (this.#current.look(elapsed, info)) this.#rung.resolve();
      this.#notice(undefined, elapsed);
      return;
    }
    if (this.#current) this.#current.quiet = 0;
    this.#current = undefined;
    try {
      const noLog = typeof info === "string"
        ? undefined
        : whyNoLog(info, this.#path);
      if (noLog !== undefined) {
        this.#settle(this.home, false);
        return this.#notice(noLog, elapsed);
      }
      this.#openMissed(since);
      if (typeof info !== "string") this.#current = this.#open(this.#path);
      this.#looked = now;
      const isSaid = typeof info === "string" && !this.#options.mayGo;
      this.#notice(isSaid ? info : undefined, elapsed);
    } catch (error) {
      // The next look looks for missed files again.
      this.#notice(reasonOf(error, this.#path), elapsed);
    }
  }

  /** Opens the files that came to the path and were rotated since the last look. */
  #openMissed(since: number): void {
    const [folder, log] = split(this.home);
    const missed: { name: string; born: number }[] = [];
    for (const name of namesIn(folder)) {
      if (!isRotated(name, log)) continue;
      const info = ifThere(() => Deno.statSync(folder + name));
      if (!info?.isFile || this.#files.some((file) => file.is(info))) continue;
      // A copy with the old time, as gunzip makes it, was not at the path.
      const [born = 0, written = 0] = [info.birthtime, info.mtime]
        .map((date) => date?.getTime());
      if (Math.min(born, written) < since - COARSE) continue;
      if (!this.#left.has(identityOf(info))) missed.push({ name, born });
    }
    missed.sort((a, b) => a.born - b.born);
    for (const { name } of missed) this.#open(folder + name);
  }

  #open(path: string): HeldFile {
    const file = new HeldFile(path, this.#options);
    const held = this.#files.find((held) => held.is(file.info));
    if (held) {
      file.close();
      return held;
    }
    const offset = this.#left.get(identityOf(file.info)) ?? 0;
    if (offset <= file.info.size) file.seek(offset);
    this.#files.push(file);
    this.#rung.resolve();
    unread.delete(this);
    if (path === this.#path) this.#findHome();
    return file;
  }

  #findHome(): void {
    let home = this.#path;
    try {
      home = Deno.realPathSync(home);
    } catch {
      // It has another name by now, which the next look finds.
    }
    this.#settle(home, true);
  }

  #settle(home: string, found: boolean): void {
    if (home === this.home && found === this.found) return;
    this.home = home;
    this.found = found;
    listenElsewhere();
  }

  /** Says once what is wrong with the path, and once when it is right again. */
  #notice(reason: string | undefined, elapsed: number): void {
    this.#lasts = reason === this.#reason ? this.#lasts + elapsed : 0;
    this.#reason = reason;
    if (reason === this.#said) return;
    // A log may be missing for a moment while it is rotated.
    const patience = reason === undefined || unread.has(this) ? 0 : LULL;
    if (this.#lasts < patience) return;
    this.#said = reason;
    complain(
      reason === undefined
        ? `reading ${this.#path}`
        : `cannot read ${this.#path}: ${reason}; waiting for it`,
    );
  }

  async *#read(file: HeldFile): AsyncGenerator<Piece> {
    try {
      for (let piece; this.#wants(file) && (piece = await file.read());) {
        yield piece;
      }
    } catch (error) {
      // A disk or a server has failed. If the file is still there it is read again.
      const reason = reasonOf(error, this.#path);
      if (reason !== this.#readError) {
        complain(`cannot read on in ${this.#path}: ${reason}`);
      }
      this.#readError = reason;
      yield this.#leave(file);
    }
  }

  #isQuiet(file: HeldFile): boolean {
    return file !== this.#current && file.quiet > GRACE;
  }

  /** Closes the files that their writers have left, and those beyond the bound. */
  #finished(): HeldFile[] {
    const rotated = this.#files.filter((file) => file !== this.#current);
    const over = rotated.length - MAX_ROTATED;
    return rotated.filter((file, i) =>
      (i < over || this.#isQuiet(file)) && !file.look(0)
    );
  }

  /** Closes a file, and remembers it in case it comes back. */
  #leave(file: HeldFile): Piece {
    this.#files.splice(this.#files.indexOf(file), 1);
    if (file === this.#current) this.#current = undefined;
    this.#left.set(identityOf(file.info), file.offset);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= MAX_LEFT) break;
      this.#left.delete(oldest);
    }
    return file.close();
  }
}
