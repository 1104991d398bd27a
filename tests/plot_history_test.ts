import { assert, assertEquals } from "@std/assert";
import { History } from "../pipes/history.ts";
import { isOwnHost } from "../pipes/plot/host.ts";
import {
  binsOf,
  combine,
  figuresOf,
  type How,
  sizeFor,
  stack,
} from "../pipes/history/bins.js";
import { Series } from "../pipes/history/series.js";
import { encode, T } from "./helpers/plot.ts";

function series(points: [second: number, value: number][], keep = 3600) {
  const made = new Series(0, "a", "host=x", keep);
  for (const [second, value] of points) made.add(second, value);
  return made;
}

function history(lines: string[], keep = 3600, maxSeries = 1000) {
  const made = new History({ keep, maxSeries });
  made.push(encode(lines));
  return made;
}

Deno.test("History reads puts of both forms, and nothing else", () => {
  const made = history([
    `put a.b ${T} -1.5 host=x k=v/1`,
    `a.b ${T + 1} 2 k=v/1  host=x`,
    `put ${T} 5 host=x`,
    `put __proto__ ${T} 1e3 constructor=x\r`,
  ]);
  const found = made.series.map(({ name, tags, values }) =>
    `${name} ${tags} ${values.join()}`
  );
  assertEquals(found, [
    "a.b host=x k=v/1 -1.5,2",
    "put host=x 5",
    "__proto__ constructor=x 1000",
  ]);
  const strange = [
    "",
    "hello",
    `put a ${T}`,
    `put a 17000000 1 host=x`,
    `put a ${T} NaN host=x`,
    `put a ${T} 1e999 host=x`,
    `put <b>a</b> ${T} 1 host=x`,
    `put a ${T} 1 host=<script>`,
    `put a ${T} 1 host`,
    `put a ${T} 1 host=${"x".repeat(1024)}`,
  ];
  assertEquals(history(strange).strange, strange.length);
});

Deno.test("Series.add() keeps points in the order of their seconds, and the newest value", () => {
  const made = series([[5, 1], [7, 3], [6, 2], [7, 4], [5, 0]]);
  assertEquals([...made.times], [5, 6, 7]);
  assertEquals([...made.values], [0, 2, 4]);
  assertEquals(made.at(7), 4);
  assertEquals(made.at(8), undefined);
});

Deno.test("Series keeps the given seconds before its newest point", () => {
  const made = series([], 100);
  for (let second = 0; second < 10_000; second++) made.add(second, second);
  assertEquals([made.oldest, made.newest, made.length], [9899, 9999, 101]);
  assertEquals([...made.values], [...made.times]);
});

Deno.test("Series starts afresh when the clock goes back by more than it keeps", () => {
  const made = series([[1000, 1], [1001, 2], [5, 3]], 100);
  assertEquals([...made.times], [5]);
});

Deno.test("Series.step is learned from the points, in spite of gaps and jitter", () => {
  assertEquals(series([]).step, 1);
  assertEquals(series([[0, 1], [10, 1], [20, 1], [90, 1], [100, 1]]).step, 10);
  const jitter = [0, 15, 29, 45, 60, 61, 75, 90, 105, 119, 134, 150];
  const made = series(jitter.map((second) => [second, 1]));
  assert(made.step >= 14 && made.step <= 15);
});

Deno.test("binsOf() has the highest value of each part, and its second", () => {
  const made = series([[0, 1], [1, 7], [2, 3], [3, 3], [4, 0], [9, 5]]);
  const { max, at, sum, count } = binsOf(made, { from: 0, to: 9, size: 3 });
  assertEquals([...max], [7, 3, NaN, 5]);
  assertEquals([...at], [1, 3, 0, 9]);
  assertEquals([...sum], [11, 3, 0, 5]);
  assertEquals([...count], [3, 2, 0, 1]);
});

Deno.test("binsOf() lets a point count for its step, but not for longer", () => {
  const made = series([[0, 1], [5, 2], [10, 3], [30, 4]]);
  const { max, count } = binsOf(made, { from: 2, to: 31, size: 1 });
  assertEquals([...max.subarray(0, 4)], [1, 1, 1, 2]);
  assertEquals([...max.subarray(12, 14)], [3, NaN]);
  assertEquals([...max.subarray(27)], [NaN, 4, 4]);
  assertEquals([...count].filter(Boolean).length, 3); // for the mean, each point counts once
});

Deno.test("binsOf() begins parts at multiples of their size", () => {
  const made = series([[7, 1], [8, 2], [9, 9], [10, 3], [11, 4], [12, 9]]);
  const { max } = binsOf(made, { from: 8, to: 11, size: 5 });
  assertEquals([...max], [9, 4]); // of the parts 5 to 9 and 10 to 14, only 8 to 11
});

Deno.test("figuresOf() tells the same of bins as of their points", () => {
  const made = series([[0, 1], [1, 7], [2, 1], [3, 3]]);
  for (const size of [1, 2, 60]) {
    const bins = binsOf(made, { from: 0, to: 3, size });
    assertEquals(figuresOf(bins), { sum: 12, mean: 3, peak: 7, at: 1 });
  }
});

