/**
 * Counts lines when they are written.
 *
 * @module
 */

import {
  autodump,
  type FoundLog,
  isPattern,
  journal,
  type LineOptions,
  Lines,
  readLog,
  tail,
  tailAll,
  whyNoJournal,
} from "../../mod.ts";
import {
  complain,
  complainSync,
  counted,
  countSelf,
  fail,
  lastWords,
  messageOf,
  takeAll,
} from "../../script/mod.ts";
import { type Settings, timeOf } from "./options.ts";
import { LogCounter, tellsAny } from "./log_counter.ts";
import { TimeTeller } from "./time_teller.ts";

const FIRST_LOOK = 5000; // ms until it is said that nothing has matched

/** The logs of a file or a pattern, each with a name. */
async function* logsOf(
  file: string,
  options: LineOptions,
): AsyncGenerator<FoundLog> {
  if (file === "-") {
    yield { path: "stdin", lines: new Lines(stdin(options)) };
  } else if (isPattern(file)) {
    yield* tailAll(file, options);
  } else {
    yield { path: file, lines: tail(file, options) };
  }
}

/** Reads stdin, zipped or not; what was read counts, also when it breaks off. */
async function* stdin(options: LineOptions): AsyncGenerator<string[]> {
  let isRead = false;
  try {
    for await (const lines of readLog("-", options).batches) {
      isRead ||= lines.length > 0;
      yield lines;
    }
  } catch (error) {
    if (!isRead) fail(`cannot read stdin: ${messageOf(error)}`, 13);
    complainSync(`cannot read all of stdin: ${messageOf(error)}`);
    Deno.exitCode = 1;
  }
}

/**
 * Counts what is added to logs and the journal, until all sources end or a
 * signal comes.
 *
 * @param settings What the command line asks for.
 */
export async function live(settings: Settings): Promise<void> {
  const options = { ...settings.counting, fromStart: true };
  const counter = new LogCounter(settings.rules, options);
  if (settings.journal !== undefined) {
    const why = await whyNoJournal();
    if (why !== undefined) fail(`cannot read the journal: ${why}`, 13);
  }
  const times = new Set<TimeTeller>();
  let unreadBefore = 0; // lines without a time in logs that have ended
  addEventListener("unload", () => {
    const unread = [...times]
      .reduce((sum, { unread }) => sum + unread, unreadBefore);
    const remarks = counter.remarks({ late: counter.late, unread });
    if (remarks.some(tellsAny)) complainSync(remarks.join(", "));
  });
  await using _ = autodump();
  const ended = new AbortController();
  const { signal } = ended;
  using _ending = lastWords(() => ended.abort());
  let read = 0;
  using _self = settings.self
    ? countSelf(
      () => ({ flows: { lines: read, late: counter.late } }),
      settings.self,
    )
    : undefined;
  const firstLook = setTimeout(() => {
    if (!counter.waits) return;
    complain(
      `nothing to report yet, as no line matches: read ${
        counted(read, "line")
      }`,
    );
  }, FIRST_LOOK);
  const { files, text, format } = settings;
  // With times, all lines are needed: one without a time takes that before it.
  const wanted = text !== undefined && format === undefined
    ? { match: text }
    : {};
  const near = () => Date.now() / 1000;
  const count = async ({ path, lines: { batches } }: FoundLog) => {
    const time = format &&
      new TimeTeller(path, timeOf(settings, { near }), near);
    if (time) times.add(time);
    const log = counter.of(path);
    for await (const lines of batches) {
      read += lines.length;
      const known = time?.knows(lines) ? time : undefined;
      log.foresee(lines);
      const take = (line: string) => log.count(line, known?.at(line));
      if (!await takeAll(lines, take, signal)) return;
      time?.say();
    }
    if (time && times.delete(time)) unreadBefore += time.unread;
  };
  const countAll = async (file: string) => {
    const counting: Promise<void>[] = [];
    for await (const log of logsOf(file, wanted)) counting.push(count(log));
    await Promise.all(counting);
  };
  const counting = files.map(countAll);
  if (settings.journal !== undefined) {
    const lines = journal(settings.journal, wanted);
    counting.push(count({ path: "the journal", lines }));
  }
  await Promise.all(counting);
  clearTimeout(firstLook);
}
