/**
 * Counts lines as they are written.
 *
 * @module
 */

import {
  autodump,
  journal,
  type Lines,
  linesOf,
  type LogTime,
  tail,
  whyNoJournal,
} from "../../mod.ts";
import { accepted, complain, complainSync, fail } from "../../script/mod.ts";
import { CURE, describe, type Settings, timeOf } from "./options.ts";
import { LogRate } from "./rate.ts";

const FIRST_LOOK = 10_000; // ms until it is said that nothing has matched
const SWEEP = 60_000; // ms between looks for series to forget

function* sourcesOf(settings: Settings): Generator<[string, Lines]> {
  const { files, text, format } = settings;
  // A line without a time takes that of the line before: then all are needed.
  const options = text !== undefined && format === undefined
    ? { match: text }
    : {};
  for (const file of files) {
    yield file === "-"
      ? ["stdin", linesOf(Deno.stdin.readable, options)]
      : [file, tail(file, options)];
  }
  if (settings.journal !== undefined) {
    yield ["the journal", journal(settings.journal, options)];
  }
}

/** Says what was taken for the time of a log's lines, as soon as that is known. */
class TimeTeller {
  readonly #name: string;
  readonly #time: LogTime;
  #said = 0;
  #warned = false;

  constructor(name: string, time: LogTime) {
    this.#name = name;
    this.#time = time;
  }

  /** Prepares for the next lines; returns whether their times are known. */
  knows(lines: string[]): boolean {
    const time = this.#time;
    if (time.doubt === undefined || time.learn(lines) || time.settle()) {
      if (time.doubt === undefined) return true;
    }
    if (!this.#warned && lines.length > 0) {
      this.#warned = true;
      complain(
        `the times of ${this.#name} are not known: ${time.doubt}; its lines count when they are read; ${CURE}`,
      );
    }
    return false;
  }

  /** Says what is new since the last call. */
  say(): void {
    const { taken } = this.#time;
    while (this.#said < taken.length) {
      complain(`${this.#name}: ${describe(taken[this.#said++]!)}`);
    }
  }
}

/**
 * Counts what is added to logs and the journal, until all sources end or a
 * signal comes.
 *
 * @param settings What the command line asks for.
 */
export async function live(settings: Settings): Promise<void> {
  const options = { ...settings.rate, fromStart: true };
  const rate = accepted(() => new LogRate(settings.metric, options));
  if (settings.journal !== undefined) {
    const why = await whyNoJournal();
    if (why !== undefined) fail(`cannot read the journal: ${why}`, 13);
  }
  addEventListener("unload", () => {
    const { late, badValues } = rate;
    if (late + badValues > 0) {
      complainSync(`${late} late, ${badValues} bad values`);
    }
  });
  await using _ = autodump();
  const sweep = setInterval(() => rate.forget(), SWEEP);
  let read = 0;
  const firstLook = setTimeout(() => {
    if (!rate.waits) return;
    complain(
      `nothing to report yet: ${read} lines were read, none of them matches`,
    );
  }, FIRST_LOOK);
  const near = () => Date.now() / 1000;
  const counting = [...sourcesOf(settings)].map(async ([name, source]) => {
    const time = settings.format && timeOf(settings, { near });
    const teller = time && new TimeTeller(name, time);
    for await (const lines of source.batches) {
      read += lines.length;
      const known = teller?.knows(lines) ? time : undefined;
      for (const line of lines) rate.count(line, known?.at(line));
      teller?.say();
    }
  });
  await Promise.all(counting);
  clearTimeout(firstLook);
  clearInterval(sweep);
}
