import { assert, assertEquals, assertThrows } from "@std/assert";
import { Sketch } from "../counter/sketch.ts";
import {
  autodump,
  DistributionFamily,
  MetricCounter,
  MetricDistribution,
  type MetricDistributionOptions,
  type Statistic,
} from "../mod.ts";
import { random } from "./helpers/random.ts";

const START = 1_700_000_000; // a multiple of 10

/** A distribution whose clock the test sets, in seconds after START. */
function manual(options: MetricDistributionOptions = {}) {
  const time = { second: 0 };
  const values = new MetricDistribution("m", {
    tags: { host: "h" },
    clock: () => (START + time.second) * 1000,
    ...options,
  });
  /** What a dump reports: statistic, second after START, value. */
  const dump = (final = false) => told(values.dump({ final }));
  return { values, time, dump };
}

function told(lines: string): [string, number, number][] {
  return lines.split("\n").slice(0, -1).map((line) => {
    const [, statistic, second, value] =
      line.match(/^put m\.(\S+) (\d{10}) (-?[\d.]+) host=h$/) ?? [];
    assert(statistic, line);
    return [statistic, Number(second) - START, Number(value)];
  });
}

/** Values such as latencies, sizes, levels, and differences. */
const SHAPES: Record<string, (next: () => number) => number> = {
  "uniform": (next) => next(),
  "exponential": (next) => -Math.log(next()) / 20,
  "log-normal": (next) => {
    const angle = Math.cos(2 * Math.PI * next());
    return Math.exp(2 * Math.sqrt(-2 * Math.log(next())) * angle);
  },
  "of two kinds": (next) => next() < 0.97 ? 1 + next() : 5000 * next(),
  "whole": (next) => Math.floor(next() * 10),
  "on both sides of 0": (next) => (next() - 0.3) * 1e6,
  "negative": (next) => -1 / next(),
  "of all sizes": (next) => 10 ** (next() * 30 - 15),
  "all the same": () => 0.25,
};

Deno.test("Sketch.quantile() is at most 1 % from that of an exact sort", () => {
  for (const [shape, value] of Object.entries(SHAPES)) {
    for (const count of [1, 2, 3, 10, 101, 5000]) {
      const next = random(count);
      const sketch = new Sketch();
      const values = Array.from({ length: count }, () => value(next));
      for (const value of values) sketch.add(value);
      values.sort((a, b) => a - b);
      for (const part of [0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1]) {
        const exact = values[Math.ceil(part * count) - 1]!;
        const error = Math.abs(sketch.quantile(part) - exact);
        const what = `${shape}: ${part} of ${count}: ${exact}, ${error} off`;
        assert(error <= Math.abs(exact) * 0.01, what);
      }
    }
  }
});

Deno.test("Sketch keeps large values right where small ones have no room", () => {
  for (const order of [1, -1]) {
    const exponents = Array.from({ length: 581 }, (_, i) => i - 290);
    const sketch = new Sketch();
    for (const exponent of order > 0 ? exponents : exponents.toReversed()) {
      sketch.add(10 ** exponent);
    }
    for (const rank of [550, 560, 570, 581]) { // the largest 10^31
      const ratio = sketch.quantile(rank / 581) / 10 ** exponents[rank - 1]!;
      assert(Math.abs(ratio - 1) <= 0.01, `${order}: ${rank}: ${ratio}`);
    }
    assert(sketch.quantile(1 / 581) > 1e250, "small ones are taken for larger");
    assertEquals([sketch.min, sketch.max, sketch.count], [1e-290, 1e290, 581]);
  }
});

const STATS: Statistic[] = [
  ...["count", "sum", "min", "mean"] as const,
  ...["p50", "p90", "p99", "p99.9", "max"] as const,
];

Deno.test("MetricDistribution reports each statistic as a metric of its own", () => {
  const { values, time, dump } = manual({ stats: STATS });
  for (let value = 1; value <= 1000; value++) values.observe(value);
  time.second = 1;
  const found = Object.fromEntries(
    dump().map(([name, , value]) => [name, value]),
  );
  assertEquals(Object.keys(found), STATS);
  const { count, sum, min, mean, max } = found;
  assertEquals([count, sum, min, mean, max], [1000, 500500, 1, 500.5, 1000]);
  for (
    const [name, exact] of [
      ["p50", 500],
      ["p90", 900],
      ["p99", 990],
      ["p99.9", 999],
    ] as const
  ) {
    assert(Math.abs(found[name]! - exact) <= exact / 100, name);
  }
});

Deno.test("MetricDistribution reports a single value exactly", () => {
  const { values, dump } = manual({ stats: ["p50", "p99"] });
  values.observe(0.123456789);
  assertEquals(dump(true), [["p50", 0, 0.123456789], ["p99", 0, 0.123456789]]);
});

Deno.test("MetricDistribution reports a quiet second's count, and no quantile", () => {
  const { values, time, dump } = manual({ stats: STATS });
  values.observe(7);
  time.second = 3;
  assertEquals(dump().filter(([, second]) => second > 0), [
    ["count", 1, 0],
    ["sum", 1, 0],
    ["count", 2, 0],
    ["sum", 2, 0],
  ]);
  const silent = manual({ stats: ["p99", "max"] });
  silent.time.second = 5;
  assertEquals(silent.values.dump(), "");
});

Deno.test("MetricDistribution reports the values of a whole bucket together", () => {
  const { values, time, dump } = manual({
    granularity: 5,
    stats: ["count", "p50", "max"],
  });
  for (const value of [1, 9, 2, 3, 100]) {
    values.observe(value);
    time.second++;
  }
  assertEquals(dump(), [["count", 0, 5], ["p50", 0, 3.0012], ["max", 0, 100]]);
});

