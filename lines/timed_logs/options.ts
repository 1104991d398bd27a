/**
 * The options of {@linkcode TimedLogs}, and the types that it uses.
 *
 * @module
 */

import type { LogTime, LogTimeOptions } from "../time.ts";
import type { LineCounter } from "./source.ts";

/** Options of {@linkcode TimedLogs}. */
export interface TimedLogsOptions {
  /**
   * The file that keeps where to read on. Needs the permission to write into its
   * folder.
   */
  state: string;
  /**
   * Other settings on which the values depend: a state with different ones is
   * refused.
   *
   * @default {{}}
   */
  settings?: Record<string, unknown>;
  /**
   * Seconds that are reported again, with the same values, after a restart.
   *
   * @default {60}
   */
  again?: number;
  /**
   * Seconds between two dumps of the counters.
   *
   * @default {15}
   */
  timespan?: number;
  /**
   * Whole seconds that one datapoint covers; a divisor of `timespan`.
   *
   * @default {1}
   */
  granularity?: number;
  /**
   * Seconds by which a line may be older than the newest one of its file.
   *
   * @default {timespan}
   */
  lateness?: number;
  /**
   * Makes a reader of the times of a file.
   *
   * @default {(options) => new LogTime("auto", options)}
   */
  time?: (options: LogTimeOptions) => LogTime;
  /** Is called with the reader of the times of a log whenever lines were read. */
  onTimes?: (path: string, time: LogTime) => void;
  /**
   * Gets the datapoints, in whole lines. They count as reported when it resolves.
   *
   * @default {to stdout}
   */
  output?: (lines: string) => void | Promise<void>;
}

/** Counts the lines for {@linkcode TimedLogs}. */
export interface Counting {
  /** The counters, made with `counterOptions`. */
  readonly counters: Iterable<{ dump(): string }>;
  /** Makes a counter of the lines of a file, by the path of its log. */
  of(path: string): LineCounter;
  /** Forgets counters that are not needed any more. */
  forget?(): void;
}

/** By how much reading is behind. */
export interface Lag {
  /** Bytes that were not read. */
  bytes: number;
  /** The age of the newest line that was read; 0 if all lines were read. */
  seconds: number;
}
