import { assert, assertEquals } from "@std/assert";
import { follow, tail } from "../mod.ts";
import { processTest, Running, sleep, until } from "./processes.ts";

const STOP = "stop";

/** Reads lines in this process until one says stop. */
class Reader {
  readonly lines: string[] = [];
  /** Milliseconds from the time that ends a line to the time it came. */
  readonly delays: number[] = [];
  readonly ended: Promise<void>;

  constructor(source: AsyncIterable<string>) {
    this.ended = this.#read(source);
  }

  async #read(source: AsyncIterable<string>): Promise<void> {
    for await (const line of source) {
      if (line === STOP) return;
      this.lines.push(line);
      this.delays.push(Date.now() - Number(line.split(" ").at(-1)));
    }
  }

  /** What came is what was written, each line once; says so. */
  compare(what: string, written: string[]): void {
    const came = new Set(this.lines);
    const lost = written.filter((line) => !came.has(line)).length;
    const doubled = this.lines.length - came.size;
    console.log(
      `${what}: written=${written.length} read=${this.lines.length} ` +
        `lost=${lost} doubled=${doubled}`,
    );
    assertEquals({ lost, doubled }, { lost: 0, doubled: 0 });
    assertEquals(this.lines.length, written.length);
  }
}

/** Writes numbered lines into a file that it opened, whatever its name is. */
class Writer {
  readonly written: string[];
  readonly #file: Deno.FsFile;

  constructor(path: string, written: string[]) {
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.written = written;
  }

  write(count = 1): void {
    let text = "";
    for (let i = 0; i < count; i++) {
      const line = `line ${this.written.length} ${Date.now()}`;
      this.written.push(line);
      text += line + "\n";
    }
    this.#file.writeSync(new TextEncoder().encode(text));
  }

  close(): void {
    this.#file.close();
  }
}

/** Starts to read a log that is there, and returns once it does. */
async function read(path: string): Promise<Reader> {
  const writer = new Writer(path, []);
  const reader = new Reader(tail(path));
  await until(() => {
    writer.write();
    return reader.lines.length > 0;
  });
  await until(() => reader.lines.length === writer.written.length);
  writer.close();
  reader.lines.length = reader.delays.length = 0;
  return reader;
}

async function stop(reader: Reader, path: string): Promise<void> {
  await Deno.writeTextFile(path, STOP + "\n", { append: true });
  await reader.ended;
}

processTest(
  "tail() loses nothing while writers hold renamed files under load",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = await read(log);
    const written: string[] = [];
    const writers = [new Writer(log, written)];
    const load = setInterval(() => writers.forEach((w) => w.write(20)), 5);
    for (let i = 0; i < 6; i++) {
      await sleep(300);
      await Deno.rename(log, `${log}.${i}`);
      if (i % 2) await sleep(400); // the new file comes later
      writers.push(new Writer(log, written));
      await sleep(300); // the writer of the old file goes on
      if (i > 2) writers.shift()!.close();
    }
    clearInterval(load);
    for (const writer of writers) writer.close();
    await until(() => reader.lines.length >= written.length).catch(() => {});
    await stop(reader, log);
    reader.compare("6 rotations by rename under load", written);
  },
);

processTest("tail() reads a renamed file that its writer holds for 10 s", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  const old = new Writer(log, written);
  old.write();
  await Deno.rename(log, `${log}.1`);
  const fresh = new Writer(log, written);
  fresh.write();
  await sleep(10_000);
  old.write(100);
  fresh.write(100);
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("a writer that holds the old file for 10 s", written);
  old.close();
  fresh.close();
});

processTest("tail() reads files that were renamed faster than any poll", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) {
      const writer = new Writer(log, written);
      writer.write(50);
      writer.close();
      for (let n = 20; n > 0; n--) {
        try {
          Deno.renameSync(`${log}.${n - 1}`, `${log}.${n}`);
        } catch {
          // There is none of that number yet.
        }
      }
      Deno.renameSync(log, `${log}.0`);
    }
    await sleep(1500);
  }
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("15 rotations in 3 bursts", written);
});

