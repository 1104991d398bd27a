/**
 * {@linkcode builtin}: modules of Node.js that few programs need.
 *
 * @module
 */

/**
 * Loads a module of Node.js when it is needed. An import would cost each
 * collector 4 MB, as all of them import `mod.ts`.
 */
export const builtin: typeof globalThis.process.getBuiltinModule = (
  id: string,
) => globalThis.process.getBuiltinModule(id);
