import { assertEquals } from "@std/assert";
import { autodump, MetricCounter } from "../mod.ts";
import { unread } from "../script/unread_logs.ts";

const START = 1_700_000_000;

Deno.test("autodump() reports no 0 for a time before a log was read, even when it dumps late", async () => {
  let second = 0;
  const failures = new MetricCounter("m", {
    tags: { host: "h" },
    clock: () => (START + second) * 1000,
  });
  let sent = "";
  const output = (lines: string) => void (sent += lines);
  const log = {};
  unread.add(log);
  const never = (_: number, signal: AbortSignal) =>
    new Promise<void>((end) => signal.addEventListener("abort", () => end()));
  {
    await using _ = autodump(failures, { output, sleep: never });
    second = 3; // without a dump until then
    unread.delete(log);
    second = 5;
  }
  assertEquals(
    sent,
    [3, 4, 5].map((at) => `put m ${START + at} 0 host=h\n`).join(""),
  );
});
