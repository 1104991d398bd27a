/** How long files are held, by a clock that the tests set. */
import { assert, assertEquals } from "@std/assert";
import { LogFollower } from "../lines/tail/follower.ts";
import { unread } from "../script/unread_logs.ts";
import { HeldFile, identityOf } from "../lines/tail/held_file.ts";
import { Reader, Writer } from "./helpers/logs.ts";
import { processTest, sleep } from "./helpers/processes.ts";

/** Follows a log, with a clock of its own. */
class Follower extends Reader {
  readonly #follower: LogFollower;
  readonly #clock: { now: number };
  #taken = Promise.withResolvers<void>();

  constructor(log: string) {
    const clock = { now: 0 };
    const follower = new LogFollower(log, { monotonic: () => clock.now });
    super(linesOf(follower, () => this.#taken.promise));
    this.#follower = follower;
    this.#clock = clock;
    this.go();
  }

  /** Whether it waits only for what comes to the file that is there. */
  get isIdle(): boolean {
    return this.#follower.isIdle;
  }

  /** Looks at the files, and again after each of so many seconds. */
  async look(seconds = 0): Promise<void> {
    this.#follower.look();
    await sleep(0); // so that it reads
    for (; seconds > 0; seconds--) {
      this.#clock.now += 1000;
      this.#follower.look();
      await sleep(0);
    }
  }

  /** Lets seconds pass without a look, as when the process is stopped. */
  standStill(seconds: number): void {
    this.#clock.now += seconds * 1000;
  }

  /** Stops taking lines, but for those that are on their way. */
  stall(): void {
    this.#taken = Promise.withResolvers();
  }

  /** Takes lines again. */
  go(): void {
    this.#taken.resolve();
  }
}

async function* linesOf(
  follower: LogFollower,
  taken: () => Promise<void>,
): AsyncGenerator<string> {
  for await (const { lines } of follower.pieces()) {
    await taken();
    yield* lines;
  }
}

/** Follows a log with a rotated file that its writer still has open. */
async function rotated(log: string) {
  const written: string[] = [];
  const old = new Writer(log, written);
  const reader = new Follower(log);
  await reader.look();
  old.write();
  await reader.readAll(written);
  await Deno.rename(log, `${log}.1`);
  const current = new Writer(log, written);
  current.write();
  await reader.look();
  await reader.readAll(written);
  return {
    written,
    old,
    current,
    reader,
    [Symbol.dispose]: () => {
      for (const writer of [old, current]) writer[Symbol.dispose]();
    },
  };
}

processTest(
  "LogFollower leaves a rotated file after 30 s of quiet, and not before",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    using set = await rotated(log);
    const { written, old, reader } = set;
    for (let i = 0; i < 3; i++) {
      await reader.look(29);
      old.write();
      await reader.look();
      await reader.readAll(written);
    }
    await Deno.writeTextFile(`${log}.1`, "no end", { append: true });
    written.push("no end");
    await reader.look(32);
    await reader.readAll(written); // its last line has no end, and comes when the file is left
    old.write();
    const [unread] = written.splice(-1);
    await reader.look();
    await reader.stop(log);
    reader.compare(`30 s of quiet, then "${unread}"`, written);
  },
);

processTest(
  "LogFollower leaves no rotated file because it was stopped, or the clock was set",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    using set = await rotated(log);
    const { written, old, reader } = set;
    const { now } = Date;
    try {
      Date.now = () => now() + 60_000;
      for (const quiet of [false, true]) {
        reader.standStill(35); // as between SIGSTOP and SIGCONT
        if (!quiet) old.write(10);
        await reader.look();
        old.write(10);
        await reader.look();
        await reader.readAll(written);
      }
    } finally {
      Date.now = now;
    }
    await reader.stop(log);
    reader.compare("stopped for 35 s twice", written);
  },
);

processTest(
  "LogFollower leaves no rotated file that a slow consumer has not read",
  [],
  async (folder) => {
    for (const busy of ["old", "current"] as const) {
      const log = `${folder}/${busy}.log`;
      using set = await rotated(log);
      const { written, reader } = set;
      reader.stall();
      set[busy].write();
      await reader.look(); // it has that line, and takes no other for long
      for (let i = 0; i < 3; i++) {
        set.old.write(10);
        set.current.write();
        await reader.look(35);
      }
      reader.go();
      await reader.readAll(written);
      await reader.stop(log);
      reader.compare("a consumer that takes long for a line", written);
    }
  },
);

processTest(
  "LogFollower goes on at the same place when a rotated file comes back",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    for (const seconds of [0, 32]) {
      using set = await rotated(log);
      const { written, old, reader } = set;
      await reader.look(seconds);
      await Deno.rename(log, `${log}.2`);
      await Deno.rename(`${log}.1`, log);
      old.write(3);
      await reader.look();
      await reader.readAll(written);
      await reader.stop(log);
      reader.compare(`a rotated log comes back after ${seconds} s`, written);
    }
  },
);

processTest(
  "LogFollower holds the 32 newest rotated files",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    const written: string[] = [];
    const reader = new Follower(log);
    const writers: Writer[] = [];
    for (let i = 0; i < 36; i++) {
      writers.push(new Writer(log, written));
      writers[i]!.write();
      await reader.look();
      await reader.readAll(written);
      await Deno.rename(log, `${log}.${i}`);
    }
    await reader.look();
    for (const writer of writers.slice(4)) writer.write();
    await reader.readAll(written);
    for (const writer of writers.slice(0, 4)) writer.write(); // these four are not held any more
    written.length -= 4;
    await reader.stop(log);
    reader.compare("36 writers that do not let go", written);
    for (const writer of writers) writer[Symbol.dispose]();
  },
);

