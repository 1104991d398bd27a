/**
 * Shows how much of the files is read.
 *
 * @module
 */

import { fromJsr } from "./from_jsr.ts";

/**
 * A progress bar for reading files, if stderr is a terminal to draw it on.
 *
 * @param paths The files.
 * @returns Raise its `value` by the bytes that were read, and `stop` it in the end.
 */
export async function progressBar(
  paths: string[],
): Promise<{ value: number; stop(): Promise<void> } | undefined> {
  if (!Deno.stderr.isTerminal()) return;
  const sizes = paths.filter((path) => path !== "-")
    .map((path) => Deno.statSync(path).size);
  const max = sizes.reduce((sum, size) => sum + size, 0);
  if (max === 0) return;
  const { ProgressBar } = await fromJsr(
    import("@std/cli/unstable-progress-bar"),
  );
  return new ProgressBar({ max, clear: true });
}
