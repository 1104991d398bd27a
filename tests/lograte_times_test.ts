/** lograte.ts counts each line in the second that the line tells. */
import { assertEquals, assertMatch } from "@std/assert";
import { lograte, SCRIPT } from "./helpers/lograte.ts";
import {
  command,
  processTest,
  puts,
  quoted,
  ROOT,
  run,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z

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
