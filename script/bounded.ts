/**
 * {@linkcode bounded}: an expression that is stopped when it takes too long.
 *
 * @module
 */

import type { Script } from "node:vm";
import { builtin } from "./builtin.ts";
import { complainSync } from "./complain.ts";
import { sleep } from "./wait.ts";

const BOUND = 1000; // ms for one line
const BOUND_AHEAD = 100; // ms for all lines that are foreseen together
const SHOWN = 60; // characters of a line that a message shows

/**
 * A class, an escaped character, look-around, a reference back, flags for a
 * part, or a count of 10 and more.
 */
const PART =
  /\[(?:\\.|[^\]\\])*\]|\\[1-9k]|\\.|\(\?(?:<?[=!]|[ims-]+:)|\{\d*,?\d{2,}/gs;
/** The parts with which V8 cannot match in linear time; and such flags. */
const HARD = /^\(|^\\[1-9k]|^\{/;
const HARD_FLAGS = /[iuvd]/;

/** The name by which the script finds what it runs. */
const JOB = "metriccounter.bounded";
const CODE = `globalThis[Symbol.for("${JOB}")]()`;
let script: Script | undefined; // loaded when it is needed: it takes 8 MB

/** How often this program has given up an expression. */
export const givenUp: { times: number } = { times: 0 };

/** Runs a job for some time at most; returns whether it came to its end. */
function isDone(job: () => void, timeout: number): boolean {
  const place = { value: job, configurable: true };
  Object.defineProperty(globalThis, Symbol.for(JOB), place);
  try {
    script ??= new (builtin("node:vm").Script)(CODE);
    script.runInThisContext({ timeout });
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}

/** An expression that is given up on a text after a second. */
class Bounded extends RegExp {
  readonly #expression: RegExp;
  /** What it finds in the lines that were foreseen. */
  readonly #found = new Map<string, RegExpExecArray | null>();
  /** Whether it was matched since lines were last foreseen. */
  #isAsked = false;

  constructor(expression: RegExp) {
    super(expression);
    this.#expression = expression;
  }

  foresee(lines: string[]): void {
    const found = this.#found;
    found.clear();
    if (!this.#isAsked) return;
    this.#isAsked = false;
    isDone(() => {
      for (const line of lines) found.set(line, this.#expression.exec(line));
    }, BOUND_AHEAD);
  }

  override exec(line: string): RegExpExecArray | null {
    this.#isAsked = true;
    const known = this.#found.get(line);
    if (known !== undefined) return known;
    let found: RegExpExecArray | null = null;
    const job = () => void (found = this.#expression.exec(line));
    if (isDone(job, BOUND)) return found;
    if (givenUp.times++ === 0) {
      complainSync(
        `an expression ran for more than 1 s on ${
          JSON.stringify(line.slice(0, SHOWN))
        }: where it does, it counts as not matching`,
      );
    }
    return null;
  }
}

/** All expressions with a bound. */
const all = new Map<string, Bounded>();

/**
 * Puts a bound of a second for each line on an expression that V8 cannot match
 * in linear time: one that ignores case, looks around, refers back or counts to
 * 10 and more. The bound costs some 20 µs a line, and far less for lines that
 * are foreseen (measured).
 *
 * @param expression An expression without the flags g and y.
 * @returns The same one if it needs no bound.
 */
export function bounded(expression: RegExp): RegExp {
  const { source, flags } = expression;
  const parts = source.match(PART) ?? [];
  const isHard = HARD_FLAGS.test(flags) ||
    parts.some((part) => HARD.test(part));
  if (!isHard) return expression;
  return all.getOrInsertComputed(
    String(expression),
    () => new Bounded(expression),
  );
}

/**
 * Matches expressions with a bound on the next lines, with one bound for many of
 * these, which costs less than one for each line. Only the expressions that were
 * matched on the lines before are matched on these.
 *
 * @param lines The lines.
 */
export function foresee(lines: string[]): void {
  for (const expression of all.values()) expression.foresee(lines);
}

/**
 * Takes lines one by one. After each line on which an expression was given up,
 * signals are heard.
 *
 * @param lines The lines.
 * @param take Takes a line.
 * @param signal Ends it early, after such a line.
 * @returns Whether all were taken.
 */
export async function takeAll(
  lines: string[],
  take: (line: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  for (const line of lines) {
    const before = givenUp.times;
    take(line);
    if (givenUp.times === before) continue;
    await sleep(1); // a mere turn would not hear them
    if (signal?.aborted) return false;
  }
  return true;
}
