import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseAddress } from "../pipes/tsd/address.ts";
import { Share } from "../pipes/tsd/link.ts";
import { cure, printable, Replies } from "../pipes/tsd/replies.ts";
import { Backoff } from "../script/mod.ts";

Deno.test("printable() strips control characters and bounds the length", () => {
  assertEquals(printable("\x1b[31mred\x07\u202e\r\n"), "[31mred");
  assertEquals(printable("x".repeat(5000)).length, 203);
});

Deno.test("cure() names the command that helps against a reply", () => {
  const reply = "put: unknown metric: No such name for";
  assertEquals(cure(`${reply} 'metrics': 'a.b'`), "tsdb mkmetric a.b");
  assertEquals(cure(`${reply} 'tagk': 'host'`), "tsdb uid assign tagk host");
  assertEquals(cure("put: unknown metric: a.b"), "tsdb mkmetric a.b");
  assertEquals(cure(`${reply} 'metrics': 'a; rm -rf /'`), undefined);
  assertEquals(cure("put: illegal argument: a.b"), undefined);
  assertMatch(
    cure("answers 500 write series error: database not found: opentsdb")!,
    /^influx /,
  );
});

Deno.test("Replies.add() says each kind the 1st, 10th, 100th, and 1,000th time", () => {
  const replies = new Replies();
  const said = Array.from(
    { length: 1000 },
    (_, i) => replies.add(`put: illegal argument: Invalid tag: ${i}`),
  ).filter((text) => text !== undefined);
  assertEquals(said, [
    "replied: put: illegal argument: Invalid tag: 0",
    "replied 10 times: put: illegal argument: Invalid tag: 9",
    "replied 100 times: put: illegal argument: Invalid tag: 99",
    "replied 1000 times: put: illegal argument: Invalid tag: 999",
  ]);
  assertEquals(replies.add(""), undefined);
  assertEquals(
    replies.add("put: unknown metric: No such name for 'metrics': 'a.b'\r"),
    "replied: put: unknown metric: No such name for 'metrics': 'a.b'; the cure: tsdb mkmetric a.b",
  );
  assertEquals(replies.refused, 1001);
});

Deno.test("Replies.add() says only a bounded number of kinds", () => {
  const replies = new Replies();
  let said = 0;
  for (let i = 0; i < 20_000; i++) if (replies.add(`noise ${i}`)) said++;
  assert(said < 1010, String(said));
  assertEquals(replies.refused, 20_000);
});

Deno.test("parseAddress() reads names and addresses", () => {
  const at = (hostname: string, port: number) => ({ hostname, port });
  assertEquals(parseAddress("tsd"), at("tsd", 4242));
  assertEquals(parseAddress("tsd.example:1"), at("tsd.example", 1));
  assertEquals(parseAddress("10.0.0.1:65535"), at("10.0.0.1", 65535));
  assertEquals(parseAddress("[::1]"), at("::1", 4242));
  assertEquals(parseAddress("[::1]:4243"), at("::1", 4243));
  for (
    const text of ["", ":1", "::1", "a:0", "a:65536", "a:b", "a/b", "[a", "a b"]
  ) {
    assertThrows(() => parseAddress(text), SyntaxError, "HOST");
  }
});

Deno.test("Share grows and shrinks within its range", () => {
  const share = new Share(8, { least: 4, most: 20 });
  const sizes = (step: () => void) =>
    Array.from({ length: 3 }, () => (step(), share.size));
  assertEquals(share.size, 8);
  assertEquals(sizes(() => share.grow()), [16, 20, 20]);
  assertEquals(sizes(() => share.shrink()), [10, 5, 4]);
  assertEquals(new Share(8, { least: 4, most: 2 }).size, 2);
});

Deno.test("Backoff.next() doubles up to the longest pause", () => {
  const backoff = new Backoff(500, 3000);
  const pauses = () => Array.from({ length: 5 }, () => backoff.next());
  assertEquals(pauses(), [500, 1000, 2000, 3000, 3000]);
  backoff.reset();
  assertEquals(pauses()[0], 500);
});
