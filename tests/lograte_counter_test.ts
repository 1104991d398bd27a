import { alive } from "../counter/registry.ts";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  type LogRule,
  RuleCounter,
  type RuleCounterOptions,
} from "../collectors/lograte/rule_counter.ts";
import { Replay } from "../collectors/lograte/replay.ts";
import { MetricCounter } from "../mod.ts";
import { puts } from "./helpers/processes.ts";
import { random } from "./helpers/random.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z
const OPTIONS = {
  tags: { host: "h" },
  timespan: 4,
  granularity: 2,
  maxGap: 20,
  allowedLateness: 5,
};

/** A line of a log, and its second. */
type Line = [second: number, text: string];

function bySeries(lines: string): Record<string, [number, number][]> {
  const all: Record<string, [number, number][]> = {};
  for (
    const { series, second, value } of puts(lines.split("\n").slice(0, -1))
  ) {
    (all[series] ??= []).push([second, value]);
  }
  return Object.fromEntries(Object.entries(all).sort());
}

/** The fields of one rule, and the options of the counting. */
type Options = Omit<LogRule, "metric"> & RuleCounterOptions;

function ruleOf(options: Options): LogRule {
  return { metric: "m", ...options };
}

/** What a replay of the lines puts. */
function replayed(lines: Line[], options: Options): string {
  const replay = new Replay([ruleOf(options)], options);
  const log = replay.counter.of("log");
  for (const [at, line] of lines) log.count(line, at);
  const newest = Math.max(...lines.map(([at]) => at));
  const text = [...replay.end(newest)].join("");
  alive.clear();
  return text;
}

/** What is put when each line is counted in the second that it tells. */
function live(lines: Line[], options: Options): string {
  let now = lines[0]![0];
  const clock = () => now * 1000;
  const counter = new RuleCounter(ruleOf(options), { ...options, clock });
  let text = "";
  const dump = (final = false) => {
    for (const counter of alive) text += counter.dump({ final });
  };
  for (const [at, line] of lines) {
    while (now < at) {
      now++;
      if (now % options.timespan! === 0) dump();
      if (now % 60 === 0) counter.forget();
    }
    counter.count(line, at);
  }
  dump(true);
  alive.clear();
  return text;
}

/** Bursts, quiet seconds, and gaps beyond `maxGap`, of two programs. */
function someLog(next: () => number, count = 60): Line[] {
  let second = START;
  return Array.from({ length: count }, () => {
    const step = next();
    second += step < 0.5
      ? 0
      : step < 0.95
      ? Math.ceil(next() * 4)
      : Math.ceil(next() * 60);
    return [second, next() < 0.7 ? "a" : "b"];
  });
}

Deno.test("Replay puts each line in its second", () => {
  assertEquals(
    replayed([[START, "a"], [START, "b"], [START + 2, "a"]], {
      ...OPTIONS,
      granularity: 1,
    }),
    `put m ${START} 2 host=h\nput m ${START + 1} 0 host=h\n` +
      `put m ${START + 2} 1 host=h\n`,
  );
});

Deno.test("Replay puts the same as counting live does", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const lines = someLog(random(seed));
    const options = { ...OPTIONS, match: /(?<program>\w)/ };
    assertEquals(
      bySeries(replayed(lines, options)),
      bySeries(live(lines, options)),
      `${seed}`,
    );
  }
});

Deno.test("Replay fills quiet seconds up to maxGap, then pauses", () => {
  const options = { ...OPTIONS, granularity: 1, maxGap: 10 };
  for (const gap of [1, 9, 10, 11, 12, 15, 16, 1000, 10_000_000]) {
    const lines: Line[] = [[START, "x"], [START + gap, "x"]];
    const seconds = bySeries(replayed(lines, options))["m host=h"]!;
    const quiet = Math.min(gap - 1, 10);
    assertEquals(seconds.length, quiet + 2, `${gap}`);
    assertEquals(seconds.at(-2), [START + quiet, quiet ? 0 : 1]);
    assertEquals(seconds.at(-1), [START + gap, 1]);
  }
});

Deno.test("MetricCounter() refuses a negative maxGap", () => {
  for (const maxGap of [-1, NaN, -Infinity]) {
    const options = { tags: { host: "h" }, maxGap };
    assertThrows(() => new MetricCounter("m", options), RangeError, "maxGap");
  }
});

Deno.test("MetricCounter.paused is false while there is more to report", () => {
  let now = START;
  const counter = new MetricCounter("m", {
    tags: { host: "h" },
    maxGap: 3,
    clock: () => now * 1000,
  });
  counter.inc();
  for (; now < START + 4; now++) {
    counter.dump();
    assertEquals(counter.paused, false, `${now - START}`);
  }
  counter.dump();
  assertEquals(counter.paused, true);
  counter.inc();
  assertEquals(counter.paused, false);
  alive.clear();
});

/** Counts lines in one second; returns the values by the tags. */
function tagged(match: RegExp, lines: string[], options?: Options) {
  const all = { tags: { host: "h" }, ...options, match };
  const text = replayed(lines.map((line) => [START, line]), all);
  const counts = puts(text.split("\n").slice(0, -1));
  return Object.fromEntries(
    counts.map((
      { series, value },
    ) => [series.replace("m host=h", "").trim(), value]),
  );
}

