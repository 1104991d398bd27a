/**
 * Loads packages from JSR, and says what to do where that is not possible.
 *
 * @module
 */

import { fail } from "./complain.ts";

/**
 * Waits for a module from JSR. With a static import, the script would end with an
 * error of Deno before its first line runs. So it also ends, but says what to do.
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
