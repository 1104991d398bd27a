/** No line is lost or read twice, in whatever way a log is rotated. */
import { assertEquals } from "@std/assert";
import { read, Writer } from "./helpers/logs.ts";
import { processTest, sleep } from "./helpers/processes.ts";

/** Renames a log, and each numbered file to the next number. */
function renameAll(log: string, files: number): void {
  for (let n = files; n > 0; n--) {
    Deno.renameSync(`${log}.${n - 1}`, `${log}.${n}`);
  }
  Deno.renameSync(log, `${log}.0`);
}

processTest(
  "tail() loses nothing while writers hold renamed files under load",
  ["tail"],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = await read(log);
    const written: string[] = [];
    const writers = [new Writer(log, written)];
    const load = setInterval(() => writers.forEach((w) => w.write(20)), 5);
    for (let i = 0; i < 4; i++) {
      await sleep(50);
      await Deno.rename(log, `${log}.${i}`);
      if (i % 2) await sleep(250); // for some time there is no new file
      writers.push(new Writer(log, written));
    }
    await sleep(50);
    clearInterval(load);
    for (const writer of writers) writer[Symbol.dispose]();
    await reader.readAll(written);
    await reader.stop(log);
    reader.compare("4 rotations by rename under load", written);
  },
);

processTest(
  "tail() reads files that are renamed faster than it looks at them",
  [
    "tail",
  ],
  async (folder) => {
    const log = `${folder}/app.log`;
    const reader = await read(log);
    const written: string[] = [];
    for (let i = 0; i < 15; i++) {
      using writer = new Writer(log, written);
      writer.write(50);
      renameAll(log, i);
      if (i % 5 === 4) await reader.readAll(written);
      else await sleep(10); // so that no two have the same time of change
    }
    await reader.stop(log);
    assertEquals(reader.lines, written); // in the same order
    reader.compare("15 rotations in 3 bursts", written);
  },
);

processTest("tail() keeps up with a chain of renames every 50 ms", [
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  const reader = await read(log);
  const written: string[] = [];
  for (let i = 0; i < 20; i++) {
    using writer = new Writer(log, written);
    writer.write(30);
    await sleep(50);
    renameAll(log, i);
    writer.write(5);
  }
  await reader.readAll(written);
  await reader.stop(log);
  reader.compare("20 renames, one every 50 ms", written);
});

processTest(
  "tail() reads no other log, and no copy, for a rotated one",
  ["tail"],
  async (folder) => {
    const log = `${folder}/access.log`;
    const reader = await read(log);
    const written: string[] = [];
    using old = new Writer(log, written);
    old.write(3);
    await reader.readAll(written);
    // What other logs, a copy, and a restored backup look like.
    const others = ["access-2.log", "access.8080.log", "access-api.log"];
    for (const other of others) {
      await Deno.writeTextFile(`${folder}/${other}`, "other\n");
    }
    await Deno.copyFile(log, `${log}.bak`);
    await Deno.copyFile(log, `${log}.7`);
    await Deno.utime(`${log}.7`, 1_700_000_000, 1_700_000_000); // as gunzip sets it
    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(`${folder}/access-3.log`, "other\n");
    using current = new Writer(log, written);
    current.write(3);
    await reader.readAll(written);
    await reader.stop(log);
    reader.compare("other logs beside it", written);
  },
);

processTest(
  "tail() follows a link when it points to another file, as in Kubernetes",
  ["tail"],
  async (folder) => {
    const link = `${folder}/pod.log`;
    await Deno.mkdir(`${folder}/pods`);
    await Deno.writeTextFile(`${folder}/pods/0.log`, "");
    await Deno.symlink(`${folder}/pods/0.log`, link);
    const reader = await read(link);
    const written: string[] = [];
    for (let i = 0; i < 3; i++) {
      const target = `${folder}/pods/${i}.log`;
      using writer = new Writer(target, written);
      writer.write(5);
      if (i > 0) {
        await Deno.symlink(target, `${link}.new`);
        await Deno.rename(`${link}.new`, link);
      }
      await reader.readAll(written);
      await Deno.rename(target, `${target}.20261122-101112`); // as the kubelet does
      writer.write(5);
      await Deno.writeTextFile(target, "");
      await reader.readAll(written);
    }
    await reader.stop(link);
    reader.compare("a link to three files, one after another", written);
  },
);

processTest(
  "tail() follows a link whose target is rotated in its own folder",
  ["tail"],
  async (folder) => {
    const log = `${folder}/real/app.log`;
    await Deno.mkdir(`${folder}/real`);
    await Deno.writeTextFile(log, "");
    await Deno.symlink(log, `${folder}/link.log`);
    const reader = await read(`${folder}/link.log`);
    const written: string[] = [];
    for (let i = 0; i < 10; i++) {
      using writer = new Writer(log, written);
      writer.write(5);
      Deno.renameSync(log, `${log}.${i}`);
      writer.write(5);
      await sleep(10);
    }
    await reader.readAll(written);
    await reader.stop(log);
    reader.compare("10 fast rotations behind a link", written);
  },
);
