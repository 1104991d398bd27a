import { assertEquals } from "@std/assert";
import { processTest, ROOT } from "./helpers/processes.ts";

const COMPLAINS = `
import { complain } from "file://${ROOT}script/mod.ts";
for (let i = 0; i < 3000; i++) complain("x".repeat(100));
setTimeout(() => {
  console.log("it goes on");
  Deno.exit();
}, 1);
`;

processTest("complain() waits for no reader of stderr", [], async (folder) => {
  const script = `${folder}/complains.ts`;
  await Deno.writeTextFile(script, COMPLAINS);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", `--config=${ROOT}deno.json`, script],
    stdout: "piped",
    stderr: "piped", // and nobody reads it
  }).spawn();
  assertEquals(await process.stdout.text(), "it goes on\n");
  await process.status;
  await process.stderr.cancel();
});
