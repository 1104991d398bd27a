/**
 * Writes a script that does what a command line asks for.
 *
 * @module
 */

import { filesOf, isPattern } from "../../mod.ts";
import { fail, systemReason } from "../../script/mod.ts";
import type { Command } from "./command.ts";

const WIDTH = 80; // characters of a line of code
const MAX_SHEBANG = 255; // bytes that Linux reads of a first line
/** Lets V8 match in linear time where an expression takes too long. */
const BOUNDED =
  "--v8-flags=--enable-experimental-regexp-engine-on-excessive-backtracks";

/** The folder of a path. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

/**
 * The folders that must be read for a log, also those of the target of a link. A
 * pattern that finds links may need any folder.
 */
function foldersOf(file: string): string[] {
  if (isPattern(file)) {
    const folder = folderOf(file.replace(/[*?[].*$/, ""));
    const isLink = (path: string) => Deno.realPathSync(path) !== path;
    return [filesOf(file).some(isLink) ? "/" : folder];
  }
  try {
    return [folderOf(file), folderOf(Deno.realPathSync(file))];
  } catch {
    return [folderOf(file)]; // it is not there yet
  }
}

/** The list of folders in a permission. */
function listed(folders: string[]): string {
  return [...new Set(folders)].map((folder) => folder.replaceAll(",", ",,"))
    .join(",");
}

/** Quotes a word for `env -S`. */
function quoted(word: string): string {
  return /^[-\w@%+=:,./]+$/.test(word)
    ? word
    : `"${word.replaceAll(/["\\$]/g, "\\$&")}"`;
}

/** A value as code. */
function code(value: unknown, indent = ""): string {
  const deeper = `${indent}  `;
  if (value instanceof RegExp) return String(value);
  if (Array.isArray(value)) {
    return `[${value.map((item) => code(item, indent)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([key, field]) => {
      const name = /^[a-z]\w*$/i.test(key) ? key : JSON.stringify(key);
      return `${name}: ${code(field, deeper)}`;
    });
  const line = `{ ${fields.join(", ")} }`;
  if (deeper.length + line.length <= WIDTH && !line.includes("\n")) return line;
  return `{\n${
    fields.map((field) => `${deeper}${field},\n`).join("")
  }${indent}}`;
}

/** The checkout in which this module is; undefined where it is bundled. */
function checkoutOf(module: string): string | undefined {
  const { protocol, pathname } = new URL("..", module);
  return protocol === "file:" && module.endsWith(".ts") ? pathname : undefined;
}

/** The first line, with the permissions that are needed and no others. */
function firstLine(
  { rule, options }: Command,
  files: string[],
  root: string | undefined,
): string {
  const programs = [
    ...(files.length > 0 ? ["tail"] : []),
    ...(options.journal === undefined ? [] : ["journalctl"]),
  ];
  const states = options.resume === undefined ? [] : [absolute(options.resume)];
  const folders = listed([...files, ...states].flatMap(foldersOf));
  const write = states.map((state) =>
    `--allow-write=${listed([folderOf(state)])}`
  );
  const expressions = [...Object.values(rule), ...Object.values(options)]
    .filter((value) => value instanceof RegExp);
  const bounded = expressions.length > 0 ? [BOUNDED] : [];
  const flags = (read: string[]) => [
    ...["run", "-q", ...bounded, `--allow-run=${programs}`, ...read, ...write],
    ...(Object.hasOwn(rule.tags ?? {}, "host") ? [] : ["--allow-sys=hostname"]),
    // Outside of the checkout, the imports of the module need its deno.json.
    ...(root === undefined ? [] : [`--config=${root}deno.json`]),
  ];
  // The path of Deno on this machine, as a PATH would leave no room for the rest.
  const line = (read: string[]) =>
    ["#!/usr/bin/env -S", ...[Deno.execPath(), ...flags(read)].map(quoted)]
      .join(" ");
  if (folders === "") return line([]);
  const least = line([`--allow-read=${folders}`]);
  const fits = new TextEncoder().encode(least).length <= MAX_SHEBANG;
  return fits ? least : line(["--allow-read"]);
}

/**
 * How a script imports this module: by a relative path if both are in the same
 * checkout, and otherwise by its address.
 */
function specifierOf(module: string, script: string, root?: string): string {
  if (root === undefined || !script.startsWith(root)) return module;
  const depth = script.slice(root.length).split("/").length - 1;
  return (depth === 0 ? "./" : "../".repeat(depth)) +
    new URL(module).pathname.slice(root.length);
}

/**
 * Writes an executable script that counts what the command line asks for, with
 * the permissions that it needs. If it cannot, or there is a file of this name,
 * it ends the program with status 1.
 *
 * @param path The path of the script.
 * @param command What the command line asks for.
 * @param module The address of the module that it imports.
 */
export function save(path: string, command: Command, module: string): void {
  const root = checkoutOf(module);
  const script = absolute(path);
  const files = command.files.map(absolute);
  const { rule } = command;
  const { resume } = command.options;
  const options = { ...command.options, resume: resume && absolute(resume) };
  const rest = Object.values(options).some((option) => option !== undefined)
    ? `, ${code(options)}`
    : "";
  const text = `${firstLine(command, files, root)}
import { lograte } from ${JSON.stringify(specifierOf(module, script, root))};

await lograte(${code(files)}, [${code(rule)}]${rest});
`;
  try {
    Deno.writeTextFileSync(script, text, { createNew: true, mode: 0o755 });
  } catch (error) {
    fail(`cannot write ${path}: ${systemReason(error)}`, 1);
  }
}
