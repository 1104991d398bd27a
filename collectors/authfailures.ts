#!/usr/bin/env -S deno run --allow-run=tail,journalctl --allow-read --allow-sys=hostname
/**
 * Counts authentication failures, second by second.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | auth.failures | | flow: lines with "authentication failure" in a second |
 *
 * Costs two or three sleeping `tail` processes beside Deno itself.
 */
import {
  autodump,
  commandLine,
  fail,
  follow,
  hasJournal,
  isReadable,
  MetricCounter,
  tail,
} from "../mod.ts";

const USAGE = `
Usage: authfailures.ts [FILE]

Prints auth.failures, the authentication failures of each second, as OpenTSDB
puts, every 10 seconds. Counts the lines appended from now on to FILE; without
it, to /var/log/auth.log, else to /var/log/secure, else to the journal.

Options:
  -h, --help  Print this.

Examples:
  authfailures.ts | nc tsd 4242
      Send them to the TSD on host tsd.
  authfailures.ts /srv/chroot/var/log/auth.log
      Count in another log, and see it here.

Status 13: there is no such log, or it cannot be read.
`;
const MATCH = { match: "authentication failure" };
const LOGS = ["/var/log/auth.log", "/var/log/secure"];

const { files } = commandLine(USAGE, { files: 1 });

function authLog(): AsyncIterable<string> {
  const log = (files.length > 0 ? files : LOGS).find(isReadable);
  if (log !== undefined) return tail(log, MATCH);
  if (files.length > 0) fail(`cannot read the log ${files}`, 13);
  if (hasJournal()) return follow("journalctl", ["-f", "-n", "0"], MATCH);
  fail(`cannot read a log; tried ${LOGS.join(", ")} and the journal`, 13);
}

const failures = new MetricCounter("auth.failures", {
  timespan: 10, // Hold a total of 10 seconds.
  granularity: 1, // Report data at a single-second granularity.
});

await using _ = autodump(failures);
for await (const _ of authLog()) failures.inc();
