/**
 * {@linkcode TimedLogs}: logs that are counted by the times in their lines, and
 * read on where they were when the program died.
 *
 * @module
 */

import { complain, messageOf } from "../script/complain.ts";
import { find, type Found, openLog } from "./resume/find.ts";
import {
  floorTo,
  type LineCounter,
  Source,
  type SourceFile,
} from "./resume/source.ts";
import {
  type Settings,
  type State,
  StateError,
  StateFile,
} from "./resume/state.ts";
import { LogFollower } from "./tail/follower.ts";
import { ZippedFile } from "./resume/zipped_file.ts";
import { HeldFile } from "./tail/held_file.ts";
import type { LogTime, LogTimeOptions } from "./time.ts";

const TICK = 1000; // ms between looks at the clock
const QUIET = 2; // s that the clock is ahead of a log that is read to its end
const ENOUGH = 256 * 1024; // characters of puts that are written at once
const SHOWN = 64 * 1024; // bytes of a file that tell how its times are written
const PATIENCE = 10_000; // ms for more lines, where a few do not tell

/** A counter, as far as it is needed here. */
interface Dumped {
  dump(): string;
}

/** Options of {@linkcode TimedLogs}. */
export interface TimedLogsOptions {
  /** The file that keeps where to read on. */
  state: string;
  /** The options by which counts differ: a state of others is refused. */
  settings: Settings;
  /** Seconds that are reported again, with the same values, after a restart. */
  again: number;
  /** Seconds that a line may be behind the newest one of its file. */
  lateness: number;
  /** Seconds between two dumps of the counters. */
  timespan: number;
  /** Whole seconds that one datapoint covers. */
  granularity: number;
  /** Makes what reads the times of a file. */
  time: (options: LogTimeOptions) => LogTime;
  /** Is told what is known of the times of a log, whenever lines were read. */
  timed: (path: string, time: LogTime) => void;
  /** Makes what counts the lines of a file of a log. */
  counting: (path: string) => LineCounter;
  /** The counters, whose clock is `clock` and whose lateness is `hold`. */
  counters: () => Iterable<Dumped>;
  /** Forgets counters that pause. */
  forget: () => void;
  /** Writes puts; resolves when they are taken. */
  write: (lines: string) => Promise<void>;
}

/** By how much reading is behind. */
export interface Lag {
  /** Bytes that were not read. */
  bytes: number;
  /** The age of the newest line read, where others were not; else 0. */
  seconds: number;
}

/** One log: the files that are or were at a path. */
class Log {
  readonly path: string;
  sources: Source[] = [];
  readonly follower: LogFollower;
  /** Whether it was said that it tells a wrong time. */
  isDoubted = false;
  /** When there was nothing at the path, by the clock. */
  missing = -Infinity;

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

/**
 * Counts lines in the seconds that they tell. What a second holds follows from
 * the logs alone, wherever reading was cut: it is reported once it is final, and
 * after a restart again with the same value.
 */
export class TimedLogs {
  /** Lines that came after their second had become final. */
  late = 0;
  /** Lines that told a time far ahead of the clock, and of their log. */
  ahead = 0;
  /** Lines before the first time of a log. */
  untimed = 0;
  /** Lines read. */
  lines = 0;

  readonly #options: TimedLogsOptions;
  readonly #file: StateFile;
  readonly #logs: Map<string, Log>;
  /** The first second to be reported: all before are final since long ago. */
  readonly #from: number;
  /** The time of the counters; seconds before `#dumped - hold` are reported. */
  #now: number;
  #dumped: number;
  /** Puts that are not written yet. */
  #text = "";
  /** All seconds before this one were written. */
  #written: number;
  #isWriting = false;
  /** When all logs were looked at, in milliseconds since the epoch. */
  #looked: number;
  /** When counters were dumped by the clock, and when the state was saved. */
  #ticked = -Infinity;
  #saved = -Infinity;
  #isRunning = false;
  #isStopped = false;
  #said: string | undefined;
  #woken = Promise.withResolvers<void>();
  #error: unknown;

