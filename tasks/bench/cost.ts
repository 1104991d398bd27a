/** What counters cost, dumps, and collectors that have nothing to do. */
import {
  type Memory,
  memoryOf,
  Meter,
  start,
  startScript,
  stop,
} from "./process.ts";
import { type DumpReport, LINES } from "./dump.ts";
import { megabytes, number, type Section, spread, target } from "./table.ts";
import { type Running, sleep, until } from "../../tests/helpers/processes.ts";

const SETTLE = 2000; // ms until a program that has started is idle
const PROCESSES = 300;
/** Reads a dump at almost no cost, and prints when it has come to its end. */
const READER =
  `"$@" | { head -n ${LINES} > /dev/null; date +%s%N; cat > /dev/null; }`;

/** Measures `inc()` beside `Date.now()` by `deno bench`. */
export async function benchInc(runs: number): Promise<Section> {
  const path = new URL("counter_bench.ts", import.meta.url).pathname;
  const all = new Map<string, number[]>();
  for (let i = 0; i < runs; i++) {
    const args = ["bench", "--json", "--quiet", path];
    const program = start([Deno.execPath(), ...args]);
    await program.process.status;
    await stop(program);
    const { benches } = JSON.parse(program.out.join("\n")) as {
      benches: { name: string; results: [{ ok: { avg: number } }] }[];
    };
    for (const { name, results } of benches) {
      all.set(name, [...all.get(name) ?? [], results[0].ok.avg]);
    }
  }
  const clock = all.get("Date.now()")!;
  const ratio = spread(all.get("MetricCounter.inc()")!).median /
    spread(clock).median;
  const figures = [...all].map(([name, ns]) => ({ name, ...spread(ns) }));
  return {
    title: "The counter",
    figures,
    table: [
      ["", "ns", "min", "max"],
      ...figures.map(({ name, median, min, max }) => [
        name,
        ...[median, min, max].map((ns) => ns.toFixed(1)),
      ]),
    ],
    targets: [target("inc()", "at most", 1.3, " x Date.now()", ratio)],
  };
}

/** Measures a dump of 10,000 counters to a pipe. */
export async function benchDump(runs: number): Promise<Section> {
  const dumps: (DumpReport & { linesPerSecond: number })[] = [];
  for (let i = 0; i < runs; i++) {
    const script = new URL("dump.ts", import.meta.url).pathname;
    const flags = ["--allow-run=tail", "--allow-sys=hostname"];
    const program = start([
      "sh",
      "-c",
      READER,
      "sh",
      Deno.execPath(),
      "run",
      ...flags,
      script,
    ]);
    await program.process.status;
    await stop(program);
    const ended = Number(program.out[0]) / 1e6;
    const report = JSON.parse(program.err.at(-1)!) as DumpReport;
    const linesPerSecond = LINES / (ended - report.started) * 1000;
    dumps.push({ ...report, linesPerSecond });
  }
  const figures = {
    linesPerSecond: spread(dumps.map((dump) => dump.linesPerSecond)),
    pause: spread(dumps.map((dump) => dump.pause)),
    megabytes: spread(dumps.map((dump) => megabytes(dump.memory))),
  };
  const { linesPerSecond, pause, megabytes: memory } = figures;
  const what = "dump of 10,000 counters, 15 s each";
  return {
    title: "A dump of 10,000 counters, 15 s each, to a pipe",
    figures,
    table: [
      ["", "median", "min", "max"],
      ...Object.entries({
        "lines/s": linesPerSecond,
        "longest pause of the event loop, ms": pause,
        "memory of the counters, MB": memory,
      }).map(([name, { median, min, max }]) => [
        name,
        ...[median, min, max].map(number),
      ]),
    ],
    targets: [
      target(
        what,
        "at least",
        1,
        " million lines/s",
        linesPerSecond.median / 1e6,
      ),
      target(
        `longest pause in a ${what}`,
        "at most",
        50,
        " ms",
        pause.median,
      ),
      target("10,000 counters", "at most", 32, " MB more", memory.median),
    ],
  };
}

interface Collector {
  script: string;
  args: string[];
}

function collectors(log: string): Collector[] {
  return [
    { script: "collectors/authfailures.ts", args: [log] },
    { script: "collectors/lograte.ts", args: ["--metric", "log.lines", log] },
    { script: "collectors/numprocesses.ts", args: [] },
    { script: "collectors/all.ts", args: [] },
  ];
}

