#!/usr/bin/env -S deno run -q --allow-run=tail,journalctl --allow-read --allow-sys=hostname
/**
 * Counts the authentication failures of each second.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | auth.failures | | flow: lines with "authentication failure" in a second |
 *
 * Beside Deno itself it needs a `tail` process, which sleeps most of the time,
 * and another process that notices when the reader of stdout is gone.
 */
import {
  autodump,
  journal,
  type Lines,
  MetricCounter,
  tail,
  whyNoJournal,
  whyUnreadable,
} from "../mod.ts";
import {
  type CollectorOptions,
  FORMAT_USAGE,
  runCollector,
  Unsupported,
} from "../script/mod.ts";

const USAGE = `
Usage: authfailures.ts [OPTION]... [FILE]

Prints auth.failures, the authentication failures of each second, as OpenTSDB
puts, every 10 seconds. Counts the lines appended from now on to FILE; without
it, to /var/log/auth.log, else to /var/log/secure, else to the journal.

Options:
${FORMAT_USAGE}
  -h, --help               Print this.
  --version                Print the version.

Examples:
  authfailures.ts | nc tsd.example.com 4242
      Send them to the TSD on the host tsd.example.com.
  authfailures.ts /srv/chroot/var/log/auth.log
      Count in another log, and print the puts on the terminal.

Status 13: there is no such log, or it cannot be read.
`;
const MATCH = { match: "authentication failure" };
const LOGS = ["/var/log/auth.log", "/var/log/secure"];

async function authLog(args: string[]): Promise<Lines> {
  const reasons: string[] = [];
  for (const log of args.length > 0 ? args : LOGS) {
    const why = whyUnreadable(log, true);
    if (why === undefined) return tail(log, MATCH);
    reasons.push(`cannot read ${log}: ${why}`);
  }
  if (args.length === 0) {
    const why = await whyNoJournal();
    if (why === undefined) return journal("", MATCH);
    reasons.push(`cannot read the journal: ${why}`);
  }
  throw new Unsupported(reasons.join("; "));
}

/** Counts authentication failures until a signal comes. */
export async function collect({ args, format }: CollectorOptions) {
  const log = await authLog(args);
  const failures = new MetricCounter("auth.failures", {
    timespan: 10, // Hold a total of 10 seconds.
    granularity: 1, // Report data at a single-second granularity.
    format,
  });
  await using _ = autodump(failures);
  for await (const lines of log.batches) for (const _ of lines) failures.inc();
}

if (import.meta.main) await runCollector(collect, USAGE, 1);
