/** Collectors on a machine that is busy, and whose disk is full. */
import { assert, assertEquals } from "@std/assert";
import {
  authfailures,
  command,
  Ledger,
  OTHER,
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "../helpers/processes.ts";

processTest(
  "20 collectors share one pipe and tear no line",
  ["sh", "timeout"],
  async () => {
    const pulse =
      `'${Deno.execPath()}' run --allow-run=tail '${ROOT}tests/fixtures/dumps.ts' pulse 100`;
    const all = `for i in $(seq 20); do timeout 6 ${pulse} c$i & done; wait`;
    const program = new Running(["sh", "-c", all]);
    assertEquals((await program.end()).code, 0);
    const bySeries = Map.groupBy(puts(program.out), ({ series }) => series);
    const seconds = [...bySeries.values()].map((points) => points.length);
    console.log(
      `20 collectors, one pipe: series=${bySeries.size} lines=${program.out.length} torn=0`,
    );
    assertEquals(bySeries.size, 2000);
    assert(Math.min(...seconds) >= 3);
    for (const points of bySeries.values()) {
      for (const [i, { second }] of points.entries()) {
        assertEquals(second, points[0]!.second + i);
      }
    }
  },
);

processTest("both cores are kept busy, and every line counts in its second", [
  "sh",
  "tail",
], async (folder) => {
  const log = `${folder}/auth.log`;
  const program = await authfailures(log);
  const busy = [1, 2].map(() =>
    new Running(["sh", "-c", "while :; do :; done"])
  );
  const ledger = new Ledger();
  for (const burst of [500, 1, 2000, 30]) {
    await ledger.write(log, burst);
    await until(() => Date.now() % 1000 > 900);
  }
  await sleep(500);
  for (const loop of busy) await loop.end("SIGKILL");
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("cores kept busy", program.out);
});

processTest("the disk is full for stderr, and counting goes on", [
  "sh",
  "tail",
  "pkill",
], async (folder) => {
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, OTHER);
  const script = command("collectors/authfailures.ts", log);
  const program = new Running([
    "sh",
    "-c",
    'exec "$@" 2>/dev/full',
    "sh",
    ...script,
  ]);
  await until(() => program.out.length > 0);
  const ledger = new Ledger();
  await new Running(["pkill", "-9", "-f", `tail .*-F.*${log}`]).end();
  await sleep(1500); // it is started again after 1 s, which cannot be said
  await ledger.write(log, 211);
  await sleep(500);
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("stderr on a full disk", program.out);
});
