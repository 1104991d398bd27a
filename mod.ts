/**
 * The shared module, and the only import of a collector: the counter, and all that
 * is needed from a log or a sample to put lines on stdout.
 *
 * @example A collector
 * ```ts ignore
 * import { autodump, MetricCounter, tail } from "@metriccounter/metriccounter";
 *
 * const failures = new MetricCounter("auth.failures");
 * await using _ = autodump(failures);
 * for await (const _ of tail("/var/log/auth.log", { match: "failure" })) {
 *   failures.inc();
 * }
 * ```
 *
 * @module
 */

export { type DumpOptions, MetricCounter } from "./counter.ts";
export {
  DistributionFamily,
  type DistributionFamilyOptions,
  MetricDistribution,
  type MetricDistributionOptions,
  type Statistic,
} from "./counter/distribution.ts";
export {
  Family,
  type FamilyOptions,
  type Member,
  MetricFamily,
  type MetricFamilyOptions,
  type Tags,
} from "./counter/family.ts";
export type { MetricCounterOptions } from "./counter/options.ts";
export {
  isPut,
  type LineFormat,
  MAX_PUT,
  parsePut,
  type Put,
  type PutFormat,
  toWord,
} from "./counter/put.ts";

export {
  LineCutter,
  type LineCutterOptions,
  type LineOptions,
} from "./lines/cut.ts";
export {
  compression,
  readLog,
  type ReadLogOptions,
  whyUnreadable,
} from "./lines/file.ts";
export { journal, whyNoJournal } from "./lines/journal.ts";
export { Lines, linesOf } from "./lines/lines.ts";
export { follow, type FollowOptions } from "./lines/program.ts";
export { TimedLogs } from "./lines/timed_logs.ts";
export type {
  Counting,
  Lag,
  TimedLogsOptions,
} from "./lines/timed_logs/options.ts";
export type { LineCounter } from "./lines/timed_logs/source.ts";
export { StateError } from "./lines/timed_logs/state.ts";
export { type FoundLog, tail, tailAll } from "./lines/tail.ts";
export { filesOf, isPattern } from "./lines/tail/pattern.ts";
export { LogTime, type LogTimeOptions, type TakenTime } from "./lines/time.ts";

export {
  type Autodump,
  autodump,
  type AutodumpOptions,
  type Dumped,
  type DumpOutput,
} from "./script/autodump.ts";
export {
  runEveryNSeconds,
  type RunOptions,
} from "./script/run_every_n_seconds.ts";
