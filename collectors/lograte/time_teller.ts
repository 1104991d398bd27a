/**
 * {@linkcode TimeTeller}: reads the times of a growing log, and says on stderr
 * what a user must know about them.
 *
 * @module
 */

import type { LogTime } from "../../mod.ts";
import { complain } from "../../script/mod.ts";
import { CURE, describe } from "./options.ts";

const SKEW = 1200; // s between times and clock that are more than lateness
const STEADY = 60; // s by which the difference to a wrong clock may vary
const LOOKS_APART = 5; // s between two looks: a backlog comes nearer in them

/** Reads the times of a log's lines, and says each thing about them once. */
export class TimeTeller {
  readonly #name: string;
  readonly #time: LogTime;
  readonly #clock: () => number;
  readonly #complain: (text: string) => void;
  #described = 0;
  #hasWarned = false;
  /** The newest time that a line has told. */
  #newest: number | undefined;
  /** By how many seconds it was ahead of the clock, and when. */
  #skew: { ahead: number; at: number } | undefined;
  #hasToldSkew = false;

  /**
   * Makes a teller for one log.
   *
   * @param name What the log is called.
   * @param time Reads its times.
   * @param clock Seconds since the epoch.
   * @param say Takes the messages.
   */
  constructor(
    name: string,
    time: LogTime,
    clock: () => number,
    say: (text: string) => void = complain,
  ) {
    this.#name = name;
    this.#time = time;
    this.#clock = clock;
    this.#complain = say;
  }

  /** Lines that took the time of the line before. */
  get unread(): number {
    return this.#time.unread;
  }

  /** Learns from the next lines; returns whether their times are known. */
  knows(lines: string[]): boolean {
    const time = this.#time;
    if (time.doubt === undefined) return true;
    if (time.learn(lines) || time.settle()) return time.doubt === undefined;
    if (!this.#hasWarned && lines.length > 0) {
      this.#hasWarned = true;
      this.#complain(
        `the times of ${this.#name} are not known: ${time.doubt}; its lines count when they are read; ${CURE}`,
      );
    }
    return false;
  }

  /** The time of the next line. */
  at(line: string): number | undefined {
    const { unread } = this.#time;
    const second = this.#time.at(line);
    if (this.#time.unread === unread) this.#newest = second;
    return second;
  }

  /** Says what is new since the last call of this method. */
  say(): void {
    const { taken } = this.#time;
    while (this.#described < taken.length) {
      this.#complain(`${this.#name}: ${describe(taken[this.#described++]!)}`);
    }
    if (!this.#hasToldSkew && this.#newest !== undefined) {
      this.#compare(this.#newest);
      this.#newest = undefined;
    }
  }

  /** Says so if the log's times stay far from the clock. */
  #compare(second: number): void {
    const at = this.#clock();
    const ahead = second - at;
    const last = this.#skew;
    if (last !== undefined && at - last.at < LOOKS_APART) return;
    this.#skew = { ahead, at };
    if (last === undefined || Math.abs(ahead) < SKEW) return;
    if (Math.abs(ahead - last.ahead) > STEADY) return;
    this.#hasToldSkew = true;
    const hours = Math.round(Math.abs(ahead) / 360) / 10;
    this.#complain(
      `${this.#name}: its times are ${hours} hours ${
        ahead < 0 ? "behind" : "ahead of"
      } the clock: its zone may be another one (--zone), or one of the clocks is wrong`,
    );
  }
}
