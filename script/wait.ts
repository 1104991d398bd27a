/**
 * Timed waits.
 *
 * @module
 */

const LONGEST_TIMER = 2 ** 31 - 1; // ms, 24 days: a longer timer would end at once

/**
 * Waits for some time.
 *
 * @param ms Milliseconds; a wait of more than 24 days ends after these.
 * @param signal Ends the wait early.
 * @returns Resolves when the wait is over; never rejects.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, Math.min(ms, LONGEST_TIMER));
    signal?.addEventListener("abort", wake);
  });
}

/**
 * Lets timers, signals and other work run.
 *
 * @returns Resolves after that; never rejects.
 */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Waits for a promise, but not longer than some time.
 *
 * @param ms Milliseconds; `Infinity` needs no timer, whose module takes 10 ms to
 * load.
 * @param promise What to wait for.
 * @returns What the promise resolves to; undefined if that takes longer.
 */
export async function within<T>(
  ms: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  if (ms === Infinity) return await promise;
  const stop = new AbortController();
  const late = sleep(ms, stop.signal).then(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
