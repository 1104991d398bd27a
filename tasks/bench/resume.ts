/**
 * What `--resume` costs: a log is followed with and without it, and a backlog,
 * written while no collector ran, is read beside a replay of it.
 */
import { check, compare, type Contestant, runToEnd, sum } from "./contest.ts";
import { accessLine, type Log, REQUEST } from "./log.ts";
import { Meter, startScript, stop } from "./process.ts";
import { megabytes, number, type Section, spread, target } from "./table.ts";
import {
  command,
  isFile,
  sleep,
  until,
} from "../../tests/helpers/processes.ts";
import { random } from "../../tests/helpers/random.ts";

const SCRIPT = "collectors/lograte.ts";
const BLOCK = 20_000; // lines of one second
const PAUSE = 40; // ms between blocks that are written while they are followed
const LIMIT = 600; // seconds that a run may take
const COUNT = ["--metric", "m", "--time", "auto", "--match", REQUEST];
const SETTLE = 1000; // ms until a program follows its log, or has counted it
const AGE = 3600; // s: how old the state is, older than the first line of the backlog
const PAST = "data:text/javascript," + encodeURIComponent(
  `const now = Date.now; Date.now = () => now() - ${AGE * 1000};`,
);
const TIME = "14/Jun/2026:00:00:00 +0000";

/** Lines of a web server, with `TIME`, which is replaced later. */
function blockOfLines(): string {
  const next = random(3);
  const below = (n: number) => Math.floor(next() * n);
  return Array.from({ length: BLOCK }, () =>
    accessLine(TIME, {
      address: `203.0.${below(256)}.${below(256)}`,
      method: ["GET", "POST"][below(2)]!,
      url: `/api/items/${below(100_000)}`,
      status: [200, 304, 500][below(3)]!,
      bytes: below(50_000),
    }) + "\n").join("");
}

/** The block with the time of a second. */
function at(second: number, block: string): Uint8Array<ArrayBuffer> {
  const [, day, month, year, clock] = new Date(second * 1000).toUTCString()
    .split(" ");
  const time = `${day}/${month}/${year}:${clock} +0000`;
  return new TextEncoder().encode(block.replaceAll(TIME, time));
}

/** How far a process has read a file, in bytes. */
async function readOf(pid: number, path: string): Promise<number> {
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const link = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    if (link !== path) continue;
    const info = await Deno.readTextFile(`/proc/${pid}/fdinfo/${name}`);
    return Number(info.match(/^pos:\s+(\d+)/)?.[1]);
  }
  return 0;
}

/** Follows a log that is written, until all of it is read. */
function followed(name: string, log: Log, hasState: boolean): Contestant {
  const run = async () => {
    const folder = `${log.path}.run`;
    await Deno.mkdir(folder);
    const path = `${folder}/log`;
    await Deno.writeTextFile(path, "");
    const resume = hasState ? ["--resume", `${folder}/state`] : [];
    const program = startScript(SCRIPT, [...COUNT, ...resume, path]);
    const { pid } = program.process;
    try {
      await sleep(SETTLE);
      const meter = new Meter(pid);
      const block = blockOfLines();
      const started = Date.now();
      using file = await Deno.open(path, { append: true });
      let bytes = 0;
      for (let lines = 0; lines < log.lines; lines += BLOCK) {
        bytes += await file.write(at(Date.now() / 1000, block));
        await sleep(PAUSE);
      }
      await until(async () => await readOf(pid, path) === bytes, LIMIT);
      const seconds = (Date.now() - started) / 1000;
      await sleep(SETTLE);
      return { seconds, ...meter.stop() };
    } finally {
      await stop(program);
      await Deno.remove(folder, { recursive: true });
    }
  };
  return { name, log, run, runs: [] };
}

/** Reads a log that was written while no collector ran. */
function caughtUp(log: Log): Contestant {
  const run = async () => {
    const folder = `${log.path}.run`;
    await Deno.mkdir(folder);
    const path = `${folder}/log`;
    const args = [...COUNT, "--resume", `${folder}/state`, path];
    try {
      await Deno.writeTextFile(path, "");
      const first = startScript(SCRIPT, args, [`--preload=${PAST}`]);
      const hasState = () => isFile(`${folder}/state`);
      await until(hasState, LIMIT, "there is a state");
      await stop(first);
      await Deno.remove(path);
      await Deno.link(log.path, path);
      const started = Date.now();
      const program = startScript(SCRIPT, args);
      const meter = new Meter(program.process.pid);
      try {
        let [counted, seen] = [0, 0];
        await until(() => {
          counted += sum(program, seen);
          seen = program.out.length;
          return counted >= log.lines;
        }, LIMIT);
        check(counted, log.lines);
        const seconds = (Date.now() - started) / 1000;
        return { seconds, ...meter.stop() };
      } finally {
        meter.stop();
        await stop(program);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  };
  return { name: "lograte.ts --resume, a backlog", log, run, runs: [] };
}

function replayed(log: Log): Contestant {
  const run = async () => {
    const program = command(SCRIPT, ...COUNT, "--replay", log.path);
    const [replay, run] = await runToEnd(program);
    check(sum(replay), log.lines);
    return run;
  };
  return { name: "lograte.ts --replay", log, run, runs: [] };
}

/** Measures `lograte.ts` with and without `--resume`. */
export async function benchResume(
  folder: string,
  wanted: number,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const lines = Math.ceil(wanted / BLOCK) * BLOCK;
  const log = { path: `${folder}/backlog.log`, lines, bytes: 0 };
  const block = blockOfLines();
  const first = Math.floor(Date.now() / 1000) - lines / BLOCK;
  {
    using file = await Deno.create(log.path);
    for (let i = 0; i < lines / BLOCK; i++) {
      const bytes = at(first + i, block);
      await file.write(bytes);
      log.bytes += bytes.length;
    }
  }
  const plain = followed("lograte.ts, followed", log, false);
  const resume = followed("lograte.ts --resume, followed", log, true);
  const replay = replayed(log);
  const backlog = caughtUp(log);
  const contestants = [plain, resume, replay, backlog];
  await compare(contestants, runs, progress);
  const cpu = ({ runs }: Contestant) => spread(runs.map(({ cpu }) => cpu));
  const peak = ({ runs }: Contestant) =>
    spread(runs.map(({ memory }) => memory)).median;
  const figures = contestants.map((one) => ({
    name: one.name,
    cpu: cpu(one),
    nanoseconds: cpu(one).min / lines * 1e9,
    megabytes: megabytes(peak(one)),
  }));
  const least = (one: Contestant, other: Contestant) =>
    cpu(one).min / cpu(other).min;
  const size = `${number(lines)} lines, ${number(megabytes(log.bytes))} MB`;
  return {
    title: `--resume, live and with a backlog: ${size}`,
    figures,
    table: [
      ["", "CPU s", "min", "max", "ns/line", "peak MB"],
      ...figures.map(({ name, cpu, nanoseconds, megabytes }) => [
        name,
        ...[cpu.median, cpu.min, cpu.max].map((value) => value.toFixed(2)),
        number(nanoseconds),
        number(megabytes),
      ]),
    ],
    targets: [
      target(
        "CPU of --resume",
        "at most",
        1.03,
        " x without",
        least(resume, plain),
      ),
      target(
        "CPU of a backlog",
        "at most",
        1.05,
        " x a replay",
        least(backlog, replay),
      ),
    ],
  };
}
