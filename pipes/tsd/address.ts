/**
 * The addresses of TSDs, as the command line has them.
 *
 * @module
 */

import type { Aside } from "./aside.ts";
import { Http } from "./http.ts";
import type { Host } from "./link.ts";
import { printable } from "./replies.ts";
import { type Address, Telnet } from "./telnet.ts";

const PORT = "4242"; // OpenTSDB's

/**
 * Reads `HOST[:PORT]`.
 *
 * @param text The text.
 * @returns The address.
 * @throws {SyntaxError} If the text is not one.
 */
export function parseAddress(text: string): Address {
  const [, v6, name, digits = PORT] =
    text.match(/^(?:\[([\da-f:.]+)\]|([^\s:/[\]]+))(?::(\d+))?$/i) ?? [];
  const hostname = v6 ?? name;
  const port = Number(digits);
  if (hostname === undefined || port < 1 || port > 65_535) {
    throw new SyntaxError(
      `${printable(text)} is not HOST, HOST:PORT, [IPV6]:PORT or a URL`,
    );
  }
  return { hostname, port };
}

/** Options of {@linkcode hostOf}. */
export interface HostOptions {
  /** The most bytes that it is given at once. */
  most: number;
  /** Gets the puts that fail where others are stored. */
  aside: Aside;
  /** The value of the header `Authorization`, for HTTP. */
  authorization?: string | undefined;
}

/**
 * Makes the host that an argument names.
 *
 * @param text The argument.
 * @param options What all hosts have in common.
 * @throws {SyntaxError} If the argument names none.
 */
export function hostOf(text: string, options: HostOptions): Host {
  if (!/^https?:\/\//i.test(text)) {
    return new Telnet(parseAddress(text), options);
  }
  const url = URL.parse(text);
  if (url === null || url.hash !== "") {
    throw new SyntaxError(`${printable(text)} is not a URL of a TSD`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new SyntaxError(
      `the URL of ${url.host} must not hold a password, as others can see the command line: use --credentials or TSD_CREDENTIALS`,
    );
  }
  return new Http(url, options.aside, options);
}

/**
 * Makes of `USER:PASSWORD`, or of a token, what HTTP sends to identify itself.
 *
 * @param text One line.
 * @returns The value of the header `Authorization`.
 * @throws {SyntaxError} If it is empty, or more than a line.
 */
export function authorizationOf(text: string): string {
  const line = text.replace(/\r?\n$/, "");
  if (!/^[\x20-\x7e]+$/.test(line)) {
    throw new SyntaxError(
      "the credentials must be one line of ASCII: USER:PASSWORD, or a token",
    );
  }
  return line.includes(":") ? `Basic ${btoa(line)}` : `Bearer ${line}`;
}
