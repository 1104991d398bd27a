/**
 * Packages of JSR, where a script may be started before JSR was ever in reach.
 *
 * @module
 */

import { fail } from "./complain.ts";

/**
 * Waits for a module that comes from JSR. A script that imported it statically
 * would end in an error of Deno's before its first line runs; so does this one,
 * but it says what to do.
 *
 * @param module What `import()` returned.
 * @returns The module.
 */
export async function fromJsr<M>(module: Promise<M>): Promise<M> {
  try {
    return await module;
  } catch {
    fail(
      "cannot load @std/cli, as JSR does not answer: " +
        "run `deno task offline` in the folder of this package first",
      1,
    );
  }
}
