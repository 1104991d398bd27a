/** A stand-in for @std/cli, where JSR does not answer: just what is used. */

/** Options of {@linkcode parseArgs}. */
export interface ParseOptions {
  /** Other names: long to short. */
  alias?: Record<string, string>;
  /** Options without a value. */
  boolean?: readonly string[];
  /** Options with a value. */
  string?: readonly string[];
  /** Options that may be repeated. */
  collect?: readonly string[];
  /** Told of each argument that is not one of these. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} found. */
// deno-lint-ignore no-explicit-any
export type Args = Record<string, any> & { _: Array<string | number> };

/** Reads command line arguments. */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions = {},
): Args {
  const { alias = {}, boolean = [], string = [], collect = [], unknown } =
    options;
  const found: Args = { _: [] };
  for (const name of boolean) found[name] = false;
  for (const name of collect) found[name] = [];
  const end = args.indexOf("--");
  const before = end < 0 ? args : args.slice(0, end);
  for (let i = 0; i < before.length; i++) {
    const arg = before[i]!;
    const [, dashes, given, inline] =
      arg.match(/^(--?)([^-=][^=]*)(?:=(.*))?$/s) ?? [];
    if (given === undefined) {
      if (unknown?.(arg) !== false) found._.push(arg);
      continue;
    }
    const long = Object.keys(alias).find((name) => alias[name] === given);
    const name = dashes === "--" ? given : long ?? given[0]!; // -h, or letters
    if (dashes === "-" && long === undefined) {
      unknown?.(arg, name, inline ?? true);
    } else if (boolean.includes(name)) {
      found[name] = inline !== "false";
    } else if (string.includes(name)) {
      const next = before[i + 1];
      let value = inline;
      if (value === undefined && next !== undefined && !next.startsWith("-")) {
        value = next;
        i++;
      }
      if (collect.includes(name)) found[name].push(value ?? "");
      else found[name] = value ?? "";
    } else {
      unknown?.(arg, name, inline ?? true);
    }
  }
  if (end >= 0) found._.push(...args.slice(end + 1));
  return found;
}
