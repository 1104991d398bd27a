/** The program tsd.ts, with the small TSDs of the tests. */
import { assert, assertEquals } from "@std/assert";
import {
  command,
  freePort,
  processTest,
  puts,
  Running,
  until,
} from "./helpers/processes.ts";
import { atLast, FakeTsd, generate, LINE, take, tsd } from "./helpers/tsds.ts";

processTest(
  "tsd.ts: drops the oldest lines when its spool is full, and counts them",
  [],
  async () => {
    const port = freePort();
    const pipe = tsd("--spool", "64K", port);
    const written = take(generate(), 5000);
    await pipe.write(written);
    await until(() => pipe.err.some((line) => line.includes("spool is full")));
    await using server = await atLast(() => new FakeTsd({ port }));
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    const [, count] = pipe.err.join("\n").match(
      / could not deliver (\d+) datapoints$/m,
    )!;
    const rest = written.slice(Number(count));
    assert(rest.length > 500, count);
    const lost = written.length - server.lines.length;
    console.log(
      `spool overflow: written=5000 stored=${server.lines.length} lost=${lost} said=${count}`,
    );
    assertEquals(server.lines, rest);
  },
);

processTest(
  "tsd.ts: gives up after the timeout and says what was not delivered",
  [],
  async () => {
    const pipe = tsd("--timeout", "0.5", freePort());
    await pipe.write(take(generate(), 123));
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    assert(pipe.err.includes("tsd.ts: could not deliver 123 datapoints"));
  },
);

processTest(
  "tsd.ts: sends no line that is not a put, and says so",
  [],
  async () => {
    await using server = new FakeTsd();
    const pipe = tsd(server.port);
    const long = `put ${"a".repeat(1022)} 1700000000 1 host=web1`;
    const bad = [
      "gen.flow 1700000000 1 part=a",
      "x".repeat(100_000),
      long,
      "\0",
      "version",
    ];
    await pipe.write([LINE, ...bad, LINE]);
    await pipe.write(["put a.b 1700000000 1 host=web"], ""); // torn
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    assertEquals(server.lines, [LINE, LINE]);
    assertEquals(pipe.err, [
      'tsd.ts: not sent, as it is not a put: "gen.flow 1700000000 1 part=a"',
      "tsd.ts: did not send 6 lines without a put",
    ]);
  },
);

processTest(
  "tsd.ts: sends 250,000 lines through a small spool, in order",
  [],
  async () => {
    await using server = new FakeTsd();
    const pipe = tsd("--spool", "256K", server.port);
    const written = take(generate(), 250_000);
    const start = performance.now();
    await pipe.write(written.slice(0, 1));
    await until(() => server.lines.length === 1);
    await pipe.write(written.slice(1));
    await pipe.close();
    assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
    const seconds = (performance.now() - start) / 1000;
    console.log(`${Math.round(written.length / seconds)} lines/s`);
    assertEquals(server.lines.length, written.length);
    assert(server.lines.every((line, i) => line === written[i]));
  },
);

processTest(
  "tsd.ts: reports on itself with --self",
  [],
  async () => {
    const reply = (line: string) =>
      line.startsWith("put a.b ") ? "put: unknown metric: a.b\n" : "";
    await using server = new FakeTsd({ reply });
    const pipe = tsd("--self", server.port);
    await pipe.write([LINE, "not a put", LINE]);
    await until(() => pipe.err.length === 2, 20, "both kinds are refused");
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    const found = puts(server.lines.filter((line) => line !== LINE));
    const of = (name: string) =>
      found.filter(({ series }) =>
        series ===
          `metriccounter.${name} host=${Deno.hostname()} program=tsd.ts`
      ).map(({ value }) => value);
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
    assertEquals(sum(of("refused")), 3);
    assert(of("dropped").length > 0);
    assertEquals(sum(of("dropped")), 0);
    assert(of("waiting.bytes").length > 0);
  },
);

processTest(
  "tsd.ts: refuses wrong arguments with status 2",
  [],
  async () => {
    const bad = [
      [],
      ["--spool"],
      ["--spool", "0", "tsd"],
      ["--spool", "much", "tsd"],
      ["--timeout", "x", "tsd"],
      ["--timeout", "1", "--timeout", "2", "tsd"],
      ["tsd:0"],
      ["tsd:x"],
      ["::1"],
    ];
    await Promise.all(bad.map(async (args) => {
      const refused = new Running(command("pipes/tsd.ts", ...args));
      assertEquals((await refused.end()).code, 2, args.join(" "));
      assertEquals(refused.err.length, 1, refused.err.join("\n"));
      assertEquals(refused.out, []);
    }));
  },
);
