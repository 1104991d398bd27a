import { ROOT, Running } from "./processes.ts";

/**
 * Copies the files that git tracks, or would track, as a clone has them.
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
