import { assertEquals } from "@std/assert";
import { LineCutter, type LineCutterOptions } from "../lines/cut.ts";

const BYTES = new TextEncoder();

/** Cuts a text that comes in chunks of `size` bytes. */
function cut(
  text: string | Uint8Array,
  size: number,
  options?: LineCutterOptions,
): string[] {
  const bytes = typeof text === "string" ? BYTES.encode(text) : text;
  const cutter = new LineCutter(options);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    lines.push(...cutter.push(bytes.subarray(at, at + size)));
  }
  return lines.concat(cutter.end());
}

Deno.test("LineCutter cuts the same lines whatever the chunks are", () => {
  const text = "a\n\nhalf a line\r\n\0\u001b[31m$(reboot); 😀\n€\rb\nno end €";
  const lines = text.split(/\r?\n/);
  for (let size = 1; size <= BYTES.encode(text).length; size++) {
    assertEquals(cut(text, size), lines, `in chunks of ${size}`);
  }
});

Deno.test("LineCutter cuts lines of bytes that are not UTF-8", () => {
  for (const size of [1, 2, 3, 100]) {
    const bytes = Uint8Array.of(0xff, 0xfe, 0x0a, 0xe2, 0x82, 0xac, 0x0a, 0xe2);
    assertEquals(cut(bytes, size), ["\ufffd\ufffd", "€", "\ufffd"]);
  }
});

Deno.test("LineCutter cuts off a line that is too long, and only that", () => {
  const text = `${"x".repeat(50)}\n12345678\nb\n${"y".repeat(9)}\r\nlast`;
  const lines = ["xxxxxxxx", "12345678", "b", "yyyyyyyy", "last"];
  for (let size = 1; size < 80; size++) {
    assertEquals(cut(text, size, { longest: 8 }), lines, `chunks of ${size}`);
    const match = { longest: 8, match: "x" };
    assertEquals(cut(text, size, match), ["xxxxxxxx"], `chunks of ${size}`);
  }
});

Deno.test("LineCutter hands on a line that is too long before its end comes", () => {
  const cutter = new LineCutter({ longest: 8 });
  assertEquals(cutter.push(BYTES.encode("123456789")), ["12345678"]);
  assertEquals(cutter.push(BYTES.encode("xyz\nnext\n")), ["next"]);
});

Deno.test("LineCutter keeps 1 MiB of a line", () => {
  const line = "x".repeat(1024 * 1024);
  assertEquals(cut(line + "\nnext", 100_000), [line, "next"]);
  assertEquals(cut(line + "xyz\nnext", 100_000), [line, "next"]);
});

Deno.test("LineCutter keeps only lines that match", () => {
  const text = "needle 1\nhay\n\nneedle needle 2\r\nsewing needle\nneedle 3";
  const all = ["needle 1", "needle needle 2", "sewing needle", "needle 3"];
  for (const match of ["needle", /n[e]{2}dle/g, /needle/y]) {
    for (let size = 1; size < text.length; size++) {
      assertEquals(cut(text, size, { match }), all, `${match}, ${size}`);
    }
  }
  assertEquals(cut(text, 7, { match: /^needle/ }).length, 3);
  assertEquals(cut(text, 7, { match: "straw" }), []);
});

Deno.test("LineCutter ends without a line where none has begun", () => {
  assertEquals(cut("a\n", 1), ["a"]);
  assertEquals(new LineCutter().end(), []);
});
