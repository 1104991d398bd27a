import { assert, assertEquals, assertMatch } from "@std/assert";
import { bounded, foresee, givenUp, takeAll } from "../script/bounded.ts";
import {
  command,
  isFile,
  processTest,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const SCRIPT = "collectors/lograte.ts";
/** Two expressions that never end on `TRAP`; V8 can match the first otherwise. */
const [HARD, HARDER] = ["(?:a|aa)+", "(?=(?:a|aa)+$)"];
const TRAP = "a".repeat(100) + "!";

Deno.test("bounded() leaves what an expression finds as it is", () => {
  for (
    const [expression, line] of [
      [/(\w)\1+/, "hello"],
      [/(?<a>\d+)(?= ms)/i, "took 12 MS"],
      [/(?<!x)(y?)$/, "xy y"],
      [/^(?!a)b*/, "a"],
      [/a+b/i, "xAAB"],
      [/a{12,}/, "b" + "a".repeat(20)],
      [/x(?i:a)+b/, "xAb"],
      [/(?:ab{2}){2}/i, "ABBabb"],
    ] as const
  ) {
    const found = bounded(expression);
    assertEquals(found === expression, false);
    const [bound, plain] = [found.exec(line), expression.exec(line)];
    assertEquals(bound && [...bound], plain && [...plain]);
    assertEquals(bound?.index, plain?.index);
    assertEquals(bound?.groups?.a, plain?.groups?.a);
    assertEquals(found.test(line), expression.test(line));
  }
  for (
    const expression of [
      /[(?=]\d/,
      /\(\?=/,
      /\\1/,
      /(?<a>x)/,
      /(?:x)/,
      /\d{3}/,
      /[{12,}]x{1,3}/,
      /failed [*+?{] (?<a>\d|x)\*/i,
      /^(?<time>.{15})(?= \p{L}[a-f]{12})/u,
    ]
  ) assertEquals(bounded(expression), expression);
});

Deno.test("bounded() gives up an expression, and then takeAll() lets signals be heard", async () => {
  const expression = bounded(new RegExp(`^${HARDER}`));
  const before = givenUp.times;
  const ended = new AbortController();
  setTimeout(() => ended.abort());
  const found: boolean[] = [];
  const lines = ["aa", TRAP, "aaa"];
  await takeAll(lines, (line) => {
    found.push(expression.test(line));
  }, ended.signal);
  assertEquals([found, givenUp.times - before], [[true, false], 1]);
  givenUp.times = before; // a plain `deno test` has all tests in one process
});

Deno.test("foresee() matches only the expressions that were matched before", () => {
  const expression = bounded(/b+/i);
  const line = "xB";
  assertEquals(expression.exec("b")?.[0], "b");
  foresee([line, "y"]);
  assert(expression.exec(line) === expression.exec(line)); // the match that was foreseen
  assertEquals([expression.exec(line)?.index, expression.exec("y")], [1, null]);
  foresee([]);
  foresee([line]); // it was not matched since
  assert(expression.exec(line) !== expression.exec(line));
});

const MARGIN = 40; // s: enough for a busy machine, and less than 100 lines of 1 s

/** Runs lograte.ts as people do, with the flag for V8. */
function lograte(...args: string[]): Running {
  return new Running(command(SCRIPT, "--metric", "m", ...args));
}

processTest(
  "lograte.ts obeys SIGTERM when an expression takes too long on each line",
  ["tail"],
  async (folder) => {
    const trap = () => {
      const at = Math.floor(Date.now() / 1000);
      return `${at} b\n` + `${at} ${TRAP}\n`.repeat(100);
    };
    const whole = `${folder}/whole`;
    await Deno.writeTextFile(whole, trap());
    const [log, other] = [`${folder}/log`, `${folder}/other`];
    await Deno.writeTextFile(log, "");
    await Deno.writeTextFile(other, "");
    const match = ["--match", `b$|${HARDER}`];
    const state = `${folder}/state`;
    const live = lograte(...match, log);
    const epoch = `(?<epoch>\\d+) (?:b|${HARDER}$)`;
    const timed = lograte("--time", epoch, "--timespan", "1", other);
    const resume = ["--time", "auto", "--resume", state, log];
    const resumed = lograte(...match, ...resume);
    await until(() => live.out.length > 0 && timed.out.length > 0);
    await until(() => isFile(state));
    for (const path of [log, other]) {
      await Deno.writeTextFile(path, trap(), { append: true });
    }
    const replayed = lograte(...match, "--replay", whole);
    await Promise.all([live, timed, resumed, replayed].map(async (program) => {
      await until(() => program.err.some((line) => line.includes("ran for")));
      const started = performance.now();
      assertEquals((await program.end("SIGTERM")).code, 0);
      const seconds = (performance.now() - started) / 1000;
      assert(seconds < MARGIN, `${seconds}`);
      assertMatch(program.err.join(), /given up \d\d? times?/);
      if (program === resumed) return; // its second is not over
      assertEquals(total(puts(program.out)) > 0, true);
    }));
  },
);

processTest(
  "lograte.ts gives up --time and --path, too, when they take too long",
  [],
  async (folder) => {
    const path = `${folder}/${TRAP}`;
    const day = Date.UTC(2026, 5, 14) / 1000;
    const lines = ["aa", TRAP, "aa"].map((text, i) => `${day + i} ${text}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    const replay = async (time: string, ...more: string[]) => {
      const args = ["--max-gap", "0", "--replay", ...more, path];
      const program = lograte("--time", `(?<epoch>\\d+) ${time}`, ...args);
      assertEquals((await program.end()).code, 0);
      const values = puts(program.out)
        .map(({ second, value }) => [second - day, value]);
      return [values, program.out[0], program.err.at(-1)] as const;
    };
    const [given, first, last] = await replay(
      HARDER,
      ...["--path", `(?<x>${HARDER})`],
    );
    assertEquals(given, [[0, 2], [2, 1]]);
    assertMatch(first!, / x=none$/);
    assertMatch(last!, /given up 2 times, 1 line took the time/);
    const [followed, , end] = await replay(`${HARD}(?:!|$)`);
    assertEquals(followed, [[0, 1], [1, 1], [2, 1]]);
    assertEquals(end!.includes("given up"), false);
  },
);