Deno.test("R1 to R9 hold for a MetricDistribution as for a MetricCounter", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const next = random(seed);
    const below = (n: number) => Math.floor(next() * n);
    const options = {
      timespan: 10,
      granularity: [1, 2, 5][seed % 3]!,
      allowedLateness: [0, 4][seed % 2]!,
      maxGap: seed % 5 === 0 ? 20 : Infinity,
    };
    const { values, time, dump } = manual({
      ...options,
      stats: ["count", "sum", "max"],
    });
    const counterOf = (name: string) =>
      new MetricCounter(`m.${name}`, {
        tags: { host: "h" },
        clock: () => (START + time.second) * 1000,
        ...options,
      });
    const [count, sum] = [counterOf("count"), counterOf("sum")];
    const reported: [string, number, number][] = [];
    const expected: [string, number, number][] = [];
    for (let step = 0; step < 80; step++) {
      const chance = next();
      if (chance < 0.5) {
        const value = 1 + below(100);
        const at = next() < 0.5 ? undefined : START + time.second - below(8);
        values.observe(value, at);
        count.inc(at);
        sum.add(value, at);
      } else if (chance < 0.8) {
        time.second += 1 + below(3);
      } else if (chance < 0.82) {
        time.second += 40; // as after the machine was suspended
      } else if (chance < 0.84) {
        time.second -= 3; // as when the clock is set back
      } else if (chance < 0.85) {
        time.second -= 50;
      } else {
        reported.push(...dump());
        for (const counter of [count, sum]) {
          expected.push(...told(counter.dump()));
        }
      }
    }
    reported.push(...dump(true));
    for (const counter of [count, sum]) {
      expected.push(...told(counter.dump({ final: true })));
    }
    const of = (name: string, all: typeof reported) =>
      all.filter(([statistic]) => statistic === name);
    assertEquals(of("count", reported), of("count", expected), `${seed}`);
    assertEquals(of("sum", reported), of("sum", expected), `${seed}`);
    assertEquals( // only of buckets that hold a value
      of("max", reported).map(([, second]) => second),
      of("count", reported).filter(([, , n]) => n > 0).map(([, at]) => at),
    );
    assertEquals(values.late, count.late);
    assertEquals(values.restarts, count.restarts);
    assertEquals(values.paused, count.paused);
  }
});

Deno.test("MetricDistribution.observe() refuses numbers that are not finite", () => {
  const { values, dump } = manual({ stats: ["count", "sum"] });
  values.observe(1);
  for (const value of [NaN, Infinity, -Infinity, 1e291]) {
    assertThrows(() => values.observe(value), RangeError, "the value must be");
  }
  assertThrows(() => values.observe(1, NaN), RangeError, "the time must be");
  assertEquals(dump(true), [["count", 0, 1], ["sum", 0, 1]]);
  values.close();
  assertThrows(() => values.observe(1), TypeError, "closed");
});

Deno.test("MetricDistribution() refuses unknown statistics", () => {
  for (const name of ["p0", "p100", "p", "p-1", "p9.", "median", "", "P99"]) {
    const stats = [name] as Statistic[];
    assertThrows(
      () => manual({ stats }),
      TypeError,
      `current value is "${name}"`,
    );
  }
  assertThrows(() => manual({ stats: [] }), RangeError, "at least one");
  assertThrows(() => manual({ timespan: 0 }), RangeError, "timespan");
  const tags = { host: "h".repeat(700) };
  assertThrows(() => manual({ tags }), RangeError, "at most 1023 bytes");
});

Deno.test("MetricDistribution writes tcollector's format", () => {
  const { values } = manual({ format: "tcollector", stats: ["max"], tags: {} });
  values.observe(2.5);
  assertEquals(values.dump({ final: true }), `m.max ${START} 2.5\n`);
});

Deno.test("MetricDistribution.time() observes once how many seconds passed", () => {
  const values = new MetricDistribution("m", {
    tags: { host: "h" },
    clock: () => START * 1000,
    stats: ["count", "sum"],
  });
  const started = performance.now();
  const watch = values.time();
  for (const end = performance.now() + 2; performance.now() < end;);
  watch[Symbol.dispose]();
  watch[Symbol.dispose]();
  const [[, , count], [, , sum]] = told(values.dump({ final: true })) as [
    [string, number, number],
    [string, number, number],
  ];
  assertEquals(count, 1);
  assert(sum >= 0.0019 && sum <= (performance.now() - started) / 1000);
});

Deno.test("DistributionFamily has one distribution for each set of tags", () => {
  const family = new DistributionFamily("m", {
    tags: { host: "h" },
    clock: () => START * 1000,
    stats: ["max"],
    maxSeries: 2,
  });
  for (const status of ["200", "500", "200", "404"]) {
    family.with({ status }).observe(Number(status));
  }
  const lines = [...family.counters].map((m) => m.dump({ final: true }));
  assertEquals(lines, [
    `put m.max ${START} 200 host=h status=200\n`,
    `put m.max ${START} 500 host=h status=500\n`,
    `put m.max ${START} 404 host=h status=other\n`,
  ]);
});

Deno.test("autodump() dumps distributions, and families of them", async () => {
  const options = {
    tags: { host: "h" },
    clock: () => START * 1000,
    stats: ["max"] as Statistic[],
  };
  const values = new MetricDistribution("a", options);
  const family = new DistributionFamily("b", options);
  let out = "";
  {
    const output = (lines: string) => void (out += lines);
    await using _ = autodump(values, family, { output });
    values.observe(3);
    family.with({ k: "v" }).observe(4);
  }
  assertEquals(
    out,
    `put a.max ${START} 3 host=h\nput b.max ${START} 4 host=h k=v\n`,
  );
});
