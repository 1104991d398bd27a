/**
 * {@linkcode bounded}: an expression that is stopped where it runs away.
 *
 * @module
 */

import type { Script } from "node:vm";
import { builtin, complainSync } from "../../script/mod.ts";

const BOUND = 1000; // ms for one line
const SHOWN = 60; // characters of a line that are said

/**
 * A class, an escaped character, look-around, a reference back, flags for a
 * part, or a count of 10 and more.
 */
const PART =
  /\[(?:\\.|[^\]\\])*\]|\\[1-9k]|\\.|\(\?(?:<?[=!]|[ims-]+:)|\{\d*,?\d{2,}/gs;
/** Those of them that V8 does not follow in linear time, nor these flags. */
const HARD = /^\(|^\\[1-9k]|^\{/;
const HARD_FLAGS = /[iuvd]/;

/** The name by which the script finds what it runs. */
const JOB = "metriccounter.bounded";
const CODE = `globalThis[Symbol.for("${JOB}")]()`;
let script: Script | undefined; // loaded when it is needed: it takes 8 MB

/** Lines that were given up, by all expressions of this program. */
export const givenUp = { lines: 0 };

/** Runs a job for a second at most; returns whether it came to its end. */
function isDone(job: () => void): boolean {
  const place = { value: job, configurable: true };
  Object.defineProperty(globalThis, Symbol.for(JOB), place);
  try {
    script ??= new (builtin("node:vm").Script)(CODE);
    script.runInThisContext({ timeout: BOUND });
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}

/** An expression that is given up on a line after a second. */
class Bounded extends RegExp {
  readonly #expression: RegExp;
  /** What it finds in the next lines. */
  readonly #found = new Map<string, RegExpExecArray | null>();

  constructor(expression: RegExp) {
    super(expression);
    this.#expression = expression;
  }

  foresee(lines: string[]): void {
    const found = this.#found;
    found.clear();
    isDone(() => {
      for (const line of lines) found.set(line, this.#expression.exec(line));
    });
  }

  override exec(line: string): RegExpExecArray | null {
    const known = this.#found.get(line);
    if (known !== undefined) return known;
    let found: RegExpExecArray | null = null;
    if (isDone(() => found = this.#expression.exec(line))) return found;
    if (givenUp.lines++ === 0) {
      complainSync(
        `an expression ran for more than 1 s on the line ${
          JSON.stringify(line.slice(0, SHOWN))
        }: for such lines it counts as not matching`,
      );
    }
    return null;
  }
}

/** All that there are. */
const all = new Map<string, Bounded>();

/**
 * What V8 cannot follow in linear time is stopped after a second on a line: an
 * expression that ignores case, looks around, refers back or counts far. That
 * costs some 20 µs a line, and far less for lines that are foreseen (measured).
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
 * Looks for all of these expressions in the next lines, under one bound.
 *
 * @param lines The lines.
 */
export function foresee(lines: string[]): void {
  for (const expression of all.values()) expression.foresee(lines);
}
