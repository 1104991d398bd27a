import { assertEquals } from "@std/assert";
import { processTest, ROOT, Running, until } from "./helpers/processes.ts";

/** Runs a script that has something to say at its end. */
async function run(folder: string, script: string): Promise<Running> {
  const path = `${folder}/script.ts`;
  const imported = `import { lastWords } from "file://${ROOT}script/mod.ts";`;
  await Deno.writeTextFile(path, `${imported}\n${script}`);
  const config = `--config=${ROOT}deno.json`;
  return new Running([
    Deno.execPath(),
    "run",
    "-q",
    "--no-check",
    config,
    path,
  ]);
}

processTest(
  "lastWords() waits for all words, and ends with status 0",
  [],
  async (
    folder,
  ) => {
    const program = await run(
      folder,
      `
    const say = (what, ms) => async () => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      console.log(what);
    };
    using first = lastWords(say("never", 0));
    lastWords(say("slow", 50));
    lastWords(say("quick", 0));
    first[Symbol.dispose]();
    setInterval(() => {}, 1000);
    console.log("ready");
  `,
    );
    await until(() => program.out.length === 1, 20);
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(program.out, ["ready", "quick", "slow"]);
  },
);

processTest("lastWords() tells of a second signal", [], async (folder) => {
  const program = await run(
    folder,
    `
    lastWords((again) =>
      new Promise((resolve) => {
        console.log("first");
        again.addEventListener("abort", () => {
          console.log("second");
          resolve();
        });
      })
    );
    setInterval(() => {}, 1000);
    console.log("ready");
  `,
  );
  await until(() => program.out.length === 1, 20);
  program.process.kill("SIGINT");
  await until(() => program.out.length === 2);
  assertEquals((await program.end("SIGTERM")).code, 0);
  assertEquals(program.out, ["ready", "first", "second"]);
});
