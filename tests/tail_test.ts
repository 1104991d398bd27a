import { assert, assertEquals } from "@std/assert";
import { tail } from "../mod.ts";
import { read, Reader, Writer } from "./helpers/logs.ts";
import { processTest, Running, sleep, until } from "./helpers/processes.ts";

/** Whether a running `tail` follows a log. */
async function isFollowed(log: string): Promise<boolean> {
  const pgrep = new Running(["pgrep", "-f", `tail .*-F.*${log}`]);
  return (await pgrep.end()).success;
}

processTest(
  "tail() waits for a log that is not there yet, and reads all of it",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = new Reader(tail(log));
    const written: string[] = [];
    using writer = new Writer(log, written);
    writer.write(10);
    await reader.readAll(written);
    await reader.stop(log);
    reader.compare("a log that comes later", written);
  },
);

processTest("tail() waits for a folder that is gone to come back", [
  "tail",
], async (folder) => {
  const log = `${folder}/logs/app.log`;
  await Deno.mkdir(`${folder}/logs`);
  const reader = await read(log);
  await Deno.remove(`${folder}/logs`, { recursive: true });
  await sleep(250); // by then it has looked
  await Deno.mkdir(`${folder}/logs`);
  const written: string[] = [];
  using writer = new Writer(log, written);
  writer.write(3);
  await reader.readAll(written);
  await reader.stop(log);
  reader.compare("a folder that was gone", written);
});

processTest("tail() reads only what is added, and takes any name for a log", [
  "tail",
], async (folder) => {
  const log = `${folder}/-n "a' $(b)\n*.log`;
  await Deno.writeTextFile(log, "before\n");
  const reader = await read(log);
  await reader.stop(log);
  assert(!reader.lines.includes("before"));
});

processTest("tail() reads lines of any bytes and of any length", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const long = "x".repeat(1024 * 1024);
  await Deno.writeTextFile(log, `${long.repeat(10)}\nhalf `, { append: true });
  await until(() => reader.lines.length === 1);
  await Deno.writeTextFile(log, "a line\r\n\0$(reboot)\u001b[31m\n", {
    append: true,
  });
  await Deno.writeFile(log, Uint8Array.of(0xff, 0xe2, 0x82, 0xac, 0x0a), {
    append: true,
  });
  await reader.stop(log);
  assertEquals(
    reader.lines,
    [long, "half a line", "\0$(reboot)\u001b[31m", "\ufffd€"],
  );
});

processTest("tail() keeps only lines that match", ["tail"], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = new Reader(tail(log, { match: /^n|stop/ }));
  await Deno.writeTextFile(log, "needle\nhay\nneedle 2\nhay\n");
  await reader.stop(log);
  assertEquals(reader.lines, ["needle", "needle 2"]);
});

processTest("tail() reads a line at once, before the next look", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  using writer = new Writer(log, written);
  // On a busy machine a line may be late; without a bell, each of them is.
  await until(async () => {
    await until(() => (Date.now() + 10) % 200 < 40); // just after a look
    await sleep(50);
    writer.write();
    const at = performance.now();
    await until(() => reader.lines.length === written.length);
    return performance.now() - at < 60;
  }, 20);
  await reader.stop(log);
});

processTest("tail() ends its tail when its iteration ends", [
  "tail",
  "pgrep",
], async (folder) => {
  const logs = ["a", "b"].map((name) => `${folder}/${name}.log`);
  const [a, b] = await Promise.all(logs.map(read));
  assert(await isFollowed(`${logs[0]}.*`));
  await a!.stop(logs[0]!);
  await until(async () => !await isFollowed(`${logs[0]}`)); // the one for b goes on
  await until(() => isFollowed(`${logs[1]}`));
  await b!.stop(logs[1]!);
  assert(!await isFollowed(folder));
});

processTest("tail() reads each line once while its tail is killed", [
  "tail",
  "pkill",
  "pgrep",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  using writer = new Writer(log, written);
  const load = setInterval(() => writer.write(20), 5);
  await until(() => isFollowed(log));
  await new Running(["pkill", "-9", "-f", `tail .*-F.*${log}`]).end();
  await sleep(50);
  clearInterval(load);
  await reader.readAll(written);
  await Deno.copyFile(log, `${log}.1`); // as copytruncate does
  writer.truncate();
  writer.write(20);
  await reader.readAll(written);
  await Deno.mkdir(`${folder}/elsewhere`);
  await Deno.rename(log, `${folder}/elsewhere/app.log`);
  writer.write(20);
  using fresh = new Writer(log, written);
  fresh.write(20);
  await until(() => isFollowed(log)); // its tail is started again
  fresh.write(20);
  await reader.readAll(written);
  await reader.stop(log);
  reader.compare("tail killed, log truncated and moved away", written);
});
