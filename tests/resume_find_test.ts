/** The files of a log that is resumed, while they get other names. */
import { assertEquals } from "@std/assert";
import { find } from "../lines/resume/find.ts";
import { hashOf } from "../lines/resume/state.ts";
import { identityOf } from "../lines/tail/held_file.ts";
import { processTest, Running } from "./helpers/processes.ts";

const LOOKS = 500;
const RENAME = `
while [ ! -e end ]; do
  mv log.1 log.2; mv log log.1
  sleep 0.003
  mv log.1 log; mv log.2 log.1
  sleep 0.003
done`;

processTest(
  "find() finds each file once, also while files are renamed",
  ["sh", "mv", "sleep"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(`${log}.1`, "known\n");
    await Deno.writeTextFile(log, "new\n");
    const info = await Deno.stat(`${log}.1`);
    const known = {
      dev: info.dev,
      ino: info.ino,
      born: info.birthtime?.getTime() ?? null,
      head: { bytes: 6, hash: hashOf("known\n") },
      offset: 0,
      read: 6,
      newest: null,
      last: null,
      final: 0,
      wrong: [],
      cuts: [],
    };
    const looked = Date.now() - 60_000;
    const state = { looked, from: 0, reported: 0, logs: { [log]: [known] } };
    const files = [info, await Deno.stat(log)].map(identityOf).sort();
    const renaming = new Running(["sh", "-c", RENAME], { cwd: folder });
    try {
      for (let i = 0; i < LOOKS; i++) {
        const findings = find([log], state as Parameters<typeof find>[1]);
        const found = findings.files.get(log)!.map(({ file }) => file);
        assertEquals(found.map(({ info }) => identityOf(info)).sort(), files);
        assertEquals(findings.lost, []);
        for (const file of found) file.close();
      }
    } finally {
      await Deno.writeTextFile(`${folder}/end`, "");
      await renaming.end();
    }
  },
);
