/**
 * Measures the speed, cost and truth of this package beside what people would
 * use instead, and prints whether the targets are met. Run it by
 * `deno task bench`, on a machine that does nothing else.
 */
import { commandLine, flag, refuse, text, wholeNumber } from "../script/mod.ts";
import { benchLabels, benchMatches, benchReplay } from "./bench/burst.ts";
import { benchDump, benchIdle, benchInc } from "./bench/cost.ts";
import { type Log, makeLog } from "./bench/log.ts";
import { installLine } from "./bench/peers.ts";
import { benchOpen } from "./bench/open.ts";
import { benchPage } from "./bench/page.ts";
import { stopAll } from "./bench/process.ts";
import { benchResume } from "./bench/resume.ts";
import { benchRules } from "./bench/rules.ts";
import { benchScale } from "./bench/scale.ts";
import { benchSend } from "./bench/send.ts";
import { format, type Section, type Target } from "./bench/table.ts";
import { benchTruth } from "./bench/truth.ts";

const USAGE = `
Usage: deno task bench [OPTION]...

Measures speed, cost and truth of the collectors beside grep, mtail and
collectd, where they are installed, and compares them with the targets.

Options:
  --json             Print JSON.
  --runs N           Runs of each contestant (default 5).
  --lines N          Lines of the burst (default 2000000).
  --seconds N        Duration of the parts that watch for a time (default 60).
  --only PART[,...]  Just these: burst, labels, replay, rules, resume, counter,
                     dump, idle, truth, scale, send, page, open (default
                     all).
  -h, --help         Print this.

Examples:
  deno task bench
      All of it: about fifteen minutes.
  deno task bench --only burst --runs 1 --lines 200000
      A first idea of the speed.
  deno task bench --only open --seconds 3600
      What a page takes that is open for an hour, minute by minute.
`;

interface Machine {
  cores: number;
  cpu: string;
  kernel: string;
  deno: string;
  date: string;
}

interface Findings extends Machine {
  install: string | undefined;
  sections: Section[];
  targets: Target[];
}

function machine(): Machine {
  const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
  const kernel = Deno.readTextFileSync("/proc/sys/kernel/osrelease").trim();
  return {
    cores: navigator.hardwareConcurrency,
    cpu: cpuinfo.match(/^model name\s*: (.*)$/m)?.[1] ?? "unknown",
    kernel,
    deno: Deno.version.deno,
    date: new Date().toISOString().slice(0, 10),
  };
}

function progress(text: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

const MET = new Map([[true, "ok"], [false, "MISSED"], [undefined, "-"]]);

function print(found: Findings): string {
  const { cores, cpu, kernel, deno, date, install } = found;
  const targets = found.targets.map(({ what, target, measured, met }) => [
    ...[what, target, measured, MET.get(met)!],
  ]);
  return [
    `${date}, ${cores} cores of ${cpu}, Linux ${kernel}, Deno ${deno}`,
    ...(install ? [`For all rows: ${install}`] : []),
    ...found.sections.filter(({ table }) => table !== undefined)
      .map(({ title, table }) => `${title}\n\n${format(table!)}`),
    format([["Targets", "target", "measured", ""], ...targets]),
  ].join("\n\n");
}

/** What a part of the benchmark needs. */
interface Context {
  folder: string;
  burst: Log;
  lines: number;
  runs: number;
  seconds: number;
  progress(text: string): void;
}

const PARTS: Record<string, (context: Context) => Promise<Section>> = {
  burst: ({ burst, runs, progress }) => benchMatches(burst, runs, progress),
  labels: ({ burst, runs, progress }) => benchLabels(burst, runs, progress),
  replay: ({ burst, runs, progress }) => benchReplay(burst, runs, progress),
  rules: ({ folder, lines, runs, progress }) =>
    benchRules(folder, lines, runs, progress),
  resume: ({ folder, lines, runs, progress }) =>
    benchResume(folder, lines, runs, progress),
  counter: ({ runs }) => benchInc(runs),
  dump: ({ runs }) => benchDump(runs),
  idle: ({ folder, runs, seconds, progress }) =>
    benchIdle(folder, runs, seconds, progress),
  truth: ({ folder, seconds }) => benchTruth(folder, seconds),
  scale: ({ folder, seconds }) => benchScale(folder, seconds),
  send: ({ folder, runs, progress }) => benchSend(folder, runs, progress),
  page: ({ seconds }) => benchPage(seconds),
  open: ({ seconds, progress }) => benchOpen(seconds, progress),
};
const NEED_BURST = ["burst", "labels", "replay"];

/** What the command line asks for. */
interface Settings {
  json: boolean;
  runs: number;
  lines: number;
  seconds: number;
  parts: string[];
}

function readCommandLine(): Settings {
  const { only, json, runs, lines, seconds } = commandLine(USAGE, {
    runs: wholeNumber(1, 1000, 5),
    lines: wholeNumber(1, 1_000_000_000, 2_000_000),
    seconds: wholeNumber(1, 86_400, 60),
    only: text(),
    json: flag(),
  });
  const parts = only?.split(",") ?? Object.keys(PARTS);
  const unknown = parts.find((part) => !(part in PARTS));
  if (unknown !== undefined) refuse(`there is no part ${unknown}`);
  return { json, runs, lines, seconds, parts };
}

async function measure(
  { runs, lines, seconds, parts }: Settings,
  folder: string,
): Promise<Findings> {
  const install = installLine();
  if (install !== undefined) progress(`for all rows: ${install}`);
  let burst: Log = { path: `${folder}/burst.log`, lines: 0, bytes: 0 };
  if (parts.some((part) => NEED_BURST.includes(part))) {
    progress(`writing ${lines} lines`);
    burst = await makeLog(burst.path, lines);
  }
  const sections: Section[] = [];
  for (const part of parts) {
    const say = (text: string) => progress(`${part}: ${text}`);
    say("starts");
    const context = { folder, burst, lines, runs, seconds, progress: say };
    sections.push(await PARTS[part]!(context));
  }
  const targets = sections.flatMap(({ targets }) => targets);
  return { ...machine(), install, sections, targets };
}

async function main(): Promise<void> {
  const settings = readCommandLine();
  const folder = await Deno.makeTempDir();
  const cleanUp = () => {
    stopAll();
    Deno.removeSync(folder, { recursive: true });
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      cleanUp();
      Deno.exit(1);
    });
  }
  try {
    const found = await measure(settings, folder);
    console.log(
      settings.json ? JSON.stringify(found, null, 2) : print(found),
    );
  } finally {
    cleanUp();
  }
  Deno.exit();
}

if (import.meta.main) await main();
