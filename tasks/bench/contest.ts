/**
 * A contest: each program runs in turn, several times, on the same log.
 *
 * Each program follows an empty log, which is then replaced by the burst; the
 * time runs from there until the program's counters hold every match. They are
 * read from outside: mtail's over HTTP, collectd's from what it writes (both are
 * told to look more often than by default), ours by probe.ts.
 */
import type { Count, Follower } from "./peers.ts";
import {
  type Cost,
  endOf,
  Meter,
  startHeld,
  startScript,
  stop,
} from "./process.ts";
import type { Log } from "./log.ts";
import {
  megabytes,
  number,
  type Section,
  type Spread,
  spread,
} from "./table.ts";
import {
  puts,
  type Running,
  sleep,
  total,
  until,
} from "../../tests/helpers/processes.ts";

const SETTLE = 1000; // ms until a program follows its log
const PAUSE = 30; // ms between looks, which cost mtail some time
const LIMIT = 600; // seconds that a program may take

/** What one run of a program needed. */
export interface Run extends Cost {
  seconds: number;
}

/** A program that takes part, and its runs. */
export interface Contestant {
  name: string;
  log: Log;
  run(): Promise<Run>;
  runs: Run[];
}

export function check(counted: number, expected: number): void {
  if (counted === expected) return;
  throw new Error(`counted ${counted} instead of ${expected}`);
}

/** The sum of the puts of a program, from line number `from` on. */
export function sum(program: Running, from = 0): number {
  const lines = program.out.slice(from).filter((line) => line !== "");
  return total(puts(lines));
}

/** Runs a program that ends by itself. */
export async function runToEnd(program: string[]): Promise<[Running, Run]> {
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
export async function follow(
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
export function ours(script: string, args: string[] = []) {
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

export async function sumAtEnd(program: Running): Promise<number> {
  await program.end("SIGTERM");
  return sum(program);
}

/** Runs all contestants in turn, `runs` times. */
export async function compare(
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

export function seconds({ runs }: Contestant): Spread {
  return spread(runs.map(({ seconds }) => seconds));
}

export function peak({ runs }: Contestant): number {
  return spread(runs.map(({ memory }) => memory)).median;
}

/** How many times longer the second took; undefined if one did not run. */
export function ratio(a?: Contestant, b?: Contestant): number | undefined {
  return a && b && seconds(b).median / seconds(a).median;
}

export function section(
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
