import { assertEquals } from "@std/assert";
import { Restarts } from "../script/child.ts";
import { processTest, ROOT, Running, until } from "./helpers/processes.ts";

Deno.test("Restarts pauses longer each time, and briefly again after a program has run for a minute", async () => {
  const pauses: number[] = [];
  let now = 0;
  const restarts = new Restarts({
    clock: () => now,
    sleep: (ms) => Promise.resolve(void pauses.push(ms / 1000)),
  });
  const run = (seconds: number) => {
    restarts.started();
    now += seconds * 1000;
    return restarts.ended("a program of this test");
  };
  for (let i = 0; i < 8; i++) await run(1);
  await run(59);
  await run(61);
  await run(1);
  assertEquals(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 1, 2]);
});

processTest("a program that is started ends with the script", [
  "sh",
  "sleep",
  "ps",
], async (folder) => {
  const path = `${folder}/script.ts`;
  await Deno.writeTextFile(
    path,
    `
    import { follow } from "file://${ROOT}mod.ts";
    for await (const pid of follow("sh", ["-c", 'echo "$$"; exec sleep 60'])) {
      console.log(pid);
      Deno.exit();
    }
  `,
  );
  const args = ["run", "-q", "--no-check", `--config=${ROOT}deno.json`];
  const script = new Running([Deno.execPath(), ...args, "--allow-run", path]);
  await until(() => script.out.length > 0, 20);
  assertEquals((await script.process.status).code, 0);
  await until(async () => {
    const ps = new Running(["ps", "-o", "stat=", "-p", script.out[0]!]);
    await ps.end();
    return ps.out.every((state) => state.startsWith("Z"));
  }, 30); // before it ends by itself
});
