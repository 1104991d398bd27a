/**
 * The addresses that a server goes by.
 *
 * @module
 */

/** Whether an address is one that every interface answers to. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** A host as it stands in a URL. */
export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What a server goes by. */
export interface OwnNames {
  /** The address or name on which it listens. */
  host: string;
  /** Its port. */
  port: number;
  /** Other names by which it may be called. */
  names?: string[];
}

/**
 * Whether a Host header names the server itself, and not what another site has
 * made its own name resolve to. A server on all interfaces does not know its
 * addresses, but an address is no name that could be made to resolve.
 *
 * @param header The Host header.
 * @param own What the server goes by.
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
