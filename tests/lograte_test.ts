import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  isFile,
  processTest,
  puts,
  quoted,
  ROOT,
  run,
  Running,
  sleep,
  total,
  until,
} from "./helpers/processes.ts";
import { assertRefused } from "./helpers/refusals.ts";

const SCRIPT = "collectors/lograte.ts";
const START = 1_781_442_961; // 2026-06-14T13:16:01Z

/** Runs the script to its end. */
function lograte(...args: string[]): ReturnType<typeof run> {
  return run(command(SCRIPT, ...args));
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
    await Deno.utime(log, changed, changed); // from which the year is known
    const { out, err, code } = await lograte(...REQUESTS, log);
    const golden = await Deno.readTextFile(`${fixtures}/${name}.puts`);
    assertEquals(out.join("\n") + "\n", golden, name);
    assertMatch(err[0]!, /took ".*" for 2026-06-14T1\d:16:01Z \(/);
    assertEquals(code, 0);
  }
});

processTest("lograte.ts takes the year from the file's last change", [], async (
  folder,
) => {
  const log = `${folder}/log`;
  await Deno.writeTextFile(log, "Jun 14 13:16:01 web1 x\n".repeat(3));
  const changed = new Date("2019-07-01");
  await Deno.utime(log, changed, changed);
  const args = ["--metric", "m", "--zone", "UTC", "--replay", log];
  const [first] = puts((await lograte(...args)).out);
  assertEquals(first!.second, Date.UTC(2019, 5, 14, 13, 16, 1) / 1000);
});

const LOG = new URL("../../shared/logs/Linux_2k.log", import.meta.url).pathname;

const FAILURES = [
  ...["--metric", "auth.failures", "--match", "authentication failure"],
];
const YEAR = 2026;

/** Counts by awk, to compare lograte.ts with it. */
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

const real = isFile(LOG);
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
  await until(() => program.out.length > 0); // by then it reads the log
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
  assertEquals(program.err.length, 2);
  assertMatch(program.err[0]!, /app\.log: took ".*" for .* \(ISO 8601 at/);
  assertEquals(
    program.err[1],
    "lograte.ts: 2 late, 0 bad values, 7 lines took the time of the line before",
  );
});

/** What the script prints when a command is piped into it. */
async function piped(input: string, args: string): Promise<string[]> {
  const script = `${input} | ${quoted(command(SCRIPT))} ${args}`;
  const { out, err } = await run(["sh", "-c", script]);
  return [...out, ...err];
}

/** Replays a log of these lines. */
async function replayed(folder: string, lines: string[], ...args: string[]) {
  const log = `${folder}/replayed.log`;
  await Deno.writeTextFile(log, lines.map((line) => `${line}\n`).join(""));
  await Deno.utime(log, new Date("2026-07-01"), new Date("2026-07-01"));
  const more = ["--metric", "m", "--replay", "--zone", "UTC", ...args];
  const { out, err, code } = await lograte(...more, log);
  const counts = puts(out).filter(({ value }) => value > 0)
    .map(({ second, value }) => [second - START, value]);
  return { counts, err, code };
}

