/** Logs that cannot be read: what is said, and that no 0 is reported for them. */
import { assert, assertEquals } from "@std/assert";
import {
  command,
  Ledger,
  OTHER,
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  total,
  until,
} from "./helpers/processes.ts";

const NOBODY = "65534";
const QUIET = 2500; // ms: the first datapoint of a counter is out after 2 s

/** Starts the README's script on a log. */
function flow(log: string, ...before: string[]): Running {
  const flags = ["--allow-run=tail", "--allow-read", "--allow-sys=hostname"];
  const script = `${ROOT}tests/fixtures/flow.ts`;
  return new Running(
    [
      ...before,
      Deno.execPath(),
      "run",
      "-q",
      "--no-config",
      ...flags,
      script,
      log,
    ],
  );
}

/** What stderr says, without the name of the program. */
function said({ err }: Running): string[] {
  return err.map((line) => line.replace(/^\S+: /, ""));
}

/** The command that runs another as a user who may read no other's log. */
async function asNobody(folder: string): Promise<string[] | undefined> {
  if (Deno.uid() !== 0) return [];
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  await Deno.mkdir(`${folder}/deno`);
  await Deno.chmod(folder, 0o755);
  await Deno.chmod(`${folder}/deno`, 0o777);
  const before = ["setpriv", ...ids, "env", `DENO_DIR=${folder}/deno`];
  const deno = [Deno.execPath(), "eval", "-q", "0"];
  const there = ["test", "-r", `${ROOT}mod.ts`];
  for (const tried of [there, deno]) {
    if (!(await new Running([...before, ...tried]).end()).success) return;
  }
  return before;
}

processTest(
  "tail() and autodump() report nothing for a log that was never read, and end",
  ["tail", "mkfifo", "pgrep"],
  async (folder) => {
    await new Running(["mkfifo", `${folder}/fifo`]).end();
    await Deno.mkdir(`${folder}/folder`);
    await Deno.symlink(`${folder}/nothing`, `${folder}/link`);
    const cases = {
      [`${folder}/missing.log`]: "no such file",
      [`${folder}/no/folder.log`]: `no folder ${folder}/no/`,
      [`${folder}/folder`]: "it is a directory",
      [`${folder}/fifo`]: "it is a FIFO",
      [`${folder}/link`]: "it is a link to a file that is missing",
      "/dev/null": "it is a device or a socket",
      "/proc/uptime": "it is not a log",
    };
    const logs = Object.keys(cases);
    const lograte = [
      "collectors/lograte.ts",
      "--metric",
      "m",
      "--wait",
    ] as const;
    const programs = [
      ...logs.map((log) => flow(log)),
      new Running(command(...lograte, logs[0]!)),
    ];
    const every = (condition: (program: Running) => boolean) =>
      programs.every(condition);
    await until(() => every(({ err }) => err.length > 0), 20);
    await sleep(QUIET);
    const pgrep = new Running(["pgrep", "-f", `tail .*-F.* ${folder}`]);
    await pgrep.end();
    assertEquals(pgrep.out, []); // a tail would hang at a FIFO
    for (const { process } of programs) process.kill("SIGTERM");
    for (const [i, program] of programs.entries()) {
      const [log, why] = Object.entries(cases)[i % logs.length]!;
      assertEquals((await program.end()).code, 0);
      assertEquals(program.out, [], log);
      assertEquals(said(program), [
        `cannot read ${log}: ${why}; waiting for it`,
      ]);
    }
  },
);

processTest(
  "tail() says at once why it waits, and when that changes, and then counts",
  ["tail"],
  async (folder) => {
    const log = `${folder}/logs/auth.log`;
    const program = flow(log);
    await until(() => program.err.length === 1, 20);
    await Deno.mkdir(`${folder}/logs`);
    await until(() => program.err.length === 2);
    await Deno.mkdir(log);
    await until(() => program.err.length === 3);
    await Deno.remove(log);
    await until(() => program.err.length === 4);
    const ledger = new Ledger();
    await ledger.write(log, 3);
    await until(() => program.out.length > 0);
    const [first] = [...ledger.seconds.keys()];
    await ledger.write(log, 2);
    await until(() => Date.now() % 1000 > 950);
    assertEquals((await program.end("SIGTERM")).code, 0);
    ledger.compare("a log that came later", program.out);
    assertEquals(puts(program.out)[0]!.second, first);
    assertEquals(said(program), [
      `cannot read ${log}: no folder ${folder}/logs/; waiting for it`,
      `cannot read ${log}: no such file; waiting for it`,
      `cannot read ${log}: it is a directory; waiting for it`,
      `cannot read ${log}: no such file; waiting for it`,
      `reading ${log}`,
    ]);
  },
);

