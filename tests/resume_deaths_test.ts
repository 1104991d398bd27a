/** lograte.ts --resume: it dies at any moment, while its logs are written and rotated. */
import { assertEquals } from "@std/assert";
import {
  processTest,
  puts,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";
import { resumed } from "./helpers/resumed.ts";

/** Writes lines with their times, and counts them. */
class Writer {
  readonly written = new Map<number, number>();
  #first = 0;
  #last = 0;
  #lines = 0;
  readonly #latest: number;

  /** Makes a writer of which some lines come up to `latest` seconds late. */
  constructor(latest: number) {
    this.#latest = latest;
  }

  /** Writes lines of one second, which may be late. */
  write(log: string, count = 1): void {
    const isLate = Math.random() < 0.2 && this.#lines > 0;
    const late = isLate ? Math.ceil(Math.random() * this.#latest) : 0;
    const second = Math.max(this.#first, Math.floor(Date.now() / 1000) - late);
    const time = new Date(second * 1000).toISOString();
    for (let i = 0; i < count; i++) {
      const line = `${time} line ${this.#lines++}\n`;
      Deno.writeTextFileSync(log, line, { append: true });
    }
    this.written.set(second, (this.written.get(second) ?? 0) + count);
    this.#last = Math.max(this.#last, second);
    this.#first ||= second;
  }

  /** Whether all that was written was reported. */
  isIn(out: string[]): boolean {
    return puts(out).some(({ second }) => second > this.#last);
  }

  /** Asserts that each second was reported with the value that was written. */
  check(out: string[], series = "m host=h"): void {
    const reported = new Map<number, number>();
    const all = puts(out).filter((put) => put.series === series);
    for (const { second, value } of all) {
      assertEquals(reported.get(second) ?? value, value, `second ${second}`);
      reported.set(second, value);
    }
    const busy = [...reported].filter(([, value]) => value > 0);
    assertEquals(new Map(busy), this.written);
  }
}

for (
  const { deaths, latest } of [
    { deaths: ["SIGKILL", "SIGTERM", "SIGKILL"], latest: 1 },
    { deaths: ["SIGTERM", "SIGTERM", "SIGTERM"], latest: 4 },
  ] as const
) {
  processTest(
    `lograte.ts --resume loses nothing to ${
      deaths.join(", ")
    } and rotation, of lines up to ${latest} s late`,
    ["tail"],
    async (folder) => {
      const logs = [`${folder}/a.log`, `${folder}/b.log`];
      const args = ["--lateness", String(latest), "--wait", ...logs];
      const writer = new Writer(latest);
      const out: string[] = [];
      const err: string[] = [];
      let run = new Running(resumed(folder, ...args));
      await until(() => run.err.length > 0);
      let rotations = 0;
      let rotated = -Infinity;
      for (const signal of [...deaths, undefined]) {
        const end = performance.now() + 500 + 1000 * Math.random();
        while (performance.now() < end) {
          await sleep(20 * Math.random());
          const log = logs[Math.random() < 0.5 ? 0 : 1]!;
          // A file that is there for less than a look, 200 ms, may not be seen.
          if (Math.random() < 0.1 && performance.now() > rotated + 300) {
            rotated = performance.now();
            for (let i = rotations; i > 0; i--) {
              await Deno.rename(`${log}.${i}`, `${log}.${i + 1}`).catch(
                () => {},
              );
            }
            await Deno.rename(log, `${log}.1`).catch(() => {});
            writer.write(`${log}.1`); // as a writer that has it still open
            rotations++;
          }
          writer.write(log, 3);
        }
        if (signal) {
          await run.end(signal);
          out.push(...run.out);
          err.push(...run.err);
          run = new Running(resumed(folder, ...args));
        }
      }
      await until(() => writer.isIn(run.out));
      assertEquals((await run.end("SIGTERM")).code, 0);
      out.push(...run.out);
      err.push(...run.err);
      console.log(`rotations: ${rotations}, puts: ${out.length}`);
      console.log([...new Set(err)].join("\n"));
      writer.check(out);
    },
  );
}
