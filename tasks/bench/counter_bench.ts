import { MetricCounter } from "../../counter.ts";
import { alive } from "../../counter/registry.ts";

const tags = { host: "web1" };
const options = { tags, timespan: 15 };

const events = new MetricCounter("bench.events", options);
const level = new MetricCounter("bench.level", options);
const timed = new MetricCounter("bench.timed", {
  ...options,
  allowedLateness: 10,
});

Deno.bench("Date.now()", { group: "count", baseline: true }, () => {
  Date.now();
});

Deno.bench("MetricCounter.inc()", { group: "count" }, () => {
  events.inc();
});

Deno.bench("MetricCounter.inc() with a time", { group: "count" }, () => {
  timed.inc(Date.now() / 1000);
});

Deno.bench("MetricCounter.add()", { group: "count" }, () => {
  events.add(2);
});

Deno.bench("MetricCounter.set()", { group: "count" }, () => {
  level.set(2);
});

Deno.bench("new MetricCounter()", () => {
  alive.delete(new MetricCounter("bench.new", options));
});

Deno.bench("MetricCounter.summarize() of 15 s", () => {
  events.summarize((cells) => cells.length);
});

let now = 1_700_000_000_000;
const dumped = new MetricCounter("bench.dumped", {
  ...options,
  clock: () => now,
});

Deno.bench("MetricCounter.dump() of 15 s", () => {
  for (let i = 0; i < 15; i++) {
    dumped.add(i);
    now += 1000;
  }
  dumped.dump();
});
