/**
 * Sends puts over a plain connection, in OpenTSDB's telnet protocol.
 *
 * A put gets no answer, and what TCP has taken may never be read. So each
 * connection is ended after 10 s or some MiB: a TSD that has read everything then
 * closes its side, too. A TSD that does not, or takes nothing, has failed.
 *
 * @module
 */

import { LineCutter } from "../../mod.ts";
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

const MAX_REPLY = 4096; // characters
/** The replies of OpenTSDB to a put that it, or another TSD, may take later. */
const TRANSIENT = [
  /^put: (please throttle|throttling|request timed out|hbase error|unexpected)/i,
  /^unknown command: put\b/, // it is read-only
  /^AUTH_/, // it takes the first put for the user's name and password
  /^put: illegal argument: (Un\w+ command|Unable to check Authentication)/,
];
const BATCH = 64 * 1024; // bytes that are written at once
const LEAST_SHARE = 64 * 1024; // bytes for one connection
const FIRST_SHARE = 1024 * 1024; // bytes
const MOST_SHARE = 4 * 1024 * 1024; // bytes
const LIFETIME = 10_000; // ms after which a connection takes no more
const PATIENCE = 10_000; // ms
const TORN = 600_000; // ms for a TSD that stalls to take the rest of a batch

/** Where a TSD listens. */
export interface Address {
  /** Its name or address. */
  hostname: string;
  /** Its port. */
  port: number;
}

/** Options of {@linkcode Telnet}. */
export interface TelnetOptions {
  /**
   * The most bytes for one connection.
   *
   * @default {4_194_304}
   */
  most?: number;
  /**
   * Milliseconds after which a connection takes no more.
   *
   * @default {10_000}
   */
  lifetime?: number;
  /**
   * Milliseconds without a sign of life until a TSD has failed.
   *
   * @default {10_000}
   */
  patience?: number;
}

/** A TSD that reads puts from a plain connection. */
export class Telnet implements Host {
  readonly name: string;
  readonly share: Share;
  readonly #address: Address;
  readonly #lifetime: number;
  readonly #patience: number;

  /**
   * Tells where the TSD is.
   *
   * @param address Its address.
   * @param options What differs from the defaults.
   */
  constructor(address: Address, options: TelnetOptions = {}) {
    const { most = MOST_SHARE, lifetime, patience } = options;
    const { hostname, port } = this.#address = address;
    this.name = `${
      hostname.includes(":") ? `[${hostname}]` : hostname
    }:${port}`;
    this.share = new Share(FIRST_SHARE, {
      least: LEAST_SHARE,
      most: Math.min(most, MOST_SHARE),
    });
    this.#lifetime = lifetime ?? LIFETIME;
    this.#patience = patience ?? PATIENCE;
  }

  async open(reply: (line: string) => void): Promise<Link> {
    const signal = AbortSignal.timeout(this.#patience);
    try {
      const conn = await Deno.connect({ ...this.#address, signal });
      return new Connection(conn, {
        share: this.share,
        end: performance.now() + this.#lifetime,
        patience: this.#patience,
        reply,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Stalled("does not answer");
    }
  }
}

interface ConnectionOptions {
  share: Share;
  end: number;
  patience: number;
  reply: (line: string) => void;
}

class Connection implements Link {
  readonly #conn: Deno.TcpConn;
  readonly #encoder = new TextEncoder();
  readonly #end: number;
  readonly #patience: number;
  /** Resolves when the TSD closes it; rejects when it breaks. */
  readonly #closed: Promise<true>;
  readonly most = BATCH;
  readonly #share: Share;
  #left: number;
  #writing: Promise<true> = Promise.resolve(true);

  constructor(conn: Deno.TcpConn, options: ConnectionOptions) {
    this.#conn = conn;
    this.#share = options.share;
    this.#left = options.share.size;
    this.#end = options.end;
    this.#patience = options.patience;
    this.#closed = this.#read(options.reply);
    this.#closed.catch(() => {}); // whoever waits for it is told
  }

  get worn(): boolean {
    return this.#left <= 0 || performance.now() > this.#end;
  }

  async #read(reply: (line: string) => void): Promise<true> {
    const cutter = new LineCutter({ longest: MAX_REPLY });
    const buffer = new Uint8Array(16 * 1024);
    for (let n; (n = await this.#conn.read(buffer)) !== null;) {
      for (const line of cutter.push(buffer.subarray(0, n))) {
        if (TRANSIENT.some((kind) => kind.test(line))) {
          throw new Throttled(`replied: ${line}`);
        }
        reply(line);
      }
    }
    for (const line of cutter.end()) reply(line);
    return true;
  }

  async until<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    const closed = this.#closed.then(() => {
      throw new Closed();
    });
    return await within(ms, Promise.race([work, closed]));
  }

  async send(lines: string): Promise<Fate> {
    this.#left -= lines.length;
    this.#writing = this.#write(this.#encoder.encode(lines));
    if (!await this.until(this.#patience, this.#writing)) {
      throw new Stalled("does not read");
    }
    return "sent";
  }

  async #write(bytes: Uint8Array): Promise<true> {
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#conn.write(bytes));
    }
    return true;
  }

  async finish(): Promise<void> {
    await this.#conn.closeWrite();
    if (!await within(this.#patience, this.#closed)) {
      throw new Stalled("does not read");
    }
    this.#share.grow();
  }

  /**
   * Closes it, but not within a line, as VictoriaMetrics takes a torn last line for
   * a whole one: a TSD that stalls gets time to take the batch.
   */
  [Symbol.dispose](): void {
    const close = () => this.#conn.close();
    within(TORN, this.#writing).then(close, close);
  }
}