processTest(
  "lograte.ts reads times in a format that it is told",
  [],
  async (folder) => {
    const lines = ["x 03|04|26 10h16m01", "  at y", "x 03|04|26 10h16m02"];
    const april = Date.parse("2026-04-03T10:16:01Z") / 1000 - START;
    const counts = [[april, 2], [april + 1, 1]];
    const format = await replayed(
      folder,
      lines,
      "--time-format",
      "%d|%m|%y %Hh%Mm%S",
    );
    assertEquals([format.counts, format.code], [counts, 0]);
    assertMatch(format.err[0]!, /took ".*" for 2026-04-03T10:16:01Z \(as told/);
    assertMatch(format.err[1]!, /, 1 line took the time of the line before$/);
    const groups = await replayed(
      folder,
      lines,
      "--time",
      String
        .raw`(?<day>\d+)\|(?<month>\d+)\|(?<year>\d+) (?<hour>\d+)h(?<minute>\d+)m(?<second>\d+)`,
    );
    assertEquals([groups.counts, groups.code], [counts, 0]);
  },
);

processTest(
  "lograte.ts counts each line of mixed logs in its second",
  [],
  async (folder) => {
    const lines = Array.from({ length: 1000 }, (_, i) => {
      const time = new Date((START + i) * 1000).toISOString();
      const [date, clock] = [time.slice(0, 10), time.slice(11, 19)];
      return i % 300 === 299
        ? `${date.replaceAll("-", "/")} ${clock} [error] 7#7: x`
        : `192.0.2.1 - - [${date.slice(8)}/Jun/2026:${clock} +0000] "GET" 200`;
    });
    const { counts, err } = await replayed(folder, lines);
    assertEquals(counts, lines.map((_, i) => [i, 1]));
    assertEquals(err.length, 3); // one for each format, and the summary
  },
);

processTest(
  "lograte.ts learns the times of stdin before it counts",
  ["sh"],
  async () => {
    const out = await piped(
      "printf '06/14/2026 13:16:01 a\\n06/15/2026 13:16:01 a\\n'",
      "--metric m --tag host=h --max-gap 0 --zone UTC --replay -",
    );
    assertEquals(out.slice(0, 2), [
      `put m ${START} 1 host=h`,
      `put m ${START + 86_400} 1 host=h`,
    ]);
  },
);

processTest(
  "lograte.ts says once, when it counts live, that times are not known",
  ["sh"],
  async () => {
    const out = await piped(
      "printf 'no time\\nstill none\\n'",
      "--metric m --time auto -",
    );
    assertEquals(total(puts(out.filter((line) => line.startsWith("put")))), 2);
    const said = out.filter((line) => !line.startsWith("put"));
    assertEquals(said.length, 1);
    assertMatch(said[0]!, /the times of stdin are not known: .* --time-format/);
  },
);

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
  "lograte.ts replays rotated files in the order of their times",
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

/** How many bytes a program has read of the file of which it has read most. */
function bytesRead(program: Running): number {
  const args = ["-rh", "^pos:", `/proc/${program.process.pid}/fdinfo`];
  const { stdout } = new Deno.Command("grep", { args }).outputSync();
  const positions = new TextDecoder().decode(stdout).match(/\d+/g) ?? [];
  return Math.max(...positions.map(Number));
}

processTest(
  "lograte.ts reports all that it has read when a replay is stopped",
  ["grep"],
  async (folder) => {
    const log = `${folder}/log`;
    for (let i = 0; i < 100; i++) {
      const lines = `${START + i} x\n`.repeat(50_000);
      await Deno.writeTextFile(log, lines, { append: true });
    }
    const program = new Running(
      command(SCRIPT, "--metric", "m", "--replay", log),
    );
    const { size } = await Deno.stat(log);
    await until(() => bytesRead(program) > size / 10);
    assertEquals((await program.end("SIGINT")).code, 0);
    const [, events] = program.err.join().match(/ (\d+) events/) ?? [];
    assertEquals(total(puts(program.out)), Number(events));
    const [, lines] = program.err.join().match(/ (\d+) lines/) ?? [];
    assertEquals(lines, events);
    assert(Number(events) < 5_000_000, "it was not stopped");
  },
);

processTest(
  "lograte.ts reports all when a replay of a silent pipe is stopped",
  [],
  async () => {
    const program = new Running(
      command(SCRIPT, "--metric", "m", "--lateness", "1", "--replay", "-"),
      { stdin: "piped" },
    );
    const writer = program.process.stdin.getWriter();
    const lines = Array.from({ length: 300 }, (_, i) => `${START + i} x\n`);
    await writer.write(new TextEncoder().encode(lines.join("")));
    await until(() => program.out.length > 0);
    assertEquals((await program.end("SIGINT")).code, 0);
    assertEquals(total(puts(program.out)), 300);
    assertMatch(program.err.at(-1)!, / 300 lines, 300 events, /);
    await writer.abort().catch(() => {});
  },
);

processTest(
  "lograte.ts ends by a signal, though nobody reads what a replay puts",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    const months = 10_000_000; // s
    await Deno.writeTextFile(log, `${START} x\n${START + months} x\n`);
    const args = ["--metric", "m", "--max-gap", `${months}`, "--replay", log];
    const program = new Running(command(SCRIPT, ...args));
    await until(() => program.out.length > 0);
    program.pause();
    program.process.kill("SIGTERM");
    assertEquals((await program.process.status).code, 1);
    program.resume();
    await program.end();
    assertMatch(program.err.join(), /the reader stalls: it did not take all/);
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
      [[...m, "--json", "--label", "x", log], /--label must be TAG=FIELD: /],
      [[...m, "--tag", "a=b", "--tag", "a=c", log], /repeated for a/],
      [[...m, "--tag", "a=b c", log], /tag a must be .*" " at 1/],
      [[...m, "--tag", "a=b", "--match", "(?<a>.)", log], /--tag must not be/],
      [
        [...m, "--timespan", "15", "--granularity", "4", log],
        /must divide timespan 15: .* 4/,
      ],
      [[...m, "--time", "(", log], /option --time: .*Unterminated group/],
      [[...m, "--time", "x", log], /option --time: .*a group "time"/],
      [[...m, "--time-format", "%Q", log], /option --time-format: .*"%Q"/],
      [[...m, "--time-format", "%d", log], /option --time-format: .*the hour/],
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
      [[...m, "--frob", log], /unknown option --frob/],
      [["-metric", "m", log], /unknown option -metric/],
      [
        [...m, "--replay", "--since=2026-06-15", "--until=2026-06-14", log],
        /since must be before until: .* 2026-06-15/,
      ],
      [[...m, "--match"], /option --match needs a value/],
      [
        [...m, "--time", "auto", "--lateness", "-1", log],
        /needs a value; one that begins with - is given as --lateness=VALUE/,
      ],
    ];
    for (const name of ["timespan", "granularity", "max-series"]) {
      for (const value of ["0", "99999999"]) {
        const rule = `--${name} must be a whole number from 1 .*"${value}"`;
        bad.push([[...m, `--${name}`, value, log], new RegExp(rule)]);
      }
    }
    for (const name of ["lateness", "max-gap"]) {
      for (const value of ["-1", "99999999"]) {
        const rule = `--${name} must be a whole number from 0 .*"${value}"`;
        const args = [...m, "--time", "auto", `--${name}=${value}`, log];
        bad.push([args, new RegExp(rule)]);
      }
    }
    for (const [args, message] of bad) assertRefused(args, message);
    // A program ends in the same way, also when only the log shows what is wrong.
    const started: [string[], RegExp][] = [
      ...bad.slice(0, 2),
      [
        [...m, "--replay", log],
        /log are not known: .*"no time" .* --time-format/,
      ],
      [
        [...m, "--replay", "--time", "(?<time>no.*)", log],
        /log are not known: (?!.*--time ).* --time-format/,
      ],
      [
        [...m, "--replay", "--time", "t=(?<time>.*)", log],
        /log are not known: the expression finds nothing .* --time-format/,
      ],
      [
        [...m, "--replay", "--json", "--time", "at.ms", log],
        /log are not known: its lines have no field at\.ms; .* --time-format/,
      ],
      [
        [...m, "--replay", "--time-format", "%H:%M", log],
        /no line of .*log has a time as .* tells; its first line is "/,
      ],
    ];
    await Promise.all(started.map(async ([args, message]) => {
      const { out, err, code } = await lograte(...args);
      assertEquals([code, err.length, out], [2, 1, []], args.join(" "));
      assertMatch(err[0]!, message);
    }));
    const missing = await lograte(...m, `${folder}/missing`);
    assertEquals([missing.code, missing.out], [13, []]);
    assertMatch(missing.err.join(), /cannot read .*missing: no such file$/);
  },
);

