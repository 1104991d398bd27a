/**
 * A replay counts every line, in whatever order the lines come. (Long, as all of
 * its parts are held against the same shuffled logs.)
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Days, span } from "../collectors/lograte/days.ts";
import { ValueBuffer } from "../collectors/lograte/value_buffer.ts";
import type { RuleCounterOptions } from "../collectors/lograte/rule_counter.ts";
import { complete } from "../collectors/lograte/options.ts";
import { read, Replay } from "../collectors/lograte/replay.ts";
import { WholeLog } from "../collectors/lograte/whole_log.ts";
import { alive } from "../counter/registry.ts";
import {
  command,
  processTest,
  puts,
  quoted,
  run,
  Running,
  total,
} from "./helpers/processes.ts";
import { random } from "./helpers/random.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z
const DAY = 86_400; // s
const OPTIONS: RuleCounterOptions = {
  tags: { host: "h" },
  timespan: 4,
  granularity: 2,
  maxGap: 20,
};

function newReplay(options: RuleCounterOptions) {
  const rule = { metric: "m", match: /(?<program>\w)/ };
  const replay = new Replay([rule], options);
  return { replay, log: replay.counter.of("log") };
}

/** A line of a log, and its second. */
type Line = [second: number, text: string];

function shuffled<T>(all: T[], next: () => number): T[] {
  return all.map((one) => [next(), one] as const)
    .sort(([a], [b]) => a - b).map(([, one]) => one);
}

/** Lines of two programs, with bursts, and with gaps of seconds to years. */
function someLog(next: () => number): Line[] {
  let second = START;
  return Array.from({ length: 100 }, () => {
    const kind = next();
    if (kind > 0.5) second += Math.ceil(next() * 4);
    if (kind > 0.9) second += Math.ceil(next() * 100);
    if (kind > 0.95) second += Math.ceil(next() * 365 * DAY);
    return [second, next() < 0.7 ? "a" : "b"];
  });
}

/** The values of each series by their seconds, and their sum. */
function bySeries(lines: string[]) {
  const all: Record<string, [number, number][]> = {};
  let total = 0;
  for (const { series, second, value } of puts(lines)) {
    (all[series] ??= []).push([second, value]);
    total += value;
  }
  return { all, total };
}

function replayed(
  lines: Line[],
  options: RuleCounterOptions,
  newest = Infinity,
) {
  const { replay, log } = newReplay(options);
  for (const [at, line] of lines) log.count(line, at);
  const last = Math.min(newest, Math.max(...lines.map(([at]) => at)));
  const text = [...replay.end(last)].join("");
  alive.clear();
  return bySeries(text.split("\n").slice(0, -1));
}

Deno.test("Replay puts the same for lines in any order, and leaves none out", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed);
    const lines = someLog(next);
    const options = { ...OPTIONS, granularity: seed % 2 ? 1 : 2 };
    const inOrder = replayed(lines, options);
    assertEquals(inOrder.total, lines.length, `${seed}`);
    assertEquals(replayed(shuffled(lines, next), options), inOrder, `${seed}`);
    const twice = replayed([...lines, ...lines], options);
    assertEquals(twice.total, 2 * lines.length, `${seed}`);
  }
});

Deno.test("Replay.release() puts seconds that no line can precede, and counts lines that come late", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const next = random(seed);
    const lines = someLog(next);
    const late = (at: number) => at + Math.floor(next() * 30); // when it is read
    const order = lines.map((line) => [late(line[0]), line] as const)
      .sort(([a], [b]) => a - b).map(([, line]) => line);
    for (const lateness of [30, 5]) {
      const { replay, log } = newReplay(OPTIONS);
      let text = "";
      let newest = 0;
      for (const [at, line] of order) {
        log.count(line, at);
        newest = Math.max(newest, at);
        text += [...replay.release(newest - lateness)].join("");
      }
      text += [...replay.end(newest)].join("");
      alive.clear();
      const { all, total } = bySeries(text.split("\n").slice(0, -1));
      assertEquals(total + replay.late, lines.length, `${seed}`);
      if (lateness < 30) continue;
      assertEquals({ all, total }, replayed(lines, OPTIONS), `${seed}`);
    }
  }
});

