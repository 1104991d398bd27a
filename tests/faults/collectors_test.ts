/** Collectors on a machine that is busy, and whose disk is full. */
import { assertEquals } from "@std/assert";
import {
  authfailures,
  command,
  Ledger,
  OTHER,
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "../helpers/processes.ts";

processTest(
  "20 collectors share one pipe and tear no line",
  ["sh"],
  async (folder) => {
    const pulse =
      `'${Deno.execPath()}' run --allow-run=tail '${ROOT}tests/fixtures/dumps.ts' pulse 100`;
    const all = `for i in $(seq 20); do ${pulse} c$i & pids="$pids $!"; done
      until [ -e ${folder}/enough ]; do sleep 0.1; done
      kill $pids; wait`;
    const program = new Running(["sh", "-c", all]);
    const seconds = new Map<string, number[]>();
    let read = 0;
    const collect = () => {
      for (const { series, second } of puts(program.out.slice(read))) {
        seconds.set(series, [...seconds.get(series) ?? [], second]);
      }
      read = program.out.length;
    };
    await until(() => {
      collect();
      return seconds.size === 2000 &&
        seconds.values().every(({ length }) => length >= 3);
    });
    await Deno.writeTextFile(`${folder}/enough`, "");
    assertEquals((await program.end()).code, 0);
    collect();
    console.log(
      `20 collectors, one pipe: series=${seconds.size} lines=${read} torn=0`,
    );
    for (const [first, ...others] of seconds.values()) {
      assertEquals(others, others.map((_, i) => first! + 1 + i));
    }
  },
);

processTest("both cores are kept busy, and every line counts in its second", [
  "sh",
  "tail",
], async (folder) => {
  const log = `${folder}/auth.log`;
  const program = await authfailures(log);
  const busy = [1, 2].map(() =>
    new Running(["sh", "-c", "while :; do :; done"])
  );
  const ledger = new Ledger();
  for (const burst of [500, 1, 2000, 30]) {
    await ledger.write(log, burst);
    await until(() => Date.now() % 1000 > 900);
  }
  await sleep(500);
  for (const loop of busy) await loop.end("SIGKILL");
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("cores kept busy", program.out);
});

processTest(
  "counting goes on when the disk is full that stderr is written to",
  [
    "sh",
    "tail",
    "pkill",
  ],
  async (folder) => {
    const log = `${folder}/auth.log`;
    await Deno.writeTextFile(log, OTHER);
    const script = command("collectors/authfailures.ts", log);
    const program = new Running([
      "sh",
      "-c",
      'exec "$@" 2>/dev/full',
      "sh",
      ...script,
    ]);
    await until(() => program.out.length > 0);
    const ledger = new Ledger();
    await new Running(["pkill", "-9", "-f", `tail .*-F.*${log}`]).end();
    await sleep(1500); // tail is started again after 1 s, and the message of it is lost
    await ledger.write(log, 211);
    await sleep(500);
    assertEquals((await program.end("SIGTERM")).code, 0);
    ledger.compare("stderr on a full disk", program.out);
  },
);
