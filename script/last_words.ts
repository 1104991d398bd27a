/**
 * What a script does when a signal asks it to end: each part of it registers here
 * what it has to do then.
 *
 * @module
 */

/** A function that is called before the end; `again` aborts at a second signal. */
export type LastWords = (again: AbortSignal) => void | Promise<void>;

const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGINT", "SIGHUP"];
const registered = new Set<LastWords>();
let again: AbortController | undefined; // from the first signal on

/**
 * Registers what to do when SIGTERM, SIGINT or SIGHUP asks the program to end.
 * When all that was registered is done, the program ends with status 0.
 *
 * @param words What to do.
 * @returns Dispose it when there is nothing left to do.
 */
export function lastWords(words: LastWords): Disposable {
  if (registered.size === 0) {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, end);
  }
  registered.add(words);
  return {
    [Symbol.dispose]: () => {
      if (!registered.delete(words) || registered.size > 0) return;
      for (const signal of SIGNALS) Deno.removeSignalListener(signal, end);
    },
  };
}

async function end(): Promise<void> {
  if (again !== undefined) return again.abort();
  const { signal } = again = new AbortController();
  await Promise.all([...registered].map((words) => words(signal)));
  Deno.exit(0);
}
