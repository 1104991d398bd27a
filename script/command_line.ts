/**
 * Reads the command line of a script: its options are declared once, with the
 * rule that each value must keep.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { fail, programName } from "./complain.ts";
import { fromJsr } from "./from_jsr.ts";

const { parseArgs } = await fromJsr(import("@std/cli/parse-args"));

/** An option of a script; made by the functions of this module. */
export interface Option<T> {
  /** What its value must be, as in "option --port must be ...". */
  rule: string;
  /** Reads its values, of which there is at least one; undefined if one breaks the rule. */
  read(values: string[]): T | undefined;
  /** The default. */
  otherwise: T;
  /** Whether it takes no value. */
  bare?: boolean;
  /** Whether it may go without its value, which is then empty. */
  maybeBare?: boolean;
  /** Whether it may be given more than once. */
  repeats?: boolean;
}

/** The values of declared options, as {@linkcode commandLine} returns them. */
export type Options<D> = {
  [name in keyof D]: D[name] extends Option<infer T> ? T : never;
};

/** An option without a value, which is given or not. */
export function flag(): Option<boolean> {
  return { rule: "alone", read: () => true, otherwise: false, bare: true };
}

/** An option whose value is any text. */
export function text(): Option<string | undefined> {
  return { rule: "a text", read: ([text]) => text, otherwise: undefined };
}

/** An option that may go without a value, which is then empty. */
export function textOrNothing(): Option<string | undefined> {
  return { ...text(), maybeBare: true };
}

/**
 * An option whose value is a whole number.
 *
 * @param least The least number.
 * @param most The greatest.
 * @param otherwise What it is if it is not given.
 */
export function wholeNumber<T extends number | undefined>(
  least: number,
  most: number,
  otherwise: T,
): Option<number | T> {
  const range = most < Infinity
    ? `from ${least} to ${most}`
    : `${least} or more`;
  return {
    rule: `a whole number ${range}`,
    read: ([text]) => {
      const number = /^\d+$/.test(text!) ? Number(text) : NaN;
      return number >= least && number <= most ? number : undefined;
    },
    otherwise,
  };
}

const DURATIONS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * An option whose value is a time, such as `90s`, `15m`, `1h`, `1d`, or a
 * number of seconds.
 *
 * @param otherwise What it is if it is not given, in seconds.
 */
export function duration(otherwise: number): Option<number> {
  return {
    rule: "a time such as 90s, 15m, 1h or 1d",
    read: ([text]) => {
      const [, number, unit = "s"] =
        text!.match(/^(\d{1,9}(?:\.\d+)?)([smhd])?$/) ?? [];
      return Number(number) > 0 ? Number(number) * DURATIONS[unit]! : undefined;
    },
    otherwise,
  };
}

const UNITS = "KMG";

/**
 * An option whose value is a size: a number of MiB, or one with a unit K, M, G.
 *
 * @param least The least size, such as `64K`.
 * @param most The greatest.
 * @param otherwise What it is if it is not given.
 * @returns An option in bytes.
 */
export function size(
  least: string,
  most: string,
  otherwise: string,
): Option<number> {
  const bytes = (text: string) => {
    const [, number, unit = "M"] =
      text.match(/^(\d+(?:\.\d+)?)(?:([KMG])(?:i?B)?)?$/i) ?? [];
    const power = UNITS.indexOf(unit.toUpperCase()) + 1;
    return Math.round(Number(number) * 1024 ** power);
  };
  return {
    rule: `a size from ${least} to ${most}`,
    read: ([text]) => {
      const found = bytes(text!);
      return found >= bytes(least) && found <= bytes(most) ? found : undefined;
    },
    otherwise: bytes(otherwise),
  };
}

