import { assert, assertEquals, assertRejects } from "@std/assert";
import { MetricCounter, runEveryNSeconds } from "../mod.ts";
import { writePuts } from "../script/mod.ts";
import {
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";

/** Starts one of the programs in fixtures/dumps.ts. */
function dumps(kind: string, size = 0, options: Deno.CommandOptions = {}) {
  const script = ROOT + "tests/fixtures/dumps.ts";
  return new Running(
    [Deno.execPath(), "run", "--allow-run=tail", script, kind, `${size}`],
    options,
  );
}

function total(lines: string[]): number {
  return puts(lines).reduce((sum, { value }) => sum + value, 0);
}

/** Each series' timestamps increase, without a hole. */
function assertWhole(lines: string[]): void {
  const last = new Map<string, number>();
  for (const { series, second } of puts(lines)) {
    const expected = (last.get(series) ?? second - 1) + 1;
    assertEquals(second, expected, `${series} at ${second}`);
    last.set(series, second);
  }
}

processTest(
  "R8: disposing reports what never ticked, and only once",
  [],
  async () => {
    const program = dumps("dispose");
    assertEquals((await program.end()).code, 0);
    assertEquals(program.out.length, 1);
    assertEquals(program.err, []);
  },
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  processTest(
    `R8: ${signal} reports all and ends with status 0`,
    [],
    async () => {
      const program = dumps("pulse", 3);
      await until(() => program.out.length > 0);
      await until(() => Date.now() % 1000 > 300 && Date.now() % 1000 < 600);
      const signalled = Date.now();
      assertEquals((await program.end(signal)).code, 0);
      assert(Date.now() - signalled < 1500);
      assertWhole(program.out);
      const newest = Math.max(...puts(program.out).map(({ second }) => second));
      assertEquals(newest, Math.floor(signalled / 1000));
      assertEquals(program.err, []);
    },
  );
}

processTest(
  "R10: the first datapoint is out within 2 s, then every timespan",
  [],
  async () => {
    const started = Date.now();
    const program = dumps("pulse", 1);
    await until(() => program.out.length > 0);
    assert(Date.now() - started < 2000, `${Date.now() - started} ms`);
    const first = Date.now();
    const lines = program.out.length;
    await until(() => program.out.length > lines);
    assert(
      Math.abs(Date.now() - first - 2000) < 500,
      `${Date.now() - first} ms`,
    );
    await program.end("SIGTERM");
    assertWhole(program.out);
  },
);

processTest("autodump() dumps counters that are made later", [], async () => {
  const program = dumps("later");
  await until(() => program.out.length > 0, 5);
  assertEquals((await program.end()).code, 0);
  assertEquals(total(program.out), 1);
  assertWhole(program.out);
});

processTest("autodump() says that a dump failed and goes on", [], async () => {
  const program = dumps("failing");
  assertEquals((await program.end()).code, 0);
  assert(program.err.every((line) => line.includes("Cannot count bad")));
  assert(program.err.length >= 3);
  assert(program.out.length >= 3);
  assertWhole(program.out);
});

processTest("R1: a blocked event loop loses nothing", [], async () => {
  const program = dumps("blocked", 5000);
  assertEquals((await program.end()).code, 0);
  assertEquals(program.err, ["3"]);
  assertWhole(program.out);
  assert(program.out.length >= 5);
});

processTest("R7: a clock that goes back is said once", [], async () => {
  const program = dumps("clock");
  assertEquals((await program.end()).code, 0);
  assertEquals(program.err, [
    "dumps.ts: the clock went back by more than a timespan: series start afresh",
  ]);
  assertEquals(total(program.out), 2);
});

processTest(
  "a reader that stalls for longer than a timespan loses nothing",
  [],
  async () => {
    const SERIES = 3000;
    const program = dumps("pulse", SERIES, { stdout: "piped" });
    await until(() => program.out.length > 0);
    program.pause();
    await sleep(5000);
    program.resume();
    await until(() => program.out.length > 6 * SERIES, 20);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertWhole(program.out);
    assertEquals(
      new Set(puts(program.out).map(({ series }) => series)).size,
      SERIES,
    );
    assertEquals(program.err, []);
  },
);

processTest(
  "a reader that stalls does not keep a signal from ending the program",
  [],
  async () => {
    const program = dumps("pulse", 3000);
    await until(() => program.out.length > 0);
    program.pause();
    await sleep(3000);
    const signalled = Date.now();
    program.process.kill("SIGTERM");
    const { code } = await program.process.status;
    assertEquals(code, 1);
    assert(Date.now() - signalled < 5000);
    program.resume();
    await program.end();
    assert(
      program.err[0]!.match(
        /the reader stalls: \d+ datapoints were not delivered/,
      ),
    );
  },
);

processTest(
  "what waits for the reader is bounded, and what goes is counted",
  [],
  async () => {
    const LINES = 75_000; // of 930 bytes: 70 MB
    const program = dumps("flood", LINES);
    program.pause();
    await until(() => program.err.includes("waiting"));
    program.resume();
    assertEquals((await program.end()).code, 0);
    const dropped = Number(
      program.err[0]!.match(/dropped the oldest (\d+) lines/)![1],
    );
    assert(dropped > 0);
    assertEquals(program.out.length + dropped, LINES);
    assertEquals(puts(program.out).at(-1)!.value, LINES - 1);
  },
);

processTest(
  "a reader that is gone ends the program with status 141",
  [],
  async () => {
    const program = dumps("pulse", 3);
    await until(() => program.out.length > 0);
    const gone = Date.now();
    await program.hangUp();
    const { code } = await program.process.status;
    assertEquals(code, 141);
    assert(Date.now() - gone < 1000, `${Date.now() - gone} ms`);
    await program.end();
    assertEquals(program.err.length, 1);
    assert(
      program.err[0]!.match(
        /the reader is gone: \d+ datapoints were not delivered/,
      ),
    );
  },
);

Deno.test("writePuts() refuses a line that a pipe could tear", async () => {
  const line = "x".repeat(5000) + "\n";
  await assertRejects(() => writePuts(line), RangeError, "is 5001");
});

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