/** Starts processes, until `PROCESSES` run in all. */
async function startSleepers(): Promise<Running> {
  const count = () => {
    const names = [...Deno.readDirSync("/proc")].map(({ name }) => name);
    return names.filter((name) => /^\d+$/.test(name)).length;
  };
  const missing = Math.max(1, PROCESSES - count());
  const script = `for i in $(seq ${missing}); do sleep 1d & done; wait`;
  const sleepers = start(["sh", "-c", script]);
  await until(() => count() >= PROCESSES);
  return sleepers;
}

async function cpuShare(
  { script, args }: Collector,
  seconds: number,
): Promise<number> {
  const program = startScript(script, args);
  await sleep(SETTLE);
  const meter = new Meter(program.process.pid);
  await sleep(seconds * 1000);
  const { cpu } = meter.stop();
  await stop(program);
  return cpu / seconds * 100;
}

/** Measures collectors without work: their start, memory, and CPU. */
export async function benchIdle(
  folder: string,
  runs: number,
  seconds: number,
  progress: (text: string) => void,
): Promise<Section> {
  const log = `${folder}/idle.log`;
  await Deno.writeTextFile(log, "");
  const idle = `${folder}/idle.ts`;
  await Deno.writeTextFile(idle, "setInterval(() => {}, 1e6);\n");
  const all = collectors(log);
  const starts: number[][] = all.map(() => []);
  const memories: Memory[][] = all.map(() => []);
  const denos: Memory[] = [];
  for (let i = 1; i <= runs; i++) {
    progress(`run ${i} of ${runs}: start and memory`);
    const deno = start([Deno.execPath(), "run", idle]);
    await sleep(SETTLE);
    denos.push(memoryOf(deno.process.pid));
    await stop(deno);
    for (const [i, { script, args }] of all.entries()) {
      const started = performance.now();
      const program = startScript(script, args);
      await until(() => program.out.length > 0);
      starts[i]!.push((performance.now() - started) / 1000);
      await sleep(SETTLE);
      memories[i]!.push(memoryOf(program.process.pid));
      await stop(program);
    }
  }
  progress(`CPU of authfailures.ts, ${seconds} s`);
  const cpu: (number | undefined)[] = [await cpuShare(all[0]!, seconds)];
  progress(`CPU of numprocesses.ts, ${seconds} s`);
  const sleepers = await startSleepers();
  cpu[2] = await cpuShare(all[2]!, seconds);
  await stop(sleepers);

  const kinds = ["resident", "share", "own"] as const;
  const medians = (memories: Memory[]) =>
    kinds.map((kind) =>
      spread(memories.map((memory) => megabytes(memory[kind]))).median
    );
  const deno = medians(denos);
  const figures = {
    deno,
    collectors: all.map(({ script }, i) => {
      const megabytes = medians(memories[i]!);
      return {
        name: script.replace("collectors/", ""),
        start: spread(starts[i]!),
        megabytes,
        ratio: megabytes[0]! / deno[0]!,
        cpuPercent: cpu[i],
      };
    }),
  };
  return {
    title:
      `Idle, with their children; ${PROCESSES} processes for numprocesses.ts`,
    figures,
    table: [
      ["", "MB RSS", "PSS", "own", "RSS ratio", "first put s", "CPU %"],
      ["Deno", ...deno.map(number), "1"],
      ...figures.collectors.map(({ name, megabytes, ratio, ...figures }) => [
        name,
        ...megabytes.map(number),
        number(ratio),
        number(figures.start.median),
        figures.cpuPercent === undefined ? "" : number(figures.cpuPercent),
      ]),
    ],
    targets: [
      ...figures.collectors.slice(0, -1).map(({ name, ratio }) =>
        target(
          `memory of an idle ${name}`,
          "at most",
          1.3,
          " x an idle Deno",
          ratio,
        )
      ),
      target(
        "memory of all.ts that nobody shares",
        "at most",
        35,
        " MB",
        figures.collectors.at(-1)!.megabytes[2],
      ),
      target(
        `CPU of an idle authfailures.ts over ${seconds} s`,
        "at most",
        0.2,
        " % of a core",
        cpu[0],
      ),
      target(
        `CPU of numprocesses.ts with ${PROCESSES} processes`,
        "at most",
        1,
        " % of a core",
        cpu[2],
      ),
      target(
        "start to first put, the slowest",
        "at most",
        2,
        " s",
        Math.max(...starts.flat()),
      ),
    ],
  };
}
