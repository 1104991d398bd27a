/** The spool on disk. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { DiskStore } from "../pipes/tsd/disk.ts";
import { Spool } from "../pipes/tsd/spool.ts";
import { freePort, processTest, ROOT, until } from "./helpers/processes.ts";
import {
  atLast,
  FakeTsd,
  generate,
  HttpTsd,
  Piped,
  take,
  tsdCommand,
} from "./helpers/tsds.ts";

const LIMIT = 1024 * 1024;

/** Opens a spool in a folder, and collects what it says. */
function open(folder: string, limit = LIMIT) {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const store = new DiskStore(folder, { say });
  const spool = new Spool({ limit, store });
  return { said, spool, [Symbol.dispose]: () => store[Symbol.dispose]() };
}

/** Takes all batches, one by one. */
function takeAll(spool: Spool): string[] {
  const texts = [];
  for (let batch; (batch = spool.take());) texts.push(batch.text);
  return texts;
}

/** Starts tsd.ts with its spool in a folder. */
function spooling(folder: string, host: string | number, ...args: string[]) {
  const [deno, run, ...rest] = tsdCommand("--spool-dir", folder, ...args, host);
  const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  return new Piped([deno!, run!, ...flags, ...rest]);
}

/** Resolves once a line is the last of the spool on disk, as a copy shows. */
async function onDisk(folder: string, line: string): Promise<void> {
  const copy = await Deno.makeTempDir();
  await until(() => {
    try {
      for (const name of ["tsd.spool", "tsd.spool-wal"]) {
        Deno.copyFileSync(`${folder}/${name}`, `${copy}/${name}`);
      }
      using database = new DatabaseSync(`${copy}/tsd.spool`);
      const { text } = database
        .prepare("select text from batch order by id desc limit 1").get()!;
      return String(text).endsWith(line + "\n");
    } catch {
      return false;
    }
  });
  await Deno.remove(copy, { recursive: true });
}

processTest(
  "DiskStore keeps what was not stored, in order, for the next start",
  [],
  (folder) => {
    {
      using first = open(`${folder}/new`);
      for (const text of ["a\n", "b\n", "c\n"]) first.spool.push(text, 1);
      assertEquals(first.spool.take()!.text, "a\n");
      first.spool.confirm(true);
      assertEquals(first.spool.take()!.text, "b\n");
      first.spool.confirm();
      assertEquals(first.spool.undelivered, { lines: 1, sent: 0 });
    }
    using second = open(`${folder}/new`);
    assertEquals(second.spool.undelivered, { lines: 2, sent: 0 });
    second.spool.push("d\n", 1);
    assertEquals(takeAll(second.spool), ["b\n", "c\n", "d\n"]);
    assertEquals(second.said, []);
    assertEquals(Deno.statSync(`${folder}/new`).mode! & 0o777, 0o700);
    return Promise.resolve();
  },
);

processTest("DiskStore drops the oldest beyond the limit", [], (folder) => {
  {
    using first = open(folder, 100_000);
    const text = "x".repeat(39_999) + "\n";
    assertEquals(first.spool.push(text, 2), 0);
    assertEquals(first.spool.push(text, 3), 0);
    assertEquals(first.spool.push(text, 4), 2);
  }
  using second = open(folder);
  assertEquals(second.spool.undelivered.lines, 7);
  return Promise.resolve();
});

processTest("DiskStore refuses a folder that is in use", [], (folder) => {
  using _ = open(folder);
  assertThrows(() => open(folder), Error, "another program uses");
  return Promise.resolve();
});

processTest(
  "DiskStore drops a batch that is damaged, and says so",
  [],
  (folder) => {
    {
      using first = open(folder);
      for (const text of ["a\n", "b\n", "c\n"]) first.spool.push(text, 1);
    }
    const database = new DatabaseSync(`${folder}/tsd.spool`);
    database.exec("update batch set text = 'B' where id = 2");
    database.close();
    using second = open(folder);
    assertEquals(takeAll(second.spool), ["a\n", "c\n"]);
    assertEquals(second.said, [
      "cannot read a batch of the spool: it is damaged",
    ]);
    assertEquals(second.spool.dropped, 1);
    return Promise.resolve();
  },
);

processTest("DiskStore opens a file with a torn end", [], (folder) => {
  const lines = Array.from(
    { length: 100 },
    (_, i) => `${i}`.padEnd(999) + "\n",
  );
  const whole = `${folder}/whole`;
  using first = open(whole);
  for (const line of lines) first.spool.push(line, 1);
  const log = Deno.readFileSync(`${whole}/tsd.spool-wal`);
  const file = Deno.readFileSync(`${whole}/tsd.spool`);
  assert(log.length > 100_000);
  for (const part of [0.999, 0.7, 0.31]) {
    for (const garbage of [0, 5000]) {
      const torn = `${folder}/${part}-${garbage}`;
      Deno.mkdirSync(torn);
      const end = Math.floor(log.length * part);
      const bytes = new Uint8Array(end + garbage).fill(7);
      bytes.set(log.subarray(0, end));
      Deno.writeFileSync(`${torn}/tsd.spool-wal`, bytes);
      Deno.writeFileSync(`${torn}/tsd.spool`, file);
      using again = open(torn);
      const found = takeAll(again.spool);
      assertEquals(found, lines.slice(0, found.length));
      assert(found.length > 100 * part - 10, `${found.length} of ${part}`);
      assertEquals(again.said, []);
    }
  }
  return Promise.resolve();
});

