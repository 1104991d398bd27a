import { assert, assertEquals, assertMatch } from "@std/assert";
import { autodump, MetricCounter, type MetricCounterOptions } from "../mod.ts";
import { assertWhole, dumps } from "./helpers/dumps.ts";
import { ManualTime } from "./helpers/manual_time.ts";
import {
  processTest,
  puts,
  type Running,
  total,
  until,
} from "./helpers/processes.ts";

const START = 1_700_000_000; // a multiple of 10

/** A clock that the test sets, counters that go by it, and what is dumped when. */
function manual() {
  const time = new ManualTime(START * 1000);
  const lines: string[] = [];
  const times: number[] = [];
  const output = (text: string) => {
    lines.push(...text.split("\n").slice(0, -1));
    times.push(time.now / 1000 - START);
  };
  const counter = (name: string, options: MetricCounterOptions = {}) =>
    new MetricCounter(name, {
      tags: { host: "h" },
      clock: time.clock,
      ...options,
    });
  const options = { clock: time.clock, sleep: time.sleep, output };
  return { time, lines, times, counter, options };
}

Deno.test("R10: the first datapoint is out within 2 s, then every timespan", async () => {
  const { time, times, lines, counter, options } = manual();
  await using _ = autodump(counter("m", { timespan: 4 }), options);
  await time.pass(9.5);
  assertEquals(times, [1, 5, 9]);
  assertWhole(lines);
});

Deno.test("R1: a tick that comes late by many timespans loses nothing", async () => {
  const { time, lines, counter, options } = manual();
  const slow = counter("m", { timespan: 2 });
  {
    await using _ = autodump(slow, options);
    await time.pass(1);
    for (let i = 0; i < 113; i++) {
      slow.inc();
      time.block(0.1);
    }
    await time.pass(0.5);
    assertEquals(puts(lines).at(-1)!.second, START + 11);
  }
  assertWhole(lines);
  assertEquals(total(puts(lines)), 113);
});

Deno.test("autodump() dumps each of many counters as long as it lives", async () => {
  const { time, times, lines, counter, options } = manual();
  {
    await using _ = autodump(
      counter("a", { timespan: 2 }),
      counter("b", { timespan: 3 }),
      options,
    );
    await time.pass(7.5);
  }
  assertEquals([...new Set(times)], [1, 3, 4, 5, 7, 7.5]);
  assertWhole(lines);
  assertEquals(lines.length, 2 * 8);
  await time.pass(9);
  assertEquals(lines.length, 2 * 8);
});

Deno.test("autodump() dumps all that are alive, and those that are made later", async () => {
  const { time, lines, counter, options } = manual();
  {
    await using _ = autodump(options);
    counter("later").inc();
    await time.pass(1.2);
    assertEquals(lines.filter((line) => line.includes("later")), [
      `put later ${START} 1 host=h`,
    ]);
  }
});

Deno.test("R8: disposing reports a counter that was not dumped yet, and only once", async () => {
  const { time, lines, counter, options } = manual();
  const dump = autodump(counter("m"), options);
  await dump[Symbol.asyncDispose]();
  assertEquals(lines, [`put m ${START} 0 host=h`]);
  await time.pass(2);
  await dump[Symbol.asyncDispose]();
  assertEquals(lines.length, 1);
});

Deno.test("autodump() writes into a stream, and leaves it open", async () => {
  const { time, counter, options } = manual();
  let text = "";
  let closed = false;
  const output = new WritableStream<Uint8Array>({
    write: (bytes) => void (text += new TextDecoder().decode(bytes)),
    close: () => void (closed = true),
  });
  {
    await using _ = autodump(counter("m"), { ...options, output });
    await time.pass(1);
  }
  assertEquals(text, `put m ${START} 0 host=h\nput m ${START + 1} 0 host=h\n`);
  assertEquals([output.locked, closed], [false, false]);
});

async function assertEnds(
  program: Running,
  signal: Deno.Signal,
): Promise<void> {
  await until(() => program.out.length > 0);
  const signalled = Date.now();
  assertEquals((await program.end(signal)).code, 0);
  const ended = Date.now();
  assertWhole(program.out);
  const newest = Math.max(...puts(program.out).map(({ second }) => second));
  assert(newest >= Math.floor(signalled / 1000));
  assert(newest <= Math.floor(ended / 1000));
  assert(ended - signalled < 10_000, `${ended - signalled} ms`);
  assertEquals(program.err, []);
}

processTest("R8: signals report all and end with status 0", [], async () => {
  const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
  await Promise.all(
    signals.map((signal) => assertEnds(dumps("pulse", 3), signal)),
  );
});

processTest(
  "autodump() says what fails, and that the clock went back, and goes on",
  [],
  async () => {
    const program = dumps("failing");
    assertEquals((await program.end()).code, 0);
    const back =
      "dumps.ts: the clock went back by more than a timespan: series start afresh";
    assertEquals(program.err.filter((line) => line === back), [back]);
    const rest = program.err.filter((line) => line !== back);
    assert(rest.length >= 2);
    for (const line of rest) assert(line.includes("Cannot count bad"), line);
    assert(program.out.length >= 2);
    assertEquals(total(puts(program.out)), 2);
  },
);

processTest(
  "autodump() says once that it cannot write to its output, and goes on",
  [],
  async () => {
    const program = dumps("broken");
    assertEquals((await program.end()).code, 0);
    const said =
      /^dumps.ts: cannot write: Error: no space left: could not deliver \d datapoints?$/;
    assertEquals(program.err.length, 2);
    for (const line of program.err) assertMatch(line, said);
  },
);
