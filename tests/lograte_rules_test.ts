import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { FieldReader } from "../collectors/lograte/fields.ts";
import { groupsOf } from "../collectors/lograte/line_reader.ts";
import { complete } from "../collectors/lograte/options.ts";
import type { LogRule } from "../collectors/lograte/rule_counter.ts";
import { LogCounter } from "../collectors/lograte/log_counter.ts";
import { Unwrapper } from "../collectors/lograte/unwrap.ts";
import { alive } from "../counter/registry.ts";
import { lograte, SCRIPT } from "./helpers/lograte.ts";
import {
  command,
  processTest,
  puts,
  ROOT,
  run,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z

/** Lines of a web server: second after START, status, how many seconds it took. */
function accessLog(requests: [number, number, number][]): string {
  return requests.map(([second, status, seconds]) => {
    const time = new Date((START + second) * 1000).toISOString();
    return `[14/Jun/2026:${time.slice(11, 19)} +0000] "GET / HTTP/1.1" ` +
      `${status} 512 ${seconds}\n`;
  }).join("");
}

const LOG = accessLog([
  [0, 200, 0.5],
  [0, 200, 0.25],
  [0, 500, 8],
  [2, 404, 0.125],
]);

/** The puts of these lines: series without host, second after START, value. */
function told(out: string[]): [string, number, number][] {
  return puts(out).map(({ series, second, value }) => [
    series.replace(" host=h", ""),
    second - START,
    value,
  ]);
}

processTest(
  "lograte() counts by many rules in one pass over the log",
  [],
  async (folder) => {
    const log = `${folder}/access.log`;
    const script = `${folder}/web.ts`;
    await Deno.writeTextFile(log, LOG);
    await Deno.writeTextFile(
      script,
      `import { lograte } from "${new URL("../" + SCRIPT, import.meta.url)}";
await lograte(["${log}"], [
  { metric: "http.requests", match: /" (?<status>\\d{3}) / },
  {
    metric: "http.seconds",
    match: / (?<value>[\\d.]+)$/,
    value: "value",
    stats: ["p50", "max"],
  },
  { metric: "http.errors", match: /" [45]/, except: /" 404/, tags: { k: "v" } },
], { replay: true, tags: { host: "h" }, maxGap: 0 });
`,
    );
    const flags = ["run", "-q", "--allow-read", `--config=${ROOT}deno.json`];
    const { out, err, code } = await run([Deno.execPath(), ...flags, script]);
    assertEquals([code, told(out)], [0, [
      ["http.requests status=200", 0, 2],
      ["http.requests status=500", 0, 1],
      ["http.requests status=404", 2, 1],
      ["http.seconds.p50", 0, 0.49508],
      ["http.seconds.max", 0, 8],
      ["http.seconds.p50", 2, 0.125],
      ["http.seconds.max", 2, 0.125],
      ["http.errors k=v", 0, 1],
    ]]);
    assertMatch(err.join(), / 4 lines, 9 events, /);
  },
);

processTest(
  "lograte.ts --stats reports each statistic of the values",
  [],
  async (folder) => {
    const log = `${folder}/access.log`;
    await Deno.writeTextFile(log, LOG);
    const args = ["--metric", "m", "--tag", "host=h", "--replay", log];
    const match = ["--match", String.raw` (?<s>[\d.]+)$`, "--value", "s"];
    const all = "count,sum,min,mean,p50,p90,p99,p99.9,max";
    const { out } = await lograte(...args, ...match, "--stats", all);
    assertEquals(
      told(out).filter(([, second]) => second === 0).map(([series, , value]) =>
        `${series} ${value}`
      ),
      [
        "m.count 3",
        "m.sum 8.75",
        "m.min 0.25",
        "m.mean 2.9166666666666665",
        "m.p50 0.49508",
        "m.p90 8",
        "m.p99 8",
        "m.p99.9 8",
        "m.max 8",
      ],
    );
    assertEquals( // a second without a line
      told(out).filter(([, second]) => second === 1),
      [["m.count", 1, 0], ["m.sum", 1, 0]],
    );
  },
);

processTest("lograte.ts --except leaves lines out", [], async (folder) => {
  const log = `${folder}/access.log`;
  await Deno.writeTextFile(log, LOG);
  const args = ["--metric", "m", "--tag", "host=h", "--replay", log];
  const { out } = await lograte(...args, "--except", '" [45]\\d\\d ');
  assertEquals(told(out).filter(([, , value]) => value > 0), [["m", 0, 2]]);
});

/** The puts of all series, without second and host. */
function reported(counter: LogCounter): string[] {
  const lines = [...counter.counters].map((m) => m.dump({ final: true })).join(
    "",
  );
  alive.clear();
  return lines.trim().split("\n").map((line) =>
    line.replace(/^put | \d{10}| host=h/g, "")
  );
}

const AT = { tags: { host: "h" }, clock: () => START * 1000 };

Deno.test("LogCounter makes tags and values from the fields of JSON", () => {
  const counter = new LogCounter([
    {
      metric: "http.seconds",
      match: /"level":(?<level>\d+)/,
      labels: { status: "res.statusCode", flat: "log.level", ok: "ok" },
      value: "responseTime",
    },
    { metric: "lines" },
  ], { ...AT, fields: new FieldReader() });
  const log = counter.of("app.log");
  for (
    const line of [
      '{"level":30,"res":{"statusCode":200},"responseTime":1.5,"ok":true}',
      '{"level":30,"res":{"statusCode":200},"responseTime":"2","ok":true}',
      '{"level":30,"log.level":"a b","responseTime":4,"res":null}',
      '{"level":30,"responseTime":"soon"}',
      '{"level":30,"msg":"without the value"}',
      '{"res":{"statusCode":500},"responseTime":9}',
      "listening on port 80",
      '{"level":30,"resp',
      "[1]",
      "",
    ]
  ) log.count(line);
  assertEquals(reported(counter), [
    "http.seconds 3.5 level=30 status=200 flat=none ok=true",
    "http.seconds 4 level=30 status=none flat=a_b ok=none",
    "lines 6",
  ]);
  assertEquals(counter.badValues, 1);
  assertEquals(counter.remarks({ late: 2, tooLarge: 3, ahead: 1 }), [
    "2 late",
    "4 bad values",
    "4 lines without JSON",
    "1 line without the field responseTime",
    "1 line ahead of the clock",
  ]);
});

Deno.test("Unwrapper joins the pieces of a line up to 1 MiB", () => {
  const unwrapper = new Unwrapper();
  const piece = "x".repeat(400 * 1024);
  const cri = (tag: string) => `2026-06-14T13:16:01.5Z stdout ${tag} ${piece}`;
  for (let i = 0; i < 9; i++) assertEquals(unwrapper.next(cri("P")), undefined);
  assertEquals(unwrapper.next(cri("F"))!.length, (1024 + 400) * 1024);
  assertEquals(unwrapper.next(cri("F"))!.length, 400 * 1024);
});

Deno.test("LogCounter takes off what containers wrap around lines", () => {
  const rule = { metric: "m", match: /^(?<line>.*)$/ };
  const counter = new LogCounter([rule], { ...AT, unwrap: true });
  const log = counter.of("0.log");
  const docker = (log: string, stream = "stdout") =>
    JSON.stringify({ log, stream, time: "2026-06-14T13:16:01.5Z" });
  const cri = (tag: string, text: string, stream = "stdout") =>
    `2026-06-14T13:16:01.5Z ${stream} ${tag} ${text}`;
  for (
    const line of [
      docker("a\n"),
      docker("last-without-an-end"),
      docker("b".repeat(5000)),
      docker("err\n", "stderr"), // of another stream, between two pieces
      docker("b\r\n"),
      cri("F", "c"),
      cri("P", "d"),
      cri("P", "e", "stderr"),
      cri("F", "D"),
      cri("F", "E", "stderr"),
      cri("F:tag", "f"),
      "bare",
    ]
  ) log.count(line);
  assertEquals(
    reported(counter).map((line) => line.replace(/m 1 line=/, "")),
    [
      ...["a", "last-without-an-end", "err", "b".repeat(64), "c", "dD", "eE"],
      ...["f", "bare"],
    ],
  );
});

Deno.test("LogCounter makes tags from the path of a log", () => {
  const path = /(?<pod>[^/_]+)_(?<namespace>[^_]+)_/;
  const counter = new LogCounter([{ metric: "m", match: /(?<k>\w)/ }], {
    ...AT,
    path,
  });
  const folder = "/var/log/containers/";
  for (const name of ["web-1_shop_web-0a.log", "db_shop_db-0b.log", "other"]) {
    counter.of(folder + name).count("x");
  }
  assertEquals(reported(counter), [
    "m 1 pod=web-1 namespace=shop k=x",
    "m 1 pod=db namespace=shop k=x",
    "m 1 pod=none namespace=none k=x",
  ]);
});

Deno.test("groupsOf() finds the places of named groups", () => {
  for (
    const expression of [
      /(?<a>x)(y)(?:(?<b>z))/,
      /\((?<a>[(?<no>)\]]+)\\(?<b>\()/,
      /(?<=a(?<a>.))(?<!(b))(?<b>.)/,
      /((?<a>(?<b>x)))/s,
      /(?i:(?<a>x))(?<b>y)/,
      /x/,
    ]
  ) {
    // The names as the regular expression engine tells them.
    const all = new RegExp(`${expression.source}|`).exec("")!;
    const names = Object.keys(all.groups ?? {});
    const groups = groupsOf(expression);
    assertEquals(groups.map(({ name }) => name), names, `${expression}`);
  }
  assertEquals(groupsOf(/(x)((?<a>y))[(](?<b>z)/), [
    { name: "a", place: 3 },
    { name: "b", place: 4 },
  ]);
  assertEquals(groupsOf(/(?<a>x)|y(?<a>z)/), [{ name: "a", place: 0 }]);
});

Deno.test("LogCounter takes a group of two alternatives from the one that matches", () => {
  const match = new RegExp("^a(?<k>.)|^b(?<k>.)");
  const counter = new LogCounter([{ metric: "m", match }], AT);
  for (const line of ["ax", "by"]) counter.of("log").count(line);
  assertEquals(reported(counter), ["m 1 k=x", "m 1 k=y"]);
});

Deno.test("LogCounter() refuses two rules with the same metric and tags", () => {
  const options = { tags: { host: "h" } };
  const twice = [{ metric: "m", match: /a/ }, { metric: "m", match: /b/ }];
  assertThrows(() => new LogCounter(twice, options), SyntaxError, "m");
  const [a, b] = twice.map((rule, i) => ({ ...rule, tags: { k: `${i}` } }));
  const counter = new LogCounter([a!, b!], options);
  for (const line of ["a", "b", "ab", "c"]) counter.of("log").count(line);
  assertEquals(counter.events, 4);
  alive.clear();
});

Deno.test("LogCounter() refuses statistics without a value, and with a peak", () => {
  const match = /(?<v>.)/;
  for (
    const [rule, message] of [
      [{ stats: ["p99"] }, "--value must say"],
      [{ match, value: "v", stats: ["p99"], peak: true }, "--peak must not be"],
      [{ match, value: "v", stats: ["p100"] }, '"p100"'],
      [{ match, value: "v", stats: [] }, "at least one"],
    ] as const
  ) {
    const rules = [{ metric: "m", ...rule }] as unknown as LogRule[];
    assertThrows(() => new LogCounter(rules), Error, message);
  }
  assertEquals(alive.size, 0);
});

processTest(
  "lograte.ts reads the times of JSON in a field",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    const line = (second: number, more: object) =>
      JSON.stringify({
        level: 30,
        msg: "due 2024-01-01 00:00:00",
        at: { ms: (START + second) * 1000 + 500 },
        ...more,
      }) + "\n";
    const lines = [
      line(0, { took: 1 }),
      line(0, { took: 2 }),
      line(3, { took: 3 }),
      line(3, {}),
    ];
    await Deno.writeTextFile(log, lines.join(""));
    const args = ["--metric", "m", "--tag", "host=h", "--replay", log];
    const json = ["--json", "--value", "took", "--time", "at.ms"];
    const { out, err } = await lograte(...args, ...json);
    assertEquals(told(out), [["m", 0, 3], ["m", 1, 0], ["m", 2, 0], [
      "m",
      3,
      3,
    ]]);
    assertMatch(err[0]!, /: took ".*" for .* \(epoch in the field at\.ms\)$/);
    assertMatch(err.join("\n"), / 4 lines, 3 events,/);
  },
);

processTest(
  "lograte.ts --unwrap reads the times in the wrapping",
  [],
  async (folder) => {
    const log = `${folder}/0.log`;
    const docker = (second: number, log: string) => {
      const time = new Date((START + second) * 1000).toISOString();
      return JSON.stringify({ log, stream: "stdout", time }) + "\n";
    };
    const lines = [
      docker(0, "2001-02-03 04:05:06 GET 200\n"),
      docker(2, 'said "time":"2001-02-03T04:05:06Z", GET 500\n'),
      `${new Date((START + 3) * 1000).toISOString()} stdout F GET 404\n`,
    ];
    await Deno.writeTextFile(log, lines.join(""));
    const args = ["--metric", "m", "--tag", "host=h", "--replay", log];
    const match = ["--match", "GET (?<status>\\d+)$", "--max-gap", "0"];
    const { out } = await lograte(...args, ...match, "--unwrap");
    assertEquals(told(out), [
      ["m status=200", 0, 1],
      ["m status=500", 2, 1],
      ["m status=404", 3, 1],
    ]);
  },
);

Deno.test("complete() looks for a text where an expression is only that text", () => {
  const textOf = (...expressions: RegExp[]) => {
    const tags = { host: "h" };
    const rules = expressions.map((match, i) => ({
      metric: `m${i}`,
      match,
      tags,
    }));
    return complete([], rules).text;
  };
  assertEquals(textOf(/a \/b/), "a /b");
  for (const more of [/a/i, /a.b/, /^a/, /a|b/, /a\d/, /(a)/]) {
    assertEquals(textOf(more), undefined, `${more}`);
  }
  assertEquals(textOf(/a/, /b/), undefined);
});

Deno.test("LogCounter matches each line from its start, whatever the flags of an expression", () => {
  const tags = { host: "h" };
  const counter = new LogCounter([
    { metric: "g", match: /a.*b/g, tags },
    { metric: "y", match: /b/y, except: /c/g, tags },
  ]);
  const log = counter.of("log");
  for (let i = 0; i < 4; i++) log.count("ab");
  for (let i = 0; i < 4; i++) log.count("abc");
  assertEquals(counter.events, 8 + 4);
  for (const series of counter.counters) series.close();
});

processTest(
  "lograte.ts obeys SIGTERM when an expression takes too long",
  ["tail"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "");
    const program = new Running(
      command(SCRIPT, "--metric", "m", "--match", "^(a|aa)+$", log),
    );
    await until(() => program.out.length > 0);
    const trap = `${"a".repeat(100)}!\n`; // by backtracking this would never end
    await Deno.writeTextFile(log, `${trap.repeat(100)}aaa\n`, { append: true });
    await sleep(1000);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assert(puts(program.out).some(({ value }) => value > 0));
  },
);
