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

/**
 * Whether a Host header names the server itself, and not what another site has
 * made its own name resolve to. A server on all interfaces does not know its
 * addresses, but an address is no name that could be made to resolve.
 *
 * @param header The Host header.
 * @param host Where the server listens.
 * @param port Its port.
 */
export function isOwnHost(
  header: string | null,
  host: string,
  port: number,
): boolean {
  const [, name, at = "80"] = header?.toLowerCase().match(
    /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d+))?$/,
  ) ?? [];
  if (name === undefined || Number(at) !== port) return false;
  if (name === inUrl(host.toLowerCase())) return true;
  const local = ["127.0.0.1", "localhost", "[::1]"];
  if (isWildcard(host)) {
    return local.includes(name) || /^(\d+\.){3}\d+$|^\[/.test(name);
  }
  return local.includes(inUrl(host.toLowerCase())) && local.includes(name);
}
