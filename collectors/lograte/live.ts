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
  tail,
  whyNoJournal,
} from "../../mod.ts";
import { accepted, complain, complainSync, fail } from "../../script/mod.ts";
import { type Settings, timeOf } from "./options.ts";
import { LogRate } from "./rate.ts";

const FIRST_LOOK = 10_000; // ms until it is said that nothing has matched
const SWEEP = 60_000; // ms between looks for series to forget

function* sourcesOf(settings: Settings): Generator<Lines> {
  const { files, text, format } = settings;
  // A line without a time takes that of the line before: then all are needed.
  const options = text !== undefined && format === undefined
    ? { match: text }
    : {};
  for (const file of files) {
    yield file === "-"
      ? linesOf(Deno.stdin.readable, options)
      : tail(file, options);
  }
  if (settings.journal !== undefined) yield journal(settings.journal, options);
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
  const counting = [...sourcesOf(settings)].map(async (source) => {
    const time = settings.format && timeOf(settings, { near });
    for await (const lines of source.batches) {
      read += lines.length;
      for (const line of lines) rate.count(line, time?.at(line));
    }
  });
  await Promise.all(counting);
  clearTimeout(firstLook);
  clearInterval(sweep);
}
