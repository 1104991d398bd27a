/** How lograte.ts refuses a command line, without a process for each. */
import { assertEquals, assertMatch } from "@std/assert";
import { readCommand } from "../../collectors/lograte/command.ts";
import { complete } from "../../collectors/lograte/options.ts";
import { accepted } from "../../script/mod.ts";

/** Thrown in place of an exit. It is no Error, as an Error is refused again. */
class Exit {
  constructor(readonly status?: number) {}
}

/** Asserts that lograte.ts ends with status 2 and one line that matches. */
export function assertRefused(args: string[], message: RegExp): void {
  const { exit, stderr } = Deno;
  const said: string[] = [];
  let status: number | undefined;
  Object.defineProperty(Deno, "args", { value: args, configurable: true });
  Deno.exit = (code) => {
    throw new Exit(code);
  };
  stderr.writeSync = (bytes) => {
    said.push(new TextDecoder().decode(bytes));
    return bytes.length;
  };
  try {
    const { files, rule, options } = readCommand("");
    accepted(() => complete(files, [rule], options));
  } catch (error) {
    if (!(error instanceof Exit)) throw error;
    status = error.status;
  } finally {
    Object.defineProperty(Deno, "args", ARGS);
    Deno.exit = exit;
    Reflect.deleteProperty(stderr, "writeSync");
  }
  assertEquals([status, said.length], [2, 1], args.join(" "));
  assertMatch(said[0]!.trimEnd(), message);
}

const ARGS = Object.getOwnPropertyDescriptor(Deno, "args")!;
