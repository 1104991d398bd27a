/**
 * A small HTTP server for the live page: only GET, and one request for each
 * connection. It is our own, as a program that hands data on must not end because of
 * its page: with 400 half-open connections and 200 file descriptors, Deno.serve ends
 * the program, and node:http never accepts a connection again (measured).
 *
 * @module
 */

import { Readable } from "node:stream";
import { constants, createGzip } from "node:zlib";
import { sleep, within } from "../../script/mod.ts";

const MAX_CONNECTIONS = 128; // at once, also half-open ones
const MAX_HEAD = 8192; // bytes of a request
const HEAD = 3000; // ms in which they must come
const STALL = 30_000; // ms for which a client may take nothing
const RETRY = 100; // ms until the next try after a connection could not be accepted
const COMPRESSION = { level: 3, flush: constants.Z_SYNC_FLUSH };

/** A request. */
export interface Ask {
  /** The method, such as "GET". */
  method: string;
  /** The path, without the query. */
  path: string;
  /** The parameters after the question mark. */
  query: URLSearchParams;
  /** The headers. */
  headers: Headers;
}

/** An answer. */
export interface Answer {
  /** The status, such as 200. */
  status: number;
  /** The headers, without those of length, encoding and connection. */
  headers: Record<string, string>;
  /** The body, in one or more pieces. */
  body: Iterable<string> | AsyncIterable<string>;
}

/**
 * Listens, and answers requests as long as the program runs.
 *
 * @param where The address and the port.
 * @param answer Answers a request.
 * @returns The address on which it listens.
 * @throws {Deno.errors.AddrInUse} If the port is in use.
 */
export function listen(
  where: Deno.TcpListenOptions,
  answer: (ask: Ask) => Answer,
): Deno.NetAddr {
  const listener = Deno.listen(where);
  acceptFrom(listener, answer);
  return listener.addr;
}

async function acceptFrom(
  listener: Deno.TcpListener,
  answer: (ask: Ask) => Answer,
): Promise<never> {
  let open = 0;
  while (true) {
    try {
      const connection = await listener.accept();
      if (open < MAX_CONNECTIONS) {
        open++;
        serve(connection, answer).finally(() => open--);
      } else connection.close();
    } catch {
      await sleep(RETRY); // there is no file descriptor left
    }
  }
}

async function serve(
  connection: Deno.TcpConn,
  answer: (ask: Ask) => Answer,
): Promise<void> {
  try {
    const ask = await within(HEAD, readHead(connection));
    if (ask !== undefined) await send(connection, ask, answer(ask));
  } catch {
    // The client is gone.
  } finally {
    connection.close();
  }
}

async function readHead(connection: Deno.TcpConn): Promise<Ask | undefined> {
  const buffer = new Uint8Array(MAX_HEAD);
  let head = "";
  for (let length = 0; !head.includes("\r\n\r\n");) {
    const read = await connection.read(buffer.subarray(length));
    if (!read) return undefined; // it has ended, or is too long
    length += read;
    head = new TextDecoder().decode(buffer.subarray(0, length));
  }
  const [first = "", ...rest] = head.split("\r\n\r\n")[0]!.split("\r\n");
  const [, method, path, query] =
    first.match(/^([A-Z]+) ([^\s?]*)\??(\S*) HTTP\/1\.[01]$/) ?? [];
  if (method === undefined) return undefined;
  const headers = new Headers();
  for (const line of rest) {
    const [, name, value] = line.match(/^([\w-]+):[ \t]*(.*?)[ \t]*$/) ?? [];
    if (name === undefined) return undefined;
    headers.append(name, value!);
  }
  return { method, path: path!, query: new URLSearchParams(query), headers };
}

async function send(
  connection: Deno.TcpConn,
  { headers: asked }: Ask,
  { status, headers, body }: Answer,
): Promise<void> {
  const gzip = /\bgzip\b/.test(asked.get("accept-encoding") ?? "");
  const lines = Object.entries({
    ...headers,
    ...gzip ? { "content-encoding": "gzip" } : {},
    "vary": "accept-encoding",
    "connection": "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${TITLES[status]}\r\n${lines.join("")}\r\n`;
  await write(connection, new TextEncoder().encode(head));
  const texts = Readable.from(body, { highWaterMark: 1 });
  const bytes = gzip ? texts.compose(createGzip(COMPRESSION)) : texts;
  for await (const part of bytes) {
    const encoded = gzip ? part : new TextEncoder().encode(part);
    await write(connection, encoded);
  }
}

const TITLES: Record<number, string> = {
  200: "OK",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  503: "Service Unavailable",
};

async function write(
  connection: Deno.TcpConn,
  bytes: Uint8Array,
): Promise<void> {
  while (bytes.length > 0) {
    const written = await within(STALL, connection.write(bytes));
    if (written === undefined) throw new Deno.errors.TimedOut();
    bytes = bytes.subarray(written);
  }
}
