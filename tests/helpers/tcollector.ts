/**
 * A small double of tcollector: runs the collectors in numbered folders as it
 * does, and collects the lines that it would have refused.
 */
import { assertEquals } from "@std/assert";
import { has, ROOT, Running, sleep, start } from "./processes.ts";

const GRAMMAR =
  /^([-_./a-zA-Z0-9]+)\s+(\d+\.?\d+)\s+(\S+?)((?:\s+[-_./a-zA-Z0-9]+=[-_./a-zA-Z0-9]+)*)$/;
const MAX_LINE = 1024;
const DRAIN = 64 * 1024; // bytes a second
const DEDUP = 300; // s
const SILENCE = 600; // s
const GRACE = 5000; // ms from SIGTERM to SIGKILL
const RETRY = { restart: 15, dead: 3600 }; // s

interface Collector {
  path: string;
  process?: Deno.ChildProcess;
  /** When it may be started (again), and when it last printed a line. */
  start: number;
  heard: number;
  status?: Deno.CommandStatus;
}

/** Runs collectors until it is stopped. */
export class Tcollector {
  /** The lines it passes on, as puts. */
  readonly sent: string[] = [];
  /** The lines it would not pass on, each with the reason. */
  readonly refused: string[] = [];
  /** What collectors said on stderr. */
  readonly warnings: string[] = [];
  /** How many repeated values it has not passed on. */
  deduped = 0;
  readonly collectors: Collector[] = [];
  readonly #series = new Map<
    string,
    { second: number; value: string; sent: number }
  >();
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  constructor(folder: string) {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (!isDirectory || !/^\d+$/.test(name)) continue;
      for (const file of Deno.readDirSync(`${folder}/${name}`)) {
        const path = `${folder}/${name}/${file.name}`;
        if (!file.isFile || !(Deno.statSync(path).mode! & 0o111)) continue;
        this.collectors.push({ path, start: 0, heard: 0 });
      }
    }
    for (const collector of this.collectors) {
      this.#loops.push(this.#run(collector));
    }
  }

  /** Starts a collector, drains it once a second, and starts it again. */
  async #run(collector: Collector): Promise<void> {
    while (!this.#stopped) {
      if (Date.now() < collector.start) {
        await sleep(100);
        continue;
      }
      delete collector.status;
      collector.heard = Date.now();
      const process = start([collector.path], {
        cwd: "/",
        clearEnv: true,
        env: { PATH: "/sbin:/bin:/usr/sbin:/usr/bin" },
        detached: true, // a process group of its own
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      });
      collector.process = process;
      await Promise.all([
        this.#drain(collector, process),
        this.#warn(process.stderr),
        process.status.then((status) => collector.status = status),
      ]);
      const wait = collector.status!.code === 0 ? RETRY.restart : RETRY.dead;
      collector.start = Date.now() + wait * 1000;
    }
  }

  async #drain(collector: Collector, process: Deno.ChildProcess) {
    const reader = process.stdout.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let read = reader.read();
    for (let done = false; !done;) {
      for (let drained = 0; drained < DRAIN;) {
        const found = await Promise.race([read, sleep(10)]);
        if (found === undefined) break; // there is nothing more to read
        if (found.done) {
          done = true;
          break;
        }
        drained += found.value.length;
        rest += decoder.decode(found.value, { stream: true });
        read = reader.read();
      }
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#take(line);
      if (lines.length > 0) collector.heard = Date.now();
      else if (Date.now() - collector.heard > SILENCE * 1000) {
        await killGroup(process, "TERM");
      }
      if (!done && !this.#stopped) await sleep(1000);
    }
    if (rest !== "") this.refused.push(`no newline: ${rest}`);
  }

  async #warn(stderr: ReadableStream<Uint8Array<ArrayBuffer>>) {
    const text = await new Response(stderr).text();
    this.warnings.push(...text.split("\n").filter((line) => line !== ""));
  }

  #take(line: string): void {
    const found = line.match(GRAMMAR);
    if (line.length >= MAX_LINE) return this.#refuse("too long", line);
    // deno-lint-ignore no-control-regex
    if (/[^\x00-\x7f]/.test(line)) return this.#refuse("not ASCII", line);
    if (!found) return this.#refuse("not the grammar", line);
    const [, metric, timestamp, value, tags] = found;
    const second = Number(timestamp);
    const key = metric! + tags;
    const last = this.#series.get(key);
    if (last && second <= last.second) {
      return this.#refuse("out of order", line);
    }
    const repeated = last?.value === value && second - last!.sent < DEDUP;
    const sent = repeated ? last!.sent : second;
    this.#series.set(key, { second, value: value!, sent });
    if (repeated) this.deduped++;
    else {this.sent.push(
        `put ${metric} ${timestamp} ${value}${tags} host=double`,
      );}
  }

  #refuse(why: string, line: string): void {
    this.refused.push(`${why}: ${line}`);
  }

  /** Ends all collectors; returns how many milliseconds the slowest one took. */
  async stop(): Promise<number> {
    this.#stopped = true;
    const began = Date.now();
    for (const { process, status } of this.collectors) {
      if (process && !status) await killGroup(process, "TERM");
    }
    const killer = setTimeout(async () => {
      for (const { process } of this.collectors) {
        if (process) await killGroup(process, "KILL");
      }
    }, GRACE);
    await Promise.all(this.#loops);
    clearTimeout(killer);
    return Date.now() - began;
  }
}

/** Makes the numbered folder that tcollector expects, with bundled collectors. */
export async function deploy(folder: string): Promise<string> {
  const args = ["run", "-A", `${ROOT}tasks/bundle.ts`, `${folder}/0`];
  const bundle = new Running([Deno.execPath(), ...args]);
  assertEquals((await bundle.end()).code, 0, bundle.err.join("\n"));
  const collectors = `${folder}/collectors/0`;
  await Deno.mkdir(collectors, { recursive: true });
  const direct = ["numprocesses.js", "uptime.js"];
  if (has("sar")) direct.push("sarcpu.js");
  for (const name of direct) {
    await Deno.rename(`${folder}/0/${name}`, `${collectors}/${name}`);
  }
  return collectors;
}

/** Makes a collector with arguments: tcollector itself gives none. */
export async function wrap(
  folder: string,
  name: string,
  args: string,
): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/collectors/0/${name}.sh`,
    `#!/bin/sh\nexec '${folder}/0/${name}.js' ${args}\n`,
    { mode: 0o755 },
  );
}

async function killGroup(process: Deno.ChildProcess, signal: string) {
  const args = ["-c", `kill -${signal} -${process.pid}`]; // dash takes no --
  await new Deno.Command("sh", { args, stderr: "null" }).output();
}
