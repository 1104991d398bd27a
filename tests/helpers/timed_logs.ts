/** What the tests of TimedLogs share: a collector that uses it. */
import { assertEquals } from "@std/assert";
import { MetricCounter, TimedLogs } from "../../mod.ts";
import { isFile, type Put, puts, until } from "./processes.ts";

/** What happens at a report: with all that was reported, and the last part. */
type Telling = (told: Put[], lines: Put[], logs: TimedLogs) => unknown;

/** Counts the lines with an x until it is stopped; returns all that was reported. */
export async function count(
  folder: string,
  telling: Telling,
  meanwhile?: () => unknown,
  log = `${folder}/log`,
): Promise<Put[]> {
  const told: Put[] = [];
  const logs = new TimedLogs([log], {
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

/** The seconds above 0; asserts that each has the same value each time. */
export function busy(told: Put[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const { second, value } of told) {
    assertEquals(found.get(second) ?? value, value, `second ${second}`);
    if (value > 0) found.set(second, value);
  }
  return found;
}

export function write(folder: string, from: number, to: number): void {
  for (let second = from; second < to; second++) {
    const time = new Date(second * 1000).toISOString();
    const lines = `${time} x\n${time} y\n`;
    Deno.writeTextFileSync(`${folder}/log`, lines, { append: true });
  }
}

/** Makes an empty log and a folder for the state; returns a second to come. */
export function prepare(folder: string): number {
  Deno.mkdirSync(`${folder}/state`);
  Deno.writeTextFileSync(`${folder}/log`, "");
  return Math.floor(Date.now() / 1000) + 2;
}
