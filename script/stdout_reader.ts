/**
 * Notices at once that the reader of stdout is gone.
 *
 * @module
 */

import { kill, mayRun, spawn } from "./child.ts";

/**
 * Watches the reader of stdout. A dead reader shows only at the next write,
 * which may be a timespan later; a `tail` on the same stdout notices at once.
 * Does nothing if the script may not run `tail`, or if stdout is a terminal.
 *
 * @param gone Called when the reader is gone.
 * @returns Dispose it to stop watching.
 */
export function watchReader(gone: () => void): Disposable {
  if (Deno.stdout.isTerminal() || !mayRun("tail")) {
    return { [Symbol.dispose]() {} };
  }
  const args = ["-f", "-s", "0.5", `--pid=${Deno.pid}`, "/dev/null"];
  const child = spawn("tail", args, { stdout: "inherit", stderr: "null" });
  child.unref();
  child.status.then(({ signal }) => {
    if (signal === "SIGPIPE") gone();
  });
  return { [Symbol.dispose]: () => kill(child) };
}
