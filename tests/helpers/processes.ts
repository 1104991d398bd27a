/** What the tests that start real processes share. */
import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { sleep, within } from "../../script/mod.ts";

export { sleep };

export const ROOT = new URL("../../", import.meta.url).pathname;

const DEADLINE = 300_000; // ms that a test may take, also on a busy machine
const PATIENCE = 60; // seconds for what takes less than one on an idle machine
/** Seconds in which what a busy machine may spoil is tried again and again. */
export const TRIES = 150;

const started = new Set<Deno.ChildProcess>();

const granted =
  Deno.permissions.querySync({ name: "run" }).state === "granted" &&
  Deno.permissions.querySync({ name: "write" }).state === "granted";

/** Whether a program is on this machine; false where no program may be run. */
export function has(program: string): boolean {
  if (!granted) return false;
  const args = ["-c", 'command -v "$0"', program];
  return new Deno.Command("sh", { args, stdout: "null" }).outputSync().success;
}

/** Why a test cannot start these programs; undefined where it can. */
export function unfit(programs: string[]): string | undefined {
  if (!granted) return "needs permissions, use `deno task test`";
  if (Deno.build.os !== "linux") return "needs Linux";
  const missing = programs.find((program) => !has(program));
  return missing && `there is no ${missing} here`;
}

/**
 * A test that starts processes. It is ignored in a plain `deno test`, which
 * grants no permission, and where a program is missing; its title then says why.
 * The processes that it has started end with it, and it fails after `DEADLINE`.
 */
export function processTest(
  name: string,
  programs: string[],
  fn: (folder: string, t: Deno.TestContext) => Promise<void>,
): void {
  const reason = unfit(programs);
  const why = reason === undefined ? "" : ` (ignored: ${reason})`;
  Deno.test({
    name: name + why,
    ignore: why !== "",
    fn: async (t) => {
      const folder = await Deno.makeTempDir();
      try {
        const done = fn(folder, t).then(() => true);
        assert(await within(DEADLINE, done), "This test does not end");
      } finally {
        for (const child of started) endNow(child);
        await Deno.remove(folder, { recursive: true }).catch(() => {});
      }
    },
  });
}

/** The command in the first line of a script, with this Deno. */
export function command(script: string, ...args: string[]): string[] {
  const [shebang] = Deno.readTextFileSync(ROOT + script).split("\n", 1);
  const flags = shebang!.replace(/^#!.*?deno run /, "").split(" ");
  return [Deno.execPath(), "run", ...flags, ROOT + script, ...args];
}

/** Quotes the words of a command for a shell. */
export function quoted(words: string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** Starts a program that ends with the test. */
export function start(
  [program, ...args]: string[],
  options: Deno.CommandOptions,
): Deno.ChildProcess {
  const child = new Deno.Command(program!, { args, ...options }).spawn();
  started.add(child);
  child.status.then(() => started.delete(child));
  return child;
}

function endNow(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** A program that was started, and what it has printed so far. */
export class Running {
  readonly process: Deno.ChildProcess;
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly #ends: Promise<void>[] = [];
  readonly #hangUp = new AbortController();
  #read = Promise.withResolvers<void>();

  constructor(command: string[], options: Deno.CommandOptions = {}) {
    const pipes = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    const all = { ...pipes, ...options };
    this.process = start(command, all);
    this.resume();
    if (all.stdout === "piped") this.#collect(this.process.stdout, this.out);
    if (all.stderr === "piped") this.#collect(this.process.stderr, this.err);
  }

  /** Stops reading what it prints on stdout. */
  pause(): void {
    this.#read = Promise.withResolvers();
  }

  /** Goes on reading. */
  resume(): void {
    this.#read.resolve();
  }

  /** Closes its stdout. */
  hangUp(): void {
    this.#hangUp.abort();
  }

  /** Resolves once it has ended and all that it printed was read. */
  async end(signal?: Deno.Signal): Promise<Deno.CommandStatus> {
    if (signal) this.process.kill(signal);
    const status = await this.process.status;
    await Promise.all(this.#ends);
    return status;
  }

  #collect(stream: ReadableStream<Uint8Array<ArrayBuffer>>, lines: string[]) {
    const text = new TransformStream<Uint8Array<ArrayBuffer>>({
      transform: async (chunk, controller) => {
        if (lines === this.out) await this.#read.promise;
        controller.enqueue(chunk);
      },
    });
    const { signal } = lines === this.out ? this.#hangUp : {};
    const end = stream.pipeThrough(text, signal ? { signal } : {})
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .pipeTo(new WritableStream({ write: (line) => void lines.push(line) }));
    this.#ends.push(end.catch((error) => {
      if (!this.#hangUp.signal.aborted) throw error;
    }));
  }
}

/** Runs a program to its end. */
export async function run(
  command: string[],
): Promise<Running & { code: number }> {
  const program = new Running(command);
  const { code } = await program.end();
  return Object.assign(program, { code });
}

/** A datapoint, as a put line tells it. */
export interface Put {
  series: string;
  second: number;
  value: number;
}

/** Reads put lines, also tcollector's; throws at any other line. */
export function puts(lines: string[]): Put[] {
  return lines.map((line) => {
    const found = line.match(
      /^(?:put )?([-_./a-zA-Z0-9]+) (\d{10}) (-?\d+(?:\.\d+)?)((?: [-_./a-zA-Z0-9]+=[-_./a-zA-Z0-9]+)*)$/,
    );
    if (!found) throw new Error(`Not a put line: ${line}`);
    const [, name, second, value, tags] = found;
    return {
      series: name! + tags,
      second: Number(second),
      value: Number(value),
    };
  });
}

/** The sum of the values of some datapoints. */
export function total(counts: { value: number }[]): number {
  return counts.reduce((sum, { value }) => sum + value, 0);
}

/** Whether there is a file at a path; false where it may not be read. */
export function isFile(path: string): boolean {
  const read = { name: "read", path } as const;
  if (Deno.permissions.querySync(read).state !== "granted") return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Waits until a condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds = PATIENCE,
  what = condition.toString(),
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`Not in time: ${what}`);
    await sleep(20);
  }
}

