import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { MetricCounter } from "../mod.ts";
import { LogRate, type LogRateOptions, Replay } from "../collectors/lograte.ts";
import {
  command,
  processTest,
  type Put,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "./processes.ts";

const SCRIPT = "collectors/lograte.ts";
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

/** What a replay of the lines puts. */
function replayed(lines: Line[], options: LogRateOptions): string {
  const replay = new Replay("m", options);
  let text = "";
  for (const [at, line] of lines) {
    if (at > replay.now) text += [...replay.advance(at)].join("");
    replay.rate.count(line, at);
  }
  text += [...replay.end()].join("");
  MetricCounter.alive.clear();
  return text;
}

/** What is put when each line comes in its second. */
function live(lines: Line[], options: LogRateOptions): string {
  let now = lines[0]![0];
  const clock = () => now * 1000;
  const rate = new LogRate("m", { ...options, clock });
  let text = "";
  const dump = (final = false) => {
    for (const counter of MetricCounter.alive) text += counter.dump({ final });
  };
  for (const [at, line] of lines) {
    while (now < at) {
      now++;
      if (now % options.timespan! === 0) dump();
      if (now % 60 === 0) rate.forget();
    }
    rate.count(line, at);
  }
  dump(true);
  MetricCounter.alive.clear();
  return text;
}

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647;
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

Deno.test("Replay puts the same for any order within the lateness", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const next = random(seed);
    const lines = someLog(next);
    const options = {
      ...OPTIONS,
      match: /(?<program>\w)/,
      granularity: seed % 2 ? 1 : 2,
    };
    const inOrder = bySeries(replayed(lines, options));
    const keys = new Map(
      lines.map((line) => [line, line[0] + next() * options.allowedLateness]),
    );
    const permuted = lines.toSorted((a, b) => keys.get(a)! - keys.get(b)!);
    assertEquals(bySeries(replayed(permuted, options)), inOrder, `${seed}`);
    const total = Object.values(inOrder).flat().reduce((n, [, v]) => n + v, 0);
    assertEquals(total, lines.length, `${seed}`);
  }
});

