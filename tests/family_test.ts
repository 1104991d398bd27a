import { TextTree } from "../counter/text_tree.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { alive } from "../counter/registry.ts";
import {
  autodump,
  DistributionFamily,
  MetricFamily,
  type MetricFamilyOptions,
  type Statistic,
} from "../mod.ts";

const START = 1_700_000_000; // a multiple of 10

/** A family whose clock the test sets, in seconds after START. */
function manual(options: MetricFamilyOptions = {}) {
  const time = { second: 0 };
  const family = new MetricFamily("m", {
    tags: { host: "h" },
    clock: () => (START + time.second) * 1000,
    ...options,
  });
  /** What all counters report: second after START, value, tags. */
  const dump = (final = false) =>
    [...family.counters].flatMap((counter) =>
      counter.dump({ final }).split("\n").slice(0, -1)
    ).map((line) => line.replace(/^put m (\d+)/, (_, at) => `${at - START}`));
  return { family, time, dump };
}

Deno.test("MetricFamily.with() gives one counter for the same tags in any order", () => {
  const { family, dump } = manual();
  family.with({ status: "200", method: "GET" }).inc();
  family.with({ method: "GET", status: "200" }).add(2);
  family.with({ method: "GET", status: "404" }).inc();
  assertEquals(dump(true), [
    "0 3 host=h status=200 method=GET",
    "0 1 host=h method=GET status=404",
  ]);
});

Deno.test("MetricFamily.with() leaves out tags whose keys are no labels", () => {
  const { family, dump } = manual({ labels: ["status"] });
  family.with({ status: "200", path: "/a" }).inc();
  family.with({ status: "200", path: "/b" }).inc();
  assertEquals(dump(true), ["0 2 host=h status=200"]);
});

Deno.test("MetricFamily makes the values of tags with the function tagValue", () => {
  const tagValue = (value = "none") => value.toLowerCase();
  const { family, dump } = manual({ labels: ["method"], tagValue });
  family.with({ method: "GET" }).inc();
  family.with({ method: "get" }).inc();
  family.with({}).inc();
  assertEquals(dump(true), [
    "0 2 host=h method=get",
    "0 1 host=h method=none",
  ]);
});

Deno.test("MetricFamily counts new tags as other once there are maxSeries counters", () => {
  let full = 0;
  const { family, dump } = manual({ maxSeries: 2, full: () => full++ });
  for (const status of ["200", "404", "500", "503", "200"]) {
    family.with({ status }).inc();
  }
  assertEquals(dump(true), [
    "0 2 host=h status=200",
    "0 1 host=h status=404",
    "0 2 host=h status=other",
  ]);
  assertEquals(full, 1);
});

Deno.test("MetricFamily counts all new tags in one counter of tags other, whatever their keys", () => {
  const { family, dump } = manual({ maxSeries: 1 });
  for (const key of ["a", "b", "c", "b"]) family.with({ [key]: "1" }).inc();
  assertEquals(dump(true), ["0 1 host=h a=1", "0 3 host=h b=other"]);
});

Deno.test("MetricFamily makes a counter for tags that were other once there is room", () => {
  const { family, time, dump } = manual({ maxSeries: 2, maxGap: 2 });
  for (const user of ["a", "b", "c", "d"]) family.with({ user }).inc();
  time.second = 10;
  dump();
  const own = new Set<string>();
  for (; time.second < 30; time.second++) {
    const counter = family.with({ user: "c" });
    counter.inc();
    own.add(counter.tags.user!);
    dump();
  }
  assertEquals([...own], ["other", "c"]);
  assertEquals([...family.counters].length <= 2, true);
});

Deno.test("MetricFamily forgets a flow that was silent for maxGap, and starts it afresh", () => {
  const { family, time, dump } = manual({ maxGap: 2 });
  family.with({ user: "a" }).inc();
  time.second = 10;
  assertEquals(dump(), [
    "0 1 host=h user=a",
    "1 0 host=h user=a",
    "2 0 host=h user=a",
  ]);
  family.forget();
  assertEquals([...family.counters], []);
  family.with({ user: "a" }).inc();
  time.second = 11;
  assertEquals(dump(), ["10 1 host=h user=a"]);
});

Deno.test("MetricFamily holds no more than twice the series that are busy", () => {
  const { family, time, dump } = manual({ maxGap: 2 });
  let most = 0;
  for (time.second = 0; time.second < 1000; time.second++) {
    family.with({ user: `u${time.second}` }).inc();
    dump();
    most = Math.max(most, [...family.counters].length);
  }
  assertEquals(most <= 17, true, `${most} counters`);
});

