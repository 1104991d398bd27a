/**
 * {@linkcode TimedLogs}: counts logs by the times in their lines, and goes on at
 * the same place after the program has died. (Long, as the order in which it
 * reads, reports and saves is one thought; finding files and keeping the state
 * are in `timed_logs/`.)
 *
 * @module
 */

import { putsWritten, writePuts } from "../script/autodump.ts";
import { givenUp } from "../script/bounded.ts";
import { complain, complainSync, messageOf } from "../script/complain.ts";
import { lastWords } from "../script/last_words.ts";
import { sleep, within } from "../script/wait.ts";
import { atTheirEnds, find } from "./timed_logs/find.ts";
import { Log, QUIET } from "./timed_logs/log.ts";
import type { Counting, Lag, TimedLogsOptions } from "./timed_logs/options.ts";
import { floorTo, Source } from "./timed_logs/source.ts";
import {
  nameOf,
  type State,
  StateError,
  StateFile,
} from "./timed_logs/state.ts";
import type { HeldFile } from "./tail/held_file.ts";
import { LogTime } from "./time.ts";

const TICK = 1000; // ms between looks at the clock
const ENOUGH = 256 * 1024; // characters of puts that are written at once
const LAST_MOMENT = 3000; // ms for the reader to take what is left

/**
 * Logs whose lines are counted in the seconds that they tell. The value of a second
 * follows from the logs alone, so that a death, also by `kill -9`, loses nothing
 * and counts nothing twice: a second is reported once it is final, and after a
 * restart it is reported again with the same value.
 *
 * A second is final when its file has told a time that is newer by more than the
 * lateness, or, if the file is read to its end, 2 s after the clock has passed that
 * time. Only whole seconds are reported. If there is a state, reading goes on where
 * it says: files are found under the names that rotation has given them, also
 * zipped ones. Without a state, the logs are read from their ends on.
 *
 * @example
 * ```ts ignore
 * import { MetricCounter, TimedLogs } from "@metriccounter/metriccounter";
 *
 * const logs = new TimedLogs(["/var/log/auth.log"], {
 *   state: "/var/lib/metriccounter/auth.state",
 * });
 * const failures = new MetricCounter("auth.failures", logs.counterOptions);
 * await logs.run({
 *   counters: [failures],
 *   of: () => ({
 *     count: (line, at) => {
 *       if (line.includes("authentication failure")) failures.inc(at);
 *     },
 *   }),
 * });
 * ```
 */
export class TimedLogs {
  /** Lines that came after their second had become final. */
  late = 0;
  /** Lines that told a time far ahead of the clock and of their log. */
  ahead = 0;
  /** Lines before the first time of a log. */
  untimed = 0;
  /** Lines read. */
  lines = 0;

  /** The options that the counters must have. */
  readonly counterOptions: {
    /** The time of the logs, in milliseconds. */
    clock: () => number;
    allowedLateness: number;
    timespan: number;
    granularity: number;
  };

