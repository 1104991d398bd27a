#!/usr/bin/env -S deno run -q --allow-run=sar,tail --allow-sys=hostname
/**
 * Reports how the CPUs of this host spent each second.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | sar.cpu.util | type: user, nice, system, iowait, steal, idle | stock: percent of the time of all CPUs |
 *
 * Beside Deno itself it needs a `sar` process and its `sadc`, of the package
 * sysstat.
 */
import { autodump, follow, MetricFamily } from "../mod.ts";
import {
  type CollectorOptions,
  FORMAT_USAGE,
  runCollector,
  Unsupported,
} from "../script/mod.ts";

const USAGE = `
Usage: sarcpu.ts [OPTION]...

Prints how the CPUs of this host spent each second, in percent of all of them,
as OpenTSDB puts, every 5 seconds: sar.cpu.util type=user, nice, system, iowait,
steal, idle. A value belongs to the second in which "sar 1" prints it.

Options:
${FORMAT_USAGE}
  -h, --help               Print this.
  --version                Print the version.

Examples:
  sarcpu.ts | nc tsd.example.com 4242
      Send them to the TSD on the host tsd.example.com.
  sarcpu.ts | grep --line-buffered type=iowait
      Watch for slow disks.

Status 13: there is no sar; the package sysstat has it.
`;

const TYPES = ["user", "nice", "system", "iowait", "steal", "idle"];
const PLAIN = { LC_ALL: "C", S_TIME_FORMAT: "ISO", S_COLORS: "never" };

/** Samples what the CPUs did, until a signal comes. */
export async function collect({ format }: CollectorOptions): Promise<void> {
  const utilization = new MetricFamily("sar.cpu.util", {
    kind: "stock",
    timespan: 5, // Hold a total of 5 seconds.
    granularity: 1, // Report data at a single-second granularity.
    format,
  });
  // Made before the first sample, as a counter counts from when it is made.
  const counters = TYPES.map((type) => utilization.with({ type }));
  let columns: string[] = [];

  /** Reads a line of sar: the names of its columns, or the values in them. */
  function read(line: string): void {
    const fields = line.trim().split(/\s+/);
    if (fields.includes("%idle")) {
      columns = fields;
    } else if (fields[columns.indexOf("CPU")] === "all" && /^\d/.test(line)) {
      const at = Date.now() / 1000; // all of a sample are of one second
      for (const [i, type] of TYPES.entries()) {
        const value = fields[columns.indexOf(`%${type}`)]?.replace(",", ".");
        if (value !== undefined) counters[i]!.set(Number(value), at);
      }
    }
  }

  await using _ = autodump(utilization);
  try {
    for await (const line of follow("sar", ["1"], { env: PLAIN })) read(line);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Unsupported("cannot run sar; install sysstat");
  }
}

if (import.meta.main) await runCollector(collect, USAGE);
