/** TimedLogs in a collector of one's own. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MetricCounter, StateError, TimedLogs } from "../mod.ts";
import { processTest, puts } from "./helpers/processes.ts";

/** Counts the lines with an x until so many seconds are told; returns them. */
async function count(folder: string, enough: number): Promise<number[][]> {
  let told = "";
  const logs = new TimedLogs([`${folder}/log`], {
    state: `${folder}/state`,
    timespan: 1,
    lateness: 0,
    output: (lines) => {
      told += lines;
      if (told.split("\n").length > enough) logs.stop();
    },
  });
  const counter = new MetricCounter("m", {
    ...logs.counterOptions,
    tags: { host: "h" },
  });
  await logs.run({
    counters: [counter],
    of: () => ({
      count: (line, at) => void (line.endsWith("x") && counter.inc(at)),
    }),
  });
  counter.close();
  return puts(told.split("\n").slice(0, -1))
    .map(({ second, value }) => [second, value]);
}

processTest(
  "TimedLogs goes on where it was, with the same values",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    const now = Math.floor(Date.now() / 1000) + 2;
    const write = (from: number, to: number) => {
      for (let second = from; second < to; second++) {
        const time = new Date((now + second) * 1000).toISOString();
        const lines = `${time} x\n${time} y\n`.repeat(second + 1);
        Deno.writeTextFileSync(log, lines, { append: true });
      }
    };
    Deno.writeTextFileSync(log, "");
    const first = count(folder, 5);
    write(0, 10);
    const before = new Map(
      (await first).filter(([, value]) => value! > 0)
        .map(([second, value]) => [second!, value!]),
    );
    write(10, 20);
    const after = (await count(folder, 17)).filter(([, value]) => value! > 0)
      .map(([second, value]) => [second! - now, value!]);
    for (const [second, value] of after) {
      assertEquals(value, second! + 1);
      assertEquals(before.get(now + second!) ?? value, value);
    }
    const seconds = after.map(([second]) => second);
    assertEquals(seconds, Array.from(seconds, (_, i) => i));
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
