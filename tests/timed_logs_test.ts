/** TimedLogs in a collector of one's own. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MetricCounter, StateError, TimedLogs } from "../mod.ts";
import {
  processTest,
  type Put,
  puts,
  sleep,
  until,
} from "./helpers/processes.ts";

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** What happens when lines are told: all of them, and the last ones. */
type Telling = (told: Put[], lines: Put[], logs: TimedLogs) => unknown;

/** Counts the lines with an x until it is stopped; returns what was told. */
async function count(
  folder: string,
  telling: Telling,
  meanwhile?: () => unknown,
): Promise<Put[]> {
  const told: Put[] = [];
  const logs = new TimedLogs([`${folder}/log`], {
    state: `${folder}/state/log`,
    timespan: 1,
    lateness: 0,
    output: async (text) => {
      const lines = puts(text.trimEnd().split("\n"));
      told.push(...lines);
      await telling(told, lines, logs);
    },
  });
  const counter = new MetricCounter("m", {
    ...logs.counterOptions,
    tags: { host: "h" },
  });
  const running = logs.run({
    counters: [counter],
    of: () => ({
      count: (line, at) => void (line.endsWith("x") && counter.inc(at)),
    }),
  });
  await until(() => isFile(`${folder}/state/log`));
  await meanwhile?.();
  await running;
  counter.close();
  return told;
}

/** The seconds in which something was counted; none of them differs. */
function busy(told: Put[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const { second, value } of told) {
    assertEquals(found.get(second) ?? value, value, `second ${second}`);
    if (value > 0) found.set(second, value);
  }
  return found;
}

function write(folder: string, from: number, to: number): void {
  for (let second = from; second < to; second++) {
    const time = new Date(second * 1000).toISOString();
    const lines = `${time} x\n${time} y\n`;
    Deno.writeTextFileSync(`${folder}/log`, lines, { append: true });
  }
}

/** A folder with an empty log and one for the state; and a second that comes. */
function prepare(folder: string): number {
  Deno.mkdirSync(`${folder}/state`);
  Deno.writeTextFileSync(`${folder}/log`, "");
  return Math.floor(Date.now() / 1000) + 2;
}

processTest(
  "TimedLogs goes on where it was, with the same values",
  [],
  async (folder) => {
    const now = prepare(folder);
    const first = count(folder, (told, _, logs) => {
      if (busy(told).has(now + 5)) logs.stop();
    });
    write(folder, now, now + 10);
    const before = await first;
    write(folder, now + 10, now + 20);
    const after = await count(folder, (told, _, logs) => {
      if (busy(told).has(now + 17)) logs.stop();
    });
    const all = busy([...before, ...after]);
    for (let second = now; second < now + 18; second++) {
      assertEquals(all.get(second), 1);
    }
    assert(after.some(({ second }) => second === now)); // again
  },
);

processTest(
  "TimedLogs notes what may be told before it is, and that it was told after",
  [],
  async (folder) => {
    const now = prepare(folder);
    let tellings = 0;
    const counting = count(folder, async (told, lines, logs) => {
      const text = await Deno.readTextFile(`${folder}/state/log`);
      const { from, reported } = JSON.parse(text.split("\n")[1]!);
      assert(reported > lines.at(-1)!.second);
      assert(from <= lines[0]!.second);
      if (++tellings === 2 && busy(told).size > 0) logs.stop();
      else write(folder, now + 10 * tellings, now + 10 * tellings + 5);
    });
    write(folder, now, now + 5);
    await counting;
    assertEquals(tellings, 2);
  },
);

processTest(
  "TimedLogs decides again as the clock did: a line that came late stays so",
  [],
  async (folder) => {
    const now = prepare(folder);
    const late: number[] = [];
    let wasWritten = false;
    const before = await count(folder, (told, _, logs) => {
      late[0] = logs.late;
      if (!busy(told).has(now - 1)) return;
      if (!wasWritten) write(folder, now - 1, now); // told by the clock before
      wasWritten = true;
      if (logs.late > 0) logs.stop();
    }, () => write(folder, now - 1, now));
    const after = await count(folder, (told, _, logs) => {
      late[1] = logs.late;
      if (busy(told).has(now - 1)) logs.stop();
    });
    assertEquals(busy([...before, ...after]), new Map([[now - 1, 1]]));
    assertEquals(late, [2, 0]); // it is told once
  },
);

processTest(
  "TimedLogs goes on with the copy of a log that it saw truncated",
  [],
  async (folder) => {
    const now = prepare(folder);
    const log = `${folder}/log`;
    const before = await count(folder, async (told, _, logs) => {
      const seconds = busy(told);
      if (seconds.has(now + 7)) return logs.stop();
      if (!seconds.has(now + 3) || isFile(`${log}.1`)) return;
      await Deno.copyFile(log, `${log}.1`);
      await Deno.truncate(log);
      write(folder, now + 5, now + 9);
    }, () => write(folder, now, now + 5));
    const after = await count(folder, (told, _, logs) => {
      if (busy(told).has(now + 3)) logs.stop();
    });
    const all = busy([...before, ...after]);
    assertEquals(
      [...all.keys()],
      Array.from({ length: 8 }, (_, i) => now + i),
    );
    assert(after.some(({ second, value }) => second === now && value === 1));
  },
);

processTest(
  "TimedLogs tells nothing while the state cannot be written",
  [],
  async (folder) => {
    const now = prepare(folder);
    let isFree = true;
    const counting = count(folder, (told, lines, logs) => {
      assert(isFree || busy(lines).size === 0);
      if (busy(told).has(now + 3)) logs.stop();
    }, async () => {
      // In the way of the next state; the first one may still be synced.
      const inTheWay = `${folder}/state/log.new`;
      await until(() => Deno.mkdir(inTheWay).then(() => true, () => false));
      isFree = false;
      write(folder, now, now + 5);
      await sleep(2500); // it would have told by then
      isFree = true;
      await Deno.remove(inTheWay);
    });
    assertEquals(busy(await counting).size, 4);
  },
);

processTest(
  "TimedLogs refuses the state of others, and one that others write",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    const state = `${folder}/state`;
    Deno.writeTextFileSync(log, "");
    const one = new TimedLogs([log], { state });
    const other = new TimedLogs([log], { state });
    const nothing = { counters: [], of: () => ({ count() {} }) };
    const running = one.run(nothing);
    one.stop();
    await running;
    await assertRejects(
      () => other.run(nothing),
      StateError,
      "another process",
    );
    assertThrows(
      () => new TimedLogs([log], { state, lateness: 1 }),
      StateError,
      "lateness was 15, not 1",
    );
  },
);
