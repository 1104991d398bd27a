import { assert, assertEquals } from "@std/assert";
import {
  authfailures,
  command,
  has,
  Ledger,
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";

processTest(
  "authfailures.ts counts 1,009 lines in their seconds",
  ["tail"],
  async (folder) => {
    const log = `${folder}/auth.log`;
    const program = await authfailures(log);
    const ledger = new Ledger();
    for (const burst of [1, 700, 3, 250, 55]) {
      await ledger.write(log, burst);
      await until(() => Date.now() % 1000 > 900);
    }
    await sleep(500);
    assertEquals((await program.end("SIGTERM")).code, 0);
    ledger.compare("bursts over 5 s", program.out);
    assertEquals(program.err, []);
  },
);

processTest("authfailures.ts reads on when its log is renamed or truncated", [
  "tail",
], async (folder) => {
  const log = `${folder}/auth.log`;
  const program = await authfailures(log);
  const ledger = new Ledger();
  await ledger.write(log, 7);
  await Deno.rename(log, `${log}.1`);
  await ledger.write(`${log}.1`, 11);
  await Deno.writeTextFile(log, "");
  await ledger.write(log, 13);
  await ledger.write(`${log}.1`, 17);
  await sleep(1000);
  await Deno.truncate(log);
  await sleep(1000);
  await ledger.write(log, 19);
  await sleep(500);
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("renamed and truncated", program.out);
});

processTest(
  "authfailures.ts leaves no process behind",
  ["tail", "pgrep"],
  async (folder) => {
    const log = `${folder}/auth.log`;
    const tails = async () => {
      const args = ["-cf", `tail -.*${log} `];
      const { stdout } = await new Deno.Command("pgrep", { args }).output();
      return Number(new TextDecoder().decode(stdout));
    };
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const program = await authfailures(log);
      assertEquals(await tails(), 1);
      await program.end(signal);
      await until(async () => await tails() === 0, 5);
    }
  },
);

processTest(
  "authfailures.ts ends with its reader",
  ["tail"],
  async (folder) => {
    const program = await authfailures(`${folder}/auth.log`);
    program.hangUp();
    const gone = Date.now();
    assertEquals((await program.end()).code, 141);
    assert(Date.now() - gone < 8000, `${Date.now() - gone} ms`);
  },
);

processTest(
  "authfailures.ts reports no second twice when it is started again",
  ["tail"],
  async (folder) => {
    const log = `${folder}/auth.log`;
    const seconds: number[] = [];
    for (let i = 0; i < 3; i++) {
      const program = await authfailures(log);
      await program.end("SIGTERM");
      seconds.push(...puts(program.out).map(({ second }) => second));
    }
    assertEquals(seconds, [...new Set(seconds)].sort());
  },
);

processTest(
  "authfailures.ts ends with status 13 when there is no log",
  [],
  async (folder) => {
    const reasons = {
      [`${folder}/none`]: "no such file",
      [folder]: "it is a directory",
    };
    for (const [log, why] of Object.entries(reasons)) {
      const program = new Running(command("collectors/authfailures.ts", log));
      assertEquals((await program.end()).code, 13);
      assertEquals(program.err, [
        `authfailures.ts: cannot read ${log}: ${why}`,
      ]);
      assertEquals(program.out, []);
    }
  },
);

processTest(
  "numprocesses.ts counts what ps counts",
  ["ps", "tail"],
  async () => {
    const ps = async () => {
      const args = ["-e", "-o", "s="];
      const { stdout } = await new Deno.Command("ps", { args }).output();
      return new TextDecoder().decode(stdout).trim().split("\n").length;
    };
    const counts = [await ps()];
    const program = new Running(command("collectors/numprocesses.ts"));
    await until(() => program.out.length > 0);
    counts.push(await ps());
    assertEquals((await program.end("SIGTERM")).code, 0);
    counts.push(await ps());
    const series = Map.groupBy(puts(program.out), ({ series }) => series);
    assertEquals(
      [...series.keys()].map((tags) => tags.match(/state=(\w+)/)![1]).sort(),
      [
        "dead",
        "disk_sleep",
        "idle",
        "running",
        "sleeping",
        "stopped",
        "tracing_stop",
        "unknown",
        "zombie",
      ],
    );
    for (const points of series.values()) {
      assertEquals(
        points.length,
        series.values().next().value!.length,
      );
    }
    const sums = [
      ...Map.groupBy(puts(program.out), ({ second }) => second).values(),
    ].map((points) => points.reduce((sum, { value }) => sum + value, 0));
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(
      sums.some((sum) => sum > 0.8 * least && sum < 1.2 * most),
      `${sums} of ${counts}`,
    );
  },
);

// Deno starts no program in such an environment under --allow-run=NAME.
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