processTest(
  "DiskStore puts aside a file that is not its own",
  [],
  (folder) => {
    Deno.writeTextFileSync(`${folder}/tsd.spool`, "x".repeat(10_000));
    using spool = open(folder);
    assertMatch(
      spool.said.join(),
      /^cannot read the spool: .*: it is now \S+$/,
    );
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
    const aside = names.find((name) => /^tsd\.spool\.\d+$/.test(name))!;
    assertEquals(Deno.statSync(`${folder}/${aside}`).size, 10_000);
    spool.spool.push("a\n", 1);
    assertEquals(takeAll(spool.spool), ["a\n"]);
    return Promise.resolve();
  },
);

processTest("DiskStore puts aside a torn file", [], (folder) => {
  {
    using first = open(folder);
    for (let i = 0; i < 100; i++) first.spool.push(`${i}`.padEnd(999), 1);
  }
  const file = Deno.readFileSync(`${folder}/tsd.spool`);
  Deno.writeFileSync(`${folder}/tsd.spool`, file.subarray(0, 50_000));
  using second = open(folder);
  assertMatch(second.said.join(), /malformed: it is now \S+$/);
  assertEquals(second.spool.undelivered.lines, 0);
  return Promise.resolve();
});

for (const way of ["telnet", "HTTP"]) {
  processTest(
    `tsd.ts: sends by ${way} all that was on disk after several kill -9`,
    [],
    async (folder) => {
      const generator = generate();
      const written: string[] = [];
      for (let round = 0; round < 3; round++) {
        const pipe = spooling(folder, freePort());
        const lines = take(generator, 3000);
        written.push(...lines);
        await pipe.write(lines);
        await onDisk(folder, lines.at(-1)!);
        await pipe.end("SIGKILL");
      }
      await using server = way === "HTTP" ? new HttpTsd() : new FakeTsd();
      const host = `127.0.0.1:${server.port}`;
      const pipe = spooling(folder, way === "HTTP" ? `http://${host}` : host);
      const more = take(generator, 100);
      written.push(...more);
      await pipe.write(more);
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      console.log(
        `disk spool, 3 kills by ${way}: written=${written.length} stored=${server.lines.length}`,
      );
      assertEquals(server.lines.toSorted(), written.toSorted());
    },
  );
}

processTest(
  "tsd.ts: says what waits on disk, and refuses a spool that is in use",
  [],
  async (folder) => {
    const port = freePort();
    const pipe = spooling(folder, port, "--timeout", "60");
    const lines = take(generate(), 10);
    await pipe.write(lines);
    await onDisk(folder, lines[9]!);
    const other = spooling(folder, port);
    assertEquals((await other.end()).code, 2);
    assertMatch(
      other.err[0]!,
      /--spool-dir: another program uses .*\/tsd\.spool;/,
    );
    pipe.process.kill("SIGTERM");
    assertEquals((await pipe.end("SIGINT")).code, 1);
    assert(pipe.err.includes(
      `tsd.ts: could not deliver 10 datapoints, and keeps 10 in ${folder}`,
    ));
    const refused = new Piped(tsdCommand("--spool-dir", folder, port));
    assertEquals((await refused.end()).code, 2);
    assertMatch(refused.err[0]!, /--spool-dir needs .*--allow-write=/);
  },
);

processTest(
  "tsd.ts: needs no more permissions for a spool on disk than its --help says",
  [],
  async (folder) => {
    await using server = new FakeTsd();
    const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    const pipe = new Piped([
      ...[Deno.execPath(), "run", "--allow-net", ...flags],
      ...[`${ROOT}pipes/tsd.ts`, "--spool-dir", folder],
      `127.0.0.1:${server.port}`,
    ]);
    const lines = take(generate(), 10);
    await pipe.write(lines);
    await pipe.close();
    assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
    assertEquals(server.lines, lines);
  },
);

processTest(
  "tsd.ts: keeps in memory what a full disk does not take",
  [],
  async (folder) => {
    const port = freePort();
    const [deno, run, ...rest] = tsdCommand("--spool-dir", folder, port);
    const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`];
    // No file may become larger than 100 KiB.
    const full = `trap "" XFSZ; ulimit -f 200; exec "$@"`;
    const program = ["sh", "-c", full, "sh", deno!, run!, ...flags, ...rest];
    const pipe = new Piped(program);
    const written = take(generate(), 10_000);
    await pipe.write(written);
    await until(() => pipe.err.some((line) => line.includes("in memory")));
    await using server = await atLast(() => new FakeTsd({ port }));
    await pipe.close();
    const { code } = await pipe.end();
    assertEquals(server.lines, written);
    assertEquals(code, 0, pipe.err.join("\n"));
    const said = pipe.err.filter((line) => line.includes("in memory"));
    assertEquals(said.length, 1);
    assertMatch(said[0]!, /: cannot keep puts on disk, they are in memory: /);
  },
);
