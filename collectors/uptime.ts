#!/usr/bin/env -S deno run -q --allow-run=tail --allow-sys=hostname
/**
 * Reports every 2 minutes how long this host has been up.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | proc.uptime.since_boot | | stock: seconds since it booted |
 * | proc.uptime.idle | | stock: seconds that its CPUs were idle since then, all together |
 *
 * Deno itself may read /proc only with `--allow-all`, so `tail` reads it.
 */
import { autodump, MetricCounter, runEveryNSeconds } from "../mod.ts";
import {
  type CollectorOptions,
  FORMAT_USAGE,
  outputOf,
  runCollector,
  Unsupported,
} from "../script/mod.ts";

const USAGE = `
Usage: uptime.ts [OPTION]...

Prints the seconds since this host booted as proc.uptime.since_boot, and those
that its CPUs were idle, all together, as proc.uptime.idle: at once and every
2 minutes, as OpenTSDB puts.

Options:
${FORMAT_USAGE}
  -h, --help               Print this.
  --version                Print the version.

Examples:
  uptime.ts | nc tsd.example.com 4242
      Send them to the TSD on the host tsd.example.com.
  uptime.ts | grep --line-buffered since_boot
      Watch for reboots.

Status 13: this host has no /proc/uptime to read.
`;

/** Samples how long this host has been up, until a signal comes. */
export async function collect({ format }: CollectorOptions): Promise<void> {
  // It is dumped every 5 s, so that a sample does not wait for long.
  const options = { kind: "stock", timespan: 5, format } as const;
  const sinceBoot = new MetricCounter("proc.uptime.since_boot", options);
  const idle = new MetricCounter("proc.uptime.idle", options);

  await using _ = autodump(sinceBoot, idle);
  await runEveryNSeconds(120, async () => {
    const output = await outputOf("tail", ["-n", "1", "/proc/uptime"]);
    if (output === undefined) return; // a signal has ended it, too
    const text = new TextDecoder().decode(output);
    const [, up, idled] = text.match(/^([\d.]+) ([\d.]+)\n$/) ?? [];
    if (up === undefined) throw new Unsupported("cannot read /proc/uptime");
    const at = Date.now() / 1000; // both of a sample are of one second
    sinceBoot.set(Number(up), at);
    idle.set(Number(idled), at);
  });
}

if (import.meta.main) await runCollector(collect, USAGE);
