import { assertEquals } from "@std/assert";
import { Lines } from "../mod.ts";

/** Lines in batches that come when the test says so. */
function inBatches(...batches: string[][]): { lines: Lines; come(): void } {
  const waits = batches.map(() => Promise.withResolvers<void>());
  async function* come() {
    for (const [i, batch] of batches.entries()) {
      await waits[i]!.promise;
      yield batch;
    }
  }
  const coming = waits.values();
  return {
    lines: new Lines(come()),
    come: () => coming.next().value?.resolve(),
  };
}

Deno.test("Lines.next() loses no line where several are asked for at once", async () => {
  const { lines, come } = inBatches([], ["a", "b", "c"], ["d"]);
  const asked = [1, 2, 3, 4, 5].map(() => lines.next());
  for (let i = 0; i < 3; i++) come();
  const found = (await Promise.all(asked)).map(({ value }) => value);
  assertEquals(found, ["a", "b", "c", "d", undefined]);
  assertEquals((await lines.next()).done, true);
});

Deno.test("Lines ends its source when the iteration ends", async () => {
  const { lines, come } = inBatches(["a", "b"], ["c"]);
  come();
  for await (const line of lines) {
    assertEquals(line, "a");
    break;
  }
  assertEquals((await lines.batches.next()).done, true);
});
