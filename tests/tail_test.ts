import { assert, assertEquals } from "@std/assert";
import { LogFollower } from "../lines/tail/follower.ts";
import { follow, tail } from "../mod.ts";
import { processTest, Running, sleep, until } from "./helpers/processes.ts";

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
    for (let i = 0; i < 5; i++) {
      await sleep(100);
      await Deno.rename(log, `${log}.${i}`);
      if (i % 2) await sleep(100); // the new file comes later
      writers.push(new Writer(log, written));
      await sleep(100); // the writer of the old file goes on
      if (i > 2) writers.shift()!.close();
    }
    clearInterval(load);
    for (const writer of writers) writer.close();
    await until(() => reader.lines.length >= written.length).catch(() => {});
    await stop(reader, log);
    reader.compare("5 rotations by rename under load", written);
  },
);

processTest("tail() leaves a renamed file for no clock that is set", [
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
  await until(() => reader.lines.length === 2);
  const { now } = Date;
  Date.now = () => now() + 60_000;
  try {
    await sleep(500);
    old.write(100);
    fresh.write(100);
    await until(() => reader.lines.length >= written.length).catch(() => {});
  } finally {
    Date.now = now;
  }
  await stop(reader, log);
  reader.compare("the clock goes forward by 60 s", written);
  old.close();
  fresh.close();
});

processTest(
  "LogFollower reads a renamed file to its end, and leaves it when it is quiet",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const written: string[] = [];
    const old = new Writer(log, []);
    const pieces = new LogFollower(log, { grace: 1000 }).pieces();
    const lines: string[] = [];
    let paused = Promise.resolve();
    const reading = (async () => {
      for await (const piece of pieces) {
        lines.push(...piece.lines);
        if (lines.at(-1) === STOP) return;
        await paused;
      }
    })();
    const writer = new Writer(log, written);
    await sleep(50);
    writer.write();
    await until(() => lines.length === 1);
    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(log, "");
    // The consumer takes longer than the grace, while the old file is written.
    paused = sleep(1200);
    const load = setInterval(() => writer.write(10), 50);
    await paused;
    clearInterval(load);
    await until(() => lines.length === written.length);
    // The process stands for longer than the grace.
    writer.write();
    for (const end = performance.now() + 1100; performance.now() < end;);
    writer.write();
    await until(() => lines.length === written.length);
    await sleep(1400); // quiet
    writer.write();
    await sleep(300);
    await Deno.writeTextFile(log, STOP + "\n");
    await reading;
    assertEquals(lines, [...written.slice(0, -1), STOP]);
    old.close();
    writer.close();
  },
);

processTest("LogFollower tells where the lines of a piece begin", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  await Deno.writeTextFile(log, "old\nha");
  const found: [number, number, string[]][] = [];
  let part = 0;
  const parts = ["lf\nno", " é", "nd\nlast\n"];
  const write = () =>
    Deno.writeTextFileSync(log, parts[part++]!, { append: true });
  const pieces = new LogFollower(log, { match: /[aeo]/ }).pieces();
  setTimeout(write, 50);
  for await (const { file, start, lines } of pieces) {
    found.push([start, file.offset, lines]);
    if (part === parts.length) break;
    write();
  }
  assertEquals(found, [
    [6, 11, []], // the rest of a line that was begun before is a line
    [9, 14, []],
    [9, 22, ["no énd", "last"]],
  ]);
});

processTest("tail() reads files that were renamed faster than any look", [
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
    await sleep(300);
  }
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("15 rotations in 3 bursts", written);
});

processTest("tail() keeps up with a chain of renames every 50 ms", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  for (let round = 0; round < 40; round++) {
    const writer = new Writer(log, written);
    writer.write(30);
    await sleep(50);
    for (let n = 9; n > 0; n--) {
      if (round >= n) Deno.renameSync(`${log}.${n - 1}`, `${log}.${n}`);
    }
    Deno.renameSync(log, `${log}.0`);
    writer.write(5);
    writer.close();
  }
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("40 renames, one every 50 ms", written);
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
  "pgrep",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  const writer = new Writer(log, written);
  const load = setInterval(() => writer.write(20), 5);
  await new Running(["pkill", "-9", "-f", `tail .*-F.*${log}`]).end();
  await sleep(300);
  await Deno.rename(log, `${log}.1`);
  const fresh = new Writer(log, written);
  const pgrep = ["pgrep", "-f", `tail .*-F.*${log}`];
  await until(async () => (await new Running(pgrep).end()).success);
  clearInterval(load);
  fresh.write(20);
  await until(() => reader.lines.length >= written.length).catch(() => {});
  await stop(reader, log);
  reader.compare("tail killed, then rotated, under load", written);
  writer.close();
  fresh.close();
});

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
  // Before anybody can look, there is more in it than there was.
  await Deno.truncate(log);
  writer.write(1000);
  await until(() => reader.lines.length >= written.length);
  await stop(reader, log);
  reader.compare("4 times copytruncate", written);
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
    // As logrotate does with all logs, and an admin in between.
    const others = ["access-2.log", "access.8080.log", "access-api.log"];
    for (const other of others) {
      await Deno.writeTextFile(`${folder}/${other}`, "other\n");
    }
    await Deno.copyFile(log, `${log}.bak`);
    await Deno.copyFile(log, `${log}.7`);
    await Deno.utime(`${log}.7`, 1_700_000_000, 1_700_000_000); // as gunzip does
    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(`${folder}/access-3.log`, "other\n");
    await sleep(300);
    new Writer(log, written).write(3);
    await until(() => reader.lines.length >= 6);
    await sleep(300);
    await stop(reader, log);
    reader.compare("other logs beside it", written);
  },
);

processTest("tail() goes on where it was when a rotated log comes back", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  new Writer(log, written).write(3);
  await until(() => reader.lines.length === 3);
  await Deno.rename(log, `${log}.1`);
  await sleep(300);
  await Deno.rename(`${log}.1`, log);
  new Writer(log, written).write(3);
  await until(() => reader.lines.length >= 6);
  await stop(reader, log);
  reader.compare("a rotated log that comes back", written);
});

processTest(
  "tail() follows a link that is pointed elsewhere, as Kubernetes does it",
  ["tail"],
  async (folder) => {
    const link = `${folder}/pod.log`;
    await Deno.mkdir(`${folder}/pods`);
    await Deno.writeTextFile(`${folder}/pods/0.log`, "");
    await Deno.symlink(`${folder}/pods/0.log`, link);
    const reader = await read(link);
    const written: string[] = [];
    const writers: Writer[] = [];
    for (let i = 0; i < 3; i++) {
      const target = `${folder}/pods/${i}.log`;
      writers.push(new Writer(target, written));
      writers[i]!.write(5);
      if (i > 0) {
        await Deno.symlink(target, `${link}.new`);
        await Deno.rename(`${link}.new`, link);
      }
      await until(() => reader.lines.length >= written.length);
      await Deno.rename(target, `${target}.20261122-101112`); // its kubelet
      writers[i]!.write(5);
      await Deno.writeTextFile(target, "");
      await until(() => reader.lines.length >= written.length);
    }
    await stop(reader, link);
    reader.compare("a link pointed elsewhere twice", written);
    for (const writer of writers) writer.close();
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
    await sleep(300);
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
    await sleep(250);
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
