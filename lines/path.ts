/**
 * Reads what is at a path that may be missing or out of reach.
 *
 * @module
 */

/**
 * Calls a function that uses a path. A missing permission of Deno is an error, as
 * it cannot be given while the program runs.
 *
 * @param call The function.
 * @returns What it returns; undefined where the path is missing or cannot be
 * reached.
 * @throws {Deno.errors.NotCapable} If Deno does not permit it.
 */
export function ifThere<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

/** Milliseconds by which the times of files are behind the clock. */
export const COARSE = 20;

/**
 * Splits a path.
 *
 * @param path The path.
 * @returns Its folder, with a slash or empty, and its name.
 */
export function split(path: string): [folder: string, name: string] {
  const slash = path.lastIndexOf("/") + 1;
  return [path.slice(0, slash), path.slice(slash)];
}

/**
 * The names in a folder.
 *
 * @param folder The folder.
 * @returns The names; none if it is missing or cannot be listed.
 * @throws {Deno.errors.NotCapable} If Deno does not permit it.
 */
export function namesIn(folder: string): string[] {
  return ifThere(() => [...Deno.readDirSync(folder)].map(({ name }) => name)) ??
    [];
}