processTest(
  "tail() counts a line of a new file when it is written",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = await read(log);
    const written: string[] = [];
    for (let i = 0; i < 5; i++) {
      await Deno.rename(log, `${log}.${i}`);
      const writer = new Writer(log, written);
      writer.write();
      writer.close();
      await until(() => reader.lines.length === written.length);
    }
    const median = reader.delays.toSorted((a, b) => a - b)[2]!;
    assert(median < 250, `a line of a new file came ${median} ms late`);
    await stop(reader, log);
  },
);

processTest("tail() loses and doubles nothing when tail is killed under load", [
  "tail",
  "pkill",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  const writer = new Writer(log, written);
  const load = setInterval(() => writer.write(20), 5);
  for (const pattern of [`tail -f.*${log}`, `tail -F.*${log}`]) {
    await sleep(500);
    await new Running(["pkill", "-9", "-f", pattern]).end();
    await sleep(1500);
  }
  clearInterval(load);
  writer.close();
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("tail killed twice under load", written);
});

processTest(
  "tail() reads what is written while no tail runs and the log is rotated",
  ["tail", "pkill"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = await read(log);
    const written: string[] = [];
    const old = new Writer(log, written);
    await new Running(["pkill", "-9", "-f", `tail -.*${log}`]).end();
    old.write(100);
    await Deno.rename(log, `${log}.1`);
    const fresh = new Writer(log, written);
    old.write(100);
    fresh.write(100);
    await until(() => reader.lines.length >= written.length).catch(() => {});
    await stop(reader, log);
    reader.compare("rotated while no tail ran", written);
    old.close();
    fresh.close();
  },
);

processTest("tail() reads on after a truncation", ["tail"], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  const writer = new Writer(log, written);
  for (let i = 0; i < 3; i++) {
    writer.write(100);
    await until(() => reader.lines.length === written.length);
    await Deno.copyFile(log, `${log}.${i}`); // as copytruncate does
    await Deno.truncate(log);
    await sleep(300);
    writer.write(7);
    await until(() => reader.lines.length === written.length);
  }
  await stop(reader, log);
  reader.compare("3 times copytruncate", written);
  writer.close();
});

processTest(
  "tail() reads no other log, and no copy, for a rotated one",
  ["tail"],
  async (folder) => {
    const log = `${folder}/access.log`;
    const reader = await read(log);
    const written: string[] = [];
    new Writer(log, written).write(3);
    await until(() => reader.lines.length === 3);
    // As logrotate does with both logs, and an admin in between.
    await Deno.writeTextFile(`${folder}/access-api2.log`, "other\n");
    await Deno.writeTextFile(`${folder}/access2.log`, "other\n");
    await Deno.copyFile(log, `${log}.bak`);
    await Deno.copyFile(log, `${log}.7`);
    await Deno.utime(`${log}.7`, 1_700_000_000, 1_700_000_000); // as gunzip does
    await Deno.rename(log, `${log}.1`);
    await sleep(300);
    await Deno.writeTextFile(`${folder}/access-api3.log`, "other\n");
    new Writer(log, written).write(3);
    await until(() => reader.lines.length >= 6);
    await sleep(1200);
    await stop(reader, log);
    reader.compare("other logs beside it", written);
  },
);

processTest(
  "tail() waits for a folder that is gone to come back",
  ["tail"],
  async (folder) => {
    const log = `${folder}/logs/app.log`;
    await Deno.mkdir(`${folder}/logs`);
    const reader = await read(log);
    await Deno.remove(`${folder}/logs`, { recursive: true });
    await sleep(1200);
    await Deno.mkdir(`${folder}/logs`);
    const written: string[] = [];
    new Writer(log, written).write(3);
    await until(() => reader.lines.length === 3);
    await stop(reader, log);
    reader.compare("a folder that was gone", written);
  },
);

