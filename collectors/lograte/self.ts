/**
 * What lograte.ts tells about itself:
 *
 * | metric                      |       | what                                       |
 * | --------------------------- | ----- | ------------------------------------------ |
 * | `metriccounter.lines`       | flow  | lines read                                 |
 * | `metriccounter.late`        | flow  | lines left out, as they came too late      |
 * | `metriccounter.lag.seconds` | stock | with `--resume`: by how much the reading is behind |
 *
 * Each has the tags `host`, `program=lograte.ts` (or what the script is called),
 * and `metric`, the first that is counted.
 *
 * @module
 */

import { MetricCounter, runEveryNSeconds, toWord } from "../../mod.ts";
import { programName } from "../../script/mod.ts";
import type { Settings } from "./options.ts";

const MAX_NAME = 64; // characters of the program's name

/** What is known now; numbers of lines are those since the start. */
export interface Self {
  /** Lines that were read. */
  lines: number;
  /** Lines that came too late. */
  late: number;
  /** Seconds by which the reading is behind; undefined if nobody knows. */
  lag?: number;
}

/** Counters about this program, which are kept up to date until disposed. */
export interface SelfCounters extends Disposable {
  /** The counters. */
  counters: MetricCounter[];
}

/**
 * Counts, every second, what is known of this program.
 *
 * @param settings What the command line asks for.
 * @param look Tells what is known now.
 */
export function countSelf(
  { rules, counting }: Settings,
  look: () => Self,
): SelfCounters {
  const [first] = rules;
  const { host } = { ...counting.tags, ...first!.tags };
  const tags = {
    program: toWord(programName(), MAX_NAME),
    metric: first!.metric,
    ...(host !== undefined && { host }),
  };
  const { timespan, granularity, format } = counting;
  const options = { tags, timespan, granularity, format };
  const lines = new MetricCounter("metriccounter.lines", options);
  const late = new MetricCounter("metriccounter.late", options);
  const stock = { ...options, kind: "stock" } as const;
  const lag = new MetricCounter("metriccounter.lag.seconds", stock);
  let last: Self = { lines: 0, late: 0 };
  const sample = () => {
    const now = look();
    lines.add(now.lines - last.lines);
    late.add(now.late - last.late);
    if (now.lag !== undefined) lag.set(now.lag);
    last = now;
  };
  const stop = new AbortController();
  runEveryNSeconds(1, sample, { signal: stop.signal });
  return {
    counters: [lines, late, lag],
    [Symbol.dispose]() {
      stop.abort();
      sample();
    },
  };
}
