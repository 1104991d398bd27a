import { assertEquals, assertMatch } from "@std/assert";
import { command, processTest, Running, until } from "./helpers/processes.ts";
import { assertRefused } from "./helpers/refusals.ts";

processTest(
  "lograte.ts says after some seconds that nothing has matched",
  ["tail"],
  async (folder) => {
    const log = `${folder}/log`;
    await Deno.writeTextFile(log, "");
    const args = ["--metric", "m", "--match", "(?<status>5..)", log];
    const program = new Running(command("collectors/lograte.ts", ...args));
    const end = setInterval(
      () => Deno.writeTextFileSync(log, "GET / 200\n", { append: true }),
      500,
    );
    await until(() => program.err.length > 0, 30);
    clearInterval(end);
    assertMatch(
      program.err[0]!,
      /^lograte\.ts: nothing to report yet, as no line matches: read \d+ lines?$/,
    );
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals([program.out, program.err.length], [[], 1]);
  },
);

Deno.test("lograte.ts refuses an option that is given twice", () => {
  for (const [option, value] of [["--metric", "b"], ["--match", "x"]]) {
    const once = option === "--metric" ? [] : [option!, "y"];
    const args = ["--metric", "a", ...once, option!, value!, "/dev/null"];
    const rule = `: option ${option} must not be given twice; try --help$`;
    assertRefused(args, new RegExp(rule));
  }
});

processTest(
  "--format chooses the format, whatever the folder of a collector is",
  ["ls", "tail"],
  async () => {
    const forms = {
      put: /^put proc\.num_processes \d{10} \d+ host=\S+ state=\w+$/,
      tcollector: /^proc\.num_processes \d{10} \d+ state=\w+$/,
    };
    for (const [form, line] of Object.entries(forms)) {
      const args = ["--format", form];
      const program = new Running(
        command("collectors/numprocesses.ts", ...args),
      );
      await until(() => program.out.length > 0);
      assertMatch(program.out[0]!, line);
      assertEquals((await program.end("SIGTERM")).code, 0);
    }
  },
);

processTest(
  "lograte.ts --journal ends with 13 and says why it cannot read the journal",
  [],
  async (folder) => {
    const journal = ["--metric", "m", "--journal"];
    const start = async () => {
      const program = new Running(
        command("collectors/lograte.ts", ...journal),
        {
          env: { PATH: folder },
        },
      );
      assertEquals((await program.end()).code, 13);
      assertEquals(program.out, []);
      return program.err.join();
    };
    const where = "lograte.ts: cannot read the journal";
    assertEquals(await start(), `${where}: there is no journalctl`);
    const silent = `${folder}/journalctl`;
    await Deno.writeTextFile(silent, "#!/bin/sh\n", { mode: 0o755 });
    assertEquals(
      await start(),
      `${where}: it is empty, or only the groups systemd-journal and adm may read it`,
    );
  },
);
