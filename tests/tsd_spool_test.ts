import { assertEquals } from "@std/assert";
import { Spool } from "../pipes/tsd/spool.ts";

function spoolOf(limit: number): { spool: Spool; advance(ms: number): void } {
  let now = 0;
  const spool = new Spool({ limit, keep: 10, clock: () => now });
  return { spool, advance: (ms) => now += ms };
}

function takeAll(spool: Spool): string {
  let text = "";
  for (let batch; (batch = spool.take());) text += batch.text;
  return text;
}

Deno.test("Spool hands out lines once, in order, in batches", () => {
  const { spool } = spoolOf(1e6);
  for (let i = 0; i < 10; i++) spool.push(`${i}\n`, 1);
  assertEquals(spool.take(1e6)!.text, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  assertEquals(spool.take(), undefined);
  spool.push("a\n", 1);
  assertEquals(takeAll(spool), "a\n");
  assertEquals(spool.waiting, 0);
});

Deno.test("Spool.rewind() brings back what was sent, or read a short time ago", () => {
  const { spool, advance } = spoolOf(1e6);
  for (const text of ["a\n", "b\n", "c\n"]) {
    spool.push(text, 1);
    takeAll(spool);
    spool.confirm();
    advance(4);
  }
  spool.push("d\n", 1);
  takeAll(spool);
  spool.push("e\n", 1);
  assertEquals(spool.undelivered, { lines: 2, sent: 1 });
  assertEquals(spool.rewind(), { again: 3, lost: 0 });
  assertEquals(spool.undelivered, { lines: 4, sent: 3 });
  assertEquals(takeAll(spool), "b\nc\nd\ne\n");
  spool.confirm();
  assertEquals(spool.undelivered, { lines: 0, sent: 0 });
  advance(10);
  assertEquals(spool.rewind(), { again: 0, lost: 0 });
  assertEquals(spool.waiting, 0);
});

Deno.test("Spool.push() drops the oldest lines beyond the limit and counts them", () => {
  const { spool } = spoolOf(100_000);
  const text = "x".repeat(39_999) + "\n";
  assertEquals(spool.push(text, 2), 0);
  assertEquals(spool.push(text, 3), 0);
  assertEquals(spool.push(text, 4), 2);
  assertEquals(spool.dropped, 2);
  assertEquals(spool.undelivered.lines, 7);
  assertEquals(takeAll(spool), text + text);
});

Deno.test("Spool.push() makes room by forgetting what was sent; rewind() says when that is lost", () => {
  const { spool, advance } = spoolOf(100_000);
  const text = "x".repeat(39_999) + "\n";
  for (const lines of [2, 3, 4]) {
    assertEquals(spool.push(text, lines), 0);
    takeAll(spool);
  }
  assertEquals(spool.dropped, 0);
  assertEquals(spool.rewind(), { again: 7, lost: 2 });
  takeAll(spool);
  spool.confirm();
  assertEquals(spool.push(text, 5), 0);
  advance(11);
  assertEquals(spool.rewind(), { again: 0, lost: 0 });
});

Deno.test("Spool.push() makes room by forgetting what was surely stored; none of it is lost", () => {
  const { spool, advance } = spoolOf(100_000);
  const text = "x".repeat(39_999) + "\n";
  spool.push(text, 2);
  takeAll(spool);
  spool.confirm();
  advance(11);
  for (let i = 0; i < 2; i++) assertEquals(spool.push(text, 3), 0);
  assertEquals(spool.rewind(), { again: 0, lost: 0 });
});

Deno.test("Spool takes over what a store has found; a second spool gets nothing", () => {
  const found = [{ key: "a\n", lines: 1, length: 2 }];
  const store = {
    put: ({ text }: { text: string }) => text,
    get: (key: unknown) => key as string,
    delete: () => {},
    found,
  };
  const [first, second] = [0, 1].map(() => new Spool({ limit: 1e6, store }));
  assertEquals([takeAll(first!), takeAll(second!)], ["a\n", ""]);
});