/**
 * A port that was free a moment ago. It is below those that the system gives to
 * the connections of other tests.
 */
export function freePort(): number {
  while (true) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Starts authfailures.ts on a new log; resolves once it reads the log. */
export async function authfailures(log: string): Promise<Running> {
  await Deno.writeTextFile(log, OTHER);
  const program = new Running(command("collectors/authfailures.ts", log));
  await until(() => program.out.length > 0); // by then it has read for a second
  return program;
}

export const MATCH = "combo sshd[1]: authentication failure; logname= uid=0\n";
/** A line that authfailures.ts does not count. */
export const OTHER = "combo sshd[1]: session opened for user root\n";

/** How many lines that count were written into a log in which second. */
export class Ledger {
  readonly seconds = new Map<number, number>();

  /** Writes early in a second, so that it can be read in the same second. */
  async write(path: string, matches: number): Promise<void> {
    await until(() => Date.now() % 1000 < 200);
    const second = Math.floor(Date.now() / 1000);
    const lines = (MATCH + OTHER).repeat(matches);
    Deno.writeTextFileSync(path, lines, { append: true });
    this.seconds.set(second, (this.seconds.get(second) ?? 0) + matches);
  }

  /**
   * Asserts that all that was written is reported, in order, and not before it
   * was written; prints the numbers. What is counted as it arrives belongs to
   * the second in which it is read (rule R2), and a busy machine can read late:
   * a test of the right second has to try `until()` nothing comes late.
   *
   * @returns By how many seconds the latest came late.
   */
  compare(what: string, lines: string[]): number {
    const written = [...this.seconds].flatMap(([second, count]) =>
      Array<number>(count).fill(second)
    );
    const reported = puts(lines).flatMap(({ second, value }) =>
      Array<number>(value).fill(second)
    );
    const lost = written.length - reported.length;
    const late = reported.map((second, i) => second - written[i]!);
    const latest = late.reduce((a, b) => Math.max(a, b), 0);
    console.log(
      `${what}: written=${written.length} stored=${reported.length} ` +
        `lost=${lost} latest=${latest}s`,
    );
    assertEquals(reported.length, written.length);
    assert(late.every((seconds) => seconds >= 0), "reported before written");
    return latest;
  }
}
