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
const NEAR = 64; // lines ahead in which the next one is looked for
const RARE = 16; // lines, of which one at most is matched: not worth to foresee
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

/** A single character, as an escape or a class. */
const CHARACTER = /\\[pPu]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]/gs;
const OPENING = /\(\?(?:<?[=!]|[-ims]*:|<[^>]+>)/g;
const SO_MANY = /[^()]\{\d+\}/gs;

/** Whether there are several ways to match a text: something is repeated at will. */
function isLoose(source: string): boolean {
  const rest = source.replace(CHARACTER, "a").replace(OPENING, "(")
    .replace(SO_MANY, "a");
  return /[*+?{]/.test(rest);
}

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
  /** The lines that were foreseen, and what it finds in the first of them. */
  #lines: string[] = [];
  #found: (RegExpExecArray | null)[] = [];
  /** The index of the line that was matched last. */
  #at = 0;
  /** How often it was matched since lines were last foreseen. */
  #asked = 0;

  constructor(expression: RegExp) {
    super(expression);
    this.#expression = expression;
  }

  foresee(lines: string[]): void {
    const isWorth = this.#asked * RARE > this.#lines.length;
    const found: (RegExpExecArray | null)[] = [];
    this.#lines = lines;
    this.#found = found;
    this.#at = this.#asked = 0;
    if (!isWorth) return;
    isDone(() => {
      for (const line of lines) found.push(this.#expression.exec(line));
    }, BOUND_AHEAD);
  }

  override exec(line: string): RegExpExecArray | null {
    this.#asked++;
    const end = Math.min(this.#found.length, this.#at + NEAR);
    for (let i = this.#at; i < end; i++) {
      if (this.#lines[i] !== line) continue;
      this.#at = i;
      return this.#found[i]!;
    }
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
 * 10 and more, unless all that it repeats is a single character so many times.
 * The bound costs some 20 us a line, and 1 us for lines that are foreseen
 * (measured).
 *
 * @param expression An expression without the flags g and y.
 * @returns The same one if it needs no bound.
 */
export function bounded(expression: RegExp): RegExp {
  const { source, flags } = expression;
  const parts = source.match(PART) ?? [];
  const isHard = HARD_FLAGS.test(flags) ||
    parts.some((part) => HARD.test(part));
  if (!isHard || !isLoose(source)) return expression;
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
