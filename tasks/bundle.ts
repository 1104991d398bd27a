/**
 * Makes one file of each collector and pipe, in `dist/`, that runs wherever it
 * is copied to. A service's PATH seldom has Deno's folder, so that the first
 * line says where to look: the usual folders, and where Deno is here.
 */
const ROOT = new URL("../", import.meta.url).pathname;
const DIST = `${ROOT}dist`;

await Deno.remove(DIST, { recursive: true }).catch(() => {});
const scripts: string[] = [];
for (const folder of ["collectors", "pipes"]) {
  const found: string[] = [];
  for await (const { name, isFile } of Deno.readDir(ROOT + folder)) {
    const script = `${ROOT}${folder}/${name}`;
    if (!isFile) continue;
    if ((await Deno.readTextFile(script)).startsWith("#!")) found.push(script);
  }
  // Scripts of one folder at a time: those of two would keep their folders.
  const args = ["bundle", "--quiet", "--outdir", DIST, ...found];
  const bundle = new Deno.Command(Deno.execPath(), { args }).spawn();
  if (!(await bundle.status).success) Deno.exit(1);
  scripts.push(...found);
}

const here = Deno.execPath().replace(/\/[^/]*$/, "");
const path = [...new Set(["/usr/local/bin", "/usr/bin", "/bin", here])];
for (const script of scripts) {
  const name = script.replace(/^.*\/(.*)\.ts$/, "$1.js");
  const file = `${DIST}/${name}`;
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(
    file,
    text.replace(
      /^#!.* -S deno /,
      `#!/usr/bin/env -S PATH=${path.join(":")} deno `,
    ),
  );
  await Deno.chmod(file, 0o755);
  console.log(`dist/${name}`);
}
