/** Logs that the real logrotate rotates, in each way that it knows. */
import { assertEquals } from "@std/assert";
import { tail } from "../mod.ts";
import { processTest, Running, sleep, until } from "./helpers/processes.ts";

const ROTATIONS = 3;
const WAYS: Record<string, string> = {
  create: "create",
  nocreate: "nocreate",
  copytruncate: "copytruncate",
  compress: "create\ncompress",
  dateext: "create\ndateext\ndateformat -%Y%m%d-%s",
  extension: "create\ndateext\ndateformat -%Y%m%d-%s\nextension .log",
  olddir: "create\nolddir old",
};

processTest(
  "tail() reads each line once, in whatever way logrotate rotates the log",
  ["logrotate", "gzip", "tail"],
  async (folder) => {
    await Promise.all(
      Object.keys(WAYS).map(async (way) => {
        const { written, read } = await rotate(`${folder}/${way}`, WAYS[way]!);
        const doubled = read.length - new Set(read).size;
        console.log(
          `logrotate ${way}: written=${written} read=${read.length} doubled=${doubled}`,
        );
        assertEquals([read.length, doubled], [written, 0], way);
      }),
    );
  },
);

async function rotate(folder: string, how: string) {
  const log = `${folder}/worker.log`;
  await Deno.mkdir(`${folder}/old`, { recursive: true });
  await Deno.writeTextFile(log, "");
  const others = ["worker-2.log", "worker-3.log"];
  await Deno.writeTextFile(
    `${folder}/conf`,
    `${
      [log, ...others.map((other) => `${folder}/${other}`)].join(" ")
    } {\nrotate 20\nsu root root\nmissingok\n${how}\n}\n`,
  );
  const read: string[] = [];
  const reading = (async () => {
    for await (const line of tail(log)) {
      if (line === "stop") return;
      read.push(line);
    }
  })();
  await sleep(100);
  let written = 0;
  let second = 0; // in which the last rotation was
  const write = (file: Deno.FsFile, lines: number) => {
    let text = "";
    while (lines-- > 0) text += `${written++}\n`;
    file.writeSync(new TextEncoder().encode(text));
  };
  let file = Deno.openSync(log, { append: true, create: true });
  for (let i = 0; i < ROTATIONS; i++) {
    write(file, 500);
    for (const other of others) {
      await Deno.writeTextFile(`${folder}/${other}`, "x\n", { append: true });
    }
    await until(() => read.length === written).catch(() => {});
    if (how.includes("%s")) { // until the next file gets another name
      await until(() => Math.floor(Date.now() / 1000) > second);
    }
    const args = ["-f", "-s", `${folder}/state`, `${folder}/conf`];
    const rotation = new Running(["logrotate", ...args]);
    assertEquals((await rotation.end()).code, 0, rotation.err.join("\n"));
    second = Math.floor(Date.now() / 1000);
    write(file, 50); // as a writer that has not opened the new file yet
    if (how === "copytruncate") continue;
    const fresh = Deno.openSync(log, { append: true, create: true });
    write(fresh, 50);
    write(file, 50);
    file.close();
    file = fresh;
  }
  await until(() => read.length >= written).catch(() => {});
  await sleep(300); // so that a line that comes twice is seen
  await Deno.writeTextFile(log, "stop\n", { append: true });
  await reading;
  file.close();
  return { written, read };
}
