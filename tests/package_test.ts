import { assertEquals } from "@std/assert";
import { processTest, ROOT, Running } from "./helpers/processes.ts";

/** Copies what git tracks, or would; and the stand-ins, where they are used. */
async function copyTo(folder: string): Promise<void> {
  const listing = new Running([
    ...["git", "-C", ROOT, "ls-files"],
    ...["--cached", "--others", "--exclude-standard"],
  ]);
  await listing.end();
  for (const name of listing.out) {
    await Deno.mkdir(new URL(".", `file://${folder}/${name}`), {
      recursive: true,
    });
    await Deno.copyFile(ROOT + name, `${folder}/${name}`).catch(() => {});
  }
  await new Running(["cp", "-r", `${ROOT}.offline`, folder]).end();
}

// Where stand-ins are linked, git ignores them and publishing would refuse them.
processTest("the package can be published", ["git"], async (folder) => {
  await copyTo(folder);
  await Deno.remove(`${folder}/.gitignore`);
  const config = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
  config.publish.include.push(".offline");
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  const args = ["publish", "--dry-run", "--allow-dirty"];
  const publish = new Running([Deno.execPath(), ...args], { cwd: folder });
  const { code } = await publish.end();
  assertEquals(code, 0, publish.err.join("\n"));
});
