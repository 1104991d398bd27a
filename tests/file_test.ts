import { assertEquals } from "@std/assert";
import { readLog } from "../mod.ts";
import { gzip, positionIn } from "./helpers/files.ts";
import { processTest } from "./helpers/processes.ts";

processTest(
  "readLog() tells how many bytes of a file it has read, zipped or not",
  [],
  async (
    folder,
  ) => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `line ${i * 7919}`);
    const text = lines.join("\n");
    await Deno.writeTextFile(`${folder}/log`, text);
    await Deno.writeFile(`${folder}/log.1`, await gzip(text));
    for (const name of ["log", "log.1"]) {
      const path = `${folder}/${name}`;
      const progress = { value: 0 };
      const read: string[] = [];
      for await (const line of readLog(path, { progress })) read.push(line);
      assertEquals(read, lines);
      assertEquals(progress.value, (await Deno.stat(path)).size);
    }
  },
);

processTest(
  "readLog() closes a file that is left early",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "a\nb\n");
    await Deno.writeFile(`${log}.gz`, await gzip("a\nb\n"));
    for (const path of [log, `${log}.gz`]) {
      for await (const _ of readLog(path)) break;
      assertEquals(await positionIn(path, Deno.pid), undefined, path);
    }
  },
);
