import { assert, assertEquals } from "@std/assert";
import { clone } from "./helpers/clone.ts";
import { processTest, ROOT, Running } from "./helpers/processes.ts";

// Publishing refuses modules that git ignores, as it does linked stand-ins.
processTest("the package can be published", ["git"], async (folder) => {
  const root = await clone(folder);
  await new Running(["cp", "-r", `${ROOT}.offline`, root]).end();
  await Deno.remove(`${root}.gitignore`);
  const config = JSON.parse(await Deno.readTextFile(`${root}deno.json`));
  config.publish.include.push(".offline");
  await Deno.writeTextFile(`${root}deno.json`, JSON.stringify(config));
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const publish = new Running([Deno.execPath(), ...args], { cwd: root });
  const { code } = await publish.end();
  assertEquals(code, 0, publish.err.join("\n"));
});

// V8 keeps a module with any other character in memory at two bytes a character.
processTest("the modules of collectors are ASCII", ["git"], async () => {
  const rooms = ["mod.ts", "counter.ts", "counter", "lines", "script"];
  const list = ["git", "-C", ROOT, "ls-files", ...rooms, "collectors"];
  const git = new Running(list);
  await git.end();
  assert(git.out.length > 50);
  for (const path of git.out) {
    const text = await Deno.readTextFile(ROOT + path);
    assertEquals(text.match(/\P{ASCII}/u)?.[0], undefined, path);
  }
});
