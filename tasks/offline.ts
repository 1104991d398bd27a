/**
 * Where JSR does not answer, puts the stand-ins of `tests/offline/` into
 * `.offline/`, which `links` in deno.json looks at. Where it does, removes it.
 */
const ROOT = new URL("../", import.meta.url);
const STAND_IN = "1.99.0"; // their version; real packages are left in place

async function jsrAnswers(): Promise<boolean> {
  const config = await Deno.readTextFile(new URL("deno.json", ROOT));
  const packages = Object.values<string>(JSON.parse(config).imports)
    .filter((specifier) => specifier.startsWith("jsr:"));
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["cache", "--no-config", "--no-lock", ...packages],
    stderr: "null",
    signal: AbortSignal.timeout(60_000),
  }).output();
  return success;
}

async function versionIn(folder: URL): Promise<string | undefined> {
  try {
    const config = await Deno.readTextFile(new URL("deno.json", folder));
    return JSON.parse(config).version;
  } catch {
    return undefined;
  }
}

async function copy(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), new URL(name, to));
  }
}

const offline = new URL(".offline/", ROOT);
if (await jsrAnswers()) {
  await Deno.remove(offline, { recursive: true }).catch(() => {});
} else {
  const installed = await versionIn(new URL("assert/", offline));
  if (installed === undefined) {
    console.error("JSR does not answer: using stand-ins for @std in .offline/");
  }
  for (const name of ["assert", "cli", "streams"]) {
    const place = new URL(`${name}/`, offline);
    if ((await versionIn(place) ?? STAND_IN) !== STAND_IN) continue;
    await copy(new URL(`tests/offline/${name}/`, ROOT), place);
  }
}
