/**
 * Sends puts by HTTP, to OpenTSDB's `POST /api/put`, where each request is
 * answered. OpenTSDB says how many datapoints it has stored, and why it refuses
 * the others. VictoriaMetrics and InfluxDB answer without a text, which only says
 * that they have read them.
 *
 * @module
 */

import http from "node:http";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import zlib, { type ZlibOptions } from "node:zlib";
import { within } from "../../script/mod.ts";
import { type Failed, TooLarge, type Verdict, verdictOf } from "./answers.ts";
import type { Aside } from "./aside.ts";
import {
  Closed,
  type Fate,
  type Host,
  type Link,
  Share,
  Stalled,
  Throttled,
} from "./link.ts";

const PATH = "/api/put";
const LEAST_SHARE = 1024; // bytes of lines in one request
const FIRST_SHARE = 64 * 1024; // bytes
const MOST_SHARE = 1024 * 1024; // bytes
const PATIENCE = 30_000; // ms
const SWIFT = 3000; // ms: after an answer within this time requests become larger
const LANES = 4; // requests at once, as OpenTSDB takes a second to answer each
const RECENT = 60_000; // ms for which a TSD counts as working after it stored something
const TAG = / ([^ =\n]+)=([^ \n]+)/g;
const PUT = /^put (\S+) 0*(\d+) (-?)0*(\d[\d.]*),(.*)$/gm;
const HEADERS = {
  "content-type": "application/json",
  "content-encoding": "gzip",
};

/** Options of {@linkcode Http}. */
export interface HttpOptions {
  /**
   * The most bytes of lines in one request.
   *
   * @default {1_048_576}
   */
  most?: number;
  /**
   * Milliseconds to wait for an answer.
   *
   * @default {30_000}
   */
  patience?: number;
  /** The value of the header `Authorization`. */
  authorization?: string | undefined;
}

type DuplexPair = Parameters<typeof Duplex.fromWeb>[0];

/** The error of a TSD that takes no further connection. */
class TooMany extends Error {}

/** A TSD that takes puts by HTTP. */
export class Http implements Host {
  readonly name: string;
  readonly share: Share;
  readonly #url: URL;
  readonly #patience: number;
  readonly #headers: Record<string, string>;
  readonly #aside: Aside;

  /**
   * Tells where the TSD is.
   *
   * @param url Its address; `/api/put` is added to the path if it is not there.
   * @param aside Gets the puts that fail where others are stored.
   * @param options What differs from the defaults.
   */
  constructor(url: URL, aside: Aside, options: HttpOptions = {}) {
    const { most = MOST_SHARE, patience, authorization } = options;
    this.name = url.host;
    this.#url = new URL(url);
    const path = url.pathname.replace(/\/+$/, "");
    this.#url.pathname = path.endsWith(PATH) ? path : path + PATH;
    this.#url.search += `${url.search ? "&" : "?"}sync&details`;
    this.share = new Share(FIRST_SHARE, {
      least: LEAST_SHARE,
      most: Math.min(most, MOST_SHARE),
    });
    this.#patience = patience ?? PATIENCE;
    this.#aside = aside;
    this.#headers = authorization === undefined
      ? HEADERS
      : { ...HEADERS, authorization };
  }

  async open(reply: (line: string) => void): Promise<Link> {
    using stack = new DisposableStack();
    const link = stack.use(
      new HttpLink(this.#url, {
        share: this.share,
        patience: this.#patience,
        headers: this.#headers,
        aside: this.#aside,
        name: this.name,
        reply,
      }),
    );
    await link.connect();
    stack.move();
    return link;
  }
}

interface HttpLinkOptions {
  share: Share;
  patience: number;
  headers: Record<string, string>;
  aside: Aside;
  name: string;
  reply: (line: string) => void;
}

/**
 * Keeps connections alive from request to request. They are made by Deno, whose
 * encryption knows the certificates of `DENO_CERT` and needs no permission but
 * that for the network.
 */
class Connections extends http.Agent {
  readonly #connect: () => Promise<Duplex>;

  constructor(connect: () => Promise<Duplex>) {
    super({ keepAlive: true, maxSockets: LANES });
    this.#connect = connect;
  }