Deno.test("Replay holds seconds, not lines, also when these are out of order", () => {
  const { replay, log } = newReplay(OPTIONS);
  const next = random(1);
  for (let i = 0; i < 500_000; i++) {
    const at = START + Math.floor(next() * 1000);
    log.count(i % 2 ? "a" : "b", at);
  }
  assert(replay.size < 70_000, `${replay.size}`);
  const { total } = bySeries(
    [...replay.end(START + 1000)].join("").split("\n").slice(0, -1),
  );
  assertEquals(total, 500_000);
  alive.clear();
});

Deno.test("ValueBuffer.size also grows with values that are not summed", () => {
  for (const seconds of [1, 5]) { // those of 5 do not follow each other
    const held = new ValueBuffer();
    const each = held.before(() => {}, false);
    const isBetween = (least: number, most: number) =>
      assert(held.size >= least && held.size <= most, `${held.size}`);
    for (let i = 0; i < 160_000; i++) each(["a"], 1, i % seconds);
    isBetween(10_001, 80_000);
    let lines = 0;
    for (const value of held.release(1)) lines += value.lines;
    assertEquals(lines, 160_000 / seconds);
    isBetween(10_000 - 10_000 / seconds, 80_000);
    for (const value of held.release()) lines += value.lines;
    assertEquals([lines, held.size], [160_000, 0]);
  }
});

Deno.test("Replay puts no quiet seconds between events when maxGap is 0", () => {
  const lines = Array.from(
    { length: 2000 },
    (_, i): Line => [START + i * DAY, "a"],
  );
  const { all } = replayed(lines, { ...OPTIONS, maxGap: 0, granularity: 1 });
  assertEquals(all["m host=h program=a"], lines.map(([at]) => [at, 1]));
});

Deno.test("Replay leaves aside lines of after the newest second", () => {
  const { replay, log } = newReplay(OPTIONS);
  for (const day of [0, 1, 500, 400, 500]) {
    log.count("a", START + day * DAY);
  }
  const text = [...replay.end(START + DAY)].join("");
  assertEquals(bySeries(text.split("\n").slice(0, -1)).total, 2);
  assertEquals([replay.aside, replay.firstAside], [3, START + 400 * DAY]);
  alive.clear();
});

Deno.test("ValueBuffer hands on the values of a second one by one in their order, or their sum", () => {
  const held = new ValueBuffer();
  const taken: string[] = [];
  const note = ([k]: readonly (string | undefined)[], value: number) =>
    void taken.push(`${k} ${value}`);
  const sum = held.before(note, true);
  const each = held.before(note, false);
  for (
    const [k, value, at] of [["a", 1, 7], ["b", 2, 7], ["a", 3, 5]] as const
  ) {
    for (const add of [sum, each]) {
      add([k], value, at + 0.5);
      add([k], value, at);
    }
  }
  sum([undefined], 1e308, 9);
  sum([undefined], 1e308, 9); // is not added, as the sum would be Infinity
  for (const { take } of held.release(7)) take(0);
  assertEquals(taken, ["a 6", "a 3", "a 3"]);
  assertEquals(held.size, 6);
  sum(["a"], 1, 7);
  sum(["a"], 1, 6.9);
  assertEquals(held.late, 1);
  taken.length = 0;
  for (const { take } of held.release()) take(0);
  assertEquals(taken, [
    ...["a 3", "a 1", "a 1", "b 4", "b 2", "b 2"],
    ...["undefined 1e+308", "undefined 1e+308"],
  ]);
});

function daysOf(seconds: number[]): Days {
  const days = new Days();
  for (const second of seconds) days.add(second);
  return days;
}

