import { assert, assertEquals, assertRejects } from "@std/assert";
import { MetricCounter, runEveryNSeconds } from "../mod.ts";

/** Runs with timers and a clock that take no time, and stop at the end. */
async function withFakeTime(
  start: number,
  fn: (time: { now: number }) => Promise<void>,
): Promise<void> {
  const real = { now: Date.now, setTimeout: globalThis.setTimeout };
  const time = { now: start };
  Date.now = () => time.now;
  // deno-lint-ignore no-explicit-any
  globalThis.setTimeout = ((wake: () => void, ms: number): any => {
    queueMicrotask(() => {
      time.now += ms;
      wake();
    });
  }) as typeof setTimeout;
  try {
    await fn(time);
  } finally {
    Date.now = real.now;
    globalThis.setTimeout = real.setTimeout;
  }
}

Deno.test("runEveryNSeconds() runs at once, then at the multiples of n", async () => {
  for (
    const [n, expected] of [[1, [3300, 4000, 5000]], [5, [
      3300,
      5000,
      10000,
    ]]] as const
  ) {
    await withFakeTime(3300, async (time) => {
      const stop = new AbortController();
      const runs: number[] = [];
      await runEveryNSeconds(n, () => {
        runs.push(time.now);
        if (runs.length === 3) stop.abort();
      }, stop);
      assertEquals(runs, [...expected]);
    });
  }
});

Deno.test("runEveryNSeconds() waits again when a timer is early", async () => {
  await withFakeTime(3300, async (time) => {
    const stop = new AbortController();
    const early = globalThis.setTimeout;
    globalThis.setTimeout = ((wake: () => void, ms: number) =>
      early(wake, Math.ceil(ms / 2))) as typeof setTimeout;
    const runs: number[] = [];
    await runEveryNSeconds(1, () => {
      runs.push(time.now);
      if (runs.length === 3) {
        stop.abort();
      }
    }, stop);
    assertEquals(runs, [3300, 4000, 5000]);
  });
});

Deno.test("runEveryNSeconds() skips when a run overstays", async () => {
  await withFakeTime(3000, async (time) => {
    const stop = new AbortController();
    const runs: number[] = [];
    let running = false;
    await runEveryNSeconds(1, async () => {
      assert(!running);
      running = true;
      runs.push(time.now);
      if (runs.length === 3) stop.abort();
      for (let i = 0; i < 10; i++) await Promise.resolve();
      time.now += 2500;
      running = false;
    }, stop);
    assertEquals(runs, [3000, 6000, 9000]);
  });
});

Deno.test("runEveryNSeconds() goes on when the clock is set back", async () => {
  await withFakeTime(9000, async (time) => {
    const stop = new AbortController();
    const runs: number[] = [];
    await runEveryNSeconds(1, () => {
      runs.push(time.now);
      if (runs.length === 2) time.now -= 5500;
      if (runs.length === 4) stop.abort();
    }, stop);
    assertEquals(runs, [9000, 10000, 5000, 6000]);
  });
});

Deno.test("runEveryNSeconds() sets a counter to what fn returns", async () => {
  await withFakeTime(1_700_000_000_000, async () => {
    const counter = new MetricCounter("m", { tags: { host: "h" } });
    const stop = new AbortController();
    let level = 4;
    await runEveryNSeconds(1, counter, () => {
      if (++level === 7) stop.abort();
      return level;
    }, stop);
    assertEquals(counter.summarize((cells) => cells.slice(-3)), [5, 6, 7]);
  });
});

Deno.test("runEveryNSeconds() does nothing when it is stopped before", async () => {
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
