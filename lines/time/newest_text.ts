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
const OFTEN = 2; // lines: a text that comes less often is not remembered

/** Whether a zone, AM or PM is at an index; mostly one character is enough to know. */
function mayGoOn(line: string, at: number): boolean {
  const first = line.charCodeAt(at);
  const isLetter = first >= A && first <= Z || first === SMALL_A ||
    first === SMALL_P;
  if (!isLetter && first !== PLUS && first !== MINUS) return false;
  MORE.lastIndex = at;
  return MORE.test(line);
}

/**
 * Whether a line holds a text, which is not empty, at an index. `startsWith`
 * takes twice as long (measured).
 */
function holds(line: string, text: string, at: number): boolean {
  return line.charCodeAt(at) === text.charCodeAt(0) &&
    line.slice(at, at + text.length) === text;
}

/** Where the parts of a time are; all at one place if the parts are not known. */
function partsOf(
  { locate }: Telling,
  found: RegExpExecArray,
  line: string,
): Record<string, [number, number] | undefined> {
  if (locate !== undefined) return locate.exec(line)!.indices!.groups!;
  const all: [number, number] = [found.index, found.index + found[0].length];
  return Object.fromEntries(
    Object.entries(found.groups!)
      .filter(([, text]) => text !== undefined)
      .map(([name]) => [name, all]),
  );
}

/**
 * The text of the newest time. To check whether a line has it, too, costs a tenth
 * of finding and reading the time of the line (measured).
 */
export class NewestText {
  /** How many lines in a row have told it, until it is remembered. */
  #seen = 0;
  /** The text before the fraction of the second, and the text after it. */
  #head = "";
  #headAt = 0;
  #tail = "";
  #tailAt = 0;
  /** Whether a zone, AM or PM may follow, as in other lines. */
  #isOpen = false;
  /** Whether it may stand in any column. */
  #isPlaced = false;

  /** Whether a line has this text where it stood in the line before. */
  isIn(line: string): boolean {
    if (this.#head === "") return false;
    if (this.#isAt(0, line)) {
      return !this.#isOpen ||
        !mayGoOn(line, this.#tailAt + this.#tail.length);
    }
    return this.#isPlaced &&
      this.#endsAt(line.indexOf(PLACED) + PLACED.length, line);
  }

  /** Forgets the text, as a line has told another time. */
  forget(): void {
    this.#head = "";
    this.#seen = 0;
  }

  /**
   * Looks at a line that tells the newest time again.
   *
   * @param telling What has found it.
   * @param found What was found.
   * @param line The line.
   */
  see(telling: Telling, found: RegExpExecArray, line: string): void {
    const at = this.#head === ""
      ? -1
      : line.indexOf(this.#head, Math.max(0, found.index - 1));
    if (at >= 0) {
      this.#tailAt += at - this.#headAt;
      this.#headAt = at;
    } else if (++this.#seen >= OFTEN) {
      this.#remember(telling, found, line);
    }
  }

  #remember(telling: Telling, found: RegExpExecArray, line: string): void {
    this.#head = "";
    const { second, epoch, fraction, ...rest } = partsOf(telling, found, line);
    const last = second ?? epoch;
    if (last === undefined) return;
    const parts = Object.values(rest).filter((part) => part !== undefined);
    const from = fraction ? fraction[1] : last[1];
    const first = Math.min(last[0], ...parts.map(([start]) => start));
    const final = Math.max(from, ...parts.map(([, end]) => end));
    this.#isPlaced = telling.format.placed ?? false;
    // With the characters around it that make it the time of the line.
    const [before, behind] = this.#isPlaced ? [" [", PLACED] : [" ", " "];
    const start = telling.place.isField
      ? found.index
      : Math.max(0, first - before.length);
    const end = final + behind.length;
    if (end > line.length) return; // the time may have been cut off
    this.#headAt = start;
    this.#head = line.slice(start, fraction ? last[1] : end);
    this.#tailAt = fraction ? from : end;
    this.#tail = line.slice(this.#tailAt, end);
    this.#isOpen = !this.#isPlaced && !rest.zone && !epoch;
  }

  /** Whether it ends at an index. */
  #endsAt(end: number, line: string): boolean {
    const by = end - this.#tailAt - this.#tail.length;
    if (!this.#isAt(by, line)) return false;
    this.#headAt += by;
    this.#tailAt += by;
    return true;
  }

  /** Whether it is some characters behind where it stood in the line before. */
  #isAt(by: number, line: string): boolean {
    return holds(line, this.#head, this.#headAt + by) &&
      (this.#tail === "" || holds(line, this.#tail, this.#tailAt + by));
  }
}