  /**
   * Opens the logs.
   *
   * @param paths Where they are.
   * @param options What is needed to count and report.
   * @throws {StateError} If the state cannot be used.
   */
  constructor(paths: string[], options: TimedLogsOptions) {
    this.#options = options;
    this.#file = new StateFile(options.state, options.settings);
    const state = this.#file.read();
    this.#looked = Date.now();
    const { files, lost } = state
      ? find(paths, state)
      : { files: filesAtTheirEnds(paths), lost: [] };
    for (const what of lost) complain(what);
    if (state) {
      // What cannot be read again cannot be reported again.
      this.#from = lost.length > 0 ? state.reported : state.from;
    } else {
      // The second that runs is not whole, if a log has begun.
      const begun = [...files.values()].flat().some(({ begin }) =>
        begin.offset > 0
      );
      const next = Math.floor(Date.now() / 1000) + (begun ? 1 : 0);
      this.#from = -floorTo(options.granularity, -next);
    }
    this.#now = this.#dumped = this.#written = this.#from;
    const final = state?.reported ?? this.#from;
    this.#logs = new Map(paths.map((path) => {
      const sources = files.get(path)!.map(({ file, begin }) =>
        new Source(file, { final, ...begin }, options)
      );
      return [path, new Log(path, sources, this.#looked)];
    }));
  }

  /** The clock of the counters, in milliseconds. */
  readonly clock = (): number => this.#now * 1000;

  /** The lateness that the counters must allow, in seconds. */
  get hold(): number {
    return this.#options.lateness + this.#options.timespan;
  }

  /** All seconds before this one were dumped. */
  get #reported(): number {
    const until = this.#dumped - this.hold;
    return Math.max(this.#from, floorTo(this.#options.granularity, until));
  }

  /** What is not read yet. */
  get lag(): Lag {
    let bytes = 0;
    let reached = Infinity;
    for (const log of this.#logs.values()) {
      for (const { left, pieces, file, newest } of log.sources) {
        if (left) continue;
        const unread = Math.max(0, file.info.size - file.offset);
        if (unread === 0 && pieces.length === 0) continue;
        bytes += unread;
        reached = Math.min(reached, Math.max(newest, this.#from));
      }
    }
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 - reached));
    return { bytes, seconds: reached === Infinity ? 0 : seconds };
  }

  /** Ends the reading; `run()` then reports what is final. */
  stop(): void {
    this.#isStopped = true;
    this.#woken.resolve();
  }

