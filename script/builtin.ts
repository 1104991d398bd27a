/**
 * {@linkcode builtin}: modules of Node.js that few programs need.
 *
 * @module
 */

/** The modules that can be loaded, by name. */
export interface Builtins {
  /** Hashes, at once. */
  "node:crypto": typeof import("node:crypto");
  /** Paths. */
  "node:path": typeof import("node:path");
  /** Code that is stopped after a time. */
  "node:vm": typeof import("node:vm");
  /** gzip, at once. */
  "node:zlib": typeof import("node:zlib");
}

/**
 * Loads a module of Node.js when it is needed. An import would cost each
 * collector 4 MB, as all of them import `mod.ts`.
 *
 * @param name Which module.
 * @returns The module.
 */
export function builtin<Name extends keyof Builtins>(
  name: Name,
): Builtins[Name] {
  return globalThis.process.getBuiltinModule(name) as Builtins[Name];
}
