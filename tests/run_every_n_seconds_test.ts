import { assert, assertEquals, assertRejects } from "@std/assert";
import { MetricCounter, runEveryNSeconds } from "../mod.ts";
import { ManualTime } from "./helpers/manual_time.ts";

/** Runs a function every n seconds for some seconds; returns when it ran. */
async function runs(
  n: number,
  { start, seconds, fn = () => {} }: {
    start: number;
    seconds: number;
    fn?: (time: ManualTime, runs: number) => unknown;
  },
): Promise<number[]> {
  const time = new ManualTime(start);
  const stop = new AbortController();
  const runs: number[] = [];
  const ended = runEveryNSeconds(n, () => {
    runs.push(time.now);
    return fn(time, runs.length);
  }, { ...time, signal: stop.signal });
  await time.pass(seconds);
  stop.abort();
  await ended;
  return runs;
}

Deno.test("runEveryNSeconds() runs at once, then at the multiples of n", async () => {
  const start = 3300;
  assertEquals(await runs(1, { start, seconds: 2 }), [3300, 4000, 5000]);
  assertEquals(await runs(5, { start, seconds: 9 }), [3300, 5000, 10_000]);
});

Deno.test("runEveryNSeconds() waits again when a timer is early", async () => {
  const time = new ManualTime(3300);
  const stop = new AbortController();
  const early = (ms: number, signal?: AbortSignal) =>
    time.sleep(Math.ceil(ms / 2), signal);
  const runs: number[] = [];
  const options = { clock: time.clock, sleep: early, signal: stop.signal };
  const ended = runEveryNSeconds(1, () => runs.push(time.now), options);
  await time.pass(2);
  stop.abort();
  await ended;
  assertEquals(runs, [3300, 4000, 5000]);
});

Deno.test("runEveryNSeconds() skips the times at which a run still lasts", async () => {
  let running = false;
  const fn = async (time: ManualTime) => {
    assert(!running);
    running = true;
    await time.sleep(2500);
    running = false;
  };
  const seconds = 8.7; // then the third run is over, and the next one is not due yet
  assertEquals(await runs(1, { start: 3000, seconds, fn }), [3000, 6000, 9000]);
});

Deno.test("runEveryNSeconds() goes on when the clock is set back", async () => {
  const fn = (time: ManualTime, runs: number) => {
    if (runs === 2) time.now -= 5500;
  };
  assertEquals(
    await runs(1, { start: 9000, seconds: 2.5, fn }),
    [9000, 10_000, 5000, 6000],
  );
});

Deno.test("runEveryNSeconds() goes on when the clock is set back while it waits", async () => {
  const time = new ManualTime();
  const stop = new AbortController();
  let back = 3_600_000; // ms
  const sleep = async (ms: number, signal?: AbortSignal) => {
    await time.sleep(ms, signal);
    time.now -= back;
    back = 0;
  };
  const runs: number[] = [];
  const options = { clock: time.clock, sleep, signal: stop.signal };
  const ended = runEveryNSeconds(1, () => runs.push(time.now), options);
  const start = time.now;
  await time.pass(1);
  stop.abort();
  await ended;
  assertEquals(runs.slice(0, 2), [start, start + 1000 - 3_600_000]);
});

Deno.test("runEveryNSeconds() reports nothing before the first level", async () => {
  const time = new ManualTime();
  const { clock } = time;
  const counter = new MetricCounter("m", { tags: { host: "h" }, clock });
  const stop = new AbortController();
  const options = { ...time, signal: stop.signal };
  const slow = () => time.sleep(3000).then(() => 7);
  const ended = runEveryNSeconds(1, counter, slow, options);
  await time.pass(2);
  assertEquals(counter.dump(), "");
  await time.pass(1);
  stop.abort();
  await ended;
  assertEquals(
    counter.dump({ final: true }),
    `put m ${time.now / 1000} 7 host=h\n`,
  );
});

Deno.test("runEveryNSeconds() sets a counter to what fn returns", async () => {
  const time = new ManualTime();
  const { clock } = time;
  const counter = new MetricCounter("m", { tags: { host: "h" }, clock });
  const stop = new AbortController();
  let level = 4;
  const options = { ...time, signal: stop.signal };
  const ended = runEveryNSeconds(1, counter, () => ++level, options);
  await time.pass(2);
  stop.abort();
  await ended;
  assertEquals(counter.summarize((cells) => cells.slice(-3)), [5, 6, 7]);
});

Deno.test("runEveryNSeconds() sets no level when fn returns none", async () => {
  const time = new ManualTime();
  const { clock } = time;
  const counter = new MetricCounter("m", { tags: { host: "h" }, clock });
  const stop = new AbortController();
  const levels = [5, undefined, 7];
  const fn = () => levels.shift();
  const options = { ...time, signal: stop.signal };
  const ended = runEveryNSeconds(1, counter, fn, options);
  await time.pass(2);
  stop.abort();
  await ended;
  const second = time.now / 1000;
  assertEquals(
    counter.dump({ final: true }),
    `put m ${second - 2} 5 host=h\nput m ${second} 7 host=h\n`,
  );
});

Deno.test("runEveryNSeconds() does nothing when its signal is aborted before", async () => {
  const signal = AbortSignal.abort();
  await runEveryNSeconds(1, () => assert(false), { signal });
});

Deno.test("runEveryNSeconds() rejects when fn throws", async () => {
  const fn = () => {
    throw new TypeError("no such level");
  };
  await assertRejects(
    () => runEveryNSeconds(1, fn),
    TypeError,
    "no such level",
  );
});

Deno.test("runEveryNSeconds() refuses an n that is not positive", async () => {
  for (const n of [0, -1, NaN, Infinity]) {
    await assertRejects(
      () => runEveryNSeconds(n, () => {}),
      RangeError,
      `${n}`,
    );
  }
});
