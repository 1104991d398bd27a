import { assertEquals } from "@std/assert";
import type { LogFollower } from "../lines/tail/follower.ts";
import { Finder } from "../lines/tail/pattern.ts";
import { filesOf, isPattern } from "../mod.ts";
import {
  command,
  processTest,
  type Put,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

processTest(
  "filesOf() finds the files that a pattern leads to",
  [],
  async (folder) => {
    for (
      const name of [
        ...["a.log", "b.log", ".hidden.log", "a.txt", "[x].log", "a+b.log"],
        ...["pods/1/0.log", "pods/2/0.log", "pods/2/1.log", "pods/2/sub/0.log"],
      ]
    ) {
      const path = `${folder}/${name}`;
      await Deno.mkdir(path.replace(/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(path, "");
    }
    const found = (pattern: string) =>
      filesOf(`${folder}/${pattern}`).map((path) =>
        path.slice(folder.length + 1)
      );
    assertEquals(found("*.log"), ["[x].log", "a+b.log", "a.log", "b.log"]);
    assertEquals(found("?.log"), ["a.log", "b.log"]);
    assertEquals(found("[!b].log"), ["a.log"]);
    assertEquals(found("[a-c].*"), ["a.log", "a.txt", "b.log"]);
    assertEquals(found(".h*"), [".hidden.log"]);
    assertEquals(found("a+*"), ["a+b.log"]);
    assertEquals(found("pods/*/0.log"), ["pods/1/0.log", "pods/2/0.log"]);
    assertEquals(found("*/*/*.log").length, 3);
    assertEquals(found("none/*.log"), []);
    assertEquals(found("a.log/*"), []);
    assertEquals(isPattern(`${folder}/*.log`), true);
    assertEquals(isPattern(`${folder}/[x].log`), false); // a file has this name
    assertEquals(isPattern(`${folder}/a.log`), false);
  },
);

/** Follows the logs of a pattern, and collects their lines. */
class Logs {
  readonly lines: string[] = [];
  readonly ended: string[] = [];
  #now = 0;
  readonly #finder: Finder;
  readonly #logs: LogFollower[] = [];
  readonly #reading: Promise<void>[] = [];

  constructor(pattern: string) {
    this.#finder = new Finder(pattern, { monotonic: () => this.#now });
  }

  /** Looks for logs and reads them, until so many lines are there in all. */
  async look(lines: number): Promise<void> {
    for (const [path, log] of this.#finder.look()) {
      this.#logs.push(log);
      this.#reading.push(this.#read(path.replace(/.*\//, ""), log));
    }
    for (const log of this.#logs) log.look();
    await until(() => this.lines.length >= lines);
  }

  /** Lets seconds pass, with a look at each log in each of them. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.#now += 1000;
      for (const log of this.#logs) log.look();
    }
  }

  async end(): Promise<void> {
    for (const log of this.#logs) log.end();
    await Promise.all(this.#reading);
  }

  async #read(name: string, log: LogFollower): Promise<void> {
    for await (const { lines } of log.pieces()) {
      this.lines.push(...lines.map((line) => `${name}: ${line}`));
    }
    this.ended.push(name);
  }
}

function append(path: string, text: string): Promise<void> {
  return Deno.writeTextFile(path, text, { append: true });
}

processTest(
  "a pattern's logs are read from their ends, new ones from their beginnings",
  [],
  async (folder) => {
    await append(`${folder}/a.log`, "before\n");
    const logs = new Logs(`${folder}/*.log`);
    await logs.look(0);
    await append(`${folder}/a.log`, "1\n");
    await append(`${folder}/b.log`, "2\n");
    await append(`${folder}/b.txt`, "no\n");
    await logs.look(2);
    await append(`${folder}/b.log`, "3\n");
    await logs.look(3);
    assertEquals(logs.lines.sort(), ["a.log: 1", "b.log: 2", "b.log: 3"]);
    await logs.end();
  },
);

processTest(
  "a log that is renamed within a pattern is read once",
  [],
  async (folder) => {
    await append(`${folder}/a.log`, "");
    const logs = new Logs(`${folder}/*`);
    await logs.look(0);
    await append(`${folder}/a.log`, "1\n");
    await logs.look(1);
    await Deno.rename(`${folder}/a.log`, `${folder}/b.log`);
    await append(`${folder}/b.log`, "2\n");
    await append(`${folder}/a.log`, "3\n");
    await logs.look(3);
    logs.wait(40); // b.log is left, and its writer comes back
    await logs.look(3);
    await append(`${folder}/b.log`, "4\n");
    await logs.look(4);
    await logs.look(4);
    assertEquals(logs.lines.map((line) => line.slice(-1)).sort(), [
      ...["1", "2", "3", "4"],
    ]);
    await logs.end();
  },
);

processTest(
  "a rotated or compressed file is no log of a pattern",
  [],
  async (folder) => {
    const log = `${folder}/app.log`;
    await append(log, "");
    const logs = new Logs(`${folder}/app*`);
    await logs.look(0);
    for (let i = 1; i <= 3; i++) {
      await append(log, `${i}\n`);
      await Deno.rename(log, `${log}.${i}`);
      await append(log, "");
    }
    await Deno.writeFile(`${log}.gz`, new Uint8Array([0x1f, 0x8b, 10, 10]));
    await logs.look(3);
    await logs.look(3);
    assertEquals(logs.lines.sort(), ["app.log: 1", "app.log: 2", "app.log: 3"]);
    await logs.end();
  },
);

processTest("a log of a pattern ends when it is gone", [], async (folder) => {
  const logs = new Logs(`${folder}/*`);
  await logs.look(0);
  await append(`${folder}/a.log`, "1\n");
  await append(`${folder}/b.log`, "2\n");
  await logs.look(2);
  await Deno.remove(`${folder}/a.log`);
  logs.wait(40);
  await until(async () => {
    await logs.look(2);
    return logs.ended.length > 0;
  });
  assertEquals(logs.ended, ["a.log"]);
  await append(`${folder}/a.log`, "3\n"); // a new file of that name
  await logs.look(3);
  assertEquals(logs.lines.at(-1), "a.log: 3");
  await logs.end();
});

processTest(
  "lograte.ts follows hundreds of logs of a pattern",
  ["tail"],
  async (folder) => {
    const path = (pod: number) => `${folder}/web-${pod}_shop.log`;
    for (let pod = 0; pod < 150; pod++) await append(path(pod), "old\n");
    const program = new Running(command(
      "collectors/lograte.ts",
      ...["--metric", "m", "--tag", "host=h", "--match", "^(?<word>\\w+)"],
      ...["--path", "/web-(?<pod>\\d)\\d*_(?<space>[^.]+)", "--timespan", "1"],
      `${folder}/*_*.log`,
    ));
    await until(async () => { // until it follows the logs
      await append(path(0), "first\n");
      return program.out.length > 0;
    });
    for (let pod = 100; pod < 300; pod++) await append(path(pod), "new\n");
    const isNew = ({ series }: Put) => series.includes("word=new");
    const counted = () => total(puts(program.out).filter(isNew));
    await until(() => counted() >= 200);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(counted(), 200);
    const series = new Set(puts(program.out).map(({ series }) => series));
    assertEquals([...series].sort(), [
      "m host=h pod=0 space=shop word=first",
      "m host=h pod=1 space=shop word=new",
      "m host=h pod=2 space=shop word=new",
    ]);
    assertEquals(program.err, []);
  },
);

processTest(
  "lograte.ts says once that a pattern finds no log, and counts one that comes",
  ["tail"],
  async (folder) => {
    const pattern = `${folder}/*.log`;
    const program = new Running(
      command("collectors/lograte.ts", "--metric", "m", pattern),
    );
    await until(() => program.err.length > 0);
    await Deno.writeTextFile(`${folder}/a.log`, "1\n2\n");
    await until(() => puts(program.out).some(({ value }) => value === 2));
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(program.err, [
      `lograte.ts: no log is called ${pattern}; waiting for one`,
    ]);
  },
);