Deno.test("Replay puts the same as live at the log's own pace", () => {
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

Deno.test("Replay counts what comes later than the lateness", () => {
  const replay = new Replay("m", OPTIONS);
  for (const second of [START, START + 30, START + 25, START + 10]) {
    if (second > replay.now) [...replay.advance(second)];
    replay.rate.count("x", second);
  }
  assertEquals([replay.rate.events, replay.rate.late], [4, 1]);
  MetricCounter.alive.clear();
});

Deno.test("MetricCounter() refuses a maxGap that is no length of time", () => {
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
  MetricCounter.alive.clear();
});

/** Counts lines in one second; returns the values by the tags. */
function tagged(match: RegExp, lines: string[], options?: LogRateOptions) {
  const all = { tags: { host: "h" }, ...options, match };
  const text = replayed(lines.map((line) => [START, line]), all);
  const counts = puts(text.split("\n").slice(0, -1));
  return Object.fromEntries(
    counts.map((
      { series, value },
    ) => [series.replace("m host=h", "").trim(), value]),
  );
}

Deno.test("LogRate makes tags of the named groups", () => {
  const line = /^(?<method>\w+) (?:\S+) (?<status>\d+)$/;
  assertEquals(tagged(line, ["GET /a 200", "GET /b 200", "PUT /a 404", "x"]), {
    "method=GET status=200": 2,
    "method=PUT status=404": 1,
  });
});

Deno.test("LogRate writes any value so that a put line can carry it", () => {
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

Deno.test("LogRate finds tags in spite of flags and escapes", () => {
  assertEquals(tagged(/\((?<k>[(?<x>)])/i, ["(>"]), { "k=_": 1 });
  assertEquals(tagged(/(?<k>(?<j>a)|b)/, ["b"]), { "k=b j=none": 1 });
});

Deno.test("LogRate adds the values of a group", () => {
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
  const rate = new LogRate("m", { tags: { host: "h" }, match, value: "bytes" });
  for (const line of [...lines, "c 1e308", "c 1e308", "nothing"]) {
    rate.count(line);
  }
  assertEquals([rate.events, rate.badValues], [5, 5]);
  MetricCounter.alive.clear();
});

Deno.test("LogRate puts the highest second of each bucket", () => {
  const seconds = [0, 0, 0, 1, 3, 3].map((s): Line => [START - 1 + s, "x"]);
  const reduce = (cells: number[]) => Math.max(...cells);
  assertEquals(bySeries(replayed(seconds, { ...OPTIONS, reduce })), {
    "m host=h": [[START - 1, 3], [START + 1, 2]],
  });
});

Deno.test("LogRate counts a million values in bounded memory", () => {
  const clock = () => START * 1000;
  const options = { tags: { host: "h" }, match: /(?<k>\d+)/, maxSeries: 10 };
  const rate = new LogRate("m", { ...options, clock });
  for (let i = 0; i < 1_000_000; i++) rate.count(String(i));
  const series = [...rate.series];
  assertEquals([series.length, MetricCounter.alive.size], [11, 11]);
  const text = series.map((counter) => counter.dump({ final: true })).join("");
  assertEquals(
    puts(text.trim().split("\n")).map(({ series, value }) => [series, value]),
    [
      ...Array.from({ length: 10 }, (_, i) => [`m host=h k=${i}`, 1]),
      ["m host=h k=other", 999_990],
    ],
  );
  MetricCounter.alive.clear();
});

Deno.test("LogRate forgets a series that was silent", () => {
  let now = START;
  const rate = new LogRate("m", {
    tags: { host: "h" },
    match: /(?<k>.)/,
    maxGap: 3600,
    maxSeries: 1,
    clock: () => now * 1000,
  });
  rate.count("a");
  const counts: [number, number][] = [];
  for (; now < START + 3700; now += 10) {
    const [counter] = rate.series;
    for (const put of puts((counter?.dump() ?? "").split("\n").slice(0, -1))) {
      counts.push([put.second, put.value]);
    }
    rate.forget();
  }
  assertEquals([[...rate.series].length, MetricCounter.alive.size], [0, 0]);
  assertEquals(counts.length, 3601);
  assertEquals(counts.at(-1), [START + 3600, 0]);
  rate.count("b"); // in a place of its own
  const [counter] = rate.series;
  assertMatch(counter!.dump({ final: true }), / 1 host=h k=b\n$/);
  MetricCounter.alive.clear();
});

Deno.test("LogRate() refuses what cannot be put", () => {
  const tags = { host: "h" };
  const bad: [string, LogRateOptions][] = [
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
    assertThrows(() => new LogRate(name, options), Error, message);
  }
  assertEquals(MetricCounter.alive.size, 0);
});

/** Runs the script to its end. */
async function lograte(...args: string[]): Promise<Running & { code: number }> {
  const program = new Running(command(SCRIPT, ...args));
  const { code } = await program.end();
  return Object.assign(program, { code });
}

function total(counts: Put[]): number {
  return counts.reduce((sum, { value }) => sum + value, 0);
}

const GOLDEN = [
  "access",
  "apache_error",
  "epoch",
  "epoch_ms",
  "klog",
  "nginx_error",
  "rfc3339",
  "syslog",
];
const REQUESTS = [
  ...["--metric", "http.requests", "--tag", "host=web"],
  ...["--match", String.raw`GET.*? (?<status>\d{3})\b`],
  ...["--zone", "Europe/Berlin", "--replay"],
];

processTest("lograte.ts replays each format", [], async (folder) => {
  const fixtures = `${ROOT}tests/fixtures/lograte`;
  for (const name of GOLDEN) {
    const log = `${folder}/${name}.log`;
    await Deno.copyFile(`${fixtures}/${name}.log`, log);
    const changed = new Date("2026-07-01");
    await Deno.utime(log, changed, changed); // tells the year
    const { out, err, code } = await lograte(...REQUESTS, log);
    const golden = await Deno.readTextFile(`${fixtures}/${name}.puts`);
    assertEquals(out.join("\n") + "\n", golden, name);
    assertEquals([err.length, code], [1, 0]);
  }
});

const LOG = new URL("../../shared/logs/Linux_2k.log", import.meta.url).pathname;

function isThere(path: string): boolean {
  const read = { name: "read", path } as const;
  if (Deno.permissions.querySync(read).state !== "granted") return false;
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const FAILURES = [
  ...["--metric", "auth.failures", "--match", "authentication failure"],
];
const YEAR = 2026;

/** Counts by awk: what lograte.ts is compared with. */
async function countByAwk(): Promise<Map<number, number>> {
  const program = '/authentication failure/ { n[$1 " " $2 " " $3]++ } ' +
    'END { for (s in n) print s "," n[s] }';
  const awk = new Running(["awk", program, LOG]);
  await awk.end();
  return new Map(awk.out.map((line) => {
    const [time, count] = line.split(",");
    return [Date.parse(`${time} ${YEAR} UTC`) / 1000, Number(count)];
  }));
}

const real = isThere(LOG);
const awk = real ? ["awk", "tail"] : [`log ${LOG.split("/").at(-1)}`];

processTest("lograte.ts counts a real log as awk does", awk, async (folder) => {
  const log = `${folder}/messages`;
  await Deno.copyFile(LOG, log);
  const changed = new Date(`${YEAR}-11-22`);
  await Deno.utime(log, changed, changed);
  const { out, err } = await lograte(
    ...FAILURES,
    "--zone",
    "UTC",
    "--replay",
    log,
  );
  const counts = puts(out);
  assertEquals(total(counts), 490);
  assertEquals(
    new Map(counts.filter((p) => p.value > 0).map((p) => [p.second, p.value])),
    await countByAwk(),
  );
  assertMatch(err.join(), /: 2000 lines, 490 events, .* 0 late, 0 bad values$/);
});

processTest("lograte.ts counts a real log live", awk, async (folder) => {
  const log = `${folder}/messages`;
  await Deno.writeTextFile(log, "");
  const program = new Running(command(SCRIPT, ...FAILURES, log));
  await until(() => program.out.length > 0);
  await Deno.writeTextFile(log, await Deno.readTextFile(LOG), { append: true });
  await sleep(500);
  assertEquals((await program.end("SIGTERM")).code, 0);
  assertEquals(total(puts(program.out)), 490);
});

processTest("lograte.ts puts late lines in their own second", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  await Deno.writeTextFile(log, "");
  const args = ["--metric", "m", "--time", "auto", "--timespan", "3"];
  const program = new Running(command(SCRIPT, ...args, log));
  await sleep(1000);
  const now = Math.floor(Date.now() / 1000);
  const ages = [0, 2, 1, 2, 0, 2, 1000];
  const lines = ages.map((age) => {
    const time = new Date((now - age) * 1000).toISOString();
    return `${time} x\n  continued\n`;
  });
  await Deno.writeTextFile(log, lines.join(""), { append: true });
  await until(() => puts(program.out).some(({ second }) => second > now));
  await program.end("SIGTERM");
  const counts = puts(program.out).filter(({ value }) => value > 0);
  assertEquals(
    counts.map(({ second, value }) => [now - second, value]),
    [[2, 6], [1, 2], [0, 4]],
  );
  assertEquals(program.err, ["lograte.ts: 2 late, 0 bad values"]);
});

/** What the shell prints for a pipe into the script. */
async function piped(input: string, args: string): Promise<string[]> {
  const script = command(SCRIPT).map((word) => `'${word}'`).join(" ");
  const program = new Running(["sh", "-c", `${input} | ${script} ${args}`]);
  await program.end();
  return [...program.out, ...program.err];
}

processTest("lograte.ts reads stdin", ["sh"], async () => {
  const live = await piped("printf 'a\\nb\\na'", "--metric m --match a -");
  assertEquals(total(puts(live)), 2);
  const replay = await piped(
    "printf '2026-06-14T13:16:01Z a\\n2026-06-14T13:16:02Z b'",
    "--metric m --tag host=h --replay -",
  );
  assertEquals(replay.slice(0, 2), [
    `put m ${START} 1 host=h`,
    `put m ${START + 1} 1 host=h`,
  ]);
});

async function gzip(text: string): Promise<Uint8Array> {
  const zipped = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

processTest(
  "lograte.ts replays rotated files in their order",
  [],
  async (folder) => {
    const lines = Array.from({ length: 4 }, (_, i) => {
      const time = new Date((START + i) * 1000).toISOString();
      return `${time} x\n`.repeat(i + 1);
    });
    const [oldest, older, old, newest] = lines as [
      string,
      string,
      string,
      string,
    ];
    const members = [...await gzip(oldest), ...await gzip(older)];
    await Deno.writeFile(`${folder}/log.2.gz`, new Uint8Array(members));
    await Deno.writeTextFile(`${folder}/log.1`, `${old} continued\n`);
    await Deno.writeTextFile(`${folder}/log`, newest);
    await Deno.writeTextFile(`${folder}/log.empty`, "");
    const files = ["log", "log.empty", "log.2.gz", "log.1"]
      .map((name) => `${folder}/${name}`);
    const args = [
      "--metric",
      "m",
      "--lateness",
      "0",
      "--match",
      "x",
      "--replay",
    ];
    const { out, err } = await lograte(...args, ...files);
    assertEquals(
      puts(out).map(({ second, value }) => [second - START, value]),
      [[0, 1], [1, 2], [2, 3], [3, 4]],
    );
    assertMatch(err.join(), /: 11 lines, 10 events, .* 0 late/);

    await Deno.writeFile(`${folder}/cut.gz`, (await gzip(newest)).slice(0, -9));
    const cut = await lograte(...args, `${folder}/cut.gz`);
    assertEquals(cut.code, 1);
    assertMatch(cut.err.join("\n"), /cannot read all of .*cut\.gz: /);
  },
);

processTest("lograte.ts --shift now ends now", [], async (folder) => {
  const log = `${folder}/log`;
  await Deno.writeTextFile(log, "1781442961 x\n1781442965 y\n1781442964 x\n");
  const args = ["--metric", "m", "--match", "x", "--replay", "--shift", "now"];
  const before = Math.floor(Date.now() / 1000);
  const { out } = await lograte(...args, log);
  const counts = puts(out);
  const newest = counts.at(-1)!.second;
  assert(newest >= before && newest <= Date.now() / 1000);
  assertEquals(
    counts.map(({ second, value }) => [second - newest, value]),
    [[-4, 1], [-3, 0], [-2, 0], [-1, 1], [0, 0]],
  );
});

processTest(
  "lograte.ts reports all when a replay is stopped",
  ["sh"],
  async (folder) => {
    const log = `${folder}/log`;
    const lines = "1781442961 x\n".repeat(50_000);
    for (let i = 0; i < 100; i++) {
      await Deno.writeTextFile(log, lines, { append: true });
    }
    const program = new Running(
      command(SCRIPT, "--metric", "m", "--replay", log),
    );
    await sleep(400);
    assertEquals((await program.end("SIGINT")).code, 0);
    const [, events] = program.err.join().match(/ (\d+) events/) ?? [];
    assertEquals(total(puts(program.out)), Number(events));
  },
);

processTest(
  "lograte.ts refuses bad options with status 2",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "no time\n");
    const m = ["--metric", "m"];
    const bad: [string[], RegExp][] = [
      [[log], /option --metric is needed/],
      [["--metric", "m n", log], /the name must be .*" " at 1/],
      [m, /a FILE is needed/],
      [[...m, "--match", "(", log], /option --match: .*Unterminated group/],
      [[...m, "--match", "(?<é>.)", log], /a tag key must be .*"é"/],
      [[...m, "--value", "x", log], /--value cannot be given without --match/],
      [[...m, "--value", "x", "--match", ".", log], /must have its group.*"x"/],
      [[...m, "--tag", "x", log], /--tag must be KEY=VALUE: .*"x"/],
      [[...m, "--tag", "a=b", "--tag", "a=c", log], /repeated for a/],
      [[...m, "--tag", "a=b c", log], /tag a must be .*" " at 1/],
      [[...m, "--tag", "a=b", "--match", "(?<a>.)", log], /--tag must not be/],
      [[...m, "--granularity", "4", log], /must divide timespan 15: .* 4/],
      [[...m, "--time", "(", log], /option --time: .*Unterminated group/],
      [[...m, "--time", "x", log], /option --time: .*a group "time"/],
      [[...m, "--time", "auto", "--zone", "Mars", log], /--zone: .*"Mars"/],
      [[...m, "--zone", "UTC", log], /--zone cannot be given without --time/],
      [[...m, "--lateness", "1", log], /--lateness cannot be given without/],
      [
        [...m, "--shift", "now", log],
        /--shift cannot be given without --replay/,
      ],
      [[...m, "--shift", "1", "--replay", log], /--shift must be now: .*"1"/],
      [[...m, "--replay", "--journal"], /--journal cannot be given with/],
      [[...m, "--replay", log, "-"], /- must be the only FILE/],
      [[...m, "--replay", log], /there is no time in .*log/],
      [[...m, "--frob", log], /unknown option --frob/],
      [[...m, "--match"], /option --match needs a value/],
    ];
    for (const name of ["timespan", "granularity", "max-series"]) {
      for (const value of ["0", "1.5", "x", "1e3", "99999999"]) {
        const rule = `--${name} must be a whole number from 1 .*"${value}"`;
        bad.push([[...m, `--${name}`, value, log], new RegExp(rule)]);
      }
    }
    for (const name of ["lateness", "max-gap"]) {
      for (const value of ["-1", "1.5", "x", "99999999"]) {
        const rule = `--${name} must be a whole number from 0 .*"${value}"`;
        const args = [...m, "--time", "auto", `--${name}=${value}`, log];
        bad.push([args, new RegExp(rule)]);
      }
    }
    for (const [args, message] of bad) {
      const { out, err, code } = await lograte(...args);
      assertEquals([code, err.length, out], [2, 1, []], args.join(" "));
      assertMatch(err[0]!, message);
    }
    const missing = await lograte(...m, `${folder}/missing`);
    assertEquals([missing.code, missing.out], [13, []]);
    assertMatch(missing.err.join(), /cannot read .*missing$/);
  },
);

processTest(
  "lograte.ts --help shows examples that work",
  ["sh"],
  async (folder) => {
    const { out, code } = await lograte("--help");
    assertEquals(code, 0);
    const examples = [
      ...out.join("\n").split("Examples:\n")[1]!
        .matchAll(/^ {2}(\S.*(?:\n {4}\S.*)*)$/gm),
    ];
    assertEquals(examples.length, 5);
    const log = `${folder}/log`;
    await Deno.writeTextFile(
      log,
      'h - - [14/Jun/2026:13:16:01 +0000] "GET / HTTP/1.1" 200 512\n',
    );
    const script = command(SCRIPT).map((word) => `'${word}'`).join(" ");
    for (const [, example] of examples) {
      if (example!.includes("--journal")) continue;
      // Whole logs in place of growing ones, so that it ends.
      const replay = example!.includes("--replay") ? "" : "--replay";
      const text = example!.replace("yes ready", "yes 1781442961 | head")
        .replace(/\| nc .*/, "")
        .replaceAll(/\/var\/log\/\S+/g, log)
        .replace("lograte.ts", `${script} ${replay}`);
      const program = new Running(["sh", "-c", text]);
      assertEquals((await program.end()).code, 0, text);
      puts(program.out);
    }
  },
);
