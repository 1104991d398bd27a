/**
 * Finds the files of a state, whatever names they have now.
 *
 * @module
 */

import { COARSE, ifThere, split } from "../path.ts";
import { HeldFile, identityOf } from "../tail/held_file.ts";
import { isRotated } from "../tail/rotated.ts";
import type { Place, SourceFile } from "./source.ts";
import { type FileState, hashOf, nameOf, type State } from "./state.ts";
import { ZippedFile } from "./zipped_file.ts";

const FEW = 256; // bytes: two different logs may have such a beginning in common
const TRIES = 100; // looks for files while they are being renamed

/** A file, and the place from which it is read. */
export interface Found {
  /** The file. */
  file: HeldFile | ZippedFile;
  /** What is known of that place. */
  begin:
    & Omit<Place, "final">
    & Partial<Pick<FileState, "final" | "cuts" | "read" | "wrong">>;
}

/** What was found of the files of a state. */
export interface Findings {
  /** The files of each log, the oldest first. */
  files: Map<string, Found[]>;
  /** Messages about what cannot be read again. */
  lost: string[];
}

/** Whether a file begins as the state says. */
function beginsAs({ head }: FileState, file: SourceFile): boolean {
  return file.head.length >= head.bytes &&
    hashOf(file.head.subarray(0, head.bytes)) === head.hash;
}

function isSame(known: FileState, { info }: SourceFile): boolean {
  if (info.dev !== known.dev || info.ino !== known.ino) return false;
  // An empty file is only told by its birth time from another with its inode.
  return known.head.bytes > 0 ||
    (info.birthtime?.getTime() ?? null) === known.born;
}

/** Opens a log; undefined where there is none, which its follower will say. */
function openLog(path: string): HeldFile | undefined {
  return ifThere(() =>
    // A FIFO would wait for its writer.
    Deno.statSync(path).isFile ? new HeldFile(path, {}) : undefined
  );
}

function realPathOf(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path; // it is missing, but its rotated files may be there
  }
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder || ".")].map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The paths of a log's rotated files, and last its own; and the files there. */
function placesOf(path: string): [string, string][] {
  const home = realPathOf(path);
  const [folder, log] = split(home);
  const names = namesIn(folder);
  const found = names.filter((name) => {
    if (isRotated(name, log)) return true;
    const plain = name.replace(/\.gz$/, "");
    // While both exist, the file is being compressed.
    return plain !== name && isRotated(plain, log) && !names.includes(plain);
  });
  return [...found, log].map((name) => {
    const info = statOrNull(folder + name);
    return [folder + name, info?.isFile ? identityOf(info) : ""];
  });
}

/**
 * The files that are or may have been at a path, the oldest first. If they are
 * renamed meanwhile, one may be found twice and another one not at all: then they
 * are looked for again.
 */
function filesOf(path: string): (HeldFile | ZippedFile)[] {
  for (let tries = 1;; tries++) {
    const places = placesOf(path);
    const paths = places.map(([path]) => path);
    const home = paths.pop()!;
    const old = paths.flatMap((path) =>
      (path.endsWith(".gz")
        ? ifThere(() => new ZippedFile(path))
        : openLog(path)) ?? []
    ).sort((a, b) => changed(a) - changed(b));
    const files = [...old, openLog(home) ?? []].flat();
    const opened = files.map(({ info }) => identityOf(info));
    const isSteady = placesOf(path).join() === places.join() &&
      places.every(([, place]) => place === "" || opened.includes(place));
    if (isSteady || tries === TRIES) return files;
    for (const file of files) file.close();
  }
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null;
  }
}

function changed({ info }: SourceFile): number {
  return info.mtime?.getTime() ?? 0;
}

/** Whether a file is a copy: it begins as the other one, by more than a few lines. */
function isCopy(file: SourceFile, other: SourceFile): boolean {
  const { length } = file.head;
  return length >= FEW && other.head.length >= length &&
    hashOf(other.head.subarray(0, length)) === hashOf(file.head);
}

/**
 * Finds the files of a state under any name that rotation gives: by their identity
 * and their first bytes, or a copy by its first bytes. Newer files are read from
 * their beginning.
 *
 * @param paths The logs.
 * @param state The state.
 */
export function find(paths: string[], state: State): Findings {
  const files = new Map<string, Found[]>();
  const lost: string[] = [];
  for (const path of paths) {
    const rest = filesOf(path);
    const known = state.logs[nameOf(path)] ?? [];
    const found = new Map<FileState, HeldFile | ZippedFile>();
    const take = (by: typeof isSame) => {
      for (const one of known) {
        if (found.has(one)) continue;
        const file = rest.find((file) =>
          (file instanceof ZippedFile || file.info.size >= one.read) &&
          beginsAs(one, file) && by(one, file)
        );
        if (file === undefined) continue;
        found.set(one, file);
        rest.splice(rest.indexOf(file), 1);
      }
    };
    take(isSame);
    take(({ head }) => head.bytes > 0);
    const all: Found[] = [];
    let since = state.looked;
    for (const begin of known) {
      const file = found.get(begin);
      file?.seek(begin.offset);
      if (file) all.push({ file, begin });
      // An empty file cannot be recognised, and is treated as a new one.
      else if (begin.read === 0) since = Math.min(since, begin.born ?? since);
      else lost.push(`a file of ${path} is gone, and what was not read of it`);
    }
    const current = statOrNull(path);
    for (const file of rest) {
      const isNew =
        current !== null && file instanceof HeldFile && file.is(current) ||
        changed(file) >= since - COARSE &&
          ![...found.values()].some((other) => isCopy(file, other));
      const begin = { offset: 0, newest: null, last: null };
      if (isNew) all.push({ file, begin });
      else file.close();
    }
    files.set(path, all);
  }
  return { files, lost };
}

/**
 * The files of logs without a state, each from its end on.
 *
 * @param paths The logs.
 */
export function atTheirEnds(paths: string[]): Map<string, Found[]> {
  return new Map(paths.map((path) => {
    const file = openLog(path);
    if (file === undefined) return [path, []];
    const offset = file.info.size;
    file.seek(offset);
    return [path, [{ file, begin: { offset, newest: null, last: null } }]];
  }));
}
