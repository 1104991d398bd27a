/**
 * The lines of systemd's journal.
 *
 * @module
 */

import { outputOf } from "../script/child.ts";
import type { LineOptions } from "./cut.ts";
import type { Lines } from "./lines.ts";
import { follow } from "./program.ts";

/**
 * Why this process cannot read the journal.
 *
 * @returns Resolves to the reason, in words; to undefined if it can.
 */
export async function whyNoJournal(): Promise<string | undefined> {
  try {
    const found = await outputOf("journalctl", ["--quiet", "--lines=1"]);
    if (found !== undefined && found.length > 0) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "there is no journalctl";
  }
  return "it is empty, or only the groups systemd-journal and adm may read it";
}

/**
 * The lines that are added to the journal from now on. Each begins with its
 * time, as in `2026-06-14T15:16:01+0200`.
 *
 * @param unit Only those of this systemd unit; all if it is empty.
 * @param options Which lines are wanted.
 * @returns The lines, without end.
 */
export function journal(
  unit: string,
  options: LineOptions = {},
): Lines {
  const args = ["--follow", "--lines=0", "--output=short-iso"];
  if (unit !== "") args.push(`--unit=${unit}`);
  return follow("journalctl", args, options);
}
