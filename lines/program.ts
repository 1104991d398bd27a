/**
 * The lines that a program prints, such as `journalctl -f` or `sar 1`.
 *
 * @module
 */

import { kill, Restarts, spawn } from "../script/child.ts";
import type { LineOptions } from "./cut.ts";
import { Lines, linesOf } from "./lines.ts";

/** Options of {@linkcode follow}. */
export interface FollowOptions extends LineOptions {
  /** Variables of the program's environment that differ from this one's. */
  env?: Record<string, string>;
}

/**
 * The lines that a program prints which does not end, such as `journalctl -f`.
 * When it does end it is started again, after 1 s to 60 s.
 *
 * @param command The program; needs the permission to run it.
 * @param args Its arguments.
 * @param options Which lines are wanted, and its environment.
 * @returns The lines, without end; ending the iteration ends the program.
 * @throws {Deno.errors.NotFound} If there is no such program.
 *
 * @example
 * ```ts ignore
 * import { follow } from "@metriccounter/metriccounter";
 *
 * for await (const line of follow("journalctl", ["-f", "-n", "0"])) {
 *   console.log(line);
 * }
 * ```
 */
export function follow(
  command: string,
  args: string[],
  options: FollowOptions = {},
): Lines {
  return new Lines(batchesOf(command, args, options));
}

async function* batchesOf(
  command: string,
  args: string[],
  options: FollowOptions,
): AsyncGenerator<string[]> {
  const { env = {}, ...wanted } = options;
  const pipes = { stdout: "piped", stderr: "inherit", env } as const;
  const restarts = new Restarts();
  while (true) {
    restarts.started();
    const child = spawn(command, args, pipes);
    try {
      yield* linesOf(child.stdout, wanted).batches;
    } finally {
      kill(child);
    }
    await restarts.ended([command, ...args].join(" "));
  }
}
