import { ROOT, Running } from "./processes.ts";

/**
 * Makes a clone: copies what git tracks, or would.
 *
 * @returns Its folder, with a slash.
 */
export async function clone(folder: string): Promise<string> {
  const listing = new Running([
    ...["git", "-C", ROOT, "ls-files"],
    ...["--cached", "--others", "--exclude-standard"],
  ]);
  await listing.end();
  const root = `${folder}/clone/`;
  for (const name of listing.out) {
    await Deno.mkdir((root + name).replace(/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(ROOT + name, root + name).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // removed here
    });
  }
  return root;
}
