/** lograte.ts, as the tests of its command line run it. */
import { command, run } from "./processes.ts";

/** Where it is. */
export const SCRIPT = "collectors/lograte.ts";

/** Runs it to its end. */
export function lograte(...args: string[]): ReturnType<typeof run> {
  return run(command(SCRIPT, ...args));
}
