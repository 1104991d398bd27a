/**
 * The small file by which reading goes on at the same place, whatever ended it.
 *
 * @module
 */

import { builtin } from "../../script/builtin.ts";
import { systemReason } from "../../script/complain.ts";
import { split } from "../path.ts";
import { writeAll } from "../../script/output.ts";

const VERSION = 1;
const NEW = { write: true, create: true, truncate: true, mode: 0o600 };

/** What is known about one file of a log. */
export interface FileState {
  /** Device and inode. */
  dev: number;
  ino: number | null;
  /** When it was made, in milliseconds, if the file system tells. */
  born: number | null;
  /** How many of its first bytes are known, and their hash. */
  head: { bytes: number; hash: string };
  /** Where to read on: no line before it is of a second that is still to be reported. */
  offset: number;
  /** The bytes of it that were read. */
  read: number;
  /** The newest time before `offset`; null if there was none. */
  newest: number | null;
  /** The time of the line before `offset`. */
  last: number | null;
  /** From `offset` on, lines of seconds before this one were too late. */
  final: number;
  /** Times after it that were not believed. */
  wrong: number[];
  /** Offsets after it, and the second before which lines from there on were too late. */
  cuts: [number, number][];
}

/** What is known about all logs. */
export interface State {
  /** When all logs were looked at, in milliseconds since the epoch. */
  looked: number;
  /** The first second to be reported again. */
  from: number;
  /** All seconds before this one may have been reported. */
  reported: number;
  /** The files of each log, the oldest first. */
  logs: Record<string, FileState[]>;
}

/** The options on which counts depend: a state is only valid with the same ones. */
export type Settings = Record<string, unknown>;

/** The error of a state that cannot be used. */
export class StateError extends Error {}

/**
 * A hash that tells texts apart.
 *
 * @param bytes The text.
 */
export function hashOf(bytes: Uint8Array | string): string {
  return builtin("node:crypto").createHash("sha256").update(bytes).digest("hex")
    .slice(0, 32);
}

/**
 * The name of a log in a state: its path, in whatever way it was written.
 *
 * @param path The path.
 */
export function nameOf(path: string): string {
  return builtin("node:path").resolve(path);
}

/** A file that keeps a state: at any time the whole old one or the whole new one. */
export class StateFile {
  readonly #path: string;
  readonly #settings: Settings;
  /** The identity of the file that was written or read last. */
  #own: string | undefined;

  /**
   * Makes it; nothing is read or written yet.
   *
   * @param path The path of the file.
   * @param settings The options on which counts depend.
   */
  constructor(path: string, settings: Settings) {
    this.#path = path;
    this.#settings = settings;
  }

  /**
   * Reads the state.
   *
   * @returns The state; undefined if there is no file.
   * @throws {StateError} If it is torn, of another program, or was written with other
   * options.
   */
  read(): State | undefined {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof Deno.errors.NotCapable) throw error;
      throw new StateError(`it cannot be read: ${systemReason(error)}`);
    }
    this.#own = this.#identity();
    return parse(text, this.#settings);
  }

  /**
   * Writes the state.
   *
   * @param state The state.
   * @throws {StateError} If another process has written it since.
   */
  async write(state: State): Promise<void> {
    const there = this.#identity();
    if (there !== undefined && there !== this.#own) {
      throw new StateError("another process writes it, too");
    }
    const body = JSON.stringify({ settings: this.#settings, ...state });
    const text = `metriccounter state ${VERSION} ${hashOf(body)}\n${body}\n`;
    const beside = `${this.#path}.new`;
    {
      using file = await Deno.open(beside, NEW);
      await writeAll(file, new TextEncoder().encode(text));
      await file.sync();
    }
    await Deno.rename(beside, this.#path);
    this.#own = this.#identity();
    using folder = await Deno.open(split(this.#path)[0] || ".");
    await folder.sync(); // so that the new name survives the machine, too
  }

  /** The identity of the file that is there now, with its last change. */
  #identity(): string | undefined {
    try {
      const { dev, ino, mtime } = Deno.statSync(this.#path);
      return `${dev}:${ino}:${mtime?.getTime()}`;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }
}

/** Reads a state from its text. */
function parse(text: string, settings: Settings): State {
  const [first, body, ...rest] = text.split("\n");
  const [, version, sum] = first!.match(/^metriccounter state (\d+) (\w+)$/) ??
    [];
  if (version === undefined) {
    if (text === "") throw new StateError("it is torn: it is empty");
    throw new StateError("it is not a state of this program");
  }
  if (Number(version) !== VERSION) {
    throw new StateError(`it is of version ${version}, not ${VERSION}`);
  }
  if (body === undefined || rest.join() !== "" || hashOf(body) !== sum) {
    throw new StateError("it is torn: its text does not fit its sum");
  }
  const { settings: others, ...state } = JSON.parse(body) as State & {
    settings: Settings;
  };
  for (const name of Object.keys({ ...others, ...settings })) {
    const [was, is] = [others[name], settings[name]]
      .map((value) => JSON.stringify(value) ?? "none");
    if (was === is) continue;
    throw new StateError(
      `it was written with other options: ${name} was ${was}, not ${is}`,
    );
  }
  return state;
}