  override createConnection(
    _: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex {
    const failed = (error: Error) => callback?.(error, undefined!);
    this.#connect().then((stream) => callback?.(null, stream), failed);
    return undefined!; // as the callback gets it
  }

  override keepSocketAlive(): boolean {
    return true;
  }

  override reuseSocket(stream: Duplex): void {
    stream.removeAllListeners("error"); // of the last request
  }
}

/**
 * Sends a few requests at once, each over a connection that it keeps. `fetch`
 * would not do: it makes a new connection in silence when a TSD has died, which
 * may have lost what it had read before.
 */
class HttpLink implements Link {
  readonly worn = false;
  readonly #url: URL;
  readonly #agent = new Connections(() => this.#take());
  readonly #options: HttpLinkOptions;
  readonly #headers: Record<string, string>;
  /** The waits to reject when the TSD closes a connection. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** A connection that no request has used yet. */
  #spare: Promise<Duplex> | undefined;
  readonly #open = new Set<Duplex>();
  /** The connections over which the TSD has answered. */
  readonly #proven = new WeakSet<Duplex>();
  /** The error, once a connection has ended unexpectedly. */
  #closed: Closed | undefined;
  /** Whether the TSD has said that it closes the connection. */
  #closing = false;
  /** How many requests are sent at once. */
  #lanes = LANES;
  /** When the TSD last stored something. */
  #stored = -Infinity;

  constructor(url: URL, options: HttpLinkOptions) {
    this.#url = url;
    this.#options = options;
    this.#headers = { ...options.headers, host: url.host };
  }

  /** Finds out whether the TSD is there, before anything is sent to it. */
  async connect(): Promise<void> {
    const spare = this.#spare = this.#connect();
    if (!await within(this.#options.patience, spare)) {
      throw new Stalled("does not answer");
    }
  }

  #take(): Promise<Duplex> {
    const spare = this.#spare ?? this.#connect();
    this.#spare = undefined;
    return spare;
  }

  get most(): number {
    return this.#lanes * this.#options.share.size;
  }

  async until<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    if (this.#closed) throw this.#closed;
    const { promise, reject } = Promise.withResolvers<never>();
    this.#waiting.add(reject);
    try {
      return await within(ms, Promise.race([promise, work]));
    } finally {
      this.#waiting.delete(reject); // else each wait would keep its memory
    }
  }

  /** Tries again what was set aside; of all else the answers have told the fate. */
  async finish(): Promise<void> {
    await this.#sendWith(this.#options.aside.take(true));
  }

  [Symbol.dispose](): void {
    this.#closing = true;
    this.#agent.destroy();
    this.#spare?.then((stream) => stream.destroy(), () => {});
  }

  send(lines: string): Promise<Fate> {
    return this.#sendWith(this.#options.aside.take(), lines);
  }

  async #sendWith(again: string, lines = ""): Promise<Fate> {
    const { aside, name } = this.#options;
    try {
      const { fate, failed } = await this.#sendAll(lines + again);
      aside.settle(name, failed);
      return fate;
    } catch (error) {
      aside.rewind();
      throw error;
    }
  }

