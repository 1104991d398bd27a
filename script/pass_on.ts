/**
 * Reads stdin and passes it on, for a script in the middle of a pipe.
 *
 * @module
 */

import { complain, messageOf } from "./complain.ts";
import { LineWriter } from "./output.ts";

const AHEAD = 48 * 1024 * 1024; // bytes that wait before a slow reader slows the input
const STALL = 1000; // ms without progress after which a reader stalls

/** How far {@linkcode passOn} is. */
export interface PassedOn {
  /** Resolves when stdin has ended, and all was taken. */
  ended: Promise<void>;
  /** Resolves when the reader of stdout has taken all, too, or is gone. */
  delivered: Promise<void>;
}

/**
 * Reads stdin to its end and passes it on to stdout, byte for byte. A reader
 * that is slow slows the input. One that stalls does not: up to 64 MiB wait for
 * it, then the oldest lines go, which is said on stderr. When it is gone, that
 * is said, and the reading goes on.
 *
 * @param take Takes each part of stdin, before it is passed on.
 * @param pass Whether to pass it on at all.
 */
export function passOn(
  take: (chunk: Uint8Array) => void,
  pass: boolean,
): PassedOn {
  const writer = pass ? new LineWriter(Deno.stdout, readerGone) : undefined;
  const ended = read(take, writer);
  return { ended, delivered: ended.then(() => deliver(writer)) };
}

async function read(
  take: (chunk: Uint8Array) => void,
  writer: LineWriter | undefined,
): Promise<void> {
  let keepsUp = true;
  try {
    for await (const chunk of Deno.stdin.readable) {
      take(chunk);
      writer?.pass(chunk);
      // A reader that stalls is not waited for again until it goes on.
      keepsUp = await writer?.room(AHEAD, keepsUp ? STALL : 0) ?? true;
    }
  } catch (error) {
    complain(`cannot read stdin: ${messageOf(error)}`);
  }
}

async function deliver(writer: LineWriter | undefined): Promise<void> {
  writer?.passRest();
  await writer?.room(0, Infinity);
}

function readerGone(error: unknown): void {
  const gone = error instanceof Deno.errors.BrokenPipe;
  const why = gone ? "the reader is gone" : `cannot write: ${messageOf(error)}`;
  complain(`${why}: nothing is passed on any more`);
}