Deno.test("span() leaves out single times far ahead of all others", () => {
  const log = Array.from({ length: 1000 }, (_, i) => START + i);
  const end = START + 999;
  const with_ = (at: number, ...seconds: number[]) =>
    log.toSpliced(at, 0, ...seconds);
  const far = START + 100 * DAY;
  for (
    const [name, seconds, newest] of [
      ["nothing odd", log, end],
      ["one", with_(500, far), end],
      ["the same twice", with_(500, far, far), end],
      ["two, of different years", with_(500, far).toSpliced(9, 0, 9e9), end],
      ["at the end: a log that was quiet", with_(1000, far), far],
      ["at the beginning", with_(0, far), far],
      ["a run of lines", with_(500, far, far + 1), far + 1],
      ["tomorrow", with_(500, end + DAY + 100), end + DAY + 100],
      ["in a short log", [START, far, START], far],
    ] as const
  ) {
    const found = span([daysOf([...seconds])]);
    assertEquals(found, { oldest: START, newest }, name);
  }
  const other = daysOf(Array.from({ length: 100 }, (_, i) => far - i * DAY));
  const both = span([daysOf(with_(500, far)), other]);
  assertEquals(both, { oldest: START, newest: far });
  assertEquals(span([]), { oldest: Infinity, newest: -Infinity });
});

Deno.test("Days.settled does not follow a single line that is far ahead", () => {
  const days = new Days();
  const settled = (seconds: number[]) => {
    for (const second of seconds) days.add(second);
    return days.settled;
  };
  assertEquals(settled([9e9, START]), -Infinity);
  assertEquals(
    settled(Array.from({ length: 30 }, (_, i) => START + i)),
    START + 28,
  );
  assertEquals(settled([9e9, START + 31, 9e9, START + 30, START]), START + 31);
  const far = START + 10 * DAY;
  const more = Array.from({ length: 25 }, (_, i) => far + i);
  assertEquals(settled(more), far + 23);
});

processTest(
  "WholeLog.earliest is not after any line that is still to come",
  [],
  async (folder) => {
    for (let seed = 1; seed <= 3; seed++) {
      const next = random(seed);
      const path = `${folder}/${seed}`;
      const times = Array.from(
        { length: 60_000 },
        (_, i) => START + i + Math.floor(next() * 20_000),
      );
      times[45_000] = START + 20_000; // the earliest of three blocks
      await Deno.writeTextFile(path, times.map((at) => `${at} x\n`).join(""));
      const log = new WholeLog(
        path,
        complete([path], [{ metric: "m" }], { replay: true }),
      );
      await log.learn();
      assertEquals(log.earliest, -Infinity);
      await log.lookAhead(AbortSignal.abort());
      assertEquals(log.earliest, -Infinity);
      await log.lookAhead(new AbortController().signal);
      let latest = -Infinity;
      const seen: number[] = [];
      for await (const lines of log.batches()) {
        await log.count(lines, {
          foresee: () => {},
          count: (_, at) => void seen.push(at!),
        });
        const rest = times.slice(seen.length);
        assert(rest.every((at) => at >= log.earliest));
        latest = Math.max(latest, log.earliest);
      }
      assertEquals(seen, times);
      assert(latest > START + 40_000, `${latest - START}`);
    }
  },
);

