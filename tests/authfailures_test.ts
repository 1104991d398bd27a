import { assert, assertEquals } from "@std/assert";
import {
  authfailures,
  command,
  Ledger,
  processTest,
  puts,
  Running,
  sleep,
  TRIES,
  until,
} from "./helpers/processes.ts";

processTest(
  "authfailures.ts counts 1,009 lines in their seconds",
  ["tail"],
  async (folder) => {
    const log = `${folder}/auth.log`;
    await until(async () => {
      const program = await authfailures(log);
      const ledger = new Ledger();
      for (const burst of [1, 700, 3, 250, 55]) {
        await ledger.write(log, burst);
        await until(() => Date.now() % 1000 > 900);
      }
      assertEquals((await program.end("SIGTERM")).code, 0);
      assertEquals(program.err, []);
      return ledger.compare("bursts over 5 s", program.out) === 0;
    }, TRIES);
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
    const tails = async (log: string) => {
      const args = ["-cf", `tail -.*${log} `];
      const { stdout } = await new Deno.Command("pgrep", { args }).output();
      return Number(new TextDecoder().decode(stdout));
    };
    const leaves = async (signal: Deno.Signal) => {
      const log = `${folder}/${signal}.log`;
      const program = await authfailures(log);
      assertEquals(await tails(log), 1);
      await program.end(signal);
      await until(async () => await tails(log) === 0);
    };
    await Promise.all([leaves("SIGTERM"), leaves("SIGKILL")]);
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
    for (let i = 0; i < 2; i++) {
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