processTest(
  "LogFollower.isIdle is true when all is read and only the file at its path is held",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = new Follower(log);
    await reader.look();
    assert(!reader.isIdle, "the log is missing");
    const written: string[] = [];
    using writer = new Writer(log, written);
    await reader.look();
    assert(reader.isIdle);
    reader.stall();
    writer.write(2);
    await reader.look();
    writer.write();
    await reader.look();
    assert(!reader.isIdle, "something is unread");
    reader.go();
    await reader.readAll(written);
    assert(reader.isIdle);
    await Deno.rename(log, `${log}.1`);
    await reader.look();
    assert(!reader.isIdle, "the log is missing again");
    await Deno.writeTextFile(log, "");
    await reader.look();
    assert(!reader.isIdle, "a rotated file is still read");
    await reader.look(32);
    assert(reader.isIdle);
    await reader.stop(log);
  },
);

processTest(
  "LogFollower says once that its log is missing, but not when it is for a moment",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    const said: string[] = [];
    const { write } = Deno.stderr;
    Deno.stderr.write = (bytes) => {
      said.push(new TextDecoder().decode(bytes).replace(/^\S+ /, ""));
      return Promise.resolve(bytes.length);
    };
    try {
      using set = await rotated(log);
      const { reader } = set;
      await Deno.rename(log, `${log}.2`);
      await reader.look(1);
      assertEquals(said, []);
      await reader.look(10);
      await Deno.writeTextFile(log, "");
      await reader.look(1);
      await reader.stop(log);
    } finally {
      Deno.stderr.write = write;
    }
    assertEquals(said, [
      `cannot read ${log}: no such file; waiting for it\n`,
      `reading ${log}\n`,
    ]);
  },
);

processTest(
  "LogFollower counts as unread until it has read, or has ended",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    for (const ends of [true, false]) {
      const follower = new LogFollower(log);
      const pieces = follower.pieces();
      const first = pieces.next();
      assert(unread.has(follower));
      if (ends) follower.end();
      else await Deno.writeTextFile(log, "line\n");
      follower.look();
      await first;
      assert(!unread.any);
      await pieces.return(undefined);
    }
  },
);

Deno.test("identityOf() differs for another file with the same inode number", () => {
  const info = { dev: 1, ino: 2, birthtime: new Date(3) } as Deno.FileInfo;
  assertEquals(identityOf({ ...info }), identityOf(info));
  for (const other of [{ dev: 2 }, { ino: 1 }, { birthtime: new Date(4) }]) {
    assert(identityOf({ ...info, ...other }) !== identityOf(info));
  }
});

processTest(
  "HeldFile.read() begins anew in a file that was truncated",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    using writer = new Writer(log, []);
    const file = new HeldFile(log, {});
    const lines: string[] = [];
    const readOn = async () => {
      for (let piece; (piece = await file.read());) lines.push(...piece.lines);
    };
    writer.write(100);
    await readOn();
    writer.truncate();
    await readOn(); // it finds an empty file
    writer.write(7);
    await readOn();
    writer.truncate();
    writer.write(5); // it finds a shorter file
    await readOn();
    writer.truncate();
    writer.write(100); // it finds a longer file
    await readOn();
    assertEquals(lines, writer.written);
    file.close();
  },
);

processTest(
  "HeldFile.read() tells where the lines of a piece begin",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    await Deno.writeTextFile(log, "old\nha");
    const file = new HeldFile(log, { match: /[aeo]/ });
    file.seek(6);
    const found: [number, number, string[]][] = [];
    for (const part of ["lf\nno", " é", "nd\nlast\nno end"]) {
      await Deno.writeTextFile(log, part, { append: true });
      const { start, lines } = (await file.read())!;
      found.push([start, file.offset, lines]);
      assertEquals(await file.read(), undefined);
    }
    assertEquals(found, [
      [6, 11, []], // "lf" is what is left of a line that began before
      [9, 14, []],
      [9, 28, ["no énd", "last"]],
    ]);
    assertEquals(file.begin, 6);
    assertEquals(file.close(), {
      file,
      start: 22,
      end: 28,
      lines: ["no end"],
      isLast: true,
    });
  },
);

processTest(
  "HeldFile.read() lets timers run while there is much to read",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    await Deno.writeFile(log, new Uint8Array(16 * 1024 * 1024));
    const file = new HeldFile(log, {});
    let turn = false;
    setTimeout(() => turn = true);
    while (!turn) assert(await file.read(), "it was read without a turn");
    file.close();
  },
);

processTest("HeldFile reads on when its file was deleted", [], async (
  folder,
) => {
  const log = `${folder}/app.log`;
  using writer = new Writer(log, []);
  const file = new HeldFile(log, {});
  await Deno.remove(log);
  writer.write(3);
  assertEquals((await file.read())?.lines, writer.written);
  file.close();
});

processTest(
  "HeldFile.is() knows its file by the inode number that it has now",
  [],
  async (
    folder,
  ) => {
    const log = `${folder}/app.log`;
    await Deno.writeTextFile(log, "");
    const info = Deno.statSync(log);
    const file = new HeldFile(log, {});
    assertEquals(file.is(info), true);
    file.info = { ...info, ino: 1 }; // as an overlay had it before the first write
    assertEquals(file.is(info), true);
    assertEquals(file.is(Deno.statSync(folder)), false);
    file.close();
  },
);
