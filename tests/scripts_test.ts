/** What holds for every script in collectors/ and pipes/. */
import { assert, assertEquals } from "@std/assert";
import {
  command,
  has,
  processTest,
  ROOT,
  Running,
  until,
} from "./helpers/processes.ts";

// With --allow-run=NAME, Deno refuses to start a program in this environment.
processTest("collectors start their programs under LD_PRELOAD", [
  "tail",
], async (folder) => {
  const log = `${folder}/some.log`;
  await Deno.writeTextFile(log, "");
  const env = { LD_PRELOAD: "libc.so.6", LD_LIBRARY_PATH: folder };
  const programs = [
    command("collectors/authfailures.ts", log),
    command("collectors/lograte.ts", "--metric", "m", "--timespan=1", log),
    command("collectors/numprocesses.ts"),
    command("collectors/uptime.ts"),
  ].map((command) => new Running(command, { env }));
  for (const program of programs) {
    await until(() => program.out.length > 0);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(program.err, []);
  }
});

for (const folder of ["collectors", "pipes"]) {
  for (const { name } of scripts(folder)) {
    const script = `${folder}/${name}`;

    processTest(
      `${script} starts in silence where nothing but Deno is installed`,
      [],
      async (folder) => {
        const { mode } = await Deno.stat(ROOT + script);
        assertEquals(mode! & 0o111, 0o111);
        await Deno.symlink(Deno.execPath(), `${folder}/deno`);
        const start = async (option: string) => {
          const env = { PATH: folder };
          const program = new Running([ROOT + script, option], { env });
          assertEquals((await program.end()).code, 0);
          assertEquals(program.err, []);
          return program.out;
        };
        const usage = await start("--help");
        assert(usage[0]!.startsWith(`Usage: ${name}`));
        assert(usage.some((line) => line.startsWith("Examples:")));
        assert(
          /^\S+ \d+\.\d+\.\d+$/.test((await start("--version")).join("\n")),
        );
      },
    );

    processTest(`${script} refuses an unknown option`, [], async () => {
      const program = new Running(command(script, "--nonsense"));
      assertEquals((await program.end()).code, 2);
      assertEquals(program.err, [
        `${name}: unknown option --nonsense; try --help`,
      ]);
      assertEquals(program.out, []);
    });
  }
}

function scripts(folder: string): Deno.DirEntry[] {
  if (!has("true")) return [];
  return [...Deno.readDirSync(ROOT + folder)].filter(({ isFile, name }) => {
    if (!isFile) return false;
    return Deno.readTextFileSync(`${ROOT}${folder}/${name}`).startsWith("#!");
  });
}