processTest(
  "tail() says of a log whose new file it may not read, or whose folder is gone",
  ["tail", "setpriv"],
  async (folder) => {
    const before = await asNobody(folder);
    if (!before) {
      return console.log("not tried: the user nobody cannot run Deno here");
    }
    await Deno.mkdir(`${folder}/logs`);
    const [denied, gone, never] = ["denied", "logs/gone", "never"].map((name) =>
      `${folder}/${name}.log`
    );
    for (const log of [denied!, gone!, never!]) {
      await Deno.writeTextFile(log, OTHER);
    }
    await Deno.chown(never!, 0, 4); // the group adm, as Debian's logs have it
    await Deno.chmod(never!, 0o640);
    const programs = [denied, gone, never].map((log) => flow(log!, ...before));
    await until(() => programs[0]!.out.length > 0, 20);
    await until(() => programs[1]!.out.length > 0, 20);
    await Deno.rename(denied!, `${denied}.1`);
    await Deno.writeTextFile(denied!, "", { mode: 0o600 });
    await Deno.remove(`${folder}/logs`, { recursive: true });
    for (const program of programs) {
      await until(() => program.err.length > 0, 20);
    }
    await Deno.writeTextFile(denied!, "authentication failure\n");
    await Deno.chmod(denied!, 0o644);
    await until(() => programs[0]!.err.length > 1);
    for (const { process } of programs) process.kill("SIGTERM");
    for (const program of programs) assertEquals((await program.end()).code, 0);
    assertEquals(said(programs[0]!), [
      `cannot read ${denied}: no permission; waiting for it`,
      `reading ${denied}`,
    ]);
    assertEquals(total(puts(programs[0]!.out)), 1);
    assertEquals(said(programs[1]!), [
      `cannot read ${gone}: no folder ${folder}/logs/; waiting for it`,
    ]);
    const [why] = said(programs[2]!);
    const expected = /no permission; the group (adm|4) may read it; waiting/;
    assert(expected.test(why!), why);
    assertEquals(programs[2]!.out, []);
  },
);

processTest("tail() says that there are too few descriptors, once a log", [
  "sh",
  "tail",
], async (folder) => {
  const logs = Array.from({ length: 80 }, (_, i) => `${folder}/${i}.log`);
  for (const log of logs) await Deno.writeTextFile(log, "");
  const lograte = command("collectors/lograte.ts", "--metric", "m", ...logs);
  const program = new Running(
    ["sh", "-c", 'ulimit -n 70; exec "$@"', "sh", ...lograte],
  );
  await until(() => program.err.length > 10, 20);
  await sleep(500);
  assertEquals((await program.end("SIGTERM")).code, 0);
  const few = said(program).filter((line) => /too many open files/i.test(line));
  assert(few.length > 0);
  assertEquals(new Set(few).size, few.length);
});

processTest("collectors end with 13 and the reason of a log they cannot read", [
  "tail",
  "mkfifo",
], async (folder) => {
  const fifo = `${folder}/fifo`;
  await new Running(["mkfifo", fifo]).end();
  const cases = {
    [`${folder}/x.log`]: "no such file",
    [folder]: "it is a directory",
    [fifo]: "it is a FIFO",
    "/proc/uptime": "it is not a log",
  };
  const lograte = ["collectors/lograte.ts", "--metric", "m"] as const;
  const scripts = [["collectors/authfailures.ts"], lograte] as const;
  await Promise.all(scripts.map(async ([script, ...args]) => {
    for (const [log, why] of Object.entries(cases)) {
      const program = new Running(command(script, ...args, log));
      assertEquals((await program.end()).code, 13);
      assertEquals(program.out, []);
      assertEquals(said(program), [`cannot read ${log}: ${why}`]);
    }
  }));
});
