import { assertEquals } from "@std/assert";
import { processTest, ROOT } from "./helpers/processes.ts";

processTest(
  "a plain `deno test` runs all that needs no permission",
  [],
  async () => {
    const needNone = [];
    for (const { name } of Deno.readDirSync(`${ROOT}tests`)) {
      if (!name.endsWith("_test.ts")) continue;
      const text = await Deno.readTextFile(`${ROOT}tests/${name}`);
      if (text.includes("\nDeno.test(")) needNone.push(name);
    }
    const plain = await Deno.readTextFile(`${ROOT}tests/plain.ts`);
    const imported = [...plain.matchAll(/^import "\.\/(.+)";$/gm)];
    const named = imported.map(([, name]) => name);
    assertEquals(named, needNone.sort(), "tests/plain.ts must name these");
  },
);
