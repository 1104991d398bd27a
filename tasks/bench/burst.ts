/**
 * The burst: a large piece of a syslog that comes at once. How long does it
 * take until all of it is counted?
 *
 * Each program follows an empty log, which is then replaced by the burst; the
 * time runs from there until the program's counters hold every match. It is
 * read from outside: from mtail over HTTP, from what collectd writes (both are
 * told to look more often than by default), from our counters by
 * probe.ts. GNU grep only has to read the file; its time, and that of a
 * Deno that only reads, is the limit.
 */
import {
  COLLECTD,
  type Count,
  type Follower,
  GREP,
  isInstalled,
  MTAIL,
  nameOf,
  startCollectd,
  startMtail,
} from "./peers.ts";
import {
  type Cost,
  endOf,
  Meter,
  startHeld,
  startScript,
  stop,
} from "./process.ts";
import {
  megabytes,
  number,
  type Section,
  type Spread,
  spread,
  target,
} from "./table.ts";
import {
  command,
  puts,
  type Running,
  sleep,
  until,
} from "../../tests/helpers/processes.ts";

const MATCH = "authentication failure";
const SETTLE = 1000; // ms until a program follows its log
const PAUSE = 30; // ms between looks, which cost mtail some time
const LIMIT = 600; // seconds that a program may take
const MACHINES = 8;
const PROGRAMS = ["sshd", "su", "sudo", "cron", "login", "vsftpd", "dovecot"];
const LABELS = String.raw`^\w+ +\d+ \S+ (?<machine>\S+) (?<program>[^\s[]+)\[`;

/** What no collector in Deno that reads a `tail` can be faster than. */
const JUST_READ = `
const args = ["-n", "+1", Deno.args[0]!];
const tail = new Deno.Command("tail", { args, stdout: "piped" }).spawn();
let bytes = 0;
for await (const chunk of tail.stdout) bytes += chunk.length;
console.log(bytes);
`;

/** A log as it lies there. */
export interface Log {
  path: string;
  lines: number;
  bytes: number;
}

/** Numbers from 0 to below 1, always the same ones. */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6D2B79F5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes a syslog of 1,000 lines a second, every tenth a match. */
export async function makeLog(path: string, lines: number): Promise<Log> {
  const next = random(1);
  const below = (n: number) => Math.floor(next() * n);
  using file = await Deno.create(path);
  let bytes = 0;
  for (let written = 0; written < lines;) {
    const time = new Date(written + Date.UTC(2026, 5, 14)).toUTCString();
    const [, day, month, , clock] = time.split(" ");
    let text = "";
    for (const end = Math.min(lines, written + 1000); written < end;) {
      const match = written + below(10);
      for (let i = 0; i < 10 && written < end; i++, written++) {
        const program = PROGRAMS[below(PROGRAMS.length)]!;
        const address = `203.0.113.${below(256)}`;
        const message = written === match
          ? `pam_unix(${program}:auth): ${MATCH}; logname= uid=0 rhost=${address}`
          : `Accepted publickey for root from ${address} port ${below(65536)}`;
        text += `${month} ${day} ${clock} web${below(MACHINES)} ` +
          `${program}[${below(32768)}]: ${message} ssh2 session opened\n`;
      }
    }
    const chunk = new TextEncoder().encode(text);
    await file.write(chunk);
    bytes += chunk.length;
  }
  return { path, lines, bytes };
}

/** What one run of a program took. */
export interface Run extends Cost {
  seconds: number;
}

/** What takes part, and what came of it. */
interface Contestant {
  name: string;
  log: Log;
  run(): Promise<Run>;
  runs: Run[];
}

function check(counted: number, expected: number): void {
  if (counted === expected) return;
  throw new Error(`counted ${counted} instead of ${expected}`);
}

/** The sum of all puts of a program. */
function sum(program: Running): number {
  const lines = program.out.filter((line) => line !== "");
  return puts(lines).reduce((sum, { value }) => sum + value, 0);
}

/** Runs a program that ends of itself. */
async function runToEnd(program: string[]): Promise<[Running, Run]> {
  const started = Date.now();
  const held = startHeld(program);
  const meter = new Meter(held.process.pid);
  try {
    const ended = () => endOf(held) !== undefined;
    await until(ended, LIMIT, `${program.join(" ")} ends`);
    const seconds = (endOf(held)! - started) / 1000;
    return [held, { seconds, ...meter.stop() }];
  } finally {
    meter.stop();
    await stop(held);
  }
}

