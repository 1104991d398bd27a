/**
 * {@linkcode tail}: the lines of a log when they are written, across rotations.
 *
 * @module
 */

import type { LineOptions } from "./cut.ts";
import { Lines } from "./lines.ts";
import { LogFollower } from "./tail/follower.ts";
import { followAll } from "./tail/pattern.ts";

/**
 * The lines that are appended to a file from now on, each as soon as it is
 * written. The file may be missing, renamed, recreated, or truncated. What its
 * writer still writes into a renamed file is read, too, until that file has been
 * quiet for 30 s.
 *
 * Lines come without their end. A line of more than 1 MiB is cut there. Two things
 * are lost: what a truncation removes before it was read, and a file that is
 * deleted, or renamed into another folder, within 1 s after it was made, before
 * `tail` has noticed it.
 *
 * While there is nothing at the path that can be read, one line on stderr says
 * why. Until it was read for the first time, `autodump()` reports no flow of 0, as
 * that would say that nothing was logged.
 *
 * @param path The file. Needs the permission to read its folder. With the
 * permission to run `tail`, whichever this host has, lines are read at once;
 * without, within 200 ms, and before the second ends.
 * @param options Which lines are wanted.
 * @returns The lines, without end; ending the iteration ends its processes.
 *
 * @example
 * ```ts ignore
 * import { tail } from "@metriccounter/metriccounter";
 *
 * for await (const line of tail("/var/log/syslog", { match: /oom|panic/ })) {
 *   console.log(line);
 * }
 * ```
 */
export function tail(path: string, options: LineOptions = {}): Lines {
  return new Lines(batchesOf(new LogFollower(path, options)));
}

/** A log that was found by a pattern. */
export interface FoundLog {
  /** Its path. */
  path: string;
  /** Its lines, until it is gone. */
  lines: Lines;
}

/**
 * The lines of all logs that a pattern leads to, also of those that appear
 * later, which are found within a second and read from their beginning: one log
 * for each day, or for each container. Files that were rotated or compressed are
 * left out. All logs of a process share one `tail`, which follows 1,000 of them;
 * of others, lines are read within 200 ms.
 *
 * @param pattern A path with `*`, `?` or `[abc]` in it.
 * @param options Which lines are wanted.
 * @returns The logs, without end.
 *
 * @example
 * ```ts ignore
 * import { tailAll } from "@metriccounter/metriccounter";
 *
 * for await (const { path, lines } of tailAll("/var/log/containers/*.log")) {
 *   (async () => {
 *     for await (const line of lines) console.log(path, line);
 *   })();
 * }
 * ```
 */
export async function* tailAll(
  pattern: string,
  options: LineOptions = {},
): AsyncGenerator<FoundLog> {
  for await (const [path, log] of followAll(pattern, options)) {
    yield { path, lines: new Lines(batchesOf(log)) };
  }
}

async function* batchesOf(log: LogFollower): AsyncGenerator<string[]> {
  for await (const { lines } of log.pieces()) yield lines;
}