processTest(
  "tail() follows a link whose target is rotated in its own folder",
  ["tail"],
  async (folder) => {
    const log = `${folder}/real/app.log`;
    await Deno.mkdir(`${folder}/real`);
    await Deno.writeTextFile(log, "");
    await Deno.symlink(log, `${folder}/link.log`);
    const reader = await read(`${folder}/link.log`);
    const written: string[] = [];
    for (let i = 0; i < 10; i++) {
      const writer = new Writer(log, written);
      writer.write(5);
      Deno.renameSync(log, `${log}.${i}`);
      writer.write(5);
      writer.close();
      await sleep(10);
    }
    await until(() => reader.lines.length >= written.length).catch(() => {});
    await stop(reader, log);
    reader.compare("10 fast rotations behind a link", written);
  },
);

processTest(
  "tail() waits for a log that is not there yet, and reads all of it",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = new Reader(tail(log));
    await sleep(500);
    const written: string[] = [];
    const writer = new Writer(log, written);
    writer.write(10);
    await until(() => reader.lines.length === 10);
    await stop(reader, log);
    reader.compare("a log that comes later", written);
    writer.close();
  },
);

processTest("tail() reads only what comes, and a name with anything in it", [
  "tail",
], async (folder) => {
  const log = `${folder}/-n "a' $(b)\n*.log`;
  await Deno.writeTextFile(log, "before\n");
  const reader = await read(log);
  assert(!reader.lines.includes("before"));
  await stop(reader, log);
});

processTest("tail() takes lines as data, of whatever bytes and length", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const MIB = 1024 * 1024;
  const bytes = Uint8Array.from(
    { length: 3 * MIB },
    (_, i) => (i * 7919) % 256,
  );
  const file = await Deno.open(log, { append: true });
  const write = (data: string | Uint8Array) =>
    file.write(
      typeof data === "string" ? new TextEncoder().encode(data) : data,
    );
  await write("half ");
  await sleep(100);
  await write("a line\r\n");
  await write("\0\u001b[31m$(reboot)`reboot`; \ud83d\ude00\n");
  await write(Uint8Array.of(0xff, 0xfe, 0x0a, 0xe2, 0x82));
  await sleep(100);
  await write(Uint8Array.of(0xac, 0x0a));
  const lines = [
    "half a line",
    "\0\u001b[31m$(reboot)`reboot`; 😀",
    "\ufffd\ufffd",
    "€",
  ];
  await until(() => reader.lines.length === lines.length);
  assertEquals(reader.lines, lines);
  for (let i = 0; i < 10; i++) await write("x".repeat(MIB)); // one line of 10 MB
  await write("tail\nnext\n");
  await until(() => reader.lines.at(-1) === "next", 20);
  assertEquals(reader.lines.length, lines.length + 2);
  assertEquals(reader.lines.at(-2), "x".repeat(MIB));
  await write(bytes);
  await write("\nlast\n");
  await until(() => reader.lines.at(-1) === "last", 20);
  await stop(reader, log);
  file.close();
});

processTest("tail() keeps only lines that match", ["tail"], async (folder) => {
  for (const match of ["needle", /n[e]{2}dle/g, /needle/y]) {
    const log = `${folder}/${match}`.replace(/\/([^/]*)$/, "-$1") + ".log";
    await Deno.mkdir(new URL(".", `file://${log}`), { recursive: true });
    await Deno.writeTextFile(log, "");
    const lines: string[] = [];
    const reading = (async () => {
      for await (const line of tail(log, { match })) {
        if (line.endsWith("enough")) return;
        lines.push(line);
      }
    })();
    await sleep(300);
    await Deno.writeTextFile(log, "needle 1\nhay\n\nneedle needle 2\r\nneedle");
    await until(() =>
      lines.length >= 2 || match instanceof RegExp && match.sticky
    );
    await Deno.writeTextFile(log, " 3\nneedle enough\n", { append: true });
    await reading;
    assertEquals(
      lines,
      ["needle 1", "needle needle 2", "needle 3"],
      `${match}`,
    );
  }
});

processTest("follow() starts a program again that ends", ["sh"], async () => {
  const lines: string[] = [];
  const script = 'echo "$$"; echo other; printf half';
  for await (const line of follow("sh", ["-c", script], { match: /\d|half/ })) {
    lines.push(line);
    if (lines.length === 4) break;
  }
  assertEquals([lines[1], lines[3]], ["half", "half"]);
  assert(lines[0] !== lines[2]);
});
