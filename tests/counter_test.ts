/** All rules of a counter in one place, so that none is looked for in vain. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MetricCounter, type MetricCounterOptions } from "../mod.ts";
import { processTest } from "./helpers/processes.ts";
import golden from "./fixtures/golden.json" with { type: "json" };
import { random } from "./helpers/random.ts";

const START = 1_700_000_000; // a multiple of 10

/** A counter whose clock the test sets, in seconds after START. */
function manual(options: MetricCounterOptions = {}, start = 0) {
  const time = { second: start };
  const counter = new MetricCounter("m", {
    tags: { host: "h" },
    clock: () => (START + time.second) * 1000,
    ...options,
  });
  /** What a dump reports, as [second after START, value]. */
  const dump = (final = false) =>
    counter.dump({ final }).split("\n").slice(0, -1).map((line) => {
      const [put, name, second, value, tags] = line.split(" ");
      assertEquals([put, name, tags], ["put", "m", "host=h"]);
      return [Number(second) - START, Number(value)];
    });
  return { counter, time, dump };
}

Deno.test("MetricCounter reports what the original reports", () => {
  for (const { name, start, events, dumps, points, ...options } of golden) {
    const { counter, time, dump } = manual(options, start - START);
    const steps = [...events, ...dumps.map((t) => [t, "dump"])]
      .toSorted((a, b) => Number(a[0]) - Number(b[0]));
    const reported: number[][] = [];
    for (const [t, op, value] of steps) {
      time.second = Number(t) - START;
      if (op === "inc") counter.inc();
      if (op === "add") counter.add(Number(value));
      if (op === "dump") reported.push(...dump());
    }
    const expected = points.map(([second, value]) => [second! - START, value!]);
    assertEquals(reported, expected, name);
  }
});

Deno.test("R1: a dump that comes late by many timespans reports all", () => {
  const { counter, time, dump } = manual({ timespan: 5 });
  for (time.second = 0; time.second < 50; time.second++) counter.inc();
  assertEquals(dump(), Array.from({ length: 50 }, (_, i) => [i, 1]));
  assertEquals(dump(), []);
});

Deno.test("R1: dumps that come at once report once", () => {
  const { counter, time, dump } = manual();
  counter.add(7);
  time.second = 2;
  assertEquals([dump(), dump(), dump()], [[[0, 7], [1, 0]], [], []]);
});

Deno.test("R1: an event during a blocked event loop is reported", () => {
  const { counter, time, dump } = manual({ timespan: 5 });
  time.second = 4.999;
  counter.inc();
  time.second = 31.5;
  counter.inc();
  time.second = 33;
  const reported = dump();
  assertEquals(reported.filter(([, value]) => value), [[4, 1], [31, 1]]);
});

Deno.test("R2: an event counts in the second of the clock at the call", () => {
  const { counter, time, dump } = manual();
  for (const at of [0, 0.999, 1, 1.5, 2.999]) {
    time.second = at;
    counter.inc();
  }
  time.second = 3;
  assertEquals(dump(), [[0, 2], [1, 2], [2, 1]]);
});

Deno.test("R2: buckets are aligned to the epoch, not to the start", () => {
  const { counter, time, dump } = manual({ granularity: 5 }, 3);
  counter.inc();
  time.second = 7;
  counter.inc();
  time.second = 10;
  assertEquals(dump(), [[0, 1], [5, 1]]);
});

Deno.test("R3: a bucket is reported after its last second has ended", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  counter.inc();
  time.second = 4.999;
  assertEquals(dump(), []);
  time.second = 5;
  assertEquals(dump(), [[0, 1]]);
});

Deno.test("R3: only the final dump reports an open bucket", () => {
  const { counter, dump } = manual({ granularity: 5 });
  counter.inc();
  assertEquals(dump(), []);
  assertEquals(dump(true), [[0, 1]]);
});

Deno.test("R4: nothing is reported twice after the final dump", () => {
  const { counter, time, dump } = manual();
  counter.inc();
  assertEquals(dump(true), [[0, 1]]);
  assertEquals(dump(true), []);
  counter.inc(); // still the same second
  assertEquals(dump(true), [[1, 1]]);
  counter.inc();
  time.second = 2; // what was counted ahead in second 2 stays
  counter.inc();
  time.second = 4;
  assertEquals(dump(), [[2, 2], [3, 0]]);
});

