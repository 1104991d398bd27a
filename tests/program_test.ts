import { assert, assertEquals } from "@std/assert";
import { follow } from "../mod.ts";
import { processTest, Running, until } from "./helpers/processes.ts";

processTest("follow() starts a program again that ends", ["sh"], async () => {
  const lines: string[] = [];
  const script = 'echo "$$"; echo other; printf half';
  for await (const line of follow("sh", ["-c", script], { match: /\d|half/ })) {
    lines.push(line);
    if (lines.length === 4) break;
  }
  assertEquals([lines[1], lines[3]], ["half", "half"]);
  assert(lines[0] !== lines[2]);
});

processTest("follow() ends its program when its iteration ends", [
  "sh",
  "sleep",
  "ps",
], async () => {
  let pid = "";
  const script = 'echo "$$"; exec sleep 60';
  for await (const line of follow("sh", ["-c", script])) {
    pid = line;
    break;
  }
  await until(async () => {
    const ps = new Running(["ps", "-o", "stat=", "-p", pid]);
    await ps.end();
    return ps.out.every((state) => state.startsWith("Z"));
  }, 30); // before it ends by itself
});
