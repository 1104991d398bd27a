import { assert, assertEquals } from "@std/assert";
import { History } from "../pipes/history.ts";
import { isOwnHost } from "../pipes/plot/host.ts";
import { align, Series } from "../pipes/history/series.js";
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

Deno.test("Series.add() puts points in their places", () => {
  const made = series([[5, 1], [7, 3], [6, 2], [7, 4], [5, 0]]);
  assertEquals([...made.times], [5, 6, 7]);
  assertEquals([...made.values], [0, 2, 4]);
  assertEquals(made.at(7), { value: 4, rate: 2 });
  assertEquals(made.at(8), { value: undefined, rate: undefined });
  assertEquals([made.peak(5, 6), made.peak(8, 9)], [2, undefined]);
});

Deno.test("Series keeps so many seconds before its newest point", () => {
  const made = series([], 100);
  for (let second = 0; second < 10_000; second++) made.add(second, second);
  assertEquals([made.oldest, made.newest, made.length], [9899, 9999, 101]);
  assertEquals([...made.values], [...made.times]);
});

Deno.test("Series starts afresh when the clock goes back by more than it keeps", () => {
  const made = series([[1000, 1], [1001, 2], [5, 3]], 100);
  assertEquals([...made.times], [5]);
});

Deno.test("Series.step is learned from the points, past gaps and hasty ones", () => {
  assertEquals(series([]).step, 1);
  assertEquals(series([[0, 1], [10, 1], [20, 1], [90, 1], [100, 1]]).step, 10);
  const jitter = [0, 15, 29, 45, 60, 61, 75, 90, 105, 119, 134, 150];
  const made = series(jitter.map((second) => [second, 1]));
  assert(made.step >= 14 && made.step <= 15);
});

Deno.test("align() breaks a line where a series was silent, and only there", () => {
  const fast = series([[1, 1], [2, 2], [5, 5], [6, 6], [9, 9]]);
  const slow = series([[0, 0], [5, 50], [10, 100]]);
  const { data, lone } = align([fast, slow], 0, 10);
  const [, ...columns] = data;
  assertEquals([...data[0]], [0, 1, 2, 3, 5, 6, 7, 9, 10]);
  const none = undefined;
  assertEquals(columns[0], [none, 1, 2, null, 5, 6, null, 9, none]);
  assertEquals(columns[1], [0, none, none, none, 50, none, none, none, 100]);
  assertEquals(lone, [[7], []]);
});

Deno.test("align() leaves no line across a gap in which others report", () => {
  const a = series([[1, 1], [2, 1], [6, 1], [7, 1]]);
  const b = series([1, 2, 3, 4, 5, 6, 7].map((second) => [second, 2]));
  const { data: [, column] } = align([a, b], 0, 10);
  assertEquals(column, [1, 1, null, null, null, 1, 1]);
});

Deno.test("History keeps at most so many series, and tells of the others", () => {
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

Deno.test("History keeps less of the time when there are too many points", () => {
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
  // However many series there are, each keeps 5 minutes.
  for (let i = 0; i <= 1000; i++) made.push(encode([`c ${T + i} 1 host=x`]));
  for (let i = 0; i <= 1000; i++) made.push(encode([`d ${T + i} 1 host=x`]));
  assertEquals(made.series.map(({ length }) => length), [301, 301, 301, 301]);
  assertEquals(shortened.at(-1), 300);
});

Deno.test("History leaves out what is far ahead of the clock", () => {
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

Deno.test("History counts the lines that are no puts, and shows the latest", () => {
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
