import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  until,
} from "./helpers/processes.ts";

const SCRIPT = "collectors/uptime.ts";

processTest("uptime.ts prints a sample at once, with its own second", [
  "tail",
], async () => {
  const before = Math.floor(Date.now() / 1000);
  const proc = new Running(["tail", "/proc/uptime"]); // Deno itself may not read it
  await proc.end();
  const uptime = parseFloat(proc.out[0]!);
  const program = new Running(command(SCRIPT));
  await until(() => program.out.length === 2);
  assertEquals((await program.end("SIGTERM")).code, 0);
  const [up, idle] = puts(program.out);
  assertMatch(up!.series, /^proc\.uptime\.since_boot host=\S+$/);
  assertMatch(idle!.series, /^proc\.uptime\.idle host=\S+$/);
  assert(up!.second >= before && up!.second <= before + 2);
  assert(up!.value >= uptime && up!.value < uptime + 3);
  assertEquals(idle!.second, up!.second);
  assert(idle!.value > 0);
  assertEquals(program.err, []);
});

processTest("uptime.ts ends with status 13 without /proc/uptime", [
  "sh",
], async (folder) => {
  const tail = `${folder}/tail`;
  await Deno.writeTextFile(tail, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
  const PATH = `${folder}:${Deno.env.get("PATH")}`;
  const program = new Running(command(SCRIPT), { env: { PATH } });
  assertEquals((await program.end()).code, 13);
  assertEquals(program.err, ["uptime.ts: cannot read /proc/uptime"]);
});