  async #sendAll(lines: string): Promise<{ fate: Fate; failed: Failed[] }> {
    const rest = lines === "" ? [] : [lines];
    const verdicts: Verdict[] = [];
    let fate: Fate = "stored";
    const { share, reply } = this.#options;
    const lane = async () => {
      for (let text; (text = rest.pop()) !== undefined;) {
        const piece = pieceOf(text, share.size);
        if (piece.length < text.length) rest.push(text.slice(piece.length));
        try {
          const verdict = await this.#post(piece);
          if (verdict === undefined) fate = "read";
          else if (verdict.unnamed < 1) verdicts.push(verdict);
          else rest.push(...halvesOf(piece)); // to find out which
        } catch (error) {
          if (error instanceof TooLarge) share.shrink(piece.length);
          if (error instanceof TooLarge && share.size < piece.length) {
            rest.push(piece); // to be sent in smaller ones
          } else if (error instanceof TooMany && this.#lanes > 1) {
            this.#lanes--;
            rest.push(piece); // for another lane
            return;
          } else {
            rest.length = 0; // or the others would go on
            throw error;
          }
        }
      }
    };
    while (rest.length > 0) {
      await Promise.all(Array.from({ length: this.#lanes }, lane));
    }
    const failed = verdicts.flatMap(({ failed }) => failed);
    this.#checkThatItStores(verdicts, failed);
    for (const { refused } of verdicts) refused.forEach(reply);
    return { fate, failed };
  }

  /** Throws if some puts failed and the TSD has stored no others for a while. */
  #checkThatItStores(verdicts: Verdict[], failed: Failed[]): void {
    const now = performance.now();
    if (verdicts.some(({ stored }) => stored > 0)) this.#stored = now;
    if (failed.length > 0 && now - this.#stored > RECENT) {
      throw new Throttled(`replied: ${failed[0]!.error}`);
    }
  }

  /** Sends one request; returns what has happened to the puts, if the TSD says. */
  async #post(lines: string): Promise<Verdict | undefined> {
    const { share, patience } = this.#options;
    const started = performance.now();
    const body = await gzip(jsonOf(lines));
    if (this.#closed) throw this.#closed; // else nobody waits for the answer
    const found = await this.until(patience, this.#request(body));
    if (found === undefined) throw new Stalled("does not answer");
    const verdict = verdictOf(found, lines);
    const swift = performance.now() - started < SWIFT;
    if (swift && 2 * lines.length > share.size) share.grow();
    return verdict;
  }

  #request(body: Uint8Array): Promise<[number, string]> {
    const { promise, resolve, reject } = Promise.withResolvers<
      [number, string]
    >();
    const request = http.request({
      method: "POST",
      path: this.#url.pathname + this.#url.search,
      agent: this.#agent,
      headers: { ...this.#headers, "content-length": body.length },
    }, (response) => {
      this.#proven.add(request.socket!);
      this.#closing = /close/i.test(response.headers.connection ?? "");
      const answered = (text: string) => resolve([response.statusCode!, text]);
      text(response).then(answered, reject);
    }).on("error", (error) => {
      const reason = this.#isOneTooMany(request.socket) ? new TooMany() : error;
      reject(reason);
    });
    request.end(body);
    return promise;
  }

  /** Whether a connection fails without any answer while another one is open. */
  #isOneTooMany(stream: Duplex | null): boolean {
    if (stream !== null && this.#proven.has(stream)) return false;
    return [...this.#open].some((other) => other !== stream);
  }

  async #connect(): Promise<Duplex> {
    const { protocol, hostname, port } = this.#url;
    const secure = protocol === "https:";
    const tcp = await Deno.connect({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || (secure ? 443 : 80)),
    });
    tcp.setNoDelay(); // or a small request may wait 40 ms for its second part
    const conn = secure
      ? await Deno.startTls(tcp, { hostname, alpnProtocols: ["http/1.1"] })
      : tcp;
    // The streams are Deno's, whose types are not those of node:stream/web.
    const stream = Duplex.fromWeb(conn as unknown as DuplexPair);
    this.#open.add(stream);
    stream.on("close", () => {
      this.#open.delete(stream);
      const needed = this.#open.size === 0 || this.#proven.has(stream);
      if (!needed || this.#closing) return;
      this.#closed = new Closed();
      for (const tell of this.#waiting) tell(this.#closed);
    });
    return stream;
  }
}

/** As many whole lines as fit, but at least one. */
function pieceOf(lines: string, most: number): string {
  if (lines.length <= most) return lines;
  const end = lines.lastIndexOf("\n", most - 1) + 1;
  return lines.slice(0, end || lines.indexOf("\n") + 1 || lines.length);
}

/** The second half of the lines, and then the first half. */
function halvesOf(lines: string): [string, string] {
  const first = pieceOf(lines, lines.length / 2);
  return [lines.slice(first.length), first];
}

/**
 * Writes puts as JSON. A put has no character that JSON would escape, and its
 * numbers are those of JSON once they have no zeros in front.
 *
 * @param lines Whole lines, each a put.
 */
export function jsonOf(lines: string): string {
  const datapoints = lines.trimEnd().replace(TAG, ',"$1":"$2"').replace(
    PUT,
    '{"metric":"$1","timestamp":$2,"value":$3$4,"tags":{$5}},',
  );
  return `[${datapoints.slice(0, -1)}]`;
}

/** Compresses quickly, not well, as the network is rarely the slow part. */
function gzip(text: string): Promise<Uint8Array> {
  return promisify<string, ZlibOptions, Uint8Array>(zlib.gzip)(text, {
    level: 1,
  });
}
