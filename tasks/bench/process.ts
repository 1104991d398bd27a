/** Starts the processes of the benchmark, measures them, and ends them all. */
import { command, Running } from "../../tests/helpers/processes.ts";

const TICK = 10; // ms of CPU time, on every Linux
const SAMPLE = 50; // ms between looks at the memory of a process

const running = new Set<Running>();

/** Starts a program that {@linkcode stop} or {@linkcode stopAll} ends. */
export function start(
  program: string[],
  options: Deno.CommandOptions = {},
): Running {
  const started = new Running(program, options);
  running.add(started);
  return started;
}

/** Starts a script of this package, with flags of `deno run` if need be. */
export function startScript(
  script: string,
  args: string[],
  flags: string[] = [],
): Running {
  const [deno, run, ...rest] = command(script, ...args);
  return start([deno!, run!, ...flags, ...rest]);
}

/** Starts a program whose cost can still be read when it has ended. */
export function startHeld(program: string[]): Running {
  const script = '"$@"; date "+ended %s%3N" >&2; read -r _';
  return start(["sh", "-c", script, "sh", ...program], { stdin: "piped" });
}

/** When it ended, in milliseconds since the epoch; undefined while it runs. */
export function endOf(held: Running): number | undefined {
  const [, at] = held.err.at(-1)?.match(/^ended (\d+)$/) ?? [];
  return at === undefined ? undefined : Number(at);
}

/** Ends a program and all that it has started, at once. */
export async function stop(program: Running): Promise<void> {
  kill(program);
  await program.end();
  running.delete(program);
}

/** Ends all that was started and not stopped. */
export function stopAll(): void {
  for (const program of running) kill(program);
}

function kill(program: Running): void {
  for (const pid of tree(program.process.pid)) {
    try {
      Deno.kill(pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
}

function sum(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // It has ended already.
  }
}

/** A process and all its descendants. */
export function tree(pid: number): number[] {
  const pids = [pid];
  for (const pid of pids) {
    try {
      for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
        const children = read(`/proc/${pid}/task/${name}/children`);
        pids.push(...(children.match(/\d+/g) ?? []).map(Number));
      }
    } catch {
      // It has ended already.
    }
  }
  return pids;
}

/** The process of a tree whose program or script has a path that ends so. */
export function find(pid: number, path: string): number | undefined {
  return tree(pid).find((pid) => {
    const args = argsOf(pid);
    return args[0] !== "sh" && args.some((arg) => arg.endsWith(path));
  });
}

/** The command line of a process; empty if it has ended. */
export function argsOf(pid: number): string[] {
  return read(`/proc/${pid}/cmdline`).split("\0");
}

/** Seconds of CPU time of a process, and of the children that it waited for. */
function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const times = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 15);
  return sum(times.map(Number)) * TICK / 1000;
}

/** The most bytes that a process has held. */
function peakOf(pid: number): number {
  const status = read(`/proc/${pid}/status`);
  if (status.startsWith("Name:\tsh\n")) return 0; // this shell only starts other programs
  return kilobytes(status, "VmHWM") * 1024;
}

function kilobytes(text: string, key: string): number {
  return Number(text.match(`${key}:\\s+(\\d+) kB`)?.[1] ?? 0);
}

/** The bytes that a process and its descendants hold now. */
export interface Memory {
  /**
   * The resident set of the process itself (RSS), as if no other Deno shared it,
   * and of the pages of its descendants only their share.
   */
  resident: number;
  /** With each shared page divided by the number of its users (PSS). */
  share: number;
  /** What it shares with nobody: what the host gets back when it ends. */
  own: number;
}

export function memoryOf(pid: number): Memory {
  const rollups = tree(pid).map((pid) => read(`/proc/${pid}/smaps_rollup`));
  const total = (key: string) =>
    sum(rollups.map((rollup) => kilobytes(rollup, `\n${key}`))) * 1024;
  const [first] = rollups;
  const itself = kilobytes(first!, "\nRss") - kilobytes(first!, "\nPss");
  return {
    resident: itself * 1024 + total("Pss"),
    share: total("Pss"),
    own: total("Private_Clean") + total("Private_Dirty"),
  };
}

/** What a program needed. */
export interface Cost {
  /** Seconds of CPU time. */
  cpu: number;
  /** Bytes: the sum of the most that each of its processes held. */
  memory: number;
}

/**
 * Measures what a process and its descendants need from now on. If one ends
 * before, what it needed in its last milliseconds is missing.
 */
export class Meter {
  readonly #pid: number;
  readonly #before: number;
  #cpu = 0;
  readonly #peaks = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = sum(tree(pid).map(cpuSeconds));
    this.#timer = setInterval(() => this.#sample(), SAMPLE);
  }

  stop(): Cost {
    clearInterval(this.#timer);
    this.#sample();
    const memory = sum([...this.#peaks.values()]);
    return { cpu: Math.max(0, this.#cpu - this.#before), memory };
  }

  #sample(): void {
    const pids = tree(this.#pid);
    this.#cpu = Math.max(this.#cpu, sum(pids.map(cpuSeconds)));
    for (const pid of pids) {
      const peak = peakOf(pid);
      if (peak > 0) this.#peaks.set(pid, peak);
    }
  }
}
