/**
 * Makes one file of each collector and pipe, which runs wherever it is copied or
 * linked to. The files go into `dist/`, or into the folder that is given.
 */
import { fail } from "../script/complain.ts";
import { firstLine } from "./bundle/first_line.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const FOLDER = Deno.args[0] ?? `${ROOT}dist`;

async function scriptsIn(folder: string): Promise<string[]> {
  const scripts: string[] = [];
  for await (const { name, isFile } of Deno.readDir(ROOT + folder)) {
    const script = `${ROOT}${folder}/${name}`;
    if (!isFile) continue;
    if ((await Deno.readTextFile(script)).startsWith("#!")) {
      scripts.push(script);
    }
  }
  return scripts.sort();
}

/** Bundles the scripts of one folder: for two, Deno would make folders again. */
async function bundle(scripts: string[]): Promise<void> {
  const args = ["bundle", "--quiet", "--outdir", FOLDER, ...scripts];
  const bundle = new Deno.Command(Deno.execPath(), { args }).spawn();
  if (!(await bundle.status).success) Deno.exit(1);
}

async function makeExecutable(script: string): Promise<void> {
  const file = script.replace(/^.*\/(.*)\.ts$/, `${FOLDER}/$1.js`);
  const text = await Deno.readTextFile(file);
  const here = Deno.execPath().replace(/\/[^/]*$/, "");
  const line = (_: string, command: string) => firstLine(command, here);
  const all = text.replace(/^#!.* -S deno (.*)/, line);
  await Deno.writeTextFile(file, all);
  await Deno.chmod(file, 0o755);
  console.log(file.replace(ROOT, ""));
}

try {
  await Deno.mkdir(FOLDER, { recursive: true });
  if (Deno.args.length === 0) {
    await Deno.remove(FOLDER, { recursive: true }); // so that no old script stays
    await Deno.mkdir(FOLDER);
  }
} catch (error) {
  if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  fail(`cannot write ${FOLDER}, as it belongs to another user`, 1);
}
for (const folder of ["collectors", "pipes"]) {
  const scripts = await scriptsIn(folder);
  await bundle(scripts);
  for (const script of scripts) await makeExecutable(script);
}
