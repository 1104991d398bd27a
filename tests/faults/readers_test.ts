/** Slow readers of stdout: a writer waits for them, and loses nothing. */
import { assertEquals } from "@std/assert";
import {
  command,
  processTest,
  quoted,
  ROOT,
  Running,
} from "../helpers/processes.ts";

processTest("a replay waits for a reader that stalls, and drops nothing", [
  "sh",
  "sleep",
  "wc",
], async (folder) => {
  const log = `${folder}/log`;
  const quiet = 400_000; // s, with a line of 250 bytes each: 100 MB
  const lines = [0, quiet].map((second) =>
    `${new Date(Date.UTC(2026) + second * 1000).toISOString()} x\n`
  );
  await Deno.writeTextFile(log, lines.join(""));
  const replay = command(
    "collectors/lograte.ts",
    ...["--metric", "m", "--replay", "--max-gap", `${quiet}`],
    ...["--tag", `long=${"x".repeat(200)}`, log],
  );
  const program = new Running(
    ["sh", "-c", `${quoted(replay)} | { sleep 5; wc -l; }`],
  );
  assertEquals((await program.end()).code, 0);
  assertEquals(Number(program.out[0]), quiet + 1);
});

processTest("a script in the middle of a pipe waits for a slow reader", [
  "sh",
  "head",
  "sleep",
  "wc",
  "yes",
], async () => {
  const bytes = 200_000_000;
  const bursts = quoted(command("pipes/bursts.ts"));
  const slow = "for i in 1 2 3 4 5; do head -c 20000000; sleep 0.5; done; cat";
  const program = new Running(
    [
      "sh",
      "-c",
      `yes ${
        "x".repeat(200)
      } | head -c ${bytes} | ${bursts} | { ${slow}; } | wc -c`,
    ],
    { cwd: ROOT },
  );
  assertEquals((await program.end()).code, 0);
  assertEquals(Number(program.out[0]), bytes);
});
