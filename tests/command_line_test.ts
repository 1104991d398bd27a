/** Which values each kind of option accepts. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  choice,
  duration,
  type Option,
  pairs,
  regularExpression,
  size,
  wholeNumber,
} from "../script/mod.ts";

function assertReads<T>(option: Option<T>, values: Record<string, T>): void {
  for (const [text, value] of Object.entries(values)) {
    assertEquals(option.read([text]), value, text);
  }
}

function assertRefuses<T>(option: Option<T>, values: string[]): void {
  for (const text of values) {
    assertEquals(option.read([text]), undefined, text);
  }
}

Deno.test("wholeNumber() accepts the digits of a number in its range", () => {
  const option = wholeNumber(1, 86_400, 15);
  assertEquals(option.rule, "a whole number from 1 to 86400");
  assertEquals(option.otherwise, 15);
  assertReads(option, { "1": 1, "007": 7, "86400": 86_400 });
  const bad = ["", "0", "-1", "+1", "1.5", " 1", "1 ", "x", "1e3", "86401"];
  assertRefuses(option, [...bad, "0x10", "1_0", "9".repeat(400)]);
  const open = wholeNumber(0, Infinity, undefined);
  assertEquals(open.rule, "a whole number 0 or more");
  assertReads(open, { "0": 0, "99999999": 99_999_999 });
});

Deno.test("duration() accepts seconds, or a number with its unit", () => {
  const times = { "90": 90, "90s": 90, "1.5m": 90, "1h": 3600, "2d": 172_800 };
  assertReads(duration(15), times);
  const bad = ["", "0", "0s", "-1s", "1y", "1 h", "h", "1e3", "9".repeat(10)];
  assertRefuses(duration(15), bad);
});

Deno.test("size() accepts MiB, or a number with its unit, in its range", () => {
  const option = size("64K", "1G", "8M");
  assertEquals(option.otherwise, 2 ** 23);
  const sizes = { "64K": 2 ** 16, "1": 2 ** 20, "1.5MiB": 1.5 * 2 ** 20 };
  assertReads(option, { ...sizes, "1g": 2 ** 30 });
  assertRefuses(option, ["", "63K", "1025M", "-1M", "1T", "M", "1 M"]);
});

Deno.test("regularExpression() says how to write what other languages write otherwise", () => {
  const option = regularExpression();
  assertEquals(option.read(["(?<a>b)"])!.source, "(?<a>b)");
  assertThrows(() => option.read(["("]), SyntaxError, "Unterminated group");
  const bad = { "(?P<a>b)": "write (?<name>", "(?i)a": "write --ignore-case" };
  for (const [text, hint] of Object.entries(bad)) {
    assertThrows(() => option.read([text]), SyntaxError, hint);
  }
});

Deno.test("choice() accepts one of its words", () => {
  const option = choice("put", "tcollector");
  assertEquals(option.rule, "put or tcollector");
  assertReads(option, { put: "put", tcollector: "tcollector" });
  assertRefuses(option, ["", "PUT", "pu"]);
});

Deno.test("pairs() accepts each key once", () => {
  const read = (...values: string[]) => pairs().read(values);
  assertEquals(read("a=b", "c=d=e"), { a: "b", c: "d=e" });
  for (const bad of ["a", "=b", "a="]) assertEquals(read(bad), undefined, bad);
  assertThrows(() => read("a=b", "a=c"), SyntaxError, "repeated for a");
});
