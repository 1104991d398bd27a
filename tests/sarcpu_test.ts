import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const SCRIPT = "collectors/sarcpu.ts";
const TYPES = ["user", "nice", "system", "iowait", "steal", "idle"];

/** The script, with a sar that prints this, and ends. */
async function withSar(folder: string, lines: string): Promise<Running> {
  const sar = `#!/bin/sh\n[ "$*" = 1 ] || exit 2\ncat <<'END'\n${lines}END\n`;
  await Deno.writeTextFile(`${folder}/sar`, sar, { mode: 0o755 });
  const PATH = `${folder}:${Deno.env.get("PATH")}`;
  return new Running(command(SCRIPT), { env: { PATH } });
}

function values(out: string[]): Record<string, number> {
  return Object.fromEntries(
    puts(out).map(({ series, value }) => [series.split("type=")[1], value]),
  );
}

processTest("sarcpu.ts prints what sar tells, every second", [
  "sar",
], async () => {
  const program = new Running(command(SCRIPT), {
    env: { LC_ALL: "de_DE.UTF-8", S_COLORS: "always" },
  });
  await until(() => program.out.length >= 5 * TYPES.length);
  assertEquals((await program.end("SIGTERM")).code, 0);
  const counts = puts(program.out);
  assertEquals(new Set(Object.keys(values(program.out))), new Set(TYPES));
  for (const second of new Set(counts.map((count) => count.second))) {
    const all = counts.filter((count) => count.second === second);
    assertEquals(all.length, TYPES.length);
    const sum = total(all);
    assert(sum > 99.9 && sum < 100.1, `${sum}`);
  }
  assertEquals(program.err, []);
});

processTest("sarcpu.ts finds the columns by name", ["sh"], async (folder) => {
  const program = await withSar(
    folder,
    `Linux 6.1.0 (web)  22.11.2026  _x86_64_  (2 CPU)

02:20:29 PM CPU %idle %guest %user %steal %system %iowait
02:20:30 PM all 90,5 7,00 1,25 0,00 0,50 0,75
02:20:30 PM   0 1,00 1,00 1,00 1,00 1,00 1,00
Average:    all 50,0 50,0 50,0 50,0 50,0 50,0
`,
  );
  await until(() => program.out.length > 0);
  assertEquals((await program.end("SIGTERM")).code, 0);
  assertEquals(values(program.out), {
    user: 1.25,
    system: 0.5,
    iowait: 0.75,
    steal: 0,
    idle: 90.5,
  });
  assertMatch(program.err[0]!, /sar 1 ended; starting it again in 1 s/);
});

processTest("sarcpu.ts ends with status 13 without sar", [
  "sh",
], async (folder) => {
  const program = new Running(command(SCRIPT), { env: { PATH: folder } });
  assertEquals((await program.end()).code, 13);
  assertEquals(
    program.err.at(-1), // after what Deno says of its PATH
    "sarcpu.ts: cannot run sar; install sysstat",
  );
});