Deno.test("MetricFamily.late includes the late events of forgotten counters", () => {
  const { family, time, dump } = manual({ maxGap: 2 });
  const counter = family.with({ user: "a" });
  time.second = 10;
  dump();
  counter.inc(START);
  assertEquals(family.late, 1);
  family.forget();
  assertEquals([family.late, [...family.counters].length], [1, 0]);
});

Deno.test("MetricFamily refuses bad options and tags", () => {
  for (const maxSeries of [0, 1.5, NaN]) {
    assertThrows(() => manual({ maxSeries }), RangeError, "maxSeries");
  }
  const { family } = manual();
  assertThrows(() => family.with({ status: "a b" }), TypeError, '" "');
  assertEquals([...family.counters], []);
  family.with({ a: "1", b: "2" });
  assertThrows(() => family.with({ a: "1 b=2" }), TypeError, '" "');
});

Deno.test("MetricFamily() and DistributionFamily() refuse options that no member can have", () => {
  const before = alive.size;
  const tags = { host: "h" };
  const nine = [..."abcdefghi"];
  for (const Family of [MetricFamily, DistributionFamily]) {
    assertThrows(() => new Family("a b"), TypeError, '"a b');
    assertThrows(() => new Family("m", { tags: { a: "" } }), TypeError, "a");
    assertThrows(() => new Family("m", { labels: ["a b"] }), TypeError, '" "');
    assertThrows(() => new Family("m", { labels: nine }), RangeError, "8");
    assertThrows(() => new Family("m", { tags, timespan: 0 }), RangeError);
  }
  const stats = ["p100" as Statistic];
  assertThrows(() => new DistributionFamily("m", { stats }), TypeError, "p100");
  assertEquals(alive.size, before);
});

Deno.test("autodump() dumps counters that a family makes later within 2 s", async () => {
  const { family, time } = manual({ kind: "stock" });
  const outs: [number, string][] = [];
  const stop = Promise.withResolvers<void>();
  const sleep = async (ms: number, signal: AbortSignal) => {
    await Promise.resolve(); // so that the test goes on first
    time.second += ms / 1000;
    if (time.second > 3) stop.resolve();
    if (time.second > 3 && !signal.aborted) {
      await new Promise((end) => signal.addEventListener("abort", end));
    }
  };
  const output = (lines: string) => void outs.push([time.second, lines]);
  const clock = () => time.second * 1000;
  {
    await using _ = autodump(family, { output, clock, sleep });
    family.with({ state: "running" }).set(3);
    await stop.promise;
  }
  assertEquals(outs, [[1, `put m ${START} 3 host=h state=running\n`]]);
});

Deno.test("MetricFamily.withValues() finds a counter by the values of the labels", () => {
  const { family, dump } = manual({ labels: ["status", "method"] });
  family.withValues(["200", "GET"]).inc();
  family.with({ method: "GET", status: "200" }).inc();
  assertEquals(dump(true), ["0 2 host=h status=200 method=GET"]);
  for (const values of [[], ["200"], ["200", "GET", "x"]]) {
    assertThrows(
      () => family.withValues(values),
      TypeError,
      "each of the labels",
    );
  }
  assertThrows(() => manual().family.withValues([]), TypeError, "labels");
});

Deno.test("MetricFamily.with() keeps apart tags that differ in a key or a value", () => {
  const { family, dump } = manual();
  family.with({ a: "b", c: "d" }).inc();
  family.with({ a: "c", b: "d" }).inc();
  family.with({ a: "b" }).inc();
  family.with({}).inc();
  assertEquals(dump(true).sort(), [
    "0 1 host=h",
    "0 1 host=h a=b",
    "0 1 host=h a=b c=d",
    "0 1 host=h a=c b=d",
  ]);
});

Deno.test("TextTree finds what is stored under a list of texts", () => {
  const tree = new TextTree<number>();
  const texts = Array.from({ length: 1000 }, (_, i) => [
    i % 3 === 0 ? undefined : `${i % 30}`,
    `${Math.floor(i / 30)}`,
  ]);
  const seen = new Map<string, number>();
  for (const [i, text] of texts.entries()) {
    const key = JSON.stringify(text);
    assertEquals(tree.get(text), seen.get(key));
    if (seen.has(key)) continue;
    tree.set(text, i);
    seen.set(key, i);
  }
  assertEquals(tree.size, seen.size);
  assertEquals([tree.get(["1"]), tree.get([]), tree.get(["1", "x"])], [
    undefined,
    undefined,
    undefined,
  ]);
  tree.clear();
  assertEquals([tree.get(texts[0]!), tree.size], [undefined, 0]);
});
