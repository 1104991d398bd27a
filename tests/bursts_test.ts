import { assert, assertEquals } from "@std/assert";
import { figuresOf } from "../pipes/bursts/figures.ts";
import {
  jsonLines,
  type Metric,
  metricsOf,
  report,
} from "../pipes/bursts/report.ts";
import { History } from "../pipes/history.ts";
import { encode, puts, T } from "./helpers/plot.ts";
import { command, processTest, Running, until } from "./helpers/processes.ts";
import { random } from "./helpers/random.ts";

/** The figures of values that follow each other by `step` seconds. */
function figures(values: number[], step = 1) {
  const times = Float64Array.from(values, (_, i) => T + i * step);
  return figuresOf({ times, values: Float64Array.from(values), step });
}

function metrics(lines: string[]) {
  const history = new History({ keep: 86_400 });
  history.push(encode(lines));
  return metricsOf(history);
}

Deno.test("figuresOf() tells each figure of a series", () => {
  const values = Array(1000).fill(1);
  values.splice(100, 3, 0, 0, 0);
  values[300] = 504;
  values[301] = 504;
  const found = figures(values);
  assertEquals(found, {
    datapoints: 1000,
    seconds: 1000,
    from: T,
    to: T + 999,
    step: 1,
    sum: 2003,
    mean: 2.003,
    peak: { at: T + 300, value: 504 },
    peakToMean: 504 / 2.003,
    median: 1,
    p99: 1,
    p999: 504,
    busiestMinute: { at: T + 242, value: 1066 },
    busiest1Percent: (2 * 504 + 8) / 2003,
    dispersion: found.dispersion,
    longestQuiet: 3,
  });
});

Deno.test("figuresOf() divides the variance by the mean", () => {
  const squares = [9, 1, 1, 1, 0, 0, 4, 16]; // of the distances from the mean, 5
  assertEquals(squares.reduce((a, b) => a + b) / 8, 4);
  const { mean, dispersion, peakToMean } = figures([2, 4, 4, 4, 5, 5, 7, 9]);
  assertEquals([mean, dispersion, peakToMean], [5, 4 / 5, 9 / 5]);
});

Deno.test("figuresOf() takes percentiles by the nearest rank", () => {
  const to100 = figures(Array.from({ length: 100 }, (_, i) => 100 - i));
  assertEquals([to100.median, to100.p99, to100.p999], [50, 99, 100]);
  const to1000 = figures(Array.from({ length: 1000 }, (_, i) => i + 1));
  assertEquals([to1000.median, to1000.p99, to1000.p999], [500, 990, 999]);
});

Deno.test("figuresOf() tells rates per second, whatever the granularity", () => {
  const found = figures([10, 0, 0, 50], 5);
  assertEquals(found.mean, 3);
  assertEquals(found.peak, { at: T + 15, value: 10 });
  assertEquals([found.median, found.p99], [0, 10]);
  assertEquals(found.busiestMinute, { at: T, value: 60 });
  assertEquals(found.longestQuiet, 10);
});

Deno.test("figuresOf() counts no quiet across a gap, and divides by no zero", () => {
  const times = Float64Array.of(1, 2, 3, 10, 11);
  const line = { times, values: new Float64Array(5), step: 1 };
  assertEquals(figuresOf(line).longestQuiet, 3);
  const { peakToMean, busiest1Percent, dispersion } = figures([0, 0]);
  const none = undefined;
  assertEquals([peakToMean, busiest1Percent, dispersion], [none, none, none]);
});

Deno.test("figuresOf() tells a dispersion of 1 for events that come independently", () => {
  const next = random(1);
  const values = Array(3600).fill(0);
  for (let i = 0; i < 36_000; i++) values[Math.floor(next() * 3600)]++;
  const { dispersion } = figures(values);
  assert(Math.abs(dispersion! - 1) < 0.1, `${dispersion}`);
});

/** A day of web1, and of web2 an event at noon and a minute of zeros after it. */
function sparse(values: { silentAfter: number }): string[] {
  const noon = T + 43_200;
  return [
    ...puts(86_400, (i) => [`put a ${T + i} ${i % 2} host=web1`]),
    `put a ${noon} 86400 host=web2`,
    ...puts(60, (i) => [`put a ${noon + 1 + i} 0 host=web2`]),
    `put a ${noon + 61} ${values.silentAfter} host=web2`,
  ];
}

Deno.test("metricsOf() measures all series of a flow over the same time", () => {
  const [{ each, total }] = metrics(sparse({ silentAfter: 0 })) as [Metric];
  const [web2, web1] = each.map(({ figures }) => figures);
  assertEquals([web1!.seconds, web2!.seconds], [86_400, 86_400]);
  assertEquals([web1!.mean, web2!.mean, total.figures.mean], [0.5, 1, 1.5]);
  assertEquals(web2!.datapoints, 62);
  assertEquals([web2!.peakToMean, web2!.median, web2!.p999], [86_400, 0, 0]);
  assertEquals(web2!.busiest1Percent, 1);
  // The variance is that of one second of 86,400 events in a day.
  assertEquals(Math.round(web2!.dispersion!), 86_399);
  assertEquals([web1!.longestQuiet, web2!.longestQuiet], [1, 43_200]);
});

