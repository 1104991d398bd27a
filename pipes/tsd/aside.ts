/**
 * Keeps the puts that a TSD fails to store while it stores others, and has them
 * sent again each minute. It is not known whether they can ever be stored:
 * OpenTSDB gives the same reason when it has no identifier for a new tag (none is
 * left, or none may be made) and when the part of HBase with the identifiers is
 * down. So none of them is given up, and none holds up the others.
 *
 * @module
 */

import { complain } from "../../script/mod.ts";
import type { Failed } from "./answers.ts";
import type { Spool } from "./spool.ts";

const AGAIN = 60_000; // ms between two tries

/** Options of {@linkcode Aside}. */
export interface AsideOptions {
  /**
   * Says something to the user.
   *
   * @default {complain}
   */
  say?: (message: string) => void;
  /**
   * The time now, in milliseconds.
   *
   * @default {performance.now}
   */
  clock?: () => number;
}

/** Keeps the puts that are set aside. */
export class Aside {
  readonly #spool: Spool;
  readonly #say: (message: string) => void;
  readonly #clock: () => number;
  readonly #said = new Set<string>();
  #due = 0;

  /**
   * Makes it, with the puts that its spool holds.
   *
   * @param spool Keeps the puts; when it is full, the oldest are dropped.
   * @param options What differs from the defaults.
   */
  constructor(spool: Spool, options: AsideOptions = {}) {
    this.#spool = spool;
    this.#say = options.say ?? complain;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /**
   * Takes the lines that are due to be tried again; empty if none are.
   *
   * @param now Whether all are due now.
   */
  take(now = false): string {
    if (this.#spool.waiting === 0) return "";
    if (!now && this.#clock() < this.#due) return "";
    return this.#spool.take(Infinity)?.text ?? "";
  }

  /** Takes back the lines that could not be tried. */
  rewind(): void {
    this.#spool.rewind();
  }

  /**
   * Forgets the lines that were tried, and sets aside those that have failed.
   *
   * @param name The name of the TSD.
   * @param failed The puts that have failed, also those that were tried again.
   */
  settle(name: string, failed: Failed[]): void {
    if (failed.length > 0) {
      if (this.#spool.waiting === 0) this.#due = this.#clock() + AGAIN;
      const lines = failed.map(({ line }) => line + "\n").join("");
      this.#spool.push(lines, failed.length);
      this.#saySo(name, failed[0]!);
    }
    this.#spool.confirm(true);
  }

  #saySo(name: string, { line, error }: Failed): void {
    if (this.#said.has(error)) return;
    this.#said.add(error);
    this.#say(
      `${name}: replied: ${error}: ${line}: the TSD's log says why; such datapoints are tried again each minute, without holding up others`,
    );
  }
}
