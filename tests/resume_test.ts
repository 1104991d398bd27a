/** lograte.ts --resume: what is reported across rotations and restarts. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  isFile,
  processTest,
  puts,
  Running,
  until,
} from "./helpers/processes.ts";
import { assertRefused } from "./helpers/refusals.ts";
import { resumed } from "./helpers/resumed.ts";

/** Writes lines of given seconds into files, and knows what must be reported. */
class Told {
  readonly seconds = new Map<number, number>();
  readonly folder: string;
  readonly log: string;
  readonly out: string[] = [];
  readonly err: string[] = [];
  #base = 0;
  #lines = 0;

  constructor(folder: string) {
    this.folder = folder;
    this.log = `${folder}/a.log`;
  }

  /** Writes the lines of some seconds, counted from the start. */
  write(path: string, from: number, to: number, isLost = false): void {
    let text = "";
    for (let second = this.#base + from; second < this.#base + to; second++) {
      const time = new Date(second * 1000).toISOString();
      for (let i = 0; i < 3; i++) text += `${time} line ${this.#lines++}\n`;
      if (!isLost) {
        this.seconds.set(second, (this.seconds.get(second) ?? 0) + 3);
      }
    }
    Deno.writeTextFileSync(path, text, { append: true });
  }

  /** Runs the script until a second is reported. */
  async run(until_: number, signal: Deno.Signal, ...logs: string[]) {
    const run = new Running(resumed(this.folder, this.log, ...logs));
    if (this.#base === 0) {
      await until(() => isFile(`${this.folder}/state`), 30);
      // Ahead of the clock, so that it closes no second on a busy machine.
      this.#base = Math.floor(Date.now() / 1000) + 6;
      this.write(this.log, 0, 5);
    }
    const second = this.#base + until_;
    await until(() => puts(run.out).some((put) => put.second === second), 30);
    await run.end(signal);
    this.out.push(...run.out);
    this.err.push(...run.err.filter((line) => !/ took |going on/.test(line)));
  }

  /** The value reported for each second; asserts that it is the same each time. */
  reported(): Map<number, number> {
    const found = new Map<number, number>();
    for (const { second, value } of puts(this.out)) {
      assertEquals(found.get(second) ?? value, value, `second ${second}`);
      if (value > 0) found.set(second, value);
    }
    return found;
  }
}

/** What happens to the log while nobody reads it, and what stderr says of it. */
const MEANWHILE: Record<
  string,
  { happens: (told: Told) => Promise<unknown>; said?: RegExp }
> = {
  "it is renamed twice": {
    happens: async (told) => {
      await Deno.rename(told.log, `${told.log}.2`);
      told.write(`${told.log}.2`, 5, 6);
      told.write(`${told.log}.1`, 6, 7);
      told.write(told.log, 7, 8);
    },
  },
  "it is renamed and compressed, and so is the next one": {
    happens: async (told) => {
      await Deno.rename(told.log, `${told.log}.3`);
      told.write(`${told.log}.3`, 5, 6);
      told.write(`${told.log}.2`, 6, 7);
      await new Running(["gzip", `${told.log}.3`, `${told.log}.2`]).end();
      told.write(told.log, 7, 8);
    },
  },
  "an empty one is renamed and compressed": {
    happens: async (told) => {
      await Deno.rename(told.log, `${told.log}.2`);
      told.write(`${told.log}.2`, 5, 6);
      await Deno.writeTextFile(`${told.log}.1`, "");
      await new Running(["gzip", `${told.log}.1`]).end();
      told.write(told.log, 6, 8);
    },
  },
  "it is copied and truncated": {
    happens: async (told) => {
      told.write(told.log, 5, 6);
      await Deno.copyFile(told.log, `${told.log}.1`);
      await Deno.truncate(told.log);
      told.write(told.log, 6, 8);
    },
  },
  "it is truncated, without a copy": {
    happens: async (told) => {
      told.write(told.log, 5, 6, true);
      await Deno.truncate(told.log);
      told.write(told.log, 6, 8);
    },
    said: /a file of .*a.log is gone/,
  },
  "it is deleted, and its inode number is used again": {
    happens: async (told) => {
      const { ino } = await Deno.stat(told.log);
      await Deno.remove(told.log);
      told.write(told.log, 6, 8);
      const again = (await Deno.stat(told.log)).ino === ino;
      if (!again) console.log("the inode number was not used again");
    },
    said: /a file of .*a.log is gone/,
  },
  "a line tells a time far ahead": {
    happens: (told) => {
      told.write(told.log, 5, 6);
      const time = new Date(Date.now() + 5 * 3600_000).toISOString();
      Deno.writeTextFileSync(told.log, `${time} x\n`, { append: true });
      const [last, count] = [...told.seconds].at(-1)!;
      told.seconds.set(last, count + 1);
      told.write(told.log, 6, 8);
      return Promise.resolve();
    },
    said: /a.log: .* is ahead of the clock/,
  },
  "a copy of it is made": {
    happens: async (told) => {
      await Deno.copyFile(told.log, `${told.log}.old`);
      told.write(told.log, 5, 8);
    },
  },
};

processTest("lograte.ts --resume goes on whatever happens to the log", [
  "tail",
  "gzip",
], async (folder) => {
  const cases = Object.entries(MEANWHILE);
  await Promise.all(cases.map(async ([what, { happens, said }], i) => {
    await Deno.mkdir(`${folder}/${i}`);
    const told = new Told(`${folder}/${i}`);
    Deno.writeTextFileSync(told.log, "");
    await told.run(2, "SIGKILL");
    await happens(told);
    told.write(told.log, 11, 12);
    told.seconds.delete([...told.seconds.keys()].at(-1)!); // not final yet
    await told.run(7, "SIGTERM");
    told.err.splice(1, said ? 1 : 0); // the last message: how many lines are lost
    assertEquals(told.err.length, said ? 1 : 0, `${what}: ${told.err}`);
    if (said) assertMatch(told.err[0]!, said);
    const reported = told.reported();
    if (said) { // what was not reported before is lost
      const [first] = told.seconds.keys();
      for (const second of told.seconds.keys()) {
        if (second >= first! + 5) break;
        if (!reported.has(second)) told.seconds.delete(second);
      }
    }
    assertEquals(reported, told.seconds, what);
  }));
});

processTest("lograte.ts --resume refuses a state that is not its own", [
  "tail",
], async (folder) => {
  const log = `${folder}/a.log`;
  await Deno.writeTextFile(log, "");
  const state = `${folder}/state`;
  const first = new Running(resumed(folder, log));
  await until(() => isFile(state));
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
  await Deno.mkdir(`${folder}/is/state`, { recursive: true });
  const run = new Running(resumed(`${folder}/is`, log));
  assertEquals((await run.end()).code, 2);
  assertEquals(run.err.length, 1, run.err.join("\n"));
  assertMatch(run.err[0]!, /it cannot be read: is a directory/);
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
    [
      [...base, "--time", "auto", `${folder}/*.log`],
      /Cannot resume as each log must be named/,
    ],
    [["--metric", "m", "--again", "1", log], /--again .* without --resume/],
  ];
  for (const [args, why] of cases) assertRefused(args, why);
});