/** What people write in other languages, and what to write here. */
const FOREIGN = [
  { form: /\(\?P</, hint: "write (?<name>...) for (?P<name>...)" },
  { form: /\(\?[a-z]+\)/, hint: "write --ignore-case for (?i)" },
];

/** An option whose value is a regular expression of JavaScript. */
export function regularExpression(): Option<RegExp | undefined> {
  return {
    rule: "a regular expression of JavaScript",
    read: ([text]) => {
      try {
        return new RegExp(text!);
      } catch (error) {
        const foreign = FOREIGN.find(({ form }) => form.test(text!));
        if (foreign === undefined) throw error;
        throw new SyntaxError(`${foreign.hint}: current value is ${text}`);
      }
    },
    otherwise: undefined,
  };
}

/**
 * An option whose value is one of a few words.
 *
 * @param words The words.
 */
export function choice<const W extends string>(
  ...words: W[]
): Option<W | undefined> {
  return {
    rule: words.join(" or "),
    read: ([text]) => words.find((word) => word === text),
    otherwise: undefined,
  };
}

/** An option whose value is words with commas between them. */
export function list(): Option<string[] | undefined> {
  return {
    rule: "words with commas between them",
    read: ([text]) => text!.split(","),
    otherwise: undefined,
  };
}

/**
 * An option whose value is two words with = between them; it may be repeated for
 * other keys.
 *
 * @param rule What the two words are.
 */
export function pairs(rule = "KEY=VALUE"): Option<Record<string, string>> {
  return {
    rule,
    read: (values) => {
      const found: Record<string, string> = {};
      for (const text of values) {
        const [, key, value] = text.match(/^([^=]+)=(.+)$/s) ?? [];
        if (key === undefined || value === undefined) return undefined;
        if (Object.hasOwn(found, key)) {
          throw new SyntaxError(`must not be repeated for ${key}`);
        }
        found[key] = value;
      }
      return found;
    },
    otherwise: {},
    repeats: true,
  };
}

/**
 * Ends the program with status 2, as it was started in a wrong way.
 *
 * @param what What is wrong, in one line.
 */
export function refuse(what: string): never {
  fail(`${what}; try --help`, 2);
}

/**
 * What a function makes of options or arguments. If it throws, the program
 * ends with status 2 and the error's message.
 *
 * @param make The function.
 * @param where What stands before the message.
 */
export function accepted<T>(make: () => T, where = ""): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    refuse(where + error.message);
  }
}

function needsValue(name: string): string {
  return `option --${name} needs a value; one that begins with - is given as --${name}=VALUE`;
}

function read<T>(name: string, option: Option<T>, values: string[]): T {
  if (values.length === 0) return option.otherwise;
  if (values.length > 1 && !option.repeats && !option.bare) {
    refuse(`option --${name} must not be given twice`);
  }
  if (values.includes("") && !option.maybeBare && !option.bare) {
    refuse(needsValue(name));
  }
  const found = accepted(() => option.read(values), `option --${name}: `);
  if (found !== undefined) return found;
  const wrong = values.find((value) => option.read([value]) === undefined);
  refuse(
    `option --${name} must be ${option.rule}: current value is ${
      JSON.stringify(wrong)
    }`,
  );
}

/**
 * Reads the command line. `--help` prints the usage and `--version` the version;
 * both end the program with status 0. What is not accepted ends it with status 2
 * and one line on stderr.
 *
 * @param usage The whole text of `--help`.
 * @param declared The options by name.
 * @param most The most arguments that are no options.
 * @returns The options by name, and the other arguments as `args`.
 */
export function commandLine<D extends Record<string, Option<unknown>>>(
  usage: string,
  declared: D,
  most = 0,
): Options<D> & { args: string[] } {
  const names = Object.keys(declared);
  const bare = names.filter((name) => declared[name]!.bare);
  const valued = names.filter((name) => !declared[name]!.bare);
  const parsed = parseArgs(Deno.args, {
    string: ["_", ...valued],
    collect: valued,
    boolean: [...bare, "help", "version"],
    alias: { help: "h" },
    unknown: (argument, key) => {
      if (key === undefined) return;
      const before = Deno.args[Deno.args.indexOf(argument) - 1] ?? "";
      const name = valued.find((name) =>
        before === `--${name}` && !declared[name]!.maybeBare
      );
      refuse(name ? needsValue(name) : `unknown option ${argument}`);
    },
  });
  if (parsed.help || parsed.version) {
    console.log(
      parsed.help ? usage.trim() : `${programName()} ${config.version}`,
    );
    Deno.exit(0);
  }
  const found: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(declared)) {
    const value: unknown = parsed[name];
    const values = option.bare ? (value ? [""] : []) : value as string[];
    found[name] = read(name, option, values);
  }
  const args = parsed._.map(String);
  if (args.length > most) refuse(`unexpected argument ${args[most]}`);
  return { ...found, args } as Options<D> & { args: string[] };
}