Deno.test("R4: timestamps increase over clock steps of up to a timespan", () => {
  for (const step of [-1, -15, 1, 15]) {
    const { counter, time, dump } = manual();
    const reported: number[][] = [];
    for (let i = 0; i < 60; i++) {
      counter.inc();
      reported.push(...dump());
      time.second += i === 20 ? 1 + step : 1;
    }
    reported.push(...dump(true));
    const seconds = reported.map(([second]) => second!);
    assertEquals(seconds, [...new Set(seconds)].sort((a, b) => a - b));
    assertEquals(reported.reduce((sum, [, value]) => sum + value!, 0), 60);
  }
});

Deno.test("R5: a quiet flow reports 0 from the bucket it was made in", () => {
  const { time, dump } = manual({ granularity: 5 }, 7);
  time.second = 20;
  assertEquals(dump(), [[5, 0], [10, 0], [15, 0]]);
});

Deno.test("R5: gaps shorter than, as long as, and longer than the timespan have no holes", () => {
  for (const gap of [2, 14, 15, 16]) {
    const { counter, time, dump } = manual();
    counter.inc();
    time.second = gap;
    counter.inc();
    time.second++;
    const zeros = Array.from({ length: gap - 1 }, (_, i) => [i + 1, 0]);
    assertEquals(dump(), [[0, 1], ...zeros, [gap, 1]]);
  }
});

Deno.test("R6: a stock reports no second that nobody set", () => {
  const { counter, time, dump } = manual({}, 1);
  time.second = 3;
  counter.set(4);
  time.second = 6;
  counter.set(0);
  time.second = 9;
  assertEquals(dump(), [[3, 4], [6, 0]]);
  assertEquals(dump(true), []);
});

Deno.test("R6: a stock's bucket is the last level set in it", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  for (const level of [3, 9, 5]) {
    time.second++;
    counter.set(level);
  }
  time.second = 5;
  assertEquals(dump(), [[0, 5]]);
});

Deno.test("R6: set overwrites and inc adds on top within a second", () => {
  const { counter, time, dump } = manual();
  counter.inc();
  counter.set(5);
  counter.inc();
  time.second = 1;
  assertEquals(dump(), [[0, 6]]);
});

Deno.test("R6: a flow that becomes a stock keeps what it counted", () => {
  const { counter, time, dump } = manual({ timespan: 10, granularity: 5 });
  for (time.second = 0; time.second < 3; time.second++) counter.inc();
  time.second = 6;
  counter.set(7);
  time.second = 10;
  assertEquals(dump(), [[0, 3], [5, 7]]);
});

Deno.test("R6: reduce replaces the sum and the last level", () => {
  const reduce = (cells: number[]) => Math.max(...cells);
  for (const kind of ["add", "set"] as const) {
    const { counter, time, dump } = manual({ granularity: 5, reduce });
    for (const value of [3, 9, 5]) {
      counter[kind](value);
      time.second++;
    }
    time.second = 5;
    assertEquals(dump(), [[0, 9]]);
  }
});

Deno.test("R6: a reduce that returns no number loses nothing", () => {
  let bad = true;
  const { counter, time, dump } = manual({
    reduce: (cells) => bad ? NaN : cells[0]!,
  });
  counter.add(3);
  time.second = 1;
  assertThrows(() => dump(), RangeError, "current value is NaN");
  bad = false;
  assertEquals(dump(), [[0, 3]]);
});

Deno.test("R7: when the clock is set back by up to a timespan, events go to the newest bucket", () => {
  const { counter, time, dump } = manual();
  time.second = 20;
  counter.inc();
  dump();
  time.second = 5;
  counter.inc();
  assertEquals(dump(), []);
  time.second = 20.5;
  counter.inc();
  assertEquals(dump(), []);
  time.second = 22;
  assertEquals(dump(), [[20, 3], [21, 0]]);
  assertEquals(counter.restarts, 0);
});

Deno.test("R7: when the clock is set back by more, all is reported and the series starts afresh", () => {
  const { counter, time, dump } = manual();
  time.second = 3600;
  counter.add(2);
  time.second = 0;
  counter.add(3);
  time.second = 2;
  assertEquals(dump().slice(-3), [[3600, 2], [0, 3], [1, 0]]);
  assertEquals(counter.restarts, 1);
});

Deno.test("R7: when the clock is set back by more, a stock starts afresh without a level", () => {
  const { counter, time, dump } = manual({ kind: "stock" });
  time.second = 3600;
  counter.set(2);
  time.second = 0;
  assertEquals(dump(), [[3600, 2]]);
  time.second = 3;
  counter.set(5);
  time.second = 5;
  assertEquals(dump(), [[3, 5]]);
});

