#!/usr/bin/env -S deno run --allow-run=sar,tail --allow-sys=hostname
/**
 * Tells what the CPUs of this host did, every second.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | sar.cpu.util | type: user, nice, system, iowait, steal, idle | stock: percent of the time of all CPUs |
 *
 * Costs a `sar` and its `sadc`, of the package sysstat, beside Deno itself.
 */
import {
  type Autodump,
  autodump,
  commandLine,
  fail,
  follow,
  MetricCounter,
} from "../mod.ts";

commandLine(`
Usage: sarcpu.ts

Prints how the CPUs of this host spent each second, in percent of all of them,
as OpenTSDB puts, every 5 seconds: sar.cpu.util type=user, nice, system, iowait,
steal, idle. The second is the one in which "sar 1" tells it.

Options:
  -h, --help  Print this.

Examples:
  sarcpu.ts | nc tsd 4242
      Send them to the TSD on host tsd.
  sarcpu.ts | grep --line-buffered type=iowait
      Watch for slow disks.

Status 13: there is no sar; the package sysstat has it.
`);

const TYPES = ["user", "nice", "system", "iowait", "steal", "idle"];
const counters = new Map<string, MetricCounter>();
let columns: string[] = [];
let dump: Autodump | undefined;

function counterOf(type: string): MetricCounter {
  const counter = counters.get(type) ?? new MetricCounter("sar.cpu.util", {
    timespan: 5, // Hold a total of 5 seconds.
    granularity: 1, // Report data at a single-second granularity.
    tags: { type },
  });
  counters.set(type, counter);
  return counter;
}

/** Reads a line of sar: the names of its columns, or the values in them. */
function read(line: string): void {
  const fields = line.trim().split(/\s+/);
  if (fields.includes("%idle")) {
    columns = fields;
  } else if (fields[columns.indexOf("CPU")] === "all" && /^\d/.test(line)) {
    for (const type of TYPES) {
      const value = fields[columns.indexOf(`%${type}`)]?.replace(",", ".");
      if (value !== undefined) counterOf(type).set(Number(value));
    }
    dump ??= autodump(); // a second after the first sample, which is then whole
  }
}

const PLAIN = { LC_ALL: "C", S_TIME_FORMAT: "ISO", S_COLORS: "never" };
try {
  for await (const line of follow("sar", ["1"], { env: PLAIN })) read(line);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  fail("cannot run sar; install sysstat", 13);
}
