/** What lograte.ts reports about itself. */
import { assert, assertEquals } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const SCRIPT = "collectors/lograte.ts";

/** The sum of a metric about the program itself, with the tags that it has. */
function sumOf(out: string[], metric: string): number {
  const series = `metriccounter.${metric} host=h metric=m program=lograte.ts`;
  const sorted = (text: string) => text.split(" ").sort().join(" ");
  const found = puts(out).filter((put) =>
    sorted(put.series) === sorted(series)
  );
  assert(found.length > 0, `no ${series}`);
  return total(found);
}

processTest("lograte.ts --self reports lines, late lines, and the lag", [
  "tail",
], async (folder) => {
  await Promise.all([[], ["--resume", `${folder}/state`]].map(async (more) => {
    const log = `${folder}/${more.length}.log`;
    await Deno.writeTextFile(log, "");
    const [deno, run, ...rest] = command(SCRIPT, "--metric", "m", "--self");
    const times = ["--time", "auto", "--lateness", "1", "--timespan", "1"];
    const tag = ["--tag", "host=h", ...times, ...more, log];
    const write = `--allow-write=${folder}`;
    const program = new Running([deno!, run!, write, ...rest, ...tag]);
    await until(() => program.out.length > 0, 30);
    const time = (ago: number) => new Date(Date.now() - ago).toISOString();
    const lines = `${time(0)} x\n`.repeat(5) + `${time(1_000_000)} x\n`;
    await Deno.writeTextFile(log, lines, { append: true });
    const tells = (metric: string, wanted: number) =>
      puts(program.out).some(({ series, value }) =>
        series.startsWith(`metriccounter.${metric} `) && value === wanted
      );
    await until(() => tells("late", 1), 30);
    if (more.length > 0) await until(() => tells("lag.seconds", 0), 30);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(sumOf(program.out, "lines"), 6);
    assertEquals(sumOf(program.out, "late"), 1);
  }));
});
