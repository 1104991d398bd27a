/** The reader of stdout: it may stall, or go away. */
import { assert, assertEquals } from "@std/assert";
import { assertWhole, dumps } from "../helpers/dumps.ts";
import { processTest, puts, sleep, until } from "../helpers/processes.ts";

processTest(
  "a reader that stalls for longer than a timespan loses nothing",
  [],
  async () => {
    const SERIES = 3000;
    const program = dumps("pulse", SERIES);
    await until(() => program.out.length > 0);
    program.pause();
    await sleep(2500);
    program.resume();
    await until(() => program.out.length > 5 * SERIES);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertWhole(program.out);
    assertEquals(
      new Set(puts(program.out).map(({ series }) => series)).size,
      SERIES,
    );
    assertEquals(program.err, []);
  },
);

processTest(
  "a reader that stalls does not keep a signal from ending the program",
  [],
  async () => {
    const program = dumps("pulse", 3000);
    await until(() => program.out.length > 0);
    program.pause();
    await sleep(2500);
    const signalled = Date.now();
    program.process.kill("SIGTERM");
    const { code } = await program.process.status;
    assertEquals(code, 1);
    assert(Date.now() - signalled < 8000);
    program.resume();
    await program.end();
    assert(
      program.err[0]!.match(
        /the reader stalls: could not deliver \d+ datapoints?/,
      ),
    );
  },
);

processTest(
  "what waits for the reader is bounded, and what goes is counted",
  [],
  async () => {
    const LINES = 18_000; // of 4 kB: 72 MB
    const program = dumps("flood", LINES);
    program.pause();
    await until(() => program.err.includes("waiting"));
    program.resume();
    assertEquals((await program.end()).code, 0);
    const dropped = Number(
      program.err[0]!.match(/dropped the oldest (\d+) lines/)![1],
    );
    assert(dropped > 0);
    assertEquals(program.out.length + dropped, LINES);
    assertEquals(puts(program.out).at(-1)!.value, LINES - 1);
  },
);

processTest(
  "a reader that is gone ends the program with status 141",
  [],
  async () => {
    const program = dumps("pulse", 3, { timespan: 60 });
    await until(() => program.out.length > 0);
    const gone = Date.now();
    await program.hangUp();
    const { code } = await program.process.status;
    assertEquals(code, 141);
    assert(Date.now() - gone < 10_000, `${Date.now() - gone} ms`);
    await program.end();
    assertEquals(program.err.length, 1);
    assert(
      program.err[0]!.match(
        /the reader is gone: could not deliver \d+ datapoints?/,
      ),
    );
  },
);
