/** A fresh clone, where nothing but Deno is installed. */
import { assertEquals } from "@std/assert";
import { clone } from "./helpers/clone.ts";
import { has, processTest, Running } from "./helpers/processes.ts";

const NOBODY = 65_534;

/** An environment in which JSR does not answer, and nothing was fetched yet. */
function withoutJsr(folder: string): Record<string, string> {
  return { JSR_URL: "http://127.0.0.1:9/", DENO_DIR: `${folder}/deno_dir` };
}

function task(root: string, name: string, options: Deno.CommandOptions) {
  const args = ["run", "-q", "-A", `${root}tasks/${name}.ts`];
  return new Running([Deno.execPath(), ...args], { cwd: "/", ...options });
}

processTest("a script says in one line what to do where JSR does not answer", [
  "git",
  "deno",
], async (folder) => {
  const root = await clone(folder);
  const env = withoutJsr(folder);
  for (const name of ["collectors/uptime.ts", "pipes/plot.ts"]) {
    const script = new Running([root + name, "--version"], { env });
    assertEquals((await script.end()).code, 1);
    assertEquals(script.err, [
      `${name.split("/")[1]}: cannot load @std/cli, as JSR does not answer: ` +
      "run `deno task offline` in the folder of this package first",
    ]);
    assertEquals(script.out, []);
  }
  const said = [
    "offline.ts: JSR does not answer: using stand-ins for @std in .offline/",
  ];
  for (const expected of [said, []]) {
    const offline = task(root, "offline", { env });
    assertEquals((await offline.end()).code, 0);
    assertEquals(offline.err, expected);
  }
  const script = new Running([`${root}collectors/uptime.ts`, "--version"], {
    env,
  });
  assertEquals((await script.end()).code, 0);
  assertEquals(script.err, []);
});

processTest("a task says in one line that its clone belongs to another user", [
  "git",
  ...has("git") && Deno.uid() === 0 ? [] : ["right to be another user"],
], async (folder) => {
  const root = await clone(folder);
  await Deno.chmod(folder, 0o755);
  await Deno.mkdir(`${folder}/deno_dir`);
  await Deno.chmod(`${folder}/deno_dir`, 0o777);
  const env = withoutJsr(folder);
  const other = { env, uid: NOBODY, gid: NOBODY };
  const offline = task(root, "offline", other);
  assertEquals((await offline.end()).code, 1);
  assertEquals(offline.err.slice(-1), [
    `offline.ts: cannot write ${root}.offline/, as this clone belongs to another user: make a clone of your own`,
  ]);
  const bundle = task(root, "bundle", other);
  assertEquals((await bundle.end()).code, 1);
  assertEquals(bundle.err, [
    `bundle.ts: cannot write ${root}dist, as it belongs to another user`,
  ]);

  await task(root, "offline", { env }).end();
  const again = task(root, "offline", other);
  assertEquals((await again.end()).code, 0);
  assertEquals(again.err, []);
});
