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
import { complain, complainSync, fail } from "../../script/mod.ts";
import { type Settings, timeOf } from "./options.ts";
import { LogRates } from "./rates.ts";
import { TimeTeller } from "./time_teller.ts";

const FIRST_LOOK = 5000; // ms until it is said that nothing has matched
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

/**
 * Counts what is added to logs and the journal, until all sources end or a
 * signal comes.
 *
 * @param settings What the command line asks for.
 */
export async function live(settings: Settings): Promise<void> {
  const options = { ...settings.rate, fromStart: true };
  const rate = new LogRates(settings.rules, options);
  if (settings.journal !== undefined) {
    const why = await whyNoJournal();
    if (why !== undefined) fail(`cannot read the journal: ${why}`, 13);
  }
  const times: TimeTeller[] = [];
  addEventListener("unload", () => {
    const { late, badValues, notJson } = rate;
    const unread = times.reduce((sum, { unread }) => sum + unread, 0);
    if (late + badValues + notJson + unread > 0) {
      const more = unread > 0
        ? `, ${unread} lines took the time of the line before`
        : "";
      const text = notJson > 0 ? `, ${notJson} lines are no JSON` : "";
      complainSync(`${late} late, ${badValues} bad values${text}${more}`);
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
    const time = settings.format &&
      new TimeTeller(name, timeOf(settings, { near }), near);
    if (time) times.push(time);
    const log = rate.of(name);
    for await (const lines of source.batches) {
      read += lines.length;
      const known = time?.knows(lines) ? time : undefined;
      for (const line of lines) log.count(line, known?.at(line));
      time?.say();
    }
  });
  await Promise.all(counting);
  clearTimeout(firstLook);
  clearInterval(sweep);
}
