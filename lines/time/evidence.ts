/**
 * Decides by the first lines of a log where and how it tells its times.
 *
 * @module
 */

import { type Frame, type Groups, OLDEST, secondOf } from "./calendar.ts";
import { type Format, FORMATS } from "./formats.ts";
import { ANYWHERE, isFirm, type Place, placeOf, START } from "./places.ts";
import { isAmbiguous } from "./zones.ts";

/** A format at a place: where and how a log tells its times. */
export interface Telling {
  /** How the time is written. */
  format: Format;
  /** Where it stands. */
  place: Place;
  /** Finds it in a line. */
  find: RegExp;
  /** Finds the parts of the time; with an expression of a user it may not end. */
  locate: RegExp | undefined;
}

const DAY = 86_400; // s
const YEAR = 365 * DAY;
const QUARTER = 900; // s: all zones are whole quarters of an hour apart
const MAX_LOOK = 2000; // characters of a line in which its time is looked for
const MANY = 20; // lines that prove what fewer cannot
const CONSTANT = 5; // lines after which a time should have changed
const SCANNERS = FORMATS.map(({ source }) => new RegExp(source, "g"));

/** The expression that finds a format at a place. */
export function telling(format: Format, place: Place): Telling {
  const find = new RegExp(place.source + format.source);
  return { format, place, find, locate: new RegExp(find, "d") };
}

/** The formats and places that one line alone proves. */
export const PROVEN: Telling[] = FORMATS
  .filter(({ proof }) => proof === "sure")
  .map((format) => telling(format, format.placed ? ANYWHERE : START));

interface Match {
  format: Format;
  start: number;
  end: number;
  groups: Groups;
}

/** All that looks like a time in a line, without what is part of a longer one. */
function matchesIn(line: string): Match[] {
  const text = line.slice(0, MAX_LOOK);
  const all: Match[] = [];
  for (const [i, format] of FORMATS.entries()) {
    for (const found of text.matchAll(SCANNERS[i]!)) {
      const start = found.index;
      const end = start + found[0].length;
      all.push({ format, start, end, groups: found.groups! });
    }
  }
  return all.filter((a) =>
    !all.some((b) =>
      b.start <= a.start && b.end >= a.end && b.end - b.start > a.end - a.start
    )
  );
}

/** What speaks for one format at one place. */
class Witness {
  readonly telling: Telling;
  readonly seconds = new Map<number, number>(); // by the number of the line
  readonly spans = new Map<number, string>();
  bad = 0;
  ahead = 0;
  example = "";

  constructor(telling: Telling) {
    this.telling = telling;
  }

  get proof(): Format["proof"] {
    return this.telling.format.proof;
  }

  get isDayless(): boolean {
    return !this.telling.format.source.includes("<day>") &&
      !this.telling.format.source.includes("<epoch>");
  }

  get isFirm(): boolean {
    return isFirm(this.telling.place);
  }

  /** How much this one is preferred to others in the same lines. */
  get score(): number {
    const { place } = this.telling;
    const constant = this.seconds.size >= CONSTANT &&
      new Set(this.seconds.values()).size === 1;
    const proof = this.isDayless ? "dayless" : this.proof;
    const table = place.rank === 0
      ? { sure: 100, some: 60, number: 55, dayless: 40 }
      : this.isFirm
      ? { sure: 90, some: 90, number: 90, dayless: 35 }
      : { sure: 70, some: 45, number: 30, dayless: 10 };
    return table[proof] - place.rank / 1000 - (constant ? 50 : 0);
  }

  /** The seconds, in the order of the lines. */
  get times(): number[] {
    return [...this.seconds.values()];
  }

  /** The seconds between one line and the next. */
  get steps(): number[] {
    const times = this.times;
    return times.slice(1).map((time, i) => time - times[i]!);
  }

  get variation(): number {
    return this.steps.reduce((sum, step) => sum + Math.abs(step), 0);
  }
}