processTest(
  "lograte.ts --peak --granularity 60 reports the worst second of a minute",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "1781442960 x\n1781442961 x\n1781442961 x\n");
    const args = ["--metric", "m", "--tag", "host=h", "--replay", "--peak"];
    const { out } = await lograte(...args, "--granularity", "60", log);
    assertEquals(out, ["put m 1781442960 2 host=h"]);
  },
);

processTest(
  "lograte.ts --ignore-case matches capital and small letters alike",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "1781442961 GET\n1781442961 get\n");
    const counted = async (...args: string[]) =>
      total(puts((await lograte("--metric", "m", ...args, log)).out));
    const args = ["--ignore-case", "--replay"];
    assertEquals(await counted("--match", "get", ...args), 2);
    assertEquals(await counted("--except", "get", ...args), 0);
  },
);

processTest(
  "lograte.ts hints at JavaScript's regular expressions",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "1781442961 get\n");
    const args = (match: string) => ["--metric", "m", "--match", match, log];
    assertRefused(args("(?P<s>x)"), /\(\?<name>/);
    assertRefused(args("(?i)x"), /--ignore-case/);
    for (const name of ["--match", "--except"]) {
      const options = ["--metric", "m", name, "/get/i", "--replay"];
      const { err } = await lograte(...options, log);
      assertMatch(err[0]!, new RegExp(`${name} looks for the slashes, too; `));
    }
  },
);