Deno.test("R7: when the clock is set back by more, a flow pauses until it counts again", () => {
  const { counter, time, dump } = manual({ maxGap: 2 });
  time.second = 3600;
  counter.inc();
  time.second = 0;
  counter.summarize(() => {}); // so that it looks at the clock
  assertEquals(counter.paused, false); // there is something to report
  assertEquals(dump().at(-1), [3600, 1]);
  time.second = 10;
  assertEquals([dump(), counter.paused], [[], true]);
});

Deno.test("R7: when the clock is set back by more, late events are waited for again", () => {
  const { counter, time, dump } = manual({ allowedLateness: 5 });
  time.second = 3600;
  counter.inc();
  time.second = 0;
  counter.inc();
  counter.inc(START - 3);
  assertEquals(counter.late, 0);
  assertEquals(dump().at(-1), [3600, 1]);
  time.second = 6;
  assertEquals(dump(), [[-3, 1], [-2, 0], [-1, 0], [0, 1]]);
});

Deno.test("R7: when the clock is set forward by more, only the last timespan is filled with 0", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  counter.add(2);
  time.second = 3603;
  counter.add(3);
  time.second = 3605;
  assertEquals(dump(), [[0, 2], [3590, 0], [3595, 0], [3600, 3]]);
});

Deno.test("R7: a frozen clock loses nothing", () => {
  const { counter, dump } = manual();
  for (let i = 0; i < 1000; i++) counter.inc();
  assertEquals(dump(), []);
  assertEquals(dump(true), [[0, 1000]]);
});

Deno.test("R9: an event counts in its own second until that is reported", () => {
  const { counter, time, dump } = manual();
  time.second = 10;
  counter.inc(START + 4.7);
  counter.add(2, START + 9.999);
  assertEquals(dump().filter(([, value]) => value), [[4, 1], [9, 2]]);
  counter.inc(START + 9);
  assertEquals(counter.late, 1);
  counter.inc(START + 99); // ahead of the clock
  time.second = 11;
  assertEquals(dump(), [[10, 1]]);
});

Deno.test("R9: allowedLateness holds a bucket back", () => {
  const { counter, time, dump } = manual({ allowedLateness: 3 });
  counter.inc();
  time.second = 3.9;
  assertEquals(dump(), []);
  counter.inc(START);
  time.second = 4;
  assertEquals(dump(), [[0, 2]]);
  counter.inc(START);
  assertEquals(counter.late, 1);
  assertEquals(dump(true), [[1, 0], [2, 0], [3, 0], [4, 0]]);
});

Deno.test("R9: within allowedLateness a series may begin before its counter", () => {
  const { counter, time, dump } = manual({ allowedLateness: 5 }, 10);
  counter.inc(START + 7);
  counter.inc(START + 4);
  assertEquals(counter.late, 1);
  time.second = 20;
  assertEquals(dump(), [[7, 1], [8, 0], [9, 0], [10, 0], [11, 0], [12, 0], [
    13,
    0,
  ], [14, 0]]);
});

Deno.test("R9: a stock takes late levels in the order of their seconds", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  time.second = 4;
  counter.set(4);
  counter.set(2, START + 2);
  time.second = 5;
  assertEquals(dump(), [[0, 4]]);
});

Deno.test("MetricCounter.summarize() hands over the last cells, oldest first", () => {
  const { counter, time, dump } = manual({ timespan: 3 });
  for (const value of [1, 2, 3, 4, 5]) {
    counter.add(value);
    time.second++;
  }
  assertEquals(counter.summarize((cells) => cells), [3, 4, 5, 0]);
  dump();
  time.second += 2;
  assertEquals(counter.summarize((cells) => cells), [5, 0, 0, 0]);
});

Deno.test("MetricCounter.flush() zeroes without reporting", () => {
  const { counter, time, dump } = manual();
  counter.add(4);
  time.second = 1;
  counter.add(5);
  counter.flush();
  counter.add(6);
  time.second = 2;
  assertEquals(dump(), [[0, 0], [1, 6]]);
  const stock = manual();
  stock.counter.set(4);
  stock.counter.flush();
  stock.time.second = 2;
  assertEquals(stock.dump(), []);
});

