/**
 * Child processes: they end with this program, and are started again when they
 * die too early.
 *
 * @module
 */

import { Backoff } from "./backoff.ts";
import { complain } from "./complain.ts";
import { sleep } from "./wait.ts";

const MIN_PAUSE = 1000; // ms before the first new start
const MAX_PAUSE = 60_000; // ms

const children = new Set<Deno.ChildProcess>();

addEventListener("unload", () => children.forEach(kill));

/** Ends a child process, if it has not ended already. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill();
  } catch {
    // It has ended already.
  }
}

/**
 * Whether this script may run a program.
 *
 * @param command The program.
 */
export function mayRun(command: string): boolean {
  const { state } = Deno.permissions.querySync({ name: "run", command });
  return state === "granted";
}

/**
 * Hands a command to a function that starts it. With `LD_PRELOAD` or the like
 * in the environment, Deno refuses to start even a program that the script may
 * run, unless that program gets an environment without them: so it gets an
 * empty one.
 */
function start<T>(
  command: string,
  options: Deno.CommandOptions,
  run: (command: Deno.Command) => T,
): T {
  try {
    return run(new Deno.Command(command, options));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    if (!mayRun(command)) throw error;
    return run(new Deno.Command(command, { ...options, clearEnv: true }));
  }
}

/**
 * Starts a program that ends when this one ends. It is in a process group of
 * its own: a signal to the whole group, as tcollector sends it, does not end
 * the program before this one has read its last output.
 *
 * @param command The program; needs the permission to run it.
 * @param args Its arguments.
 * @param options Its pipes and its environment.
 * @returns The child process.
 */
export function spawn(
  command: string,
  args: string[],
  options: Pick<Deno.CommandOptions, "stdout" | "stderr" | "env">,
): Deno.ChildProcess {
  const all = { args, stdin: "null", detached: true, ...options } as const;
  const child = start(command, all, (command) => command.spawn());
  children.add(child);
  child.status.then(() => children.delete(child));
  return child;
}

/**
 * Runs a program to its end, without a locale: it prints the same everywhere, and
 * starts in less time.
 *
 * @param command The program; needs the permission to run it.
 * @param args Its arguments.
 * @returns What it printed on stdout; undefined if a signal cut it short.
 */
export async function outputOf(
  command: string,
  args: string[],
): Promise<Uint8Array | undefined> {
  const env = { LC_ALL: "C" };
  const all = { args, env, stdin: "null", stderr: "null" } as const;
  const output = start(command, all, (command) => command.output());
  const { stdout, signal } = await output;
  return signal === null ? stdout : undefined;
}

/** Options of {@linkcode Restarts}. */
export interface RestartsOptions {
  /**
   * The time now, in milliseconds, by a clock that nobody sets.
   *
   * @default {performance.now}
   */
  clock?: () => number;
  /**
   * Waits for some milliseconds; the signal ends the wait early.
   *
   * @default {setTimeout}
   */
  sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Pauses between the starts of a program that dies: 1 s at first, then more. */
export class Restarts {
  readonly #backoff = new Backoff(MIN_PAUSE, MAX_PAUSE);
  readonly #clock: () => number;
  readonly #sleep: NonNullable<RestartsOptions["sleep"]>;
  #started = 0;

  /**
   * Makes pauses.
   *
   * @param options What differs from the defaults.
   */
  constructor(options: RestartsOptions = {}) {
    this.#clock = options.clock ?? (() => performance.now());
    this.#sleep = options.sleep ?? sleep;
  }

  /** Notes that the program was started. */
  started(): void {
    this.#started = this.#clock();
  }

  /**
   * Says that the program has ended, and waits until it is time to start it again.
   *
   * @param what What ended.
   * @param signal Ends the pause early.
   */
  async ended(what: string, signal?: AbortSignal): Promise<void> {
    if (this.#clock() - this.#started > MAX_PAUSE) this.#backoff.reset();
    const pause = this.#backoff.next();
    complain(`${what} ended; starting it again in ${pause / 1000} s`);
    await this.#sleep(pause, signal);
  }
}