  /**
   * Reads, counts and reports until it is stopped.
   *
   * @throws If the state cannot be written, or a log not be followed.
   */
  async run(): Promise<void> {
    await this.#save(this.#reported);
    this.#isRunning = true;
    const pumps = [...this.#logs.values()].flatMap((log) => [
      this.#pump(log),
      ...log.sources.map((source) => this.#unzip(source)),
    ]);
    const ticks = setInterval(() => this.#tick(), TICK);
    try {
      while (!this.#isStopped && this.#error === undefined) {
        this.#woken = Promise.withResolvers();
        const next = this.#next();
        if (next !== undefined) this.#count(...next);
        if (this.#isDue(next === undefined)) await this.#write();
        else if (next === undefined) await this.#woken.promise;
      }
      if (this.#error !== undefined) throw this.#error;
      this.#dump();
      await this.#write();
      await this.#save(this.#written);
    } finally {
      clearInterval(ticks);
      for (const { follower, sources } of this.#logs.values()) {
        follower.end();
        for (const source of sources) source.ring();
      }
      await Promise.all(pumps);
    }
  }

  /** Takes what the files of a log hold, a piece of each at a time. */
  async #pump(log: Log): Promise<void> {
    try {
      for await (const piece of log.follower.pieces()) {
        this.#sourceOf(log, piece.file).take(piece, piece.file);
        this.#woken.resolve();
      }
    } catch (error) {
      this.#error = error;
      this.#woken.resolve();
    }
  }

  /** Takes what a compressed file holds. */
  async #unzip(source: Source): Promise<void> {
    const { file } = source;
    if (!(file instanceof ZippedFile)) return;
    try {
      for await (const piece of file.pieces()) {
        source.take(piece);
        this.#woken.resolve();
        const { promise, resolve } = Promise.withResolvers<void>();
        source.ring = resolve;
        await promise;
        if (this.#isStopped) return;
      }
    } catch (error) {
      complain(`cannot read all of a file of a log: ${messageOf(error)}`);
      const { offset } = file;
      source.take({ start: offset, end: offset, lines: [], isLast: true });
      this.#woken.resolve();
    } finally {
      file.close();
    }
  }

  /** What is known of a file, which may be new. */
  #sourceOf(log: Log, file: HeldFile): Source {
    let source = log.find(file);
    if (source === undefined) {
      const before = log.sources.find((source) => source.file === file);
      if (before) before.left = true; // truncated: what it held is gone
      const final = this.#reported;
      const begin = { offset: file.begin, newest: null, last: null, final };
      source = new Source(file, begin, this.#options);
      log.add(source);
    }
    return source;
  }

  /** The source whose time is the oldest, unless its next line has to wait. */
  #next(): [Log, Source] | undefined {
    let next: [Log, Source] | undefined;
    for (const log of this.#logs.values()) {
      for (const source of log.sources) {
        if (source.pieces.length === 0 || !this.#knowsTimes(source)) continue;
        if (!next || source.newest < next[1].newest) next = [log, source];
      }
    }
    if (next === undefined || this.#reaches(next[1].newest)) return next;
  }

  /** Whether the counters take a line of this time, maybe after others. */
  #reaches(time: number): boolean {
    if (time > this.#now) this.#advance();
    if (time <= this.#now) return true;
    this.#settle();
    this.#advance();
    return time <= this.#now;
  }

  /** Moves the counters on, with puts for all that has become final by it. */
  #advance(): void {
    const { timespan, counters } = this.#options;
    let reached = Infinity;
    for (const log of this.#logs.values()) {
      reached = Math.min(reached, log.reached);
    }
    const to = Math.floor(reached) + timespan;
    while (to - this.#dumped > timespan) {
      if (this.#text.length >= ENOUGH) return;
      const [first] = counters();
      const now = first ? this.#dumped + timespan : to;
      this.#now = Math.max(this.#now, now);
      this.#dump(now);
    }
    this.#now = Math.max(this.#now, to);
  }

  #dump(now = this.#now): void {
    for (const counter of this.#options.counters()) {
      this.#text += counter.dump();
    }
    this.#options.forget();
    this.#dumped = now;
  }

  /** Counts the lines of a source's first piece, as far as it goes. */
  #count(log: Log, source: Source): void {
    const counter = source.counter ??= this.#options.counting(log.path);
    const { lines } = source.pieces[0]!;
    const time = source.time!;
    const { isAgain } = source;
    for (let i = source.done; i < lines.length; i++) {
      const line = lines[i]!;
      let at = time.at(line) ?? source.last;
      if (at === undefined) {
        this.untimed++;
        continue;
      }
      if (at > source.newest) {
        if (source.believes(at)) source.rise(at);
        else {
          this.#doubt(log, at);
          at = source.newest;
        }
      }
      if (at > this.#now && !this.#reaches(at)) {
        source.done = i;
        return;
      }
      source.last = at;
      const isInTime = at >= source.final && at >= this.#from;
      counter.take(line, isInTime ? at : undefined);
      if (!isInTime && !isAgain) this.late++;
    }
    this.lines += lines.length;
    source.endPiece();
    source.ring();
    this.#options.timed(log.path, time);
  }

  /** Says once of a log that it tells a time that is not believed. */
  #doubt(log: Log, at: number): void {
    this.ahead++;
    if (log.isDoubted) return;
    log.isDoubted = true;
    const time = Temporal.Instant.fromEpochMilliseconds(at * 1000);
    complain(
      `${log.path}: ${time} is ahead of the clock: such a line counts with the newest one before it`,
    );
  }

  /** Finds out how times are written, by the first lines of the file. */
  #knowsTimes(source: Source): boolean {
    const { size } = source.file.info;
    if (source.time !== undefined) return true;
    const waited = performance.now() - source.waitsSince;
    if (size === source.shown && waited < PATIENCE) return false;
    source.shown = size;
    const near = () => Math.max(source.newest, source.settled, this.#reported);
    const time = this.#options.time({ near, latest: Date.now() / 1000 });
    const { isLast } = source.pieces[0]!;
    if (time.doubt !== undefined && !isLast) {
      if (!time.learn(source.file.firstLines(SHOWN))) time.settle();
      if (time.doubt !== undefined && waited < PATIENCE) return false;
    }
    source.time = time;
    return true;
  }

  /** What is read to its end has reached the clock. */
  #settle(): void {
    const looked = Date.now();
    const now = looked / 1000;
    const { lateness, granularity } = this.#options;
    const second = floorTo(granularity, now - QUIET - lateness);
    for (const log of this.#logs.values()) {
      log.follower.look();
      for (const file of log.follower.files) this.#sourceOf(log, file);
      if (log.follower.files.length === 0) log.missing = now;
      for (const source of log.sources) {
        if (source.left || !source.isCounted || source.file.look(0)) continue;
        source.settled = now;
        source.cut(second);
      }
    }
    this.#looked = looked;
  }