Deno.test("MetricCounter holds no second that it has reported and left behind", () => {
  const seconds = 2_000_000; // as numbers in a map, some 120 MB
  const { counter, time } = manual({ timespan: 100 });
  const before = Deno.memoryUsage().heapUsed;
  for (time.second = 0; time.second < seconds; time.second++) {
    counter.inc();
    if (time.second % 100 === 0) counter.dump();
  }
  const grown = (Deno.memoryUsage().heapUsed - before) / 1024 ** 2;
  assert(grown < 60, `${grown} MiB`);
  assertEquals(counter.summarize((cells) => cells.length), 101);
});

Deno.test("MetricCounter.silent is true for a flow of 0, and not for a level of 0", () => {
  for (const kind of ["flow", "stock"] as const) {
    const { counter } = manual({ kind });
    counter.add(0);
    assertEquals(counter.silent, kind === "flow");
    counter.add(1);
    counter.dump({ final: true });
    assertEquals(counter.silent, false);
  }
});

Deno.test("MetricCounter.setTags() holds for what is dumped from then on", () => {
  let now = START * 1000;
  const counter = new MetricCounter("m", {
    tags: { host: "h", a: "1" },
    clock: () => now,
  });
  counter.inc();
  counter.setTags({ host: "h", a: "2" });
  now += 1000;
  assertEquals(counter.dump(), `put m ${START} 1 host=h a=2\n`);
  assertThrows(() => counter.setTags({ host: "h", a: "ü" }), TypeError);
  now += 1000;
  assertEquals(counter.dump(), `put m ${START + 1} 0 host=h a=2\n`);
});

Deno.test("MetricCounter writes tcollector's format without put and host", () => {
  let now = START * 1000;
  const clock = () => now;
  const bare = new MetricCounter("m", { format: "tcollector", clock });
  bare.setTags({});
  const tagged = new MetricCounter("m", {
    format: "tcollector",
    tags: { host: "h", t: "x" },
    clock,
  });
  now += 1000;
  assertEquals(bare.dump(), `m ${START} 0\n`);
  assertEquals(tagged.dump(), `m ${START} 0 host=h t=x\n`);
});

processTest(
  "MetricCounter's host is the machine's name unless told",
  [],
  () => {
    const host = Deno.hostname();
    assertEquals(new MetricCounter("m").tags, { host });
    assertEquals(new MetricCounter("m", { tags: { a: "b" } }).tags, {
      host,
      a: "b",
    });
    assertEquals(manual().counter.tags, { host: "h" });
    return Promise.resolve();
  },
);

Deno.test("MetricCounter.tags tells the tags in a fresh object", () => {
  const { counter, dump } = manual({ tags: { host: "h" } });
  counter.tags.host = "other";
  assertEquals(counter.tags, { host: "h" });
  counter.inc();
  assertEquals(dump(true), [[0, 1]]);
});

Deno.test("MetricCounter writes the lines of a function given as format", () => {
  const counter = new MetricCounter("m", {
    tags: { host: "h", t: "x" },
    clock: () => START * 1000,
    format: (name, second, value, tags) =>
      JSON.stringify([name, second, value, tags]),
  });
  counter.add(1.5);
  assertEquals(
    counter.dump({ final: true }),
    `["m",${START},1.5,{"host":"h","t":"x"}]\n`,
  );
});

Deno.test("MetricCounter of kind stock reports nothing before its first level", () => {
  const { counter, time, dump } = manual({ kind: "stock" });
  time.second = 3;
  assertEquals(dump(), []);
  counter.set(7);
  time.second = 5;
  assertEquals(dump(), [[3, 7]]);
});

Deno.test("MetricCounter refuses an unknown kind", () => {
  // @ts-expect-error a kind is "flow" or "stock"
  assertThrows(() => new MetricCounter("m", { kind: "gauge" }), TypeError);
});

Deno.test("MetricCounter takes the last level of a bucket, whatever was counted before", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  counter.inc();
  time.second = 1;
  counter.inc();
  time.second = 2;
  counter.set(7);
  time.second = 5;
  assertEquals(dump(), [[0, 7]]);
});

Deno.test("MetricCounter.close() reports what is left and ends the series", () => {
  const { counter, time, dump } = manual();
  counter.inc();
  time.second = 1;
  counter.inc();
  counter.close();
  counter.close();
  assertThrows(() => counter.inc(), TypeError, "closed");
  assertThrows(() => counter.set(1), TypeError, "closed");
  time.second = 9;
  assertEquals(dump(), [[0, 1], [1, 1]]);
  assertEquals(dump(true), []);
});

