const USUAL = ["/usr/local/bin", "/usr/bin", "/bin"];
const MOST = 255; // bytes that Linux reads of a first line

/**
 * Makes the first line of a script that runs wherever it is copied to. A
 * service's PATH seldom has Deno's folder, so that it says where to look first:
 * the usual folders, and where Deno is here; not all of them where the line
 * would be too long.
 *
 * @param command What follows `deno`.
 * @param here The folder in which Deno is here.
 * @returns The line, without its end.
 */
export function firstLine(command: string, here: string): string {
  const lines = [[...USUAL, here], [here], USUAL].map((folders) => {
    const path = [...new Set(folders), "${PATH}"].join(":");
    return `#!/usr/bin/env -S PATH=${path} deno ${command}`;
  });
  return lines.find((line) => line.length <= MOST) ?? lines.at(-1)!;
}
