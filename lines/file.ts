/**
 * {@linkcode readLog}: the lines of a whole log, from its beginning to its end.
 *
 * @module
 */

import type { LineOptions } from "./cut.ts";
import { type Lines, linesOf } from "./lines.ts";
import { ifThere } from "./path.ts";
import { reasonOf, whyNoLog } from "./reason.ts";

/** Options of {@linkcode readLog}. */
export interface ReadLogOptions extends LineOptions {
  /** Its `value` is raised by the bytes that were read. */
  progress?: { value: number } | undefined;
}

const CHUNK = 128 * 1024; // bytes that are read at once: as fast as 1 MiB (measured)
const PIECE = 64 * 1024; // bytes that are unzipped at once

async function* chunksOf(
  path: string,
  progress: { value: number },
): AsyncGenerator<Uint8Array> {
  using file = path === "-" ? undefined : await Deno.open(path);
  const chunk = new Uint8Array(CHUNK);
  while (true) {
    const size = await (file ?? Deno.stdin).read(chunk);
    if (size === null) return;
    progress.value += size;
    yield chunk.subarray(0, size);
  }
}

/** The first bytes of compressed files, and the program that unpacks each. */
const COMPRESSED = [
  { name: "gzip", magic: [0x1f, 0x8b], program: "zcat" },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68], program: "bzcat" },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], program: "xzcat" },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], program: "zstdcat" },
];

/** How a file that begins with these bytes is compressed; undefined if it is not. */
function compressionOf(bytes: Uint8Array) {
  return COMPRESSED.find(({ magic }) =>
    magic.every((byte, i) => bytes[i] === byte)
  );
}

/**
 * How a file is compressed, as its first bytes tell.
 *
 * @param path The file.
 * @returns The name of the compression, and a program that unpacks it; undefined
 * if it is not compressed, or not a regular file.
 */
export function compression(
  path: string,
): { name: string; program: string } | undefined {
  return ifThere(() => {
    // A FIFO would wait for its writer, and lose what is read here.
    if (!Deno.statSync(path).isFile) return undefined;
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(8);
    file.readSync(bytes);
    return compressionOf(bytes);
  });
}

/**
 * Unzips also a file of several members, which `DecompressionStream` refuses, and
 * a damaged one as far as possible, before it throws.
 *
 * @param chunks What gzip has compressed; the memory of a chunk may be used again.
 */
export async function* unzipped(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import("node:zlib");
  const gunzip = createGunzip({ chunkSize: PIECE });
  const over = Promise.withResolvers<void>();
  let written = Promise.withResolvers<void>();
  const found: Uint8Array[] = [];
  let failure: Error | undefined;
  gunzip.on("data", (bytes: Uint8Array) => found.push(bytes));
  gunzip.on("end", over.resolve);
  gunzip.on("error", (error: Error) => {
    failure = error;
    written.resolve();
    over.resolve();
  });
  for await (const chunk of chunks) {
    // Small pieces, as one may become a thousand times as long.
    for (let at = 0; at < chunk.length && !failure; at += PIECE) {
      const piece = chunk.slice(at, at + PIECE); // a copy, as the chunk is used again
      written = Promise.withResolvers<void>();
      gunzip.write(piece, () => written.resolve());
      await written.promise;
      yield* found.splice(0);
    }
  }
  if (!failure) gunzip.end();
  await over.promise;
  yield* found;
  if (failure) throw failure;
}

/** The bytes, unzipped if they are zipped. */
async function* plain(
  path: string,
  chunks: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    const { value: first, done } = await chunks.next();
    if (done) return;
    const all = async function* () {
      yield first;
      yield* chunks;
    }();
    const found = compressionOf(first);
    if (found === undefined) {
      yield* all;
    } else if (found.name === "gzip") {
      yield* unzipped(all);
    } else {
      throw new TypeError(
        `Cannot read ${
          path === "-" ? "stdin" : path
        } as it must be plain or gzip: it is ${found.name}, which ${found.program} unpacks`,
      );
    }
  } finally {
    await chunks.return(undefined); // closes the file, also after the first chunk
  }
}

/**
 * The lines of a whole log, without their ends, in memory that does not grow
 * with its size. What gzip has compressed is unzipped on the way, whatever the
 * file is called.
 *
 * @param path The file; stdin where it is `-`.
 * @param options Which lines are wanted, and what is told of the progress.
 * @returns The lines. Reading them throws a TypeError if the file is compressed
 * by another program than gzip.
 *
 * @example
 * ```ts ignore
 * import { readLog } from "@metriccounter/metriccounter";
 *
 * let count = 0;
 * for await (const lines of readLog("/var/log/syslog.2.gz").batches) {
 *   count += lines.length;
 * }
 * ```
 */
export function readLog(
  path: string,
  options: ReadLogOptions = {},
): Lines {
  const chunks = chunksOf(path, options.progress ?? { value: 0 });
  return linesOf(plain(path, chunks), options);
}

/**
 * Why a log cannot be read.
 *
 * @param path The file.
 * @param follow Whether it is to be followed by `tail()`, which reads nothing
 * but regular files.
 * @returns The reason, in words; undefined if it can be read.
 *
 * @example
 * ```ts
 * import { whyUnreadable } from "@metriccounter/metriccounter";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(whyUnreadable("/no/such.log"), "no folder /no/");
 * ```
 */
export function whyUnreadable(
  path: string,
  follow = false,
): string | undefined {
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory || follow) {
      const why = whyNoLog(info, path);
      if (why !== undefined) return why;
    }
    if (info.isFile) Deno.openSync(path).close(); // a FIFO waits for its writer
  } catch (error) {
    return reasonOf(error, path);
  }
}