/** Follows an empty log, which is then replaced by a burst. */
async function follow(
  burst: Log,
  expected: number,
  follower: (log: string) => Promise<Follower>,
  total?: (program: Running) => Promise<number>,
): Promise<Run> {
  const folder = `${burst.path}.run`;
  await Deno.mkdir(folder);
  const log = `${folder}/log`;
  await Deno.writeTextFile(log, "");
  const { program, newest } = await follower(log);
  await sleep(SETTLE);
  const meter = new Meter(program.process.pid);
  try {
    await Deno.link(burst.path, `${log}.new`);
    const started = Date.now();
    await Deno.rename(`${log}.new`, log);
    let last: Count;
    await until(
      async () => {
        await sleep(PAUSE);
        return (last = await newest()).count >= expected;
      },
      LIMIT,
      `${expected} are counted`,
    );
    const run = { seconds: (last!.at - started) / 1000, ...meter.stop() };
    check(total ? await total(program) : last!.count, expected);
    return run;
  } finally {
    meter.stop();
    await stop(program);
    await Deno.remove(folder, { recursive: true });
  }
}

/** One of our collectors, whose counters are looked at. */
function ours(script: string, args: string[] = []) {
  return (log: string): Promise<Follower> => {
    const probe = new URL("probe.ts", import.meta.url);
    const program = startScript(script, [...args, log], [`--preload=${probe}`]);
    const newest = () => {
      const line = program.err.findLast((line) => line.startsWith("counted"));
      const [, count = 0, at = 0] = line?.split(" ").map(Number) ?? [];
      return Promise.resolve({ count, at });
    };
    return Promise.resolve({ program, newest });
  };
}

async function sumAtEnd(program: Running): Promise<number> {
  await program.end("SIGTERM");
  return sum(program);
}

// As often as collectd can be told to look; by default both wait for longer.
const OFTEN = ["-poll_interval", "100ms", "-poll_log_interval", "100ms"];

/** Runs each contestant in turn, so many times. */
async function compare(
  contestants: Contestant[],
  runs: number,
  progress: (text: string) => void,
): Promise<void> {
  for (let i = 1; i <= runs; i++) {
    for (const { name, runs: done, run } of contestants) {
      progress(`run ${i} of ${runs}: ${name}`);
      try {
        done.push(await run());
      } catch (cause) {
        throw new Error(`Cannot measure ${name}`, { cause });
      }
    }
  }
}

function seconds({ runs }: Contestant): Spread {
  return spread(runs.map(({ seconds }) => seconds));
}

function peak({ runs }: Contestant): number {
  return spread(runs.map(({ memory }) => memory)).median;
}

/** How many times longer the second took; undefined if one was not there. */
function ratio(a?: Contestant, b?: Contestant): number | undefined {
  return a && b && seconds(b).median / seconds(a).median;
}

function section(
  title: string,
  contestants: Contestant[],
): Omit<Section, "targets"> {
  const figures = contestants.map((contestant) => ({
    name: contestant.name,
    seconds: seconds(contestant),
    ratio: ratio(contestants[0], contestant)!,
    linesPerSecond: contestant.log.lines / seconds(contestant).median,
    cpuPerGigabyte: spread(contestant.runs.map(({ cpu }) => cpu)).median /
      contestant.log.bytes * 1e9,
    peakMegabytes: megabytes(peak(contestant)),
  }));
  const heads = "seconds,min,max,ratio,lines/s,CPU s/GB,peak MB".split(",");
  return {
    title,
    figures,
    table: [
      ["", ...heads],
      ...figures.map(({ name, seconds: { median, min, max }, ...rest }) => [
        name,
        ...[median, min, max].map((value) => value.toFixed(2)),
        ...Object.values(rest).map(number),
      ]),
    ],
  };
}

function size({ lines, bytes }: Log): string {
  return `${number(lines)} lines, ${number(megabytes(bytes))} MB`;
}