  /** Lets the time go on. */
  #tick(): void {
    if (this.#isWriting) return;
    this.#settle();
    this.#advance();
    const isFirst = this.#reported === this.#from;
    const { timespan } = this.#options;
    if (isFirst || performance.now() - this.#ticked > (timespan - 0.5) * 1000) {
      this.#ticked = performance.now();
      this.#dump();
    }
    this.#woken.resolve();
  }

  /** Whether it is time to write. */
  #isDue(isIdle: boolean): boolean {
    if (this.#text.length >= ENOUGH) return true;
    const waited = performance.now() - this.#saved;
    return waited > TICK && isIdle && this.#text !== "" ||
      waited > this.#options.timespan * 1000;
  }

  /**
   * Writes what is final. Before, it is noted that it may have been written, and
   * what its values follow from; after that, with the next note, that it was.
   */
  async #write(): Promise<void> {
    this.#isWriting = true;
    const logs = [...this.#logs.values()];
    const isRead = logs.some(({ sources }) => sources.length > 0);
    const text = isRead ? this.#text : ""; // zeros about logs that nobody reads
    const reported = this.#reported;
    if (await this.#save(reported)) {
      this.#text = "";
      if (text !== "") await this.#options.write(text);
      this.#written = reported;
    }
    this.#isWriting = false;
  }

  /** Notes the state; if that fails, nothing is written until it can be. */
  async #save(reported: number): Promise<boolean> {
    this.#saved = performance.now();
    const { again, granularity, state } = this.#options;
    const from = Math.max(
      this.#from,
      floorTo(granularity, this.#written - again),
    );
    const logs: State["logs"] = {};
    for (const [path, log] of this.#logs) {
      log.forgetBefore(from);
      logs[path] = log.sources.map((source) => source.state(from));
    }
    const looked = this.#looked;
    try {
      await this.#file.write({ looked, from, reported, logs });
    } catch (error) {
      if (!this.#isRunning || error instanceof StateError) throw error;
      this.#notice(`cannot write ${state}: ${messageOf(error)}; waiting`);
      return false;
    }
    this.#notice(undefined);
    return true;
  }

  /** Says once what is wrong with the state. */
  #notice(what: string | undefined): void {
    if (what !== undefined && what !== this.#said) complain(what);
    this.#said = what;
  }
}

/** The files that are there, each from its end on. */
function filesAtTheirEnds(paths: string[]): Map<string, Found[]> {
  return new Map(paths.map((path) => {
    const file = openLog(path);
    if (file === undefined) return [path, []];
    const offset = file.info.size;
    file.seek(offset);
    return [path, [{ file, begin: { offset, newest: null, last: null } }]];
  }));
}
