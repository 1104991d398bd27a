/**
 * The TSDs that the command line names.
 *
 * @module
 */

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
      `${printable(text)} is not HOST, HOST:PORT or [IPV6]:PORT`,
    );
  }
  return { hostname, port };
}

/**
 * Makes the host that an argument names.
 *
 * @param text The argument.
 * @param most The most bytes that it is given at once.
 * @throws {SyntaxError} If the argument names none.
 */
export function hostOf(text: string, most: number): Host {
  return new Telnet(parseAddress(text), { most });
}