processTest(
  "read() looks ahead, so that it holds little, and loses nothing",
  [],
  async (folder) => {
    const next = random(7);
    const paths: string[] = [];
    for (const part of [3, 2, 1, 0]) { // the newest first, as a shell sorts log, log.1, log.2
      const times = Array.from(
        { length: 30_000 },
        (_, i) => START + part * 30_000 + i + Math.floor(next() * 100),
      );
      const path = `${folder}/${paths.length}`;
      await Deno.writeTextFile(path, times.map((at) => `${at} a\n`).join(""));
      paths.push(path);
    }
    const settings = complete(paths, [{ metric: "m" }], { replay: true });
    const logs = paths.map((path) => new WholeLog(path, settings));
    for (const log of logs) await log.learn();
    const { replay } = newReplay({ ...OPTIONS, granularity: 1 });
    const { signal } = new AbortController();
    const texts: string[] = [];
    let most = 0;
    for await (
      const text of read(logs, replay, { signal, lateness: 0, many: 1000 })
    ) {
      texts.push(text);
      most = Math.max(most, replay.size);
    }
    assert(texts.length > 10, `${texts.length}`); // before all is read
    const { newest } = span(logs.map(({ days }) => days));
    texts.push(...replay.end(newest));
    const { all, total } = bySeries(texts.join("").split("\n").slice(0, -1));
    assertEquals([total, replay.late, replay.aside], [120_000, 0, 0]);
    const order = all["m host=h program=1"]!.map(([second]) => second);
    assertEquals(order, order.toSorted());
    assert(most < 90_000, `${most}`);
    alive.clear();
  },
);

/** A line of an access log. */
function request(second: number, user = "-"): string {
  const time = new Date(second * 1000).toUTCString();
  const date = time.slice(5, 16).replaceAll(" ", "/");
  return `192.0.2.1 - ${user} [${date}:${time.slice(17, 25)} +0000] ` +
    '"GET / HTTP/1.1" 200 5';
}

const ARGS = ["--metric", "m", "--tag", "host=h", "--max-gap", "0", "--replay"];

/** Replays files by the script; returns what it prints. */
async function lograte(...args: string[]) {
  const script = command("collectors/lograte.ts", ...ARGS, ...args);
  const { out, err, code } = await run(script);
  return { counts: puts(out), err, code };
}

async function write(path: string, lines: string[]): Promise<string> {
  await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}

function seconds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => START + i);
}

processTest(
  "lograte.ts --replay merges logs of the same time",
  [],
  async (folder) => {
    const a = await write(`${folder}/a`, seconds(1000).map((s) => request(s)));
    const b = await write(
      `${folder}/b`,
      seconds(1000).flatMap((s) => [`${s} b`, "  continued"]),
    );
    const { counts, err, code } = await lograte(a, b);
    assertEquals(
      counts.map(({ second, value }) => [second, value]),
      seconds(1000).map((second) => [second, 3]),
    );
    assertMatch(err.at(-1)!, /: 3000 lines, 3000 events, .* 0 late/);
    assertEquals(code, 0);
  },
);

processTest(
  "lograte.ts --replay takes no time from a user's name",
  [],
  async (folder) => {
    const users = [
      "x[01/Jan/2099:00:00:00 +0000]",
      "x [01/Jan/2020:00:00:00 +0000]",
    ];
    const lines = seconds(300).map((s, i) =>
      request(s, i % 50 === 7 ? users[i % 4 === 3 ? 0 : 1] : "-")
    );
    const { counts, code } = await lograte(await write(`${folder}/a`, lines));
    assertEquals(
      counts.map(({ second, value }) => [second, value]),
      seconds(300).map((second) => [second, 1]),
    );
    assertEquals(code, 0);
  },
);

processTest(
  "lograte.ts --replay sets aside a time that is far ahead",
  [],
  async (folder) => {
    const lines = seconds(1000).map((s) => request(s));
    lines.splice(500, 0, request(START + 300 * DAY), "  of the same time");
    const log = await write(`${folder}/a`, lines);
    await Deno.utime(log, START + 400 * DAY, START + 400 * DAY);
    const { counts, err, code } = await lograte(log);
    assertEquals(
      counts.map(({ second, value }) => [second, value]),
      seconds(1000).map((second) => [second, 1]),
    );
    assertMatch(err.at(-2)!, /: set aside 2 lines.* is of 2027-04-10T13:16/);
    assertMatch(err.at(-1)!, /: 1002 lines, 1000 events, .*Z to 2026-06-14T/);
    assertEquals(code, 1);
  },
);

