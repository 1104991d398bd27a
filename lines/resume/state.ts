/**
 * The small file by which reading goes on where it was, whatever ended it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { writeAll } from "../../script/output.ts";

const VERSION = 1;

/** What is known about one file of a log. */
export interface FileState {
  /** Device and inode. */
  dev: number;
  ino: number | null;
  /** When it was made, in milliseconds, where the file system tells. */
  born: number | null;
  /** So many of its first bytes, and what they hash to. */
  head: { bytes: number; hash: string };
  /** Where to read on: no line before belongs to a second to be reported. */
  offset: number;
  /** The bytes of it that were read. */
  read: number;
  /** The newest time before `offset`; null if there was none. */
  newest: number | null;
  /** The time of the line before `offset`. */
  last: number | null;
  /** From `offset` on, lines of seconds before this one were too late. */
  final: number;
  /** And from where on others were: an offset, and such a second. */
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
  /** The files of each log, those that were there first before others. */
  logs: Record<string, FileState[]>;
}

/** Options by which counts differ: a state is of just these. */
export type Settings = Record<string, unknown>;

/** The error of a state that cannot be used. */
export class StateError extends Error {}

/**
 * A hash that tells texts apart.
 *
 * @param bytes The text.
 */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 32);
}

/**
 * Reads a state.
 *
 * @param path The file.
 * @param settings The options that it must be of.
 * @returns The state; undefined if there is no file.
 * @throws {StateError} If it is torn, foreign, or of other options.
 */
export function readState(path: string, settings: Settings): State | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
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
      `it is of other options: ${name} was ${was}, not ${is}`,
    );
  }
  return state;
}

/**
 * Writes a state: there is always a whole one, the old or the new one.
 *
 * @param path The file.
 * @param state The state.
 * @param settings The options that it is of.
 */
export async function writeState(
  path: string,
  state: State,
  settings: Settings,
): Promise<void> {
  const body = JSON.stringify({ settings, ...state });
  const text = `metriccounter state ${VERSION} ${hashOf(body)}\n${body}\n`;
  const beside = `${path}.new`;
  {
    using file = await Deno.open(beside, {
      write: true,
      create: true,
      truncate: true,
      mode: 0o600,
    });
    await writeAll(file, new TextEncoder().encode(text));
    await file.sync();
  }
  await Deno.rename(beside, path);
  using folder = await Deno.open(path.replace(/[^/]*$/, "") || ".");
  await folder.sync(); // so that the new name survives the machine, too
}
