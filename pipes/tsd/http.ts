/**
 * Puts over HTTP, as OpenTSDB's `POST /api/put` has it, whose answers are
 * acknowledgements. OpenTSDB says how many datapoints it has stored; those that
 * it refuses come with the reason. VictoriaMetrics and InfluxDB answer without a
 * text, which says only that they have read them.
 *
 * @module
 */

import http from "node:http";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import zlib, { type ZlibOptions } from "node:zlib";
import { within } from "../../script/mod.ts";
import {
  Closed,
  type Fate,
  type Host,
  type Link,
  Share,
  Stalled,
  Throttled,
} from "./link.ts";
import { printable } from "./replies.ts";

const PATH = "/api/put";
const LEAST_SHARE = 1024; // bytes of lines in one request
const FIRST_SHARE = 64 * 1024; // bytes
const MOST_SHARE = 1024 * 1024; // bytes
const PATIENCE = 30_000; // ms
const SWIFT = 3000; // ms: an answer that comes within it makes the next request larger
const LANES = 4; // requests at once, as OpenTSDB takes a second to answer each
const PAUSE = new Set([408, 429, 500, 502, 503, 504]); // statuses that may pass
const TAG = / ([^ =\n]+)=([^ \n]+)/g;
const PUT = /^put (\S+) 0*(\d+) (-?)0*(\d[\d.]*),(.*)$/gm;
const TOO_LARGE = /chunk|too (large|long|big)/i;
/** Reasons for which OpenTSDB may take the same datapoint at another time. */
const TRANSIENT =
  /^(storage exception|please throttle|timeout exception|write timedout|unexpected exception)/i;
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

/** What OpenTSDB answers if asked for details. */
interface Details {
  success: number;
  errors?: { error?: string; datapoint?: { metric?: string } }[];
}

type DuplexPair = Parameters<typeof Duplex.fromWeb>[0];

class TooLarge extends Error {}

/** A TSD that takes puts by HTTP. */
export class Http implements Host {
  readonly name: string;
  readonly share: Share;
  readonly #url: URL;
  readonly #patience: number;
  readonly #headers: Record<string, string>;

  /**
   * Tells where the TSD is.
   *
   * @param url Its address; `/api/put` is added to the path if it is not there.
   * @param options What differs from the defaults.
   */
  constructor(url: URL, options: HttpOptions = {}) {
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
  readonly #share: Share;
  readonly #patience: number;
  readonly #headers: Record<string, string>;
  readonly #reply: (line: string) => void;
  readonly #closed = Promise.withResolvers<never>();
  /** A connection that no request has used yet. */
  #spare: Promise<Duplex> | undefined;
  /** Whether the end of the connection is no surprise. */
  #closing = false;

  constructor(url: URL, options: HttpLinkOptions) {
    this.#url = url;
    this.#share = options.share;
    this.#patience = options.patience;
    this.#headers = { ...options.headers, host: url.host };
    this.#reply = options.reply;
    this.#closed.promise.catch(() => {}); // whoever waits for it is told
  }

  /** Finds out whether the TSD is there, before anything is sent to it. */
  async connect(): Promise<void> {
    const spare = this.#spare = this.#connect();
    if (!await within(this.#patience, spare)) {
      throw new Stalled("does not answer");
    }
  }

  #take(): Promise<Duplex> {
    const spare = this.#spare ?? this.#connect();
    this.#spare = undefined;
    return spare;
  }

  get most(): number {
    return LANES * this.#share.size;
  }

  async until<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    return await within(ms, Promise.race([this.#closed.promise, work]));
  }

  finish(): Promise<void> {
    return Promise.resolve(); // each answer has told it
  }

  [Symbol.dispose](): void {
    this.#closing = true;
    this.#agent.destroy();
    this.#spare?.then((stream) => stream.destroy(), () => {});
  }

  async send(lines: string): Promise<Fate> {
    const rest = [lines];
    const refused: string[] = [];
    let fate: Fate = "stored";
    const lane = async () => {
      for (let text; (text = rest.pop()) !== undefined;) {
        const piece = pieceOf(text, this.#share.size);
        if (piece.length < text.length) rest.push(text.slice(piece.length));
        try {
          const details = await this.#post(piece);
          if (details) refused.push(...repliesOf(details));
          else fate = "read";
        } catch (error) {
          if (error instanceof TooLarge) this.#share.shrink(piece.length);
          if (error instanceof TooLarge && this.#share.size < piece.length) {
            rest.push(piece); // to be sent in smaller ones
          } else {
            rest.length = 0; // or the others would go on
            throw error;
          }
        }
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    for (const reply of refused) this.#reply(reply);
    return fate;
  }

  /** Sends one request; tells the details if the TSD does. */
  async #post(lines: string): Promise<Details | undefined> {
    const started = performance.now();
    const answer = this.#request(await gzip(jsonOf(lines)));
    const found = await this.until(this.#patience, answer);
    if (found === undefined) throw new Stalled("does not answer");
    const [status, text] = found;
    const details = detailsOf(text);
    if (details === undefined && (status < 200 || status > 299)) {
      throw failure(status, text);
    }
    if (performance.now() - started < SWIFT) this.#share.grow();
    return details;
  }

  #request(body: Uint8Array): Promise<[number, string]> {
    const { promise, resolve, reject } = Promise.withResolvers<
      [number, string]
    >();
    http.request({
      method: "POST",
      path: this.#url.pathname + this.#url.search,
      agent: this.#agent,
      headers: { ...this.#headers, "content-length": body.length },
    }, (response) => {
      this.#closing = /close/i.test(response.headers.connection ?? "");
      const answered = (text: string) => resolve([response.statusCode!, text]);
      text(response).then(answered, reject);
    }).on("error", reject).end(body);
    return promise;
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
    stream.on("close", () => {
      if (!this.#closing) this.#closed.reject(new Closed());
    });
    return stream;
  }
}

/** What was refused for good; throws if some of it may pass. */
function repliesOf({ errors = [] }: Details): string[] {
  const passing = errors.find(({ error = "" }) => TRANSIENT.test(error));
  if (passing) throw new Throttled(`replied: ${passing.error}`);
  return errors.map(({ error = "refused", datapoint }) =>
    `put: ${error}: ${datapoint?.metric ?? ""}`
  );
}

/** So many whole lines as fit, but one at least. */
function pieceOf(lines: string, most: number): string {
  if (lines.length <= most) return lines;
  const end = lines.lastIndexOf("\n", most - 1) + 1;
  return lines.slice(0, end || lines.indexOf("\n") + 1 || lines.length);
}

/**
 * Writes puts as JSON. A put has no character that JSON would escape, and each
 * of its numbers is one of JSON's, once it begins without needless zeros.
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

/** Compresses quickly rather than well: the link is rarely what is slow. */
function gzip(text: string): Promise<Uint8Array> {
  return promisify<string, ZlibOptions, Uint8Array>(zlib.gzip)(text, {
    level: 1,
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function detailsOf(text: string): Details | undefined {
  const answer = parsed(text) as Partial<Details> | null | undefined;
  return typeof answer?.success === "number" ? answer as Details : undefined;
}

/** The error that an answer without details stands for. */
function failure(status: number, text: string): Error {
  const { error } = (parsed(text) ?? {}) as {
    error?: { message?: string } | string;
  };
  const what = typeof error === "string" ? error : error?.message ?? text;
  const message = printable(`answers ${status} ${what}`);
  if (status === 413 || (status === 400 && TOO_LARGE.test(what))) {
    return new TooLarge(message);
  }
  return PAUSE.has(status) ? new Throttled(message) : new Error(message);
}