processTest(
  "lograte.ts --replay counts lines before the first time",
  [],
  async (folder) => {
    const log = await write(`${folder}/a`, ["banner", "", `${START} x`]);
    const { counts, err } = await lograte("--time-format", "%s", log);
    assertEquals(counts.map(({ value }) => value), [3]);
    assertMatch(err.at(-1)!, /, 2 lines took the time of the line before$/);
  },
);

processTest(
  "lograte.ts --since and --until leave out other times",
  [],
  async (folder) => {
    const log = await write(`${folder}/a`, seconds(100).map((s) => `${s} x`));
    const since = ["--zone", "Europe/Berlin", "--since", "2026-06-14 15:16:11"];
    const until = ["--until", "2026-06-14T13:16:21Z"];
    const { counts, err, code } = await lograte(...since, ...until, log);
    assertEquals(
      counts.map(({ second }) => second - START),
      [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    );
    assertMatch(
      err.at(-1)!,
      /100 lines, 10 events, .*, 90 lines of other times$/,
    );
    assertEquals(code, 0);
    const none = await lograte("--since", "2026-06-15", "--zone", "UTC", log);
    assertEquals([none.counts, none.code], [[], 0]);
    for (const text of ["yesterday", "2026-02-30", "15:16"]) {
      const { err, code } = await lograte("--since", text, log);
      assertEquals(code, 2);
      assertMatch(err[0]!, /option --since: .* a time must be written as .*"/);
    }
  },
);

processTest(
  "lograte.ts --replay - puts as time goes by, and counts what is late",
  ["timeout"],
  async (folder) => {
    const lines = seconds(300).map((s) => `${s} x`);
    const far = START + 70 * DAY;
    lines.push(`${far} far`, `${START} late`, `${START + 290} not late`);
    const log = await write(`${folder}/a`, lines);
    const fifo = `${folder}/fifo`;
    await new Running(["mkfifo", fifo]).end();
    const script = quoted(command("collectors/lograte.ts", ...ARGS));
    // The input goes on only when the script has put something.
    const program = new Running([
      ...["timeout", "30", "sh"],
      "-c",
      `{ head -n 300 ${log}; read -r _ < ${fifo}; tail -n 3 ${log}; } |
         { ${script} --lateness 20 -; echo "status $?" >&2; } | { read -r first; echo "$first"; echo > ${fifo}; cat; }
       `,
    ]);
    await program.end();
    assertEquals(total(puts(program.out)), 301);
    assertMatch(program.err.at(-2)!, /: 303 lines, 301 events, .* 1 late/);
    assertEquals(program.err.at(-1), "status 1");
  },
);

processTest(
  "lograte.ts --replay reads a damaged file as far as it can be read",
  ["gzip"],
  async (folder) => {
    const log = await write(
      `${folder}/a`,
      seconds(20_000).map((s) => request(s)),
    );
    await new Running(["gzip", log]).end();
    const whole = await Deno.readFile(`${log}.gz`);
    for (const size of [whole.length - 3, whole.length >> 1, 5000]) {
      const cut = `${folder}/cut.gz`;
      await Deno.writeFile(cut, whole.subarray(0, size));
      const zcat = new Running(["gzip", "-dc", cut]);
      await zcat.end();
      const { counts, err, code } = await lograte(cut);
      assertEquals([total(counts), code], [zcat.out.length, 1], `${size}`);
      assertMatch(
        err[0]!,
        /cannot read all of .*cut\.gz: unexpected end of file/,
      );
    }
  },
);

processTest(
  "lograte.ts --replay reads a pipe once",
  ["bash"],
  async (folder) => {
    const log = await write(`${folder}/a`, seconds(5).map((s) => `${s} x`));
    const script = quoted(command("collectors/lograte.ts", ...ARGS));
    const program = new Running([
      "bash",
      "-c",
      `${script} <(cat ${log}) ${log}`,
    ]);
    await program.end();
    assertEquals(puts(program.out).map(({ value }) => value), [2, 2, 2, 2, 2]);
  },
);
