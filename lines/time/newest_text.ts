/**
 * {@linkcode NewestText}: the text of the newest time, by which the next lines
 * of the same second are known.
 *
 * @module
 */

import type { Telling } from "./evidence.ts";
import { MORE, PLACED } from "./formats.ts";

const [PLUS, MINUS, A, Z, SMALL_A, SMALL_P] = Array.from(
  "+-AZap",
  (character) => character.charCodeAt(0),
) as [number, number, number, number, number, number];
const OFTEN = 2; // lines: what comes less often is not worth remembering

/** Whether a zone, AM or PM is at an index; most lines tell by one character. */
function mayGoOn(line: string, at: number): boolean {
  const first = line.charCodeAt(at);
  const isLetter = first >= A && first <= Z || first === SMALL_A ||
    first === SMALL_P;
  if (!isLetter && first !== PLUS && first !== MINUS) return false;
  MORE.lastIndex = at;
  return MORE.test(line);
}

/**
 * The text of the newest time. To look whether a line has it, too, costs a tenth
 * of finding and reading its time (measured).
 */
export class NewestText {
  /** Lines in a row that told it, before it was remembered. */
  #seen = 0;
  /** What stands before the fraction of the second, and what behind it. */
  #head = "";
  #headAt = 0;
  #tail = "";
  #tailAt = 0;
  /** Whether a zone or AM or PM may follow, which other lines have. */
  #isOpen = false;
  /** Whether it may stand in any column. */
  #isPlaced = false;

  /** Whether a line has this text where it stood in the line before. */
  isIn(line: string): boolean {
    if (this.#head === "") return false;
    if (
      line.startsWith(this.#head, this.#headAt) &&
      (this.#tail === "" || line.startsWith(this.#tail, this.#tailAt))
    ) {
      return !this.#isOpen ||
        !mayGoOn(line, this.#tailAt + this.#tail.length);
    }
    return this.#isPlaced &&
      this.#endsAt(line.indexOf(PLACED) + PLACED.length, line);
  }

  /** Forgets it: a line has told another time. */
  forget(): void {
    this.#head = "";
    this.#seen = 0;
  }

  /**
   * Looks at a line that tells the newest time again.
   *
   * @param telling What has found it.
   * @param from The column from which on it stands there.
   * @param line The line.
   */
  see(telling: Telling, from: number, line: string): void {
    const at = this.#head === ""
      ? -1
      : line.indexOf(this.#head, Math.max(0, from - 1));
    if (at >= 0) {
      this.#tailAt += at - this.#headAt;
      this.#headAt = at;
    } else if (++this.#seen >= OFTEN) {
      this.#remember(telling, line);
    }
  }

  #remember(telling: Telling, line: string): void {
    this.#head = "";
    const found = telling.locate.exec(line)!;
    const { second, epoch, fraction, ...rest } = found.indices!.groups!;
    const last = second ?? epoch;
    if (last === undefined) return;
    const parts = Object.values(rest).filter((part) => part !== undefined);
    const from = fraction ? fraction[1] : last[1];
    const first = Math.min(last[0], ...parts.map(([start]) => start));
    const final = Math.max(from, ...parts.map(([, end]) => end));
    this.#isPlaced = telling.format.placed ?? false;
    // With what makes it the time of the line, before it and behind it.
    const [before, behind] = this.#isPlaced ? [" [", PLACED] : [" ", " "];
    const start = telling.place.isField
      ? found.index
      : Math.max(0, first - before.length);
    const end = final + behind.length;
    if (end > line.length) return; // it may be cut
    this.#headAt = start;
    this.#head = line.slice(start, fraction ? last[1] : end);
    this.#tailAt = fraction ? from : end;
    this.#tail = line.slice(this.#tailAt, end);
    this.#isOpen = !this.#isPlaced && !rest.zone && !epoch;
  }

  /** Whether it ends at an index. */
  #endsAt(end: number, line: string): boolean {
    const by = end - this.#tailAt - this.#tail.length;
    const at = this.#headAt + by;
    const isThere = at >= 0 && line.startsWith(this.#head, at) &&
      line.startsWith(this.#tail, this.#tailAt + by);
    if (!isThere) return false;
    this.#headAt = at;
    this.#tailAt += by;
    return true;
  }
}
