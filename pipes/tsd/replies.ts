/**
 * What a TSD says about puts that it refuses.
 *
 * @module
 */

const MAX_TEXT = 200; // characters of foreign text in a message
const MAX_KINDS = 1000; // of replies that are told apart

/** Cures that do not depend on the names in a reply. */
const CURES: [RegExp, string][] = [
  [
    /^answers (40[13]\b|400 .*Authentication)/,
    "--credentials FILE, or TSD_CREDENTIALS",
  ],
  [
    /^replied: (AUTH_|put: illegal argument: Un)/,
    "--credentials FILE and a URL, http://HOST:PORT, as lines name no user",
  ],
  [/^replied: unknown command: put/, "tsd.mode = rw in opentsdb.conf"],
  [
    /^answers 404 Endpoint not found/,
    "tsd.mode = rw in opentsdb.conf, or the path of the URL",
  ],
  [
    /^answers (404\b|2\d\d <)|un(expected|supported) path/,
    "the path of the URL, or the port at which the TSD takes puts by HTTP",
  ],
  [
    /database not found: opentsdb/,
    "influx -execute 'create database opentsdb'",
  ],
  [/Too many tags: /, "tsd.storage.max_tags in opentsdb.conf"],
];

/**
 * Makes foreign text fit for one line of a terminal.
 *
 * @param text Any text.
 * @returns The text without control characters, cut if it is long.
 */
export function printable(text: string): string {
  const clean = text.replace(/\p{C}+/gu, " ").trim();
  return clean.length > MAX_TEXT ? clean.slice(0, MAX_TEXT) + "..." : clean;
}

/**
 * Tells what makes a TSD accept what it has just refused.
 *
 * @param reply What the TSD said.
 * @returns The command, or what to look at; undefined if that is not known.
 */
export function cure(reply: string): string | undefined {
  const [, kind = "metrics", name] =
    reply.match(/No such name for '(metrics|tagk|tagv)': '([-\w./]+)'/) ??
      reply.match(/^put: unknown metric: ()([-\w./]+)$/i) ?? [];
  if (name === undefined) return CURES.find(([text]) => text.test(reply))?.[1];
  if (kind === "tagk" || kind === "tagv") {
    return `tsdb uid assign ${kind} ${name}`;
  }
  // By HTTP, OpenTSDB says the same where a tag is unknown.
  const orTag = reply.startsWith("put: Unknown metric")
    ? ' (if it is there, a tag is unknown: "tsdb uid assign")'
    : "";
  return `tsdb mkmetric ${name}${orTag}`;
}

/** The reply of a TSD, with the cure if there is one. */
export function withCure(reply: string): string {
  const found = cure(reply);
  return found === undefined ? reply : `${reply}; the cure: ${found}`;
}

/** Counts the replies of TSDs by kind. A put that succeeds has no reply. */
export class Replies {
  readonly #counts = new Map<string, number>();

  /** Datapoints that were refused, as each of them gets one reply. */
  get refused(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /**
   * Counts a reply.
   *
   * @param reply What the TSD said about one datapoint.
   * @returns What to say at the first, tenth, hundredth… reply of its kind.
   */
  add(reply: string): string | undefined {
    const text = printable(reply);
    if (text === "") return undefined;
    let kind = cure(text) ?? text.split(": ", 2).join(": ");
    if (!this.#counts.has(kind) && this.#counts.size >= MAX_KINDS) kind = "";
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (!/^10*$/.test(String(count))) return undefined;
    return `replied${count > 1 ? ` ${count} times` : ""}: ${withCure(text)}`;
  }
}
