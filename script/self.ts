/**
 * Counts what a program knows of itself, under names such as
 * `metriccounter.lines`.
 *
 * @module
 */

import { MetricCounter } from "../counter.ts";
import type { MetricCounterOptions } from "../counter/options.ts";
import { runEveryNSeconds } from "./run_every_n_seconds.ts";

/** What a program knows of itself, by the names of the metrics. */
export interface Self {
  /** How many there were of something since the start. */
  flows: Record<string, number>;
  /** Levels. */
  stocks?: Record<string, number>;
}

/** Counters of what a program knows of itself; disposing takes a last sample. */
export interface SelfCounters extends Disposable {
  /** The counters. */
  counters: MetricCounter[];
}

/**
 * Samples every second what a program knows of itself.
 *
 * @param look Tells what is known now, always of the same metrics.
 * @param options Options of the counters.
 * @returns The counters, whose names begin with `metriccounter.`
 */
export function countSelf(
  look: () => Self,
  options: MetricCounterOptions,
): SelfCounters {
  let last = look();
  const make = (named: Record<string, number>, kind: "flow" | "stock") =>
    Object.keys(named).map((name) => ({
      name,
      counter: new MetricCounter(`metriccounter.${name}`, { ...options, kind }),
    }));
  const flows = make(last.flows, "flow");
  const stocks = make(last.stocks ?? {}, "stock");
  const sample = () => {
    const now = look();
    for (const { name, counter } of flows) {
      counter.add(now.flows[name]! - last.flows[name]!);
    }
    for (const { name, counter } of stocks) counter.set(now.stocks![name]!);
    last = now;
  };
  const stop = new AbortController();
  runEveryNSeconds(1, sample, { signal: stop.signal });
  return {
    counters: [...flows, ...stocks].map(({ counter }) => counter),
    [Symbol.dispose]() {
      stop.abort();
      sample();
    },
  };
}
