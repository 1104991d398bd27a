/**
 * The names and addresses of a server.
 *
 * @module
 */

/** Whether an address stands for all interfaces. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** A host, as it is written in a URL. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The names of a server. */
export interface OwnNames {
  /** The address or name on which it listens. */
  host: string;
  /** Its port. */
  port: number;
  /** Other names by which it may be called. */
  names?: string[];
}

/**
 * Whether a Host header names the server itself, and not another site whose name
 * was made to resolve to its address. A server on all interfaces does not know its
 * addresses; it accepts any address, as that is not a name that resolves.
 *
 * @param header The Host header.
 * @param own The names of the server.
 */
export function isOwnHost(
  header: string | null,
  { host, port, names = [] }: OwnNames,
): boolean {
  const [, name, at = "80"] = header?.toLowerCase().match(
    /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d+))?$/,
  ) ?? [];
  if (name === undefined || Number(at) !== port) return false;
  const own = [host, ...names].map((one) => inUrl(one.toLowerCase()));
  if (own.includes(name)) return true;
  const local = ["127.0.0.1", "localhost", "[::1]"];
  if (isWildcard(host)) return local.includes(name) || isAddress(name);
  return local.includes(own[0]!) && local.includes(name);
}

function isAddress(name: string): boolean {
  const bytes = name.split(".");
  return name.startsWith("[") || bytes.length === 4 &&
      bytes.every((byte) => /^\d{1,3}$/.test(byte) && Number(byte) < 256);
}
