import { assertEquals } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  until,
} from "./helpers/processes.ts";

/** The metrics in what a program has printed so far. */
function metrics(program: Running): string[] {
  const names = puts(program.out).map(({ series }) => series.split(" ")[0]!);
  return [...new Set(names)].sort();
}

processTest(
  "all.ts runs the named collectors, and goes on when one of them fails",
  ["head", "ls", "tail"],
  async (folder) => {
    for (const tool of ["head", "ls", "tail"]) {
      await Deno.symlink(`/usr/bin/${tool}`, `${folder}/${tool}`);
    }
    const names = ["sarcpu", "numprocesses", "uptime"];
    const program = new Running(command("collectors/all.ts", ...names), {
      env: { PATH: folder }, // without sar
    });
    await until(() => metrics(program).length === 3);
    assertEquals(metrics(program), [
      "proc.num_processes",
      "proc.uptime.idle",
      "proc.uptime.since_boot",
    ]);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(program.err, [
      "all.ts: sarcpu: cannot run sar; install sysstat; going on without it",
    ]);
  },
);

processTest(
  "all.ts ends with 13 when none of the collectors works, and with 2 at a wrong name",
  [],
  async (folder) => {
    const alone = new Running(command("collectors/all.ts", "sarcpu"), {
      env: { PATH: folder },
    });
    assertEquals((await alone.end()).code, 13);
    assertEquals(alone.err, [
      "all.ts: sarcpu: cannot run sar; install sysstat; going on without it",
      "all.ts: none of the collectors works on this host",
    ]);
    const wrong = new Running(command("collectors/all.ts", "procs"));
    assertEquals((await wrong.end()).code, 2);
    assertEquals(
      wrong.err[0],
      "all.ts: there is no collector procs; try --help",
    );
  },
);
