/** What lograte.ts --resume reports at its start, and when it cannot write its state. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  processTest,
  puts,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";
import { resumed } from "./helpers/resumed.ts";

/** Counts the lines of a log by their times, with its state in a folder. */
function start(log: string, folder: string): Running {
  return new Running(resumed(folder, "--lateness", "0", log));
}

/** Writes lines with their times until it is disposed, and counts them. */
class Load {
  readonly written = new Map<number, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(log: string) {
    this.#write(log);
    this.#timer = setInterval(() => this.#write(log), 50);
  }

  #write(log: string): void {
    const second = Math.floor(Date.now() / 1000);
    const line = `${new Date(second * 1000).toISOString()} x\n`;
    Deno.writeTextFileSync(log, line, { append: true });
    this.written.set(second, (this.written.get(second) ?? 0) + 1);
  }

  /** Asserts that each reported second has all of its lines. */
  check(out: string[]): void {
    for (const { second, value } of puts(out)) {
      assertEquals(value, this.written.get(second), `second ${second}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

processTest(
  "lograte.ts --resume begins with a whole second, and reports it again after kill -9",
  ["tail"],
  async (folder) => {
    const log = `${folder}/log`;
    using load = new Load(log);
    await sleep(100);
    const first = start(log, folder);
    await until(() => first.out.length >= 2, 20);
    await first.end("SIGKILL");
    const second = start(log, folder);
    await until(() => second.out.length >= 3, 20);
    await second.end("SIGTERM");
    load.check(first.out);
    load.check(second.out);
    assertEquals(second.out.slice(0, 2), first.out.slice(0, 2));
  },
);

processTest(
  "lograte.ts --resume says once that its state cannot be written, and reports nothing then",
  ["tail"],
  async (folder) => {
    const log = `${folder}/log`;
    const kept = `${folder}/kept`;
    await Deno.mkdir(kept);
    using load = new Load(log);
    const program = start(log, kept);
    await until(() => program.out.length > 0, 20);
    const said = program.err.length; // so far only what was taken for the time
    await Deno.rename(kept, `${folder}/away`);
    await until(() => program.err.length > said, 20);
    await sleep(100); // until what was on its way is printed
    const reported = program.out.length;
    await sleep(2200); // by then it has tried again
    assertEquals(program.out.length, reported);
    await Deno.rename(`${folder}/away`, kept);
    await until(() => program.out.length > reported, 20);
    assertEquals((await program.end("SIGTERM")).code, 0);
    load.check(program.out);
    const about = program.err.filter((line) => /\/state: /.test(line));
    assertMatch(about.join("\n"), /^lograte\.ts: cannot write .*; waiting$/);
  },
);
