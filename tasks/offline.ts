/**
 * Where JSR does not answer, copies the stand-ins of `tests/offline/` to
 * `.offline/`, from where `links` in deno.json takes them; real packages that
 * someone has put there stay. Where JSR answers, removes `.offline/`.
 */
import { complain, fail } from "../script/complain.ts";

const ROOT = new URL("../", import.meta.url);
const STAND_IN = "1.99.0"; // the version of the stand-ins

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

async function textOf(file: URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function versionIn(folder: URL): Promise<string | undefined> {
  const config = await textOf(new URL("deno.json", folder));
  return config && JSON.parse(config).version;
}

/** Copies only what differs, as the folder may belong to another user. */
async function copy(from: URL, to: URL): Promise<void> {
  for await (const { name } of Deno.readDir(from)) {
    const [file, place] = [new URL(name, from), new URL(name, to)];
    const text = await Deno.readTextFile(file);
    if (await textOf(place) === text) continue;
    await Deno.mkdir(to, { recursive: true });
    await Deno.writeTextFile(place, text);
  }
}

async function useStandIns(offline: URL): Promise<void> {
  if (await versionIn(new URL("assert/", offline)) === undefined) {
    complain("JSR does not answer: using stand-ins for @std in .offline/");
  }
  for (const name of ["assert", "cli", "streams"]) {
    const place = new URL(`${name}/`, offline);
    if ((await versionIn(place) ?? STAND_IN) !== STAND_IN) continue;
    await copy(new URL(`tests/offline/${name}/`, ROOT), place);
  }
}

async function removeAll(folder: URL): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const offline = new URL(".offline/", ROOT);
try {
  if (await jsrAnswers()) await removeAll(offline);
  else await useStandIns(offline);
} catch (error) {
  if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
  fail(
    `cannot write ${offline.pathname}, as this clone belongs to another user: ` +
      "make a clone of your own",
    1,
  );
}