  readonly #options: Required<TimedLogsOptions>;
  readonly #hold: number;
  #counting: Counting = { counters: [], of: () => ({ count() {} }) };
  readonly #file: StateFile;
  readonly #logs: Map<string, Log>;
  /** The first second to be reported: all before it were reported for good. */
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
  /** When the counters were last dumped, and when the state was last saved. */
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
   * @param paths Their paths.
   * @param options Where the state is kept, and what differs from the defaults.
   * @throws {StateError} If the state is torn, of another program, or was written
   * with other options.
   */
  constructor(paths: string[], options: TimedLogsOptions) {
    const { timespan = 15, granularity = 1, lateness = timespan } = options;
    const given = { again: 60, settings: {}, ...options };
    this.#options = {
      time: (options) => new LogTime("auto", options),
      onTimes: () => {},
      output: async (lines) => {
        await writePuts(lines);
        await putsWritten();
      },
      ...given,
      timespan,
      granularity,
      lateness,
    };
    // One log may be ahead of the others by a timespan.
    this.#hold = lateness + timespan;
    this.counterOptions = {
      clock: () => this.#now * 1000,
      allowedLateness: this.#hold,
      timespan,
      granularity,
    };
    this.#file = new StateFile(options.state, {
      files: paths.map(nameOf),
      granularity,
      lateness,
      ...given.settings,
    });
    const state = this.#file.read();
    this.#looked = Date.now();
    const { files, lost } = state
      ? find(paths, state)
      : { files: atTheirEnds(paths), lost: [] };
    for (const what of lost) complain(what);
    if (state) {
      // Seconds whose lines cannot be read again cannot be reported again.
      this.#from = lost.length > 0 ? state.reported : state.from;
    } else {
      // If a log has already lines, the current second is not whole.
      const begun = [...files.values()].flat().some(({ begin }) =>
        begin.offset > 0
      );
      const next = Math.floor(Date.now() / 1000) + (begun ? 1 : 0);
      this.#from = -floorTo(granularity, -next);
    }
    this.#now = this.#dumped = this.#written = this.#from;
    const final = state?.reported ?? this.#from;
    this.#logs = new Map(paths.map((path) => {
      const sources = files.get(path)!.map(({ file, begin }) =>
        new Source(file, { final, ...begin }, this.#options)
      );
      return [path, new Log(path, sources, this.#looked)];
    }));
  }

  /** All seconds before this one were dumped. */
  get #reported(): number {
    const until = this.#dumped - this.#hold;
    return Math.max(this.#from, floorTo(this.#options.granularity, until));
  }

  /** How much is not read yet. */
  get lag(): Lag {
    const unread = [...this.#logs.values()].flatMap((log) => log.unread);
    const bytes = unread.reduce((sum, { bytes }) => sum + bytes, 0);
    if (unread.length === 0) return { bytes, seconds: 0 };
    const newest = Math.min(...unread.map(({ newest }) => newest));
    const seconds = Date.now() / 1000 - Math.max(newest, this.#from);
    return { bytes, seconds: Math.max(0, Math.floor(seconds)) };
  }

  /** Ends the reading; `run()` then reports what is final. */
  stop(): void {
    this.#isStopped = true;
    this.#woken.resolve();
  }

  /**
   * Reads, counts and reports until it is stopped, or until SIGTERM, SIGINT or
   * SIGHUP, which end the program with status 0.
   *
   * @param counting Counts the lines.
   * @throws {StateError} If another process writes the state, too.
   * @throws {Error} If the first state cannot be written.
   */
  async run(counting: Counting): Promise<void> {
    this.#counting = counting;
    const finished = Promise.withResolvers<true>();
    using _ = lastWords(async () => {
      this.stop();
      if (await within(LAST_MOMENT, finished.promise)) return;
      complainSync("the reader stalls: what it did not take is reported again");
      Deno.exit(1);
    });
    try {
      await this.#run();
    } finally {
      finished.resolve(true);
    }
  }

  async #run(): Promise<void> {
    await this.#save(this.#reported);
    this.#isRunning = true;
    const wake = () => this.#woken.resolve();
    const reading = [...this.#logs.values()].map((log) =>
      log.read((file) => this.#sourceOf(log, file), wake).catch((error) => {
        this.#error = error;
        wake();
      })
    );
    const ticks = setInterval(() => this.#tick(), TICK);
    try {
      while (!this.#isStopped && this.#error === undefined) {
        this.#woken = Promise.withResolvers();
        const next = this.#next();
        const before = givenUp.times;
        if (next !== undefined) this.#count(...next);
        if (givenUp.times > before) await sleep(1); // a signal is heard
        if (this.#isDue(next === undefined)) await this.#write();
        else if (next === undefined) await this.#woken.promise;
      }
      if (this.#error !== undefined) throw this.#error;
      this.#dump();
      await this.#write();
      await this.#save(this.#written);
    } finally {
      clearInterval(ticks);
      for (const log of this.#logs.values()) log.end();
      await Promise.all(reading);
    }
  }

  /** The source of a file, which may be new. */
  #sourceOf(log: Log, file: HeldFile): Source {
    let source = log.find(file);
    if (source === undefined) {
      const before = log.sources.find((source) => source.file === file);
      if (before) before.left = true; // it was truncated, and what it held is gone
      const final = this.#reported;
      const begin = { offset: file.begin, newest: null, last: null, final };
      source = new Source(file, begin, this.#options);
      log.add(source);
    }
    return source;
  }

  /** The source with the oldest time, unless its next line must wait. */
  #next(): [Log, Source] | undefined {
    let next: [Log, Source] | undefined;
    for (const log of this.#logs.values()) {
      for (const source of log.sources) {
        if (source.pieces.length === 0) continue;
        const { time } = this.#options;
        if (!source.knowsTimes(time, this.#reported)) continue;
        if (!next || source.newest < next[1].newest) next = [log, source];
      }
    }
    if (next === undefined || this.#reaches(next[1].newest)) return next;
  }

  /** Whether the counters still take a line of this time. */
  #reaches(time: number): boolean {
    if (time > this.#now) this.#advance();
    if (time <= this.#now) return true;
    this.#settle();
    this.#advance();
    return time <= this.#now;
  }

  /** Moves the time of the counters on, and dumps what has become final. */
  #advance(): void {
    const { timespan } = this.#options;
    let reached = Infinity;
    for (const log of this.#logs.values()) {
      reached = Math.min(reached, log.reached);
    }
    const to = Math.floor(reached) + timespan;
    while (to - this.#dumped > timespan) {
      if (this.#text.length >= ENOUGH) return;
      const [first] = this.#counting.counters;
      const now = first ? this.#dumped + timespan : to;
      this.#now = Math.max(this.#now, now);
      this.#dump(now);
    }
    this.#now = Math.max(this.#now, to);
  }

  #dump(now = this.#now): void {
    for (const counter of this.#counting.counters) {
      this.#text += counter.dump();
    }
    this.#counting.forget?.();
    this.#dumped = now;
  }

  /**
   * Counts the lines of a source's first piece, up to a line on which an expression
   * was given up, as that has taken a second.
   */
  #count(log: Log, source: Source): void {
    const counter = source.counter ??= this.#counting.of(log.path);
    const { lines } = source.pieces[0]!;
    const time = source.time!;
    const { isAgain } = source;
    if (source.done === 0) counter.foresee?.(lines);
    const before = givenUp.times;
    for (let i = source.done; i < lines.length; i++) {
      if (givenUp.times > before) {
        source.done = i;
        return;
      }
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
      if (isInTime) counter.count(line, at);
      else counter.pass?.(line);
      if (!isInTime && !isAgain) this.late++;
    }
    this.lines += lines.length;
    source.endPiece();
    source.ring();
    if (lines.length > 0) this.#options.onTimes(log.path, time);
  }

  /** Says once for each log that it tells a time that is not believed. */
  #doubt(log: Log, at: number): void {
    this.ahead++;
    if (log.isDoubted) return;
    log.isDoubted = true;
    const time = Temporal.Instant.fromEpochMilliseconds(at * 1000);
    complain(
      `${log.path}: ${time} is ahead of the clock: such a line counts with the newest one before it`,
    );
  }

  /** Notes which files are read to their ends: those have reached the clock. */
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

  /** Moves the time on. */
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
   * Writes what is final. Before that, the state is saved: it notes that this may
   * have been written, and the places from which the values follow. The next state
   * notes that it was written.
   */
  async #write(): Promise<void> {
    this.#isWriting = true;
    const logs = [...this.#logs.values()];
    const isRead = logs.some(({ sources }) => sources.length > 0);
    const text = isRead ? this.#text : ""; // no zeros for logs that are not read yet
    const reported = this.#reported;
    if (await this.#save(reported)) {
      this.#text = "";
      if (text !== "") await this.#options.output(text);
      this.#written = reported;
    } else {
      await sleep(TICK);
    }
    this.#isWriting = false;
  }

  /** Saves the state; if that fails, nothing is written until it can be saved. */
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
      logs[nameOf(path)] = log.sources.map((source) => source.state(from));
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

  /** Says once what is wrong with saving the state. */
  #notice(what: string | undefined): void {
    if (what !== undefined && what !== this.#said) complain(what);
    this.#said = what;
  }
}
