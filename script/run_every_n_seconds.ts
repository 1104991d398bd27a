/**
 * Runs a function every n seconds of the wall clock.
 *
 * @module
 */

import { declareStock, MetricCounter } from "../counter.ts";
import { sleep as wait } from "./wait.ts";

/** Options of {@linkcode runEveryNSeconds}. */
export interface RunOptions {
  /** Stops the runs; the promise then resolves. */
  signal?: AbortSignal;
  /**
   * The time now, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  clock?: () => number;
  /**
   * Waits for some milliseconds; the signal ends the wait early.
   *
   * @default {setTimeout}
   */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/**
 * Sets a counter to what a function returns, now and every n seconds. The
 * counter is a stock from then on: nothing is reported before the first level.
 *
 * @param n Seconds: runs are at the multiples of n of the wall clock. If a run lasts
 * longer, the next ones are skipped.
 * @param counter The counter to set.
 * @param fn Returns the level, or undefined if there is none to report; it never
 * overlaps itself.
 * @param options A signal that stops it.
 * @returns Resolves when stopped; rejects if `fn` throws.
 * @throws {RangeError} If n is not a positive number.
 *
 * @example
 * ```ts ignore
 * import {
 *   autodump,
 *   MetricCounter,
 *   runEveryNSeconds,
 * } from "@metriccounter/metriccounter";
 *
 * const load = new MetricCounter("proc.loadavg.1min");
 * await using _ = autodump(load);
 * await runEveryNSeconds(1, load, () => Deno.loadavg()[0]!);
 * ```
 */
export function runEveryNSeconds(
  n: number,
  counter: MetricCounter,
  fn: () => number | undefined | Promise<number | undefined>,
  options?: RunOptions,
): Promise<void>;
/**
 * Runs a function now and every n seconds.
 *
 * @param n Seconds: runs are at the multiples of n of the wall clock. If a run lasts
 * longer, the next ones are skipped.
 * @param fn What to run; it never overlaps itself.
 * @param options A signal that stops it.
 * @returns Resolves when stopped; rejects if `fn` throws.
 * @throws {RangeError} If n is not a positive number.
 */
export function runEveryNSeconds(
  n: number,
  fn: () => unknown,
  options?: RunOptions,
): Promise<void>;
export async function runEveryNSeconds(
  n: number,
  ...rest: unknown[]
): Promise<void> {
  if (!Number.isFinite(n) || n <= 0) {
    throw new RangeError(
      `Cannot run every n seconds as n must be a positive number: current value is ${n}`,
    );
  }
  const counter = rest[0] instanceof MetricCounter ? rest[0] : undefined;
  const [fn, options = {}] = rest.slice(counter ? 1 : 0) as [
    () => unknown,
    RunOptions?,
  ];
  const { signal, clock = Date.now, sleep = wait } = options;
  const period = n * 1000;
  if (counter) declareStock(counter);
  while (!signal?.aborted) {
    const level = await fn();
    if (level !== undefined) counter?.set(level as number);
    const next = (Math.floor(clock() / period) + 1) * period;
    // Timers can be early, and the clock can be set while they run.
    for (let ms; (ms = next - clock()) > 0 && ms <= period;) {
      if (signal?.aborted) return;
      await sleep(ms, signal);
    }
  }
}
