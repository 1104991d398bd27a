/**
 * What tsd.ts tells the TSD about itself:
 *
 * | metric                        |       | what                                        |
 * | ----------------------------- | ----- | ------------------------------------------- |
 * | `metriccounter.dropped`       | flow  | datapoints dropped, as the spool was full   |
 * | `metriccounter.refused`       | flow  | lines that are not puts, or the TSD refused |
 * | `metriccounter.waiting.bytes` | stock | what waits to be sent                       |
 *
 * Each has the tags `host` and `program=tsd.ts`.
 *
 * @module
 */

import { autodump, MetricCounter, runEveryNSeconds } from "../../mod.ts";

/** What is known now, in all since the start. */
export interface Self {
  /** Datapoints that were dropped. */
  dropped: number;
  /** Lines that were refused. */
  refused: number;
  /** Bytes that wait to be sent. */
  waiting: number;
}

/**
 * Reports every second of this program.
 *
 * @param look Tells what is known now.
 * @param output Gets the put lines.
 * @returns Dispose it to report what is left.
 */
export function reportSelf(
  look: () => Self,
  output: (lines: string) => void,
): AsyncDisposable {
  const tags = { program: "tsd.ts" };
  const dropped = new MetricCounter("metriccounter.dropped", { tags });
  const refused = new MetricCounter("metriccounter.refused", { tags });
  const waiting = new MetricCounter("metriccounter.waiting.bytes", { tags });
  let last: Self = { dropped: 0, refused: 0, waiting: 0 };
  const sample = () => {
    const now = look();
    dropped.add(now.dropped - last.dropped);
    refused.add(now.refused - last.refused);
    waiting.set(now.waiting);
    last = now;
  };
  const dump = autodump(dropped, refused, waiting, { output });
  const stop = new AbortController();
  runEveryNSeconds(1, sample, { signal: stop.signal });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      sample();
      await dump[Symbol.asyncDispose]();
    },
  };
}