Deno.test("RuleCounter makes tags of the named groups", () => {
  const line = /^(?<method>\w+) (?:\S+) (?<status>\d+)$/;
  assertEquals(tagged(line, ["GET /a 200", "GET /b 200", "PUT /a 404", "x"]), {
    "method=GET status=200": 2,
    "method=PUT status=404": 1,
  });
});

Deno.test("RuleCounter replaces the characters of a value that a put line cannot have", () => {
  assertEquals(
    tagged(/^(?<k>.*)$/, [
      "a b",
      "a_b",
      "",
      "ä/ö",
      "😀",
      "=\t",
      "other",
      "none",
    ]),
    {
      "k=a_b": 2,
      "k=_": 2,
      "k=_/_": 1,
      "k=__": 1,
      "k=other": 1,
      "k=none": 1,
    },
  );
  assertEquals(tagged(/a|(?<k>b)/, ["a", "b"]), { "k=none": 1, "k=b": 1 });
  assertEquals(tagged(/(?<k>.*)/, ["x".repeat(10_000), "😀".repeat(999)]), {
    [`k=${"x".repeat(64)}`]: 1,
    [`k=${"_".repeat(64)}`]: 1,
  });
});

Deno.test("RuleCounter finds the groups of an expression with flags and escapes", () => {
  assertEquals(tagged(/\((?<k>[(?<x>)])/i, ["(>"]), { "k=_": 1 });
  assertEquals(tagged(/(?<k>(?<j>a)|b)/, ["b"]), { "k=b j=none": 1 });
});

Deno.test("RuleCounter adds the values of a group", () => {
  const match = /(?<k>\w) (?<bytes>.*)/;
  const lines = [
    "a 1",
    "a 2.5",
    "b -3",
    "b 1e3",
    "a x",
    "a ",
    "a 1e999",
    "a -",
  ];
  assertEquals(tagged(match, lines, { value: "bytes" }), {
    "k=a": 3.5,
    "k=b": 997,
  });
  const counter = new RuleCounter({ metric: "m", match, value: "bytes" }, {
    tags: { host: "h" },
  });
  for (const line of [...lines, "c 1e308", "c 1e308", "nothing"]) {
    counter.count(line);
  }
  assertEquals([counter.events, counter.badValues], [5, 5]);
  alive.clear();
});

Deno.test("RuleCounter puts the highest second of each bucket", () => {
  const seconds = [0, 0, 0, 1, 3, 3].map((s): Line => [START - 1 + s, "x"]);
  const reduce = (cells: number[]) => Math.max(...cells);
  assertEquals(bySeries(replayed(seconds, { ...OPTIONS, reduce })), {
    "m host=h": [[START - 1, 3], [START + 1, 2]],
  });
});

Deno.test("RuleCounter makes at most maxSeries series, and counts the others together", () => {
  const clock = () => START * 1000;
  const options = { tags: { host: "h" }, match: /(?<k>\d+)/, maxSeries: 10 };
  const counter = new RuleCounter(ruleOf(options), { ...options, clock });
  for (let i = 0; i < 100_000; i++) counter.count(String(i));
  const series = [...counter.counters];
  assertEquals([series.length, alive.size], [11, 11]);
  const text = series.map((counter) => counter.dump({ final: true })).join("");
  assertEquals(
    puts(text.trim().split("\n")).map(({ series, value }) => [series, value]),
    [
      ...Array.from({ length: 10 }, (_, i) => [`m host=h k=${i}`, 1]),
      ["m host=h k=other", 99_990],
    ],
  );
  alive.clear();
});

Deno.test("RuleCounter forgets a series that was silent for maxGap", () => {
  let now = START;
  const counter = new RuleCounter({ metric: "m", match: /(?<k>.)/ }, {
    tags: { host: "h" },
    maxGap: 3600,
    maxSeries: 1,
    clock: () => now * 1000,
  });
  counter.count("a");
  const counts: [number, number][] = [];
  for (; now < START + 3700; now += 10) {
    const [series] = counter.counters;
    for (const put of puts((series?.dump() ?? "").split("\n").slice(0, -1))) {
      counts.push([put.second, put.value]);
    }
    counter.forget();
  }
  assertEquals([[...counter.counters].length, alive.size], [0, 0]);
  assertEquals(counts.length, 3601);
  assertEquals(counts.at(-1), [START + 3600, 0]);
  counter.count("b"); // there is room for a series of its own again
  const [series] = counter.counters;
  assertMatch(series!.dump({ final: true }), / 1 host=h k=b\n$/);
  alive.clear();
});

Deno.test("RuleCounter() refuses what cannot be put", () => {
  const tags = { host: "h" };
  const bad: [string, Options][] = [
    ["the name", { tags }],
    ["--match must have its group", { tags, value: "x" }],
    ["--match must have its group", { tags, value: "x", match: /(?<y>.)/ }],
    ["--tag must not be a group", { tags, match: /(?<host>.)/ }],
    ["a tag key must be", { tags, match: /(?<$>.)/ }],
    ["at most 8", {
      tags,
      match: /(?<a>)(?<b>)(?<c>)(?<d>)(?<e>)(?<f>)(?<g>)(?<h>)/,
    }],
    ["at most 1023 bytes", {
      tags: { host: "h".repeat(500) },
      match: /(?<a>)(?<b>)(?<c>)/,
    }],
  ];
  for (const [message, options] of bad) {
    const name = message === "the name" ? "" : "m";
    assertThrows(
      () => new RuleCounter({ metric: name, ...options }, options),
      Error,
      message,
    );
  }
  assertEquals(alive.size, 0);
});
