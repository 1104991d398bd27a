/** How the files of a log are found again after they got other names. */
import { assertEquals } from "@std/assert";
import { find } from "../lines/timed_logs/find.ts";
import {
  type FileState,
  hashOf,
  type State,
} from "../lines/timed_logs/state.ts";
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

/** What a state says of a file that was read to its end. */
function knownAs(info: Deno.FileInfo, text: string): FileState {
  return {
    dev: info.dev,
    ino: info.ino,
    born: info.birthtime?.getTime() ?? null,
    head: { bytes: text.length, hash: hashOf(text) },
    offset: 0,
    read: text.length,
    newest: null,
    last: null,
    final: 0,
    cuts: [],
    wrong: [],
  };
}

function stateOf(log: string, known: FileState, looked: number): State {
  return { looked, from: 0, reported: 0, logs: { [log]: [known] } } as State;
}

processTest(
  "find() finds each file once, also while files are renamed",
  ["sh", "mv", "sleep"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(`${log}.1`, "known\n");
    await Deno.writeTextFile(log, "new\n");
    const info = await Deno.stat(`${log}.1`);
    const looked = Date.now() - 60_000;
    const state = stateOf(log, knownAs(info, "known\n"), looked);
    const files = [info, await Deno.stat(log)].map(identityOf).sort();
    const renaming = new Running(["sh", "-c", RENAME], { cwd: folder });
    try {
      for (let i = 0; i < LOOKS; i++) {
        const findings = find([log], state);
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

processTest(
  "find() finds a file that was empty, then written, rotated and compressed",
  ["gzip"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "");
    const known = knownAs(await Deno.stat(log), "");
    await Deno.writeTextFile(log, "not read\n");
    await new Running(["gzip", "-S", ".1.gz", log]).end();
    await Deno.writeTextFile(log, "new\n");
    // The last look was after the line was written, but the line was not read.
    const { files, lost } = find([log], stateOf(log, known, Date.now()));
    const found = files.get(log)!.map(({ file }) => file);
    assertEquals(lost, []);
    const first = found.map((file) => file.firstLines(100));
    assertEquals(first, [["not read"], ["new"]]);
    for (const file of found) file.close();
  },
);

processTest(
  "find() takes no other file for one whose number was used again",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "another\n");
    const known = knownAs(await Deno.stat(log), "known\n");
    const { files, lost } = find([log], stateOf(log, known, Date.now()));
    assertEquals(lost.length, 1);
    const found = files.get(log)!;
    assertEquals(found.map(({ begin }) => begin.offset), [0]);
    for (const { file } of found) file.close();
  },
);
