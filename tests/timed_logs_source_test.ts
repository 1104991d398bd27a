/** One file of a log that is resumed. */
import { assertEquals } from "@std/assert";
import { Source } from "../lines/timed_logs/source.ts";
import { HeldFile } from "../lines/tail/held_file.ts";
import { processTest } from "./helpers/processes.ts";

processTest(
  "Source.isCounted is false while a piece of the file is on its way",
  [],
  async (folder) => {
    const path = `${folder}/log`;
    await Deno.writeTextFile(path, "a\nb\n");
    const file = new HeldFile(path, {});
    const begin = { offset: 0, newest: null, last: null, final: 0 };
    const options = { lateness: 2, granularity: 1 };
    const source = new Source(file, begin, options);
    const piece = (await file.read())!;
    assertEquals(source.isCounted, false);
    source.take(piece);
    assertEquals(source.isCounted, false);
    source.endPiece();
    assertEquals(source.isCounted, true);
    await Deno.writeTextFile(path, "c\n", { append: true });
    file.look(0);
    const next = (await file.read())!;
    assertEquals(source.isCounted, false);
    source.cut(100);
    assertEquals(source.state(0).cuts, [[4, 100]]); // before the piece, not after it
    assertEquals(next.lines, ["c"]);
    file.close();
  },
);