Deno.test("combine() makes one line of several for each second", () => {
  const a = series([[0, 1], [1, 2], [2, 3], [3, 4]]);
  const b = series([[0, 10], [2, 20]]); // every two seconds
  const range = { from: 0, to: 3 };
  const values = (how: How) => [...combine([a, b], how, range).values];
  assertEquals(values("sum"), [11, 12, 23, 24]);
  assertEquals(values("max"), [10, 10, 20, 20]);
  assertEquals(values("mean"), [5.5, 6, 11.5, 12]);
  const negative = series([[0, -1], [1, -2]]);
  const { times } = combine([negative], "max", { from: 1, to: 9 });
  assertEquals([...times], [1]);
});

Deno.test("stack() puts lines on top of each other", () => {
  const a = series([[0, 1], [1, 2]]);
  const b = series([[1, 10], [2, 20]]);
  const [first, second] = stack([a, b], { from: 0, to: 2 });
  assertEquals([...first!.values], [1, 2]);
  assertEquals([...second!.values], [1, 12, 20]);
});

Deno.test("sizeFor() divides an hour and a minute", () => {
  assertEquals(sizeFor(300, 600), 1);
  assertEquals(sizeFor(3600, 600), 10);
  assertEquals(sizeFor(86_400, 600), 180);
});

Deno.test("History keeps at most maxSeries series, and counts the lines of others", () => {
  const made = history(
    [
      `a ${T} 1 host=x`,
      `a ${T} 1 z=1 host=y`,
      `a ${T} 2 host=y z=1`,
      `a ${T} 1 host=z`,
    ],
    60,
    2,
  );
  assertEquals(made.series.map(({ tags }) => tags), ["host=x", "host=y z=1"]);
  assertEquals(made.refused, 1);
  made.push(encode([`a ${T + 61} 1 host=y z=1`, `a ${T + 61} 1 host=z`]));
  assertEquals(made.series.map(({ tags }) => tags), ["host=y z=1", "host=z"]);
});

Deno.test("History keeps a shorter time when there are too many points", () => {
  const made = new History({ maxPoints: 1000 });
  const shortened: number[] = [];
  const not = () => {};
  made.listener = {
    added: not,
    removed: not,
    point: not,
    shortened: (keep) => shortened.push(keep),
  };
  for (let i = 0; i <= 1000; i++) made.push(encode([`a ${T + i} 1 host=x`]));
  assertEquals(shortened, [750]);
  assertEquals(made.series.map(({ length }) => length), [751]);
  for (let i = 0; i <= 1000; i++) made.push(encode([`b ${T + i} 1 host=x`]));
  assertEquals(shortened, [750, 562, 421]);
  // Each series keeps at least 5 minutes.
  for (let i = 0; i <= 1000; i++) made.push(encode([`c ${T + i} 1 host=x`]));
  for (let i = 0; i <= 1000; i++) made.push(encode([`d ${T + i} 1 host=x`]));
  assertEquals(made.series.map(({ length }) => length), [301, 301, 301, 301]);
  assertEquals(shortened.at(-1), 300);
});

Deno.test("History leaves out datapoints far ahead of the clock", () => {
  const made = new History({ clock: () => T * 1000 });
  const day = 86_400;
  made.push(
    encode(
      [T, 9_999_999_999, T + day + 1, T + day].map((second) =>
        `a ${second} 1 host=x`
      ),
    ),
  );
  assertEquals(made.series.map(({ times }) => [...times]), [[T, T + day]]);
  assertEquals(made.ahead, 2);
});

Deno.test("History counts the lines that are not puts, and keeps the latest", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const made = history(lines);
  made.push(new TextEncoder().encode("x".repeat(10_000)));
  made.push(new TextEncoder().encode("y".repeat(10_000)));
  made.end(5);
  assertEquals(made.strange, 31);
  assertEquals(made.latestStrange.length, 20);
  assertEquals(made.latestStrange[0], "line 11");
  assertEquals(made.latestStrange.at(-1)?.length, 200);
  assertEquals(made.ended, 5);
});

Deno.test("isOwnHost() knows the server's own addresses", () => {
  const local = { host: "127.0.0.1", port: 8000 };
  const open = { host: "0.0.0.0", port: 8000 };
  const web1 = { host: "web1", port: 8000 };
  for (const name of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    assert(isOwnHost(`${name}:8000`, local));
    assert(isOwnHost(`${name}:8000`, open));
    assert(!isOwnHost(`${name}:8001`, local));
    assert(isOwnHost(name, { ...local, port: 80 }));
  }
  assert(isOwnHost("web1:8000", web1));
  assert(!isOwnHost("localhost:8000", web1));
  assert(isOwnHost("10.0.0.5:8000", open));
  const foreign = [
    "evil.example:8000",
    "localhost.evil:8000",
    "999.1.1.1:8000",
  ];
  for (const host of [null, "", ...foreign]) {
    assert(!isOwnHost(host, local), `${host}`);
    assert(!isOwnHost(host, open), `${host}`);
  }
  assert(!isOwnHost("web1:8000", open));
  assert(isOwnHost("web1:8000", { ...open, names: ["web2", "Web1"] }));
});
