/** How `deno task chaos` decides whether something was lost. */
import { assertEquals } from "@std/assert";
import { keyOf } from "../tasks/chaos/logs.ts";
import { isRight, judge } from "../tasks/chaos/verdict.ts";

const SERIES = "chaos.lines app=web host=h status=200 way=telnet";
const LEDGER = new Map([[keyOf({ app: "web", status: "200" }, 1), 5]]);

/** Judges some values of second 1, and others of second 2. */
function verdictOn(first: number[], second: number[] = []) {
  const put = (second: number) => (value: number) => ({
    series: SERIES,
    second,
    value,
  });
  return judge(LEDGER, [...first.map(put(1)), ...second.map(put(2))]);
}

Deno.test("judge() accepts a second that was stored twice with one value", () => {
  assertEquals(verdictOn([5]), { lost: 0, wrong: [], torn: [] });
  assertEquals(isRight(verdictOn([5, 5], [0, 0])), true);
});

Deno.test("judge() reports a second that is lost, is wrong, or has two values", () => {
  const what = "app=web status=200 1: written 5, stored";
  assertEquals(verdictOn([]), { lost: 5, wrong: [`${what} 0`], torn: [] });
  assertEquals(verdictOn([3]), { lost: 2, wrong: [`${what} 3`], torn: [] });
  assertEquals(verdictOn([6]), { lost: 0, wrong: [`${what} 6`], torn: [] });
  const twice = { lost: 0, wrong: [], torn: [`${what} 3 and 5`] };
  assertEquals(verdictOn([3, 5]), twice);
  const more = "app=web status=200 2: written 0, stored 1";
  assertEquals(verdictOn([5], [1]), { lost: 0, wrong: [more], torn: [] });
  for (const values of [[], [3], [6], [3, 5]]) {
    assertEquals(isRight(verdictOn(values)), false);
  }
});
