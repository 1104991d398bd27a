import { assert, assertEquals } from "@std/assert";
import { assertWhole, dumps, total } from "./helpers/dumps.ts";
import { processTest, puts, until } from "./helpers/processes.ts";

processTest(
  "R8: disposing reports what never ticked, and only once",
  [],
  async () => {
    const program = dumps("dispose");
    assertEquals((await program.end()).code, 0);
    assertEquals(program.out.length, 1);
    assertEquals(program.err, []);
  },
);

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  processTest(
    `R8: ${signal} reports all and ends with status 0`,
    [],
    async () => {
      const program = dumps("pulse", 3);
      await until(() => program.out.length > 0);
      await until(() => Date.now() % 1000 > 300 && Date.now() % 1000 < 600);
      const signalled = Date.now();
      assertEquals((await program.end(signal)).code, 0);
      const ended = Date.now();
      assertWhole(program.out);
      const newest = Math.max(...puts(program.out).map(({ second }) => second));
      assert(newest >= Math.floor(signalled / 1000));
      assert(newest <= Math.floor(ended / 1000));
      assert(ended - signalled < 4000, `${ended - signalled} ms`);
      assertEquals(program.err, []);
    },
  );
}

processTest(
  "R10: the first datapoint is out within 2 s, then every timespan",
  [],
  async () => {
    const seldom = dumps("pulse", 1, { timespan: 60 });
    const program = dumps("pulse", 1);
    await until(() => program.out.length > 0);
    const first = Date.now();
    await until(() => seldom.out.length > 0);
    await seldom.end("SIGKILL");
    const lines = program.out.length;
    await until(() => program.out.length > lines);
    assert(
      Math.abs(Date.now() - first - 2000) < 1000,
      `${Date.now() - first} ms`,
    );
    await program.end("SIGTERM");
    assertWhole(program.out);
  },
);

processTest("autodump() dumps counters that are made later", [], async () => {
  const program = dumps("later");
  await until(() => program.out.length > 0, 5);
  assertEquals((await program.end()).code, 0);
  assertEquals(total(program.out), 1);
  assertWhole(program.out);
});

processTest("autodump() says that a dump failed and goes on", [], async () => {
  const program = dumps("failing");
  assertEquals((await program.end()).code, 0);
  assert(program.err.every((line) => line.includes("Cannot count bad")));
  assert(program.err.length >= 3);
  assert(program.out.length >= 3);
  assertWhole(program.out);
});

processTest("R1: a blocked event loop loses nothing", [], async () => {
  const program = dumps("blocked", 5000);
  assertEquals((await program.end()).code, 0);
  assertEquals(program.err, ["3"]);
  assertWhole(program.out);
  assert(program.out.length >= 5);
});

processTest("R7: a clock that goes back is said once", [], async () => {
  const program = dumps("clock");
  assertEquals((await program.end()).code, 0);
  assertEquals(program.err, [
    "dumps.ts: the clock went back by more than a timespan: series start afresh",
  ]);
  assertEquals(total(program.out), 2);
});