/** `authfailures.ts` beside grep, mtail and collectd. */
export async function benchMatches(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const log = burst;
  const expected = Math.ceil(log.lines / 10);
  const grep: Contestant = {
    name: nameOf(GREP),
    log,
    runs: [],
    run: async () => {
      const script = 'tail -n +1 "$0" | LC_ALL=C grep -c "$1"';
      const [grep, run] = await runToEnd(["sh", "-c", script, log.path, MATCH]);
      check(Number(grep.out[0]), expected);
      return run;
    },
  };
  const reader: Contestant = {
    name: `Deno ${Deno.version.deno}, just reading tail`,
    log,
    runs: [],
    run: async () => {
      const path = `${log.path}.ts`;
      await Deno.writeTextFile(path, JUST_READ);
      const args = ["run", "--allow-run=tail", path, log.path];
      const [deno, run] = await runToEnd([Deno.execPath(), ...args]);
      check(Number(deno.out[0]), log.bytes);
      return run;
    },
  };
  const mine: Contestant = {
    name: "authfailures.ts",
    log,
    runs: [],
    run: () =>
      follow(log, expected, ours("collectors/authfailures.ts"), sumAtEnd),
  };
  const program = `counter failures\n/${MATCH}/ {\n  failures++\n}\n`;
  const mtail: Contestant = {
    name: nameOf(MTAIL),
    log,
    runs: [],
    run: () =>
      follow(
        log,
        expected,
        (path) => startMtail(path, "failures", program, OFTEN),
      ),
  };
  const collectd: Contestant = {
    name: nameOf(COLLECTD),
    log,
    runs: [],
    run: () => follow(log, expected, (path) => startCollectd(path, MATCH, 0.1)),
  };
  const contestants = [
    ...isInstalled(GREP) ? [grep] : [],
    reader,
    mine,
    ...isInstalled(MTAIL) ? [mtail] : [],
    ...isInstalled(COLLECTD) ? [collectd] : [],
  ];
  await compare(contestants, runs, progress);
  const there = (one: Contestant) => one.runs.length > 0 ? one : undefined;
  const what = "authfailures.ts draining the burst";
  return {
    ...section(`Burst: ${size(log)}, one in ten a match`, contestants),
    targets: [
      target(what, "at most", 1.5, " x grep", ratio(there(grep), mine)),
      target(
        what,
        "at least",
        10,
        " x faster than mtail",
        ratio(mine, there(mtail)),
      ),
      target(
        what,
        "at least",
        1,
        " x as fast as collectd",
        ratio(mine, there(collectd)),
      ),
    ],
  };
}

/** `lograte.ts` beside mtail, with two tags, every line a match. */
export async function benchLabels(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const log = burst;
  const args = ["--metric", "log.lines", "--match", LABELS];
  const mine: Contestant = {
    name: "lograte.ts, two tags",
    log,
    runs: [],
    run: () =>
      follow(log, log.lines, ours("collectors/lograte.ts", args), sumAtEnd),
  };
  const pattern = LABELS.replaceAll("(?<", "(?P<").replace(
    "[^\\s[",
    "[^\\s\\[",
  );
  const program = "counter lines by machine, program\n" +
    `/${pattern}/ {\n  lines[$machine][$program]++\n}\n`;
  const mtail: Contestant = {
    name: `${nameOf(MTAIL)}, two labels`,
    log,
    runs: [],
    run: () =>
      follow(
        log,
        log.lines,
        (path) => startMtail(path, "lines", program, OFTEN),
      ),
  };
  const contestants = [mine, ...isInstalled(MTAIL) ? [mtail] : []];
  await compare(contestants, runs, progress);
  return {
    ...section(`Burst: ${size(log)}, every line a match`, contestants),
    targets: [
      target(
        "lograte.ts with two tags, every line a match",
        "at least",
        5,
        " x faster than mtail",
        ratio(...contestants as [Contestant, Contestant?]),
      ),
    ],
  };
}

/** `lograte.ts --replay --time auto` of a log, and of one twice as long. */
export async function benchReplay(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const double = await makeLog(`${burst.path}.double`, 2 * burst.lines);
  const replay = (log: Log): Contestant => ({
    name: `lograte.ts --replay, ${number(megabytes(log.bytes))} MB`,
    log,
    runs: [],
    run: async () => {
      const options = ["--metric", "log.lines", "--replay", "--time", "auto"];
      const [program, run] = await runToEnd(
        command("collectors/lograte.ts", ...options, log.path),
      );
      check(sum(program), log.lines);
      return run;
    },
  });
  const [once, twice] = [replay(burst), replay(double)];
  await compare([once, twice], runs, progress);
  await Deno.remove(double.path);
  return {
    ...section("Replay, from start to exit", [once, twice]),
    targets: [
      target(
        "lograte.ts --replay --time auto",
        "at least",
        1,
        " million lines/s",
        burst.lines / seconds(once).median / 1e6,
      ),
      target(
        "its memory, as the log doubles",
        "at most",
        1.1,
        " x",
        peak(twice) / peak(once),
      ),
    ],
  };
}