Deno.test("MetricCounter.time() adds the seconds that pass, once", async () => {
  const { counter } = manual();
  const watch = counter.time();
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const least = (performance.now() - started) / 1000;
  watch[Symbol.dispose]();
  const seconds = counter.summarize((cells) => cells.at(-1)!);
  assert(seconds >= least, `${seconds} s of ${least} s`);
  watch[Symbol.dispose]();
  assertEquals(counter.summarize((cells) => cells.at(-1)), seconds);
});

Deno.test("MetricCounter writes plain decimals only", () => {
  const cases: [number, string][] = [
    [2 ** 62, "4611686018427388000"],
    [2 ** 63, "9223372036854776000.0"],
    [1e21, "1000000000000000000000.0"],
    [-1.5e300, `-15${"0".repeat(299)}.0`],
    [1e-7, "0.0000001"],
    [-1.25e-9, "-0.00000000125"],
    [5e-324, `0.${"0".repeat(323)}5`],
    [-2.2250738585072014e-308, `-0.${"0".repeat(307)}22250738585072014`],
    [Number.MAX_VALUE, `17976931348623157${"0".repeat(292)}.0`],
    [-0, "0"],
    [0.1, "0.1"],
    [-12.5, "-12.5"],
    [9007199254740993, "9007199254740992"],
  ];
  for (const [value, text] of cases) {
    const { counter } = manual();
    counter.set(value);
    assertEquals(
      counter.dump({ final: true }),
      `put m ${START} ${text} host=h\n`,
    );
    assert(Object.is(Number(text), value + 0));
  }
});

Deno.test("MetricCounter writes ten digits of seconds", () => {
  const { counter, time } = manual();
  time.second = 12 - START;
  counter.inc();
  const lines = counter.dump({ final: true }).split("\n").slice(0, -1);
  assertEquals(lines.at(-1), "put m 0000000012 1 host=h");
});

Deno.test("MetricCounter refuses numbers that are not finite, and keeps what it has counted", () => {
  const { counter, time, dump } = manual();
  counter.add(1);
  for (const bad of [NaN, Infinity, -Infinity]) {
    assertThrows(() => counter.add(bad), RangeError, `${bad}`);
    assertThrows(() => counter.set(bad), RangeError, `${bad}`);
    assertThrows(() => counter.inc(bad), RangeError, `${bad}`);
  }
  counter.add(Number.MAX_VALUE);
  assertThrows(() => counter.add(Number.MAX_VALUE), RangeError, "Infinity");
  time.second = 1;
  assertEquals(dump(), [[0, Number.MAX_VALUE]]);
});

Deno.test("MetricCounter refuses a bucket whose sum is not finite", () => {
  const { counter, time, dump } = manual({ granularity: 5 });
  counter.add(1e308);
  time.second = 1;
  assertThrows(() => counter.add(1e308), RangeError, "Infinity");
  time.second = 5;
  assertEquals(dump(), [[0, 1e308]]);
});

Deno.test("MetricCounter refuses a bad name or tag and says where", () => {
  const make = (name: string, tags: Record<string, string>) => () =>
    new MetricCounter(name, { tags: { host: "h", ...tags } });
  for (
    const bad of [" ", "\n", "\0", "=", "ü", "😀", '"', "\\", ":", ",", "\t"]
  ) {
    const where = `${JSON.stringify(bad)} at 1`;
    assertThrows(make(`a${bad}b`, {}), TypeError, where);
    assertThrows(make("a", { [`a${bad}b`]: "v" }), TypeError, where);
    assertThrows(make("a", { k: `a${bad}b` }), TypeError, where);
    assertThrows(make("a", { host: `a${bad}b` }), TypeError, where);
  }
  assertThrows(make("", {}), TypeError, "not empty");
  assertThrows(make("a", { "": "v" }), TypeError, "not empty");
  assertThrows(make("a", { k: "" }), TypeError, "not empty");
  // @ts-expect-error a tag must be a string
  assertThrows(make("a", { k: 1 }), TypeError, "a string");
  make("aZ09-_./", { "aZ09-_./": "aZ09-_./" })();
});

Deno.test("MetricCounter refuses more than 8 tags with host", () => {
  const tags = Object.fromEntries([..."abcdefg"].map((k) => [k, "v"]));
  const format = "tcollector";
  new MetricCounter("m", { tags: { ...tags, host: "h" } });
  new MetricCounter("m", { tags, format });
  for (const more of [{ host: "h", h: "v" }, { h: "v" }]) {
    assertThrows(
      () => new MetricCounter("m", { tags: { ...tags, ...more }, format }),
      RangeError,
      "at most 8",
    );
  }
});

