/** lograte.ts --resume: what is reported across deaths, rotations, and restarts. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";

const SCRIPT = "collectors/lograte.ts";
const OPTIONS = ["--metric", "m", "--tag", "host=h", "--time", "auto"];
const QUICK = ["--lateness", "1", "--timespan", "1"];

/** The script with the permission to write into a folder. */
function resumed(folder: string, ...args: string[]): string[] {
  const [deno, run, ...rest] = command(SCRIPT, ...OPTIONS);
  const state = ["--resume", `${folder}/state`, ...QUICK, ...args];
  return [deno!, run!, `--allow-write=${folder}`, ...rest, ...state];
}

/** Writes lines that tell when they were written, and knows how many. */
class Writer {
  readonly written = new Map<number, number>();
  #last = 0;
  #lines = 0;

  write(log: string, count = 1): void {
    const second = Math.floor(Date.now() / 1000);
    const time = new Date(second * 1000).toISOString();
    for (let i = 0; i < count; i++) {
      const line = `${time} line ${this.#lines++}\n`;
      Deno.writeTextFileSync(log, line, { append: true });
    }
    this.written.set(second, (this.written.get(second) ?? 0) + count);
    this.#last = second;
  }

  /** Whether all of it was reported by then. */
  isIn(out: string[]): boolean {
    return puts(out).some(({ second }) => second > this.#last);
  }

  /** Each second was reported as it was written, and with no other value. */
  check(out: string[], series = "m host=h"): void {
    const reported = new Map<number, number>();
    const all = puts(out).filter((put) => put.series === series);
    for (const { second, value } of all) {
      assertEquals(reported.get(second) ?? value, value, `second ${second}`);
      reported.set(second, value);
    }
    const busy = [...reported].filter(([, value]) => value > 0)
      .sort(([a], [b]) => a - b);
    assertEquals(busy, [...this.written]);
  }
}

processTest(
  "lograte.ts --resume loses nothing by kill -9, SIGTERM and rotation",
  ["tail"],
  async (folder) => {
    const logs = [`${folder}/a.log`, `${folder}/b.log`];
    const writer = new Writer();
    const out: string[] = [];
    const err: string[] = [];
    let run = new Running(resumed(folder, "--wait", ...logs));
    await until(() => run.err.length > 0);
    let rotations = 0;
    for (
      const signal of ["SIGKILL", "SIGTERM", "SIGKILL", undefined] as const
    ) {
      const end = performance.now() + 500 + 1000 * Math.random();
      while (performance.now() < end) {
        await sleep(20 * Math.random());
        const log = logs[Math.random() < 0.5 ? 0 : 1]!;
        if (Math.random() < 0.05) {
          for (let i = rotations; i > 0; i--) {
            await Deno.rename(`${log}.${i}`, `${log}.${i + 1}`).catch(() => {});
          }
          await Deno.rename(log, `${log}.1`).catch(() => {});
          writer.write(`${log}.1`); // by somebody who has it open still
          rotations++;
        }
        writer.write(log, 3);
      }
      if (signal) {
        await run.end(signal);
        out.push(...run.out);
        err.push(...run.err);
        run = new Running(resumed(folder, "--wait", ...logs));
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

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

processTest("lograte.ts --resume refuses a state that is not its own", [
  "tail",
], async (folder) => {
  const log = `${folder}/a.log`;
  await Deno.writeTextFile(log, "");
  const state = `${folder}/state`;
  const first = new Running(resumed(folder, log));
  await until(() => exists(state));
  await first.end("SIGTERM");
  const good = await Deno.readTextFile(state);
  const states: [string, RegExp][] = [
    ["", /it is torn: it is empty/],
    [good.slice(0, -10), /it is torn: its text does not fit its sum/],
    [good.replace('"from":1', '"from":2'), /it is torn/],
    [good.split("\n")[0]! + "\n", /it is torn/],
    [good.replace("state 1", "state 99"), /it is of version 99, not 1/],
    ["Nov 25 07:00:00 web1 sshd[1]: x\n", /it is not a state/],
  ];
  const other = `${folder}/b.log`;
  await Deno.writeTextFile(other, "");
  const options: [string[], RegExp][] = [
    [
      ["--match", "x", log],
      /other options: rules was .*"m".*, not .*"match":"\/x\/"/,
    ],
    [["--granularity", "1", "--peak", log], /rules was .*, not .*"peak":true/],
    [["--zone", "+0200", log], /zone was .*, not "\+0200"/],
    [[log, other], /files was \[".*a.log"\], not \[".*a.log",".*b.log"\]/],
  ];
  const cases = [
    ...states.map(([text, why]) => ({ text, args: [log], why })),
    ...options.map(([args, why]) => ({ text: good, args, why })),
  ];
  await Promise.all(cases.map(async ({ text, args, why }, i) => {
    const own = `${folder}/${i}`;
    await Deno.mkdir(own);
    await Deno.writeTextFile(`${own}/state`, text);
    const run = new Running(resumed(own, ...args));
    assertEquals((await run.end()).code, 2, `${why}`);
    assertEquals(run.out, []);
    assertEquals(run.err.length, 1, run.err.join("\n"));
    assertMatch(run.err[0]!, why);
    assertMatch(run.err[0]!, /to start afresh, at the end of the logs, remove/);
    assertEquals(await Deno.readTextFile(`${own}/state`), text);
  }));
});

processTest("lograte.ts refuses options that do not go with --resume", [
  "tail",
], async (folder) => {
  const log = `${folder}/a.log`;
  await Deno.writeTextFile(log, "");
  const base = ["--metric", "m", "--resume", `${folder}/state`];
  const cases: [string[], RegExp][] = [
    [[...base, log], /--resume cannot be given without --time/],
    [[...base, "--replay", log], /--resume cannot be given with --replay/],
    [[...base, "--time", "auto", "-"], /--resume cannot be given with .* -/],
    [[...base, "--time", "auto", "--journal"], /with --journal/],
    [["--metric", "m", "--again", "1", log], /--again .* without --resume/],
  ];
  await Promise.all(cases.map(async ([args, why]) => {
    const run = new Running(command(SCRIPT, ...args));
    assertEquals((await run.end()).code, 2);
    assertMatch(run.err.join(), why);
  }));
});
