import { assert, assertEquals } from "@std/assert";
import { firstLine } from "../tasks/bundle/first_line.ts";
import {
  processTest,
  puts,
  ROOT,
  Running,
  until,
} from "./helpers/processes.ts";

Deno.test("firstLine() fits into what Linux reads", () => {
  const command = "run -q " + "x".repeat(146); // lograte.ts's is as long
  const usual = "/usr/local/bin:/usr/bin:/bin";
  const paths = {
    "/usr/bin": `${usual}:`,
    "/usr/lib/node_modules/deno": `${usual}:/usr/lib/node_modules/deno:`,
    [`/${"n".repeat(60)}`]: `/${"n".repeat(60)}:`,
    [`/${"n".repeat(90)}`]: `${usual}:`,
  };
  for (const [here, path] of Object.entries(paths)) {
    const line = firstLine(command, here);
    assertEquals(
      line,
      `#!/usr/bin/env -S PATH=${path}\${PATH} deno ${command}`,
    );
    assert(line.length <= 255);
  }
});

processTest("bundled scripts run wherever they are copied or linked to", [
  "tail",
], async (folder) => {
  const args = ["run", "-A", `${ROOT}tasks/bundle.ts`, folder];
  const bundle = new Running([Deno.execPath(), ...args]);
  assertEquals((await bundle.end()).code, 0, bundle.err.join("\n"));
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  assert(bundle.out.length >= 7);
  for (const file of bundle.out) {
    const bare = { cwd: "/", clearEnv: true };
    const script = new Running([file, "--version"], bare);
    assertEquals((await script.end()).code, 0);
    assertEquals(script.err, []);
    assertEquals(script.out, [`${file.split("/").at(-1)} ${version}`]);
  }

  await Deno.mkdir(`${folder}/0`);
  await Deno.symlink(`${folder}/uptime.js`, `${folder}/0/up`);
  const linked = new Running([`${folder}/0/up`], { cwd: "/" });
  await until(() => linked.out.length > 1);
  assertEquals((await linked.end("SIGTERM")).code, 0);
  assertEquals(linked.err, []);
  assertEquals(puts(linked.out).length, linked.out.length);
  for (const line of linked.out) assert(line.startsWith("proc.uptime."), line);
});

processTest(
  "a bundled lograte.ts --save writes scripts that import it",
  ["tail"],
  async (folder) => {
    const args = ["run", "-A", `${ROOT}tasks/bundle.ts`, folder];
    const bundle = new Running([Deno.execPath(), ...args]);
    assertEquals((await bundle.end()).code, 0, bundle.err.join("\n"));
    const [log, script] = [`${folder}/a.log`, `${folder}/saved`];
    await Deno.writeTextFile(log, "");
    const options = ["--metric", "m", "--tag", "host=h", "--save", script, log];
    const lograte = new Running([`${folder}/lograte.js`, ...options]);
    assertEquals((await lograte.end()).code, 0, lograte.err.join("\n"));
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }; // as systemd sets it for a service
    const saved = new Running([script], { cwd: "/", clearEnv: true, env });
    await until(() => saved.out.length > 0);
    assertEquals((await saved.end("SIGTERM")).code, 0);
    assertEquals(saved.err, []);
  },
);
