/** lograte.ts reads whole files, zipped ones too, until their end or a signal. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { gzip, positionIn } from "./helpers/files.ts";
import { lograte, SCRIPT } from "./helpers/lograte.ts";
import {
  command,
  processTest,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z

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

processTest(
  "lograte.ts reports all that it has read when a replay is stopped",
  [],
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
    const { pid } = program.process;
    await until(async () => (await positionIn(log, pid) ?? 0) > size / 10);
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