Deno.test("MetricCounter keeps the longest line under 1,024 bytes", () => {
  const room = 1023 - 327 - "put  1700000000  host=h\n".length;
  const tags = { host: "h" };
  const counter = new MetricCounter("m".repeat(room), {
    tags,
    clock: () => START * 1000,
  });
  counter.set(-2.2250738585072014e-308);
  assertEquals(counter.dump({ final: true }).length, 1023);
  assertThrows(
    () => new MetricCounter("m".repeat(room + 1), { tags }),
    RangeError,
    "current value is 1024",
  );
});

Deno.test("MetricCounter refuses bad options", () => {
  const make = (options: Record<string, unknown>) => () =>
    new MetricCounter("m", { tags: { host: "h" }, ...options });
  for (const bad of [0, -1, 1.5, NaN, Infinity, "5", null]) {
    assertThrows(make({ timespan: bad }), RangeError, "timespan");
    assertThrows(make({ granularity: bad }), RangeError, "granularity");
  }
  assertThrows(make({ granularity: 2 }), RangeError, "must divide timespan 15");
  assertThrows(make({ granularity: 30 }), RangeError, "must divide timespan");
  for (const bad of [-1, NaN, Infinity, "5"]) {
    assertThrows(make({ allowedLateness: bad }), RangeError, "allowedLateness");
  }
  assertThrows(make({ format: "json" }), TypeError, '"json"');
  assertThrows(make({ reduce: 1 }), TypeError, "reduce");
  assertThrows(make({ clock: 1 }), TypeError, "clock");
  for (const bad of [NaN, Infinity, -1, 1e13]) {
    assertThrows(make({ clock: () => bad }), RangeError, `${bad}`);
  }
});

/**
 * Random schedules: the clock runs, jumps and stands still, events and dumps
 * come whenever they like. A plain ledger says what must be reported.
 */
Deno.test("R1 to R4 hold for thousands of random schedules", () => {
  for (let seed = 0; seed < 3000; seed++) {
    const rand = random(seed);
    const below = (n: number) => Math.floor(rand() * n);
    const granularity = [1, 1, 2, 5, 10][below(5)]!;
    const timespan = granularity * (1 + below(6));
    const allowedLateness = [0, 0, 3, 30][below(4)]!;
    const stock = below(3) === 0;
    const { counter, time, dump } = manual(
      { timespan, granularity, allowedLateness },
      below(100),
    );
    const note = JSON.stringify({ seed, timespan, granularity, stock });
    let newest = time.second;
    const cells = new Map<number, number>();
    const reported: number[][] = [];
    for (let step = 0; step < 60; step++) {
      const kind = below(12);
      if (kind < 6) time.second += rand() * 1.5;
      else if (kind === 6) {
        time.second -= Math.min(
          rand() * timespan,
          timespan - (newest - time.second),
        );
      } else if (kind === 7) time.second += rand() * timespan * 3;
      newest = Math.max(newest, time.second);
      if (kind < 9) {
        const value = 1 + below(5);
        const at = below(3) === 0 ? time.second - rand() * 20 : undefined;
        const late = counter.late;
        const when = at === undefined ? undefined : START + at;
        if (stock) counter.set(value, when);
        else counter.add(value, when);
        if (counter.late > late) continue;
        const second = Math.floor(Math.min(at ?? newest, newest));
        cells.set(second, stock ? value : (cells.get(second) ?? 0) + value);
      } else if (kind < 11) {
        const points = dump();
        for (const [second] of points) {
          assert(second! + granularity <= newest, `R3 ${note}`);
        }
        reported.push(...points);
      }
    }
    reported.push(...dump(true));
    assertEquals(dump(true), [], note);
    const seconds = reported.map(([second]) => second!);
    for (const [i, second] of seconds.entries()) {
      assert(i === 0 || second > seconds[i - 1]!, `R4 ${note}`);
      assertEquals((START + second) % granularity, 0, `R2 ${note}`);
    }
    const expected = new Map<number, number>();
    for (const [second, value] of [...cells].sort(([a], [b]) => a - b)) {
      const bucket = second - (START + second) % granularity;
      const sum = stock ? value : (expected.get(bucket) ?? 0) + value;
      expected.set(bucket, sum);
    }
    const events = reported.filter(([, value]) => value !== 0);
    assertEquals(events, [...expected], `R1, R2 ${note}`);
    assertEquals(counter.restarts, 0, note);
  }
});
