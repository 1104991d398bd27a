/**
 * The first line of a script that runs wherever it is copied to.
 *
 * @module
 */

/**
 * Makes a first line. A service's PATH seldom has Deno's folder, so that it says
 * where to look first: the usual folders, and where Deno is here.
 *
 * @param command What follows `deno`.
 * @returns The line, without its end.
 */
export function shebang(command: string): string {
  const here = Deno.execPath().replace(/\/[^/]*$/, "");
  const path = [...new Set(["/usr/local/bin", "/usr/bin", "/bin", here])];
  return `#!/usr/bin/env -S PATH=${path.join(":")}:\${PATH} deno ${command}`;
}