Deno.test("metricsOf() gives no zeros to a level, which falls silent after any value", () => {
  const [{ each }] = metrics(sparse({ silentAfter: 5 })) as [Metric];
  const web2 = each[0]!.figures;
  assertEquals([web2.datapoints, web2.seconds], [62, 62]);
  assertEquals(web2.mean, 86_405 / 62);
  assertEquals(web2.longestQuiet, 60);
});

Deno.test("metricsOf() leaves out the time in which nobody counted", () => {
  const lines = (value: number) => [
    `put a ${T} 0 host=web1`,
    `put a ${T + 1} 0 host=web2`,
    ...puts(10, (i) => [`put a ${T + i} ${i < 9 ? 1 : value} host=web1`]),
    ...puts(10, (i) => [`put a ${T + 1000 + i} 1 host=web1`]),
  ];
  const seconds = (value: number) =>
    metrics(lines(value))[0]!.each.map(({ figures }) => figures.seconds);
  assertEquals(seconds(1), [20, 20]);
  assertEquals(seconds(0), [1010, 1010]); // a flow that was quiet
});

const DAY = puts(200, (i) => [
  `put requests ${T + i} 20 host=web1 status=200`,
  `put requests ${T + i} ${i === 77 ? 5000 : 2} host=web1 status=404`,
  `put errors ${T + i} 0 host=web1`,
]);

Deno.test("report() names the burstiest second, its peak-to-mean, and the tag that caused it", () => {
  const rows = report(metrics(DAY));
  const sentence = rows.find((row) => row.startsWith("requests"))!;
  assert(
    /^requests: 5,020 in the burstiest second, 2023-11-1\d \d\d:\d4:37, 107 times the mean of 47; status=404 5,000 of them$/
      .test(sentence),
    sentence,
  );
  assert(rows.some((row) => /^errors: 0 in the burstiest/.test(row)));
  const head = rows.findLastIndex((row) => row.startsWith("host=web1 "));
  assertEquals(
    rows.slice(head + 1).map((row) => row.split(/ {2,}/)[0]),
    ["all 2", "status=404", "status=200"],
  );
  assertEquals(new Set(rows.slice(head).map(({ length }) => length)).size, 1);
});

Deno.test("jsonLines() has an object for each series, and one for all", () => {
  const lines = jsonLines(metrics(DAY)).map((line) => JSON.parse(line));
  assertEquals(lines.map(({ metric, tags }) => [metric, tags]), [
    ["errors", { host: "web1" }],
    ["requests", undefined],
    ["requests", { host: "web1", status: "404" }],
    ["requests", { host: "web1", status: "200" }],
  ]);
  assertEquals(lines[1].peak, { at: T + 77, value: 5020 });
  assertEquals(lines[3].longestQuiet, 0);
});

Deno.test("report() shows three digits of a mean, however small", () => {
  const rows = report(metrics(
    Array.from(
      { length: 2000 },
      (_, i) => `put rare ${T + i} ${i === 1000 ? 7 : 0} host=web1`,
    ),
  ));
  assert(rows[0]!.includes("2,000 times the mean of 0.0035"), rows[0]);
});

/** Runs bursts.ts on some lines; returns it when it has ended. */
async function bursts(args: string[], lines: string[]) {
  const run = new Running(command("pipes/bursts.ts", ...args), {
    stdin: "piped",
  });
  const writer = run.process.stdin.getWriter();
  await writer.write(encode(lines)).catch(() => {});
  await writer.close().catch(() => {});
  const { code } = await run.end();
  return { run, code };
}

processTest(
  "bursts.ts passes stdin on, and prints the figures on stderr",
  [],
  async () => {
    const lines = [...DAY, "no put", "put requests 9999999999 1 host=web1"];
    const { run, code } = await bursts([], lines);
    assertEquals(code, 0);
    assertEquals(run.out, lines);
    assert(
      run.err[0]!.includes('found 1 line without a put, such as "no put"'),
    );
    assert(run.err[1]!.includes("left out 1 datapoint: "), run.err[1]);
    assert(run.err.some((row) => row.includes("status=404 5,000 of them")));
  },
);

processTest(
  "bursts.ts --json --every prints figures again and again, and after Ctrl-C",
  [],
  async () => {
    const run = new Running(
      command("pipes/bursts.ts", "--json", "--every=0.2"),
      { stdin: "piped" },
    );
    const writer = run.process.stdin.getWriter();
    await writer.write(encode(DAY));
    await until(() => run.out.length >= 8, 60); // four objects each time
    await writer.write(encode([`put requests ${T + 200} 1 host=web2`]));
    run.process.kill("SIGINT");
    await writer.close().catch(() => {});
    assertEquals((await run.end()).code, 0);
    assertEquals(run.err, []);
    const told = run.out.map((line) => JSON.parse(line));
    assertEquals(told.slice(0, 4), told.slice(4, 8));
    assertEquals(told.at(-1).tags, { host: "web2" });
  },
);

processTest("bursts.ts refuses bad options", [], async () => {
  const bad = ["--every=0", "--keep=x", "--series=0", "file"];
  await Promise.all(bad.map(async (argument) => {
    const { run, code } = await bursts([argument], []);
    assertEquals(code, 2, argument);
    assertEquals([run.out.length, run.err.length], [0, 1]);
  }));
  const { run, code } = await bursts([], []);
  assertEquals(code, 0);
  assertEquals(run.err, ["no puts so far"]);
});
