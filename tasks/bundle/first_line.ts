const USUAL = ["/usr/local/bin", "/usr/bin", "/bin"];
const MOST = 255; // bytes that Linux reads of a first line

/**
 * Makes the first line of a script that runs wherever it is copied to. The PATH
 * of a service seldom has Deno's folder, so the line puts some folders before
 * it: the usual ones, and the one of Deno on this machine. Where the line would
 * be too long, it has only the latter.
 *
 * @param command What follows `deno`.
 * @param here The folder of Deno on this machine.
 * @returns The line, without its end.
 */
export function firstLine(command: string, here: string): string {
  const lines = [[...USUAL, here], [here], USUAL].map((folders) => {
    const path = [...new Set(folders), "${PATH}"].join(":");
    return `#!/usr/bin/env -S PATH=${path} deno ${command}`;
  });
  return lines.find((line) => line.length <= MOST) ?? lines.at(-1)!;
}
