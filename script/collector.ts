/**
 * Runs a module of `collectors/` as a program of its own, and lets several of them
 * run in one process.
 *
 * @module
 */

import type { PutFormat } from "../counter/put.ts";
import { choice, commandLine, type Option } from "./command_line.ts";
import { fail } from "./complain.ts";

/** What a collector is started with. */
export interface CollectorOptions {
  /** The arguments that are no options. */
  args: string[];
  /** The form of its lines; undefined for the default of a counter. */
  format?: PutFormat | undefined;
}

/**
 * Counts until it is ended.
 *
 * @throws {Unsupported} If this host lacks what the collector needs.
 */
export type Collector = (options: CollectorOptions) => Promise<void>;

/** The error of a collector that cannot work on this host. */
export class Unsupported extends Error {}

/** The option `--format`, which all collectors have. */
export const FORMAT: Option<"put" | "tcollector" | undefined> = choice(
  "put",
  "tcollector",
);

/** The usage text of {@linkcode FORMAT}. */
export const FORMAT_USAGE = `\
  --format put|tcollector  Print OpenTSDB puts, or what tcollector reads. The
                           default is tcollector where the script lies in a
                           folder whose name is a number, as in collectors/0.`;

/**
 * Runs a collector as the program that was started. It ends with status 13 where
 * the host lacks what the collector needs: "do not run me here" to tcollector.
 *
 * @param collector The collector.
 * @param usage The whole text of `--help`.
 * @param most The most arguments that are no options.
 */
export async function runCollector(
  collector: Collector,
  usage: string,
  most = 0,
): Promise<void> {
  const options = commandLine(usage, { format: FORMAT }, most);
  try {
    await collector(options);
  } catch (error) {
    if (error instanceof Unsupported) fail(error.message, 13);
    throw error;
  }
}
