import { assertEquals, assertRejects } from "@std/assert";
import { LineWriter, writeAll, writePuts } from "../script/mod.ts";

/** A reader that takes nothing before `take()`, and then some bytes each time. */
class Reader {
  readonly pieces: string[] = [];
  #gate = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    await this.#gate.promise;
    const some = bytes.subarray(0, 1000);
    this.pieces.push(new TextDecoder("latin1").decode(some));
    return some.length;
  }

  take(): void {
    this.#gate.resolve();
  }
}

function never(error: unknown): never {
  throw error;
}

Deno.test("LineWriter.pass() passes on every byte in order", async () => {
  const reader = new Reader();
  const writer = new LineWriter(reader, never);
  const all: number[] = [];
  for (let i = 0; i < 300; i++) {
    const length = i % 7 === 0 ? 2 : i * 30;
    const chunk = Uint8Array.from({ length }, (_, k) => (k * i) % 256);
    writer.pass(chunk);
    all.push(...chunk);
  }
  writer.passRest();
  reader.take();
  assertEquals(await writer.room(0, Infinity), true);
  const latin1 = new TextDecoder("latin1");
  assertEquals(reader.pieces.join(""), latin1.decode(Uint8Array.from(all)));
});

Deno.test("LineWriter.pass() holds a line back until its end has come", async () => {
  const reader = new Reader();
  const writer = new LineWriter(reader, never);
  const pass = (text: string) => writer.pass(new TextEncoder().encode(text));
  reader.take();
  pass("one\ntw");
  await writer.room(0, Infinity);
  assertEquals(reader.pieces.join(""), "one\n");
  pass("o");
  await writer.room(0, Infinity);
  assertEquals(reader.pieces.join(""), "one\n");
  pass("\nthree");
  await writer.room(0, Infinity);
  assertEquals(reader.pieces.join(""), "one\ntwo\n");
  writer.passRest();
  await writer.room(0, Infinity);
  assertEquals(reader.pieces.join(""), "one\ntwo\nthree");
});

Deno.test("LineWriter.room() is false for a reader that stalls, and true for a slow one", async () => {
  const reader = new Reader();
  const writer = new LineWriter(reader, never);
  writer.push("line\n".repeat(10_000));
  assertEquals(await writer.room(50_000, 0), true);
  assertEquals(await writer.room(10_000, 1), false);
  const slow = writer.room(10_000, Infinity);
  reader.take();
  assertEquals(await slow, true);
  await writer.room(0, Infinity);
});

Deno.test("writeAll() tries again when a pipe that does not block is full", async () => {
  let full = 3;
  const taken: number[] = [];
  const write = (bytes: Uint8Array) => {
    if (full-- > 0) return Promise.reject(new Deno.errors.WouldBlock());
    taken.push(...bytes.subarray(0, 2));
    full = 1;
    return Promise.resolve(Math.min(2, bytes.length));
  };
  await writeAll({ write }, Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(taken, [1, 2, 3, 4, 5]);
});

Deno.test("writeAll() writes only whole lines", async () => {
  const taken: string[] = [];
  const write = (bytes: Uint8Array) => {
    taken.push(new TextDecoder().decode(bytes));
    return Promise.resolve(bytes.length);
  };
  const text = ("x".repeat(999) + "\n").repeat(5);
  await writeAll({ write }, new TextEncoder().encode(text));
  assertEquals(taken, [text.slice(0, 4000), text.slice(4000)]);
});

Deno.test("writePuts() refuses a line that a pipe could tear", async () => {
  const line = "x".repeat(5000) + "\n";
  await assertRejects(() => writePuts(line), RangeError, "is 5001");
});
