/**
 * Dumps 10,000 counters, each with 15 s, by one call of autodump, and says on
 * stderr what that took.
 */
import { alive } from "../../counter/registry.ts";
import { autodump, MetricCounter } from "../../mod.ts";
import { sleep } from "../../script/mod.ts";

const COUNTERS = 10_000;
const TIMESPAN = 15;
export const LINES: number = COUNTERS * TIMESPAN;

/** What it prints on stderr. */
export interface DumpReport {
  /** Bytes that the counters take. */
  memory: number;
  /** Milliseconds since the epoch: when the first counter was asked. */
  started: number;
  /** Milliseconds: the longest time in which no timer ran. */
  pause: number;
}

async function main(): Promise<void> {
  let now = 1_700_000_000_000;
  let asked: number | undefined;
  let idle = true;
  const clock = () => {
    if (idle) asked ??= performance.now();
    return now;
  };
  await sleep(500);
  const before = Deno.memoryUsage().rss;
  idle = false;
  for (let i = 0; i < COUNTERS; i++) {
    const tags = { host: "web1", series: String(i) };
    new MetricCounter("bench.dump", { timespan: TIMESPAN, tags, clock });
  }
  for (let second = 0; second < TIMESPAN; second++) {
    for (const counter of alive) counter.add(second * 1000 + 7);
    now += 1000;
  }
  await sleep(500);
  const memory = Deno.memoryUsage().rss - before;

  autodump();
  idle = true;
  let pause = 0;
  for (let last = performance.now(); !(last > asked! + 1000);) {
    await sleep(1);
    const time = performance.now();
    pause = Math.max(pause, time - last);
    last = time;
  }
  const started = performance.timeOrigin + asked!;
  console.error(
    JSON.stringify({ memory, started, pause } satisfies DumpReport),
  );
  Deno.exit();
}

if (import.meta.main) await main();
