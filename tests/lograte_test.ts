/** lograte.ts on a real log, and its options. */
import { assertEquals, assertMatch } from "@std/assert";
import { lograte, SCRIPT } from "./helpers/lograte.ts";
import {
  command,
  isFile,
  processTest,
  puts,
  quoted,
  Running,
  sleep,
  total,
  until,
} from "./helpers/processes.ts";
import { assertRefused } from "./helpers/refusals.ts";

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
