/** Following a log in tests that take long: a stopped collector, gigabytes. */
import { assert, assertEquals } from "@std/assert";
import {
  authfailures,
  processTest,
  puts,
  Running,
  sleep,
  total,
  until,
} from "../helpers/processes.ts";

const MATCH = "authentication failure\n"; // a short line, so that gigabytes hold many
const MIB = 1024 * 1024;

/** All that a collector reports of what was written. */
async function reported(program: Running, written: number): Promise<number> {
  const isAll = () => total(puts(program.out)) >= written;
  await until(isAll, 100).catch(() => {});
  assertEquals((await program.end("SIGTERM")).code, 0);
  return total(puts(program.out));
}

processTest(
  "a collector that is stopped for 35 s loses no line of a rotated log",
  [
    "tail",
  ],
  async (folder) => {
    const log = `${folder}/auth.log`;
    const program = await authfailures(log);
    let written = 0;
    const write = async (path: string) => {
      await Deno.writeTextFile(path, MATCH, { append: true });
      written++;
    };
    await Deno.rename(log, `${log}.1`);
    await write(log);
    await sleep(1000);
    program.process.kill("SIGSTOP");
    for (let i = 0; i < 35; i++) {
      await write(`${log}.1`);
      await write(log);
      await sleep(1000);
    }
    program.process.kill("SIGCONT");
    for (let i = 0; i < 3; i++) {
      await sleep(1000);
      await write(`${log}.1`);
    }
    const stored = await reported(program, written);
    console.log(`stopped for 35 s: written=${written} stored=${stored}`);
    assertEquals(stored, written);
  },
);

processTest("bursts of 3 GB are counted in memory that does not grow", [
  "tail",
  "ps",
], async (folder) => {
  const log = `${folder}/auth.log`;
  const program = await authfailures(log);
  const peaks: number[] = [];
  const rss = async () => {
    const ps = new Running([
      "ps",
      "-o",
      "rss=",
      "-p",
      `${program.process.pid}`,
    ]);
    await ps.end();
    return Number(ps.out[0]) * 1024;
  };
  const other = "x".repeat(100 - MATCH.length - 1) + "\n";
  const lines = 100 * MIB / 100;
  const burst = new TextEncoder().encode((other + MATCH).repeat(lines));
  const oneLine = new Uint8Array(100 * MIB).fill(120);
  oneLine[oneLine.length - 1] = 10;
  using file = await Deno.open(log, { append: true });
  for (let i = 0; i < 30; i++) {
    const bytes = i % 10 === 9 ? oneLine : burst;
    for (let at = 0; at < bytes.length;) {
      at += await file.write(bytes.subarray(at));
    }
    peaks.push(await rss());
  }
  const written = 27 * lines;
  const stored = await reported(program, written);
  const [first, last] = [peaks.slice(0, 10), peaks.slice(10)]
    .map((some) => Math.round(Math.max(...some) / MIB));
  console.log(
    `3 GB: written=${written} stored=${stored}, ` +
      `memory of the first gigabyte ${first} MiB, of the others ${last} MiB`,
  );
  assertEquals(stored, written);
  assert(last! < 2 * first!, `${last} MiB after ${first} MiB`);
  assert(last! < 300, `${last} MiB`);
});
