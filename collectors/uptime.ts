#!/usr/bin/env -S deno run --allow-run=tail --allow-sys=hostname
/**
 * Tells how long this host has been up, every 2 minutes.
 *
 * | metric | tags | kind |
 * | --- | --- | --- |
 * | proc.uptime.since_boot | | stock: seconds since it booted |
 * | proc.uptime.idle | | stock: seconds that its CPUs were idle since then, all together |
 *
 * Reading /proc takes Deno `--allow-all`, so `tail` reads it.
 */
import {
  type Autodump,
  autodump,
  commandLine,
  fail,
  MetricCounter,
  runEveryNSeconds,
} from "../mod.ts";

commandLine(`
Usage: uptime.ts

Prints the seconds since this host booted as proc.uptime.since_boot, and those
that its CPUs were idle, all together, as proc.uptime.idle: at once and every
2 minutes, as OpenTSDB puts.

Options:
  -h, --help  Print this.

Examples:
  uptime.ts | nc tsd 4242
      Send them to the TSD on host tsd.
  uptime.ts | grep --line-buffered since_boot
      Watch for reboots.

Status 13: this host has no /proc/uptime to read.
`);

// Dumped every 5 s, so that a sample is soon out.
const sinceBoot = new MetricCounter("proc.uptime.since_boot", { timespan: 5 });
const idle = new MetricCounter("proc.uptime.idle", { timespan: 5 });
let dump: Autodump | undefined;

async function sample(): Promise<void> {
  const args = ["-n", "1", "/proc/uptime"];
  const child = new Deno.Command("tail", { args, stderr: "null" });
  const { stdout, signal } = await child.output();
  if (signal) return; // one to the whole group
  const text = new TextDecoder().decode(stdout);
  const [, up, idled] = text.match(/^([\d.]+) ([\d.]+)\n$/) ?? [];
  if (up === undefined) fail("cannot read /proc/uptime", 13);
  sinceBoot.set(Number(up));
  idle.set(Number(idled));
  dump ??= autodump(); // a second after the first sample, which is then complete
}

await runEveryNSeconds(120, sample);
