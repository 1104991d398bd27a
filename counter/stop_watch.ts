/**
 * A stop watch that is stopped by disposing it.
 *
 * @module
 */

/**
 * Starts a stop watch.
 *
 * @param stopped Gets the seconds that have passed, once.
 * @returns The stop watch; disposing it twice stops it once.
 */
export function stopWatch(stopped: (seconds: number) => void): Disposable {
  const started = performance.now(); // a clock that nobody sets
  let running = true;
  return {
    [Symbol.dispose]: () => {
      if (running) stopped((performance.now() - started) / 1000);
      running = false;
    },
  };
}
