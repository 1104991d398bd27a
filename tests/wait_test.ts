import { assertEquals } from "@std/assert";
import { sleep, turn, within } from "../script/wait.ts";

Deno.test("sleep() ends early when its signal is aborted, also before it begins", async () => {
  const stop = new AbortController();
  const asleep = sleep(60_000, stop.signal);
  stop.abort();
  await asleep;
  await sleep(60_000, stop.signal);
});

Deno.test("sleep() takes times that are too long for a timer", async () => {
  const stop = new AbortController();
  let over = false;
  const asleep = sleep(2 ** 40, stop.signal).then(() => over = true);
  await sleep(20);
  assertEquals(over, false);
  stop.abort();
  await asleep;
});

Deno.test("within() waits for a promise, but not longer than the given time", async () => {
  assertEquals(await within(60_000, Promise.resolve(7)), 7);
  assertEquals(await within(1, new Promise(() => {})), undefined);
});

Deno.test("turn() lets timers run", async () => {
  let ran = false;
  setTimeout(() => ran = true);
  while (!ran) await turn();
});