processTest(
  "lograte.ts reads gzipped logs, and refuses other compressed ones by name",
  ["xz"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeFile(log, await gzip("1781442961 x\n"));
    const replay = ["--metric", "m", "--replay"];
    assertEquals(total(puts((await lograte(...replay, log)).out)), 1);
    const live = await lograte("--metric", "m", log);
    assertEquals([live.code, live.out], [2, []]);
    assertMatch(live.err.join(), /compressed by gzip: it does not grow/);
    await Deno.writeTextFile(`${folder}/other`, "1781442961 x\n");
    await new Running(["xz", `${folder}/other`]).end();
    const other = await lograte(...replay, `${folder}/other.xz`);
    assertEquals(other.code, 2);
    assertMatch(other.err.join(), /compressed by xz; try: xzcat /);
  },
);

processTest(
  "lograte.ts unzips gzipped stdin, as far as it is not damaged, and refuses other compressions",
  ["sh", "xz"],
  async (folder) => {
    const zipped = await gzip("1781442961 x\n".repeat(5));
    await Deno.writeFile(`${folder}/whole`, zipped);
    await Deno.writeFile(`${folder}/torn`, zipped.subarray(0, -8));
    await Deno.writeTextFile(`${folder}/other`, "x\n");
    await new Running(["xz", `${folder}/other`]).end();
    const read = async (path: string) => {
      const program = new Running([
        ...["sh", "-c", 'in=$1; shift; exec "$@" < "$in"', "sh", path],
        ...command(SCRIPT, "--metric", "m", "-"),
      ]);
      const { code } = await program.end();
      return [code, total(puts(program.out)), program.err.join()] as const;
    };
    assertEquals(await read(`${folder}/whole`), [0, 5, ""]);
    const [code, counted, said] = await read(`${folder}/torn`);
    assertEquals([code, counted], [1, 5]);
    assertMatch(said, /^lograte.ts: cannot read all of stdin: /);
    const xz = await read(`${folder}/other.xz`);
    assertEquals(xz.slice(0, 2), [13, 0]);
    assertMatch(xz[2], /cannot read stdin: .* it is xz, which xzcat unpacks$/);
  },
);

processTest(
  "lograte.ts --wait does not hang at a FIFO",
  ["mkfifo"],
  async (folder) => {
    const fifo = `${folder}/fifo`;
    await new Running(["mkfifo", fifo]).end();
    const program = new Running(
      command(SCRIPT, "--metric", "m", "--wait", fifo),
    );
    try {
      await until(() => program.err.length > 0);
    } finally {
      program.process.kill("SIGTERM");
    }
    assertEquals((await program.end()).code, 0);
    assertMatch(program.err[0]!, /it is a FIFO/);
    assertEquals(program.out, []);
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
    const script = quoted(command(SCRIPT));
    for (const [, example] of examples) {
      if (example!.includes("--journal")) continue;
      // A replay ends, and following a growing log does not.
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