/** The decision. */
export interface Verdict {
  /** Where and how the log tells its times, the best first. */
  tellings: Telling[];
  /** Whether the log tells times after its last change. */
  ahead: boolean;
  /** Why nothing is known yet. */
  doubt?: string;
  /** The format and place where only day and month are in doubt. */
  doubted?: Telling;
}

/** Gathers evidence, line by line. */
export class Evidence {
  /** The lines that were looked at. */
  readonly lines: string[] = [];
  readonly #frame: Frame;
  readonly #witnesses = new Map<string, Witness>();
  readonly #own = new Set<number>(); // lines that do not continue another
  #ambiguousZone: string | undefined;

  /**
   * Begins without evidence.
   *
   * @param frame What completes times.
   */
  constructor(frame: Frame) {
    this.#frame = frame;
  }

  /** Looks at a line. */
  add(line: string): void {
    const number = this.lines.push(line) - 1;
    if (/^\S/.test(line)) this.#own.add(number);
    for (const { format, start, end, groups } of matchesIn(line)) {
      const place = format.placed ? ANYWHERE : placeOf(line, start);
      if (place === undefined) continue;
      const key = format.source + place.source;
      let witness = this.#witnesses.get(key);
      if (witness === undefined) {
        witness = new Witness(telling(format, place));
        this.#witnesses.set(key, witness);
      }
      if (witness.spans.has(number)) continue; // the first of a line counts
      witness.spans.set(number, `${start} ${end}`);
      if (groups.zone !== undefined && isAmbiguous(groups.zone)) {
        this.#ambiguousZone = groups.zone;
      }
      const second = secondOf(groups, this.#frame);
      const ahead = second > this.#frame.limit;
      if (ahead && format.proof === "sure") witness.ahead++;
      if (second >= OLDEST && (!ahead || format.proof === "sure")) {
        witness.seconds.set(number, second);
        witness.example ||= line.slice(start, end);
      } else {
        witness.bad++;
      }
    }
  }

  /**
   * Decides by the lines that were looked at.
   *
   * @param final Whether there are no more lines.
   */
  verdict(final: boolean): Verdict {
    const tellings: Telling[] = [];
    const covered = new Map<number, number>();
    let open = this.#own;
    let ahead = false;
    while (open.size > 0) {
      const fit = [...this.#witnesses.values()]
        .filter((witness) => this.#isProven(witness, open, covered));
      const scores = new Map(fit.map((w) => [w, this.#score(w)]));
      const [best] = fit.sort((a, b) => scores.get(b)! - scores.get(a)!);
      if (best === undefined) break;
      const chosen = this.#choose(best, final);
      if (typeof chosen === "string") {
        if (tellings.length > 0) break;
        const doubted = best.telling;
        return { tellings, ahead, doubt: chosen, doubted };
      }
      if (chosen.ahead * 2 > chosen.seconds.size) ahead = true;
      tellings.push(chosen.telling);
      for (const [line, second] of chosen.seconds) covered.set(line, second);
      open = new Set([...open].filter((line) => !chosen.seconds.has(line)));
    }
    if (tellings.length > 0) return { tellings, ahead };
    return { tellings, ahead, doubt: this.#doubt() };
  }

  #doubt(): string {
    const zone = this.#ambiguousZone;
    if (zone !== undefined) {
      return `${zone} is the name of several zones, and the given zone is none of them`;
    }
    const line = this.lines.map((line) => line.trim()).find((line) =>
      line !== ""
    );
    const shown = line === undefined
      ? ""
      : `, such as ${
        JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line)
      }`;
    return `its lines${shown} have no time in a known format`;
  }

  /** The score; one more if an epoch in the same lines tells the same times. */
  #score(witness: Witness): number {
    const same = this.#agreeing(witness).map(({ score }) => score + 1);
    return Math.max(witness.score, ...same);
  }

  /** The ones that tell the same times as an epoch, except for the zone. */
  #agreeing(witness: Witness): Witness[] {
    if (!witness.telling.format.source.includes("<epoch>")) return [];
    return [...this.#witnesses.values()].filter((other) =>
      other.proof === "sure" &&
      [...witness.seconds].every(([line, second]) => {
        const difference = second - (other.seconds.get(line) ?? NaN);
        return difference % QUARTER === 0 && Math.abs(difference) <= DAY;
      })
    );
  }

  #isProven(
    witness: Witness,
    open: Set<number>,
    covered: Map<number, number>,
  ): boolean {
    const { proof, isFirm, isDayless, steps, bad } = witness;
    const lines = [...witness.seconds.keys()].filter((line) => open.has(line));
    if (lines.length === 0) return false;
    if (proof === "sure" && isFirm) return true;
    const share = lines.length / open.size;
    const good = witness.seconds.size;
    const enough = good >= 3 && share >= 0.8;
    if (share < 0.5 || bad * 10 > good) return false;
    if (covered.size > 0) {
      return proof === "sure" && good >= 3 && this.#fits(witness, covered);
    }
    if (proof === "sure") return true;
    if (proof === "some") {
      if (isDayless && bad > 0) return false;
      return isFirm || enough;
    }
    if (isFirm && witness.telling.place !== START) return true;
    if (this.#agreeing(witness).length > 0) return true;
    const back = steps.filter((step) => step < 0).length;
    const proven = good >= MANY && new Set(steps).size > 2;
    if (isFirm) {
      const { limit } = this.#frame;
      return witness.times.every((time) => time > limit - YEAR) ||
        proven && back * 5 <= steps.length;
    }
    const isFresh = this.#distance(witness) < DAY;
    return share >= 0.9 && bad === 0 && (enough && isFresh || proven);
  }

  /** Whether times are near those of the lines before. */
  #fits(witness: Witness, covered: Map<number, number>): boolean {
    const near = [...witness.seconds].filter(([line, second]) => {
      for (let before = line - 1; before >= 0; before--) {
        const other = covered.get(before);
        if (other !== undefined) return Math.abs(second - other) < 3600;
      }
      return true;
    });
    return near.length * 10 >= witness.seconds.size * 9;
  }

  /** The seconds from the newest time to the log's last change. */
  #distance(witness: Witness): number {
    const last = witness.times.at(-1) ?? NaN;
    return Math.abs(this.#frame.limit - DAY - last);
  }

  /** The right one of several that read the same text in different ways. */
  #choose(best: Witness, final: boolean): Witness | string {
    const [[line, span] = [0, ""]] = best.spans;
    const all = [...this.#witnesses.values()].filter((other) =>
      other.telling.place.source === best.telling.place.source &&
      other.spans.get(line) === span && other.seconds.size > 0
    );
    const least = Math.min(...all.map(({ bad }) => bad));
    const rivals = all.filter(({ bad }) => bad === least);
    if (rivals.length === 1) return rivals[0]!;
    const last = rivals.map((rival) => rival.times.at(-1)!);
    if (final && rivals.every((r) => `${r.times}` === `${rivals[0]!.times}`)) {
      return rivals[0]!;
    }
    rivals.sort((a, b) => a.variation - b.variation);
    if (rivals[0]!.variation * 2 < rivals[1]!.variation) return rivals[0]!;
    const close = rivals.filter((rival) => this.#distance(rival) <= DAY);
    if (close.length === 1) return close[0]!;
    rivals.sort((a, b) => this.#distance(a) - this.#distance(b));
    const ahead = this.#distance(rivals[1]!) - this.#distance(rivals[0]!);
    if (ahead > YEAR) return rivals[0]!;
    const dates = new Set(
      last.map((second) => new Date(second * 1000).toISOString().slice(0, 10)),
    );
    const names = new Set(rivals.map(({ telling }) => telling.format.name));
    return `"${best.example}" may be ${[...names].join(" or ")} (${
      [...dates].join(", ")
    })`;
  }
}
