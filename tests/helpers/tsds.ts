/**
 * The TSDs of the tests: real ones, and small ones that do as a test says. (Long,
 * as each TSD has its own way to be started and asked.)
 */
import { assertEquals } from "@std/assert";
import { Aside } from "../../pipes/tsd/aside.ts";
import { Http, type HttpOptions } from "../../pipes/tsd/http.ts";
import type { Host } from "../../pipes/tsd/link.ts";
import { Sender } from "../../pipes/tsd/sender.ts";
import { Spool, type SpoolOptions } from "../../pipes/tsd/spool.ts";
import {
  command,
  freePort,
  type Put,
  puts,
  Running,
  until,
} from "./processes.ts";

/** A put that is good. */
export const LINE = "put a.b 1700000000 1 host=web1";

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A TSD that can be killed, started again, and asked what it has stored. */
export abstract class Server {
  readonly port = freePort();
  readonly http = freePort();
  /** Where puts are taken by HTTP. */
  readonly puts = freePort();
  readonly folder: string;
  #process: Running | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The command that starts it. */
  abstract command(): string[];
  /** All that it has stored. */
  abstract stored(): Promise<Put[]>;

  async start(): Promise<this> {
    const [program, ...args] = this.command();
    this.#process = new Running([program!, ...args]);
    await this.ready();
    return this;
  }

  /** Resolves once it takes puts and questions. */
  async ready(): Promise<void> {
    await until(() => answers(this.http), 30, "the TSD's HTTP port");
    await until(() => answers(this.port), 30, "the TSD's port");
  }

  async kill(): Promise<void> {
    await this.#process?.end("SIGKILL");
    this.#process = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  protected async get(path: string, query: Record<string, string>) {
    const parameters = new URLSearchParams(query);
    const url = `http://127.0.0.1:${this.http}${path}?${parameters}`;
    return await (await fetch(url)).text();
  }
}

export class VictoriaMetrics extends Server {
  /** Whether it stores a datapoint that comes twice only once. */
  readonly dedup: boolean;

  constructor(folder: string, { dedup = true } = {}) {
    super(folder);
    this.dedup = dedup;
  }

  override command(): string[] {
    return [
      "victoria-metrics",
      `-storageDataPath=${this.folder}/vm`,
      `-opentsdbListenAddr=127.0.0.1:${this.port}`,
      `-opentsdbHTTPListenAddr=127.0.0.1:${this.puts}`,
      `-httpListenAddr=127.0.0.1:${this.http}`,
      "-retentionPeriod=100y",
      ...this.dedup ? ["-dedup.minScrapeInterval=1ms"] : [],
    ];
  }

  override async stored(): Promise<Put[]> {
    await this.get("/internal/force_flush", {}); // without it, new datapoints are not found
    const text = await this.get("/api/v1/export", {
      "match[]": '{__name__!=""}',
      start: "1000000000",
    });
    return text.split("\n").filter((line) => line !== "").flatMap((line) => {
      const { metric: { __name__: name, ...tags }, values, timestamps } = JSON
        .parse(line);
      return (values as number[]).map((value, i) => ({
        series: seriesOf(name, tags),
        second: timestamps[i] / 1000,
        value,
      }));
    });
  }
}

export class InfluxDB extends Server {
  override readonly puts = this.port; // telnet and HTTP are one listener
  readonly #rpc = freePort();

  override command(): string[] {
    const config = `${this.folder}/influxdb.conf`;
    Deno.writeTextFileSync(
      config,
      `
      reporting-disabled = true
      bind-address = "127.0.0.1:${this.#rpc}"
      [meta]
      dir = "${this.folder}/meta"
      [data]
      dir = "${this.folder}/data"
      wal-dir = "${this.folder}/wal"
      query-log-enabled = false
      [http]
      bind-address = "127.0.0.1:${this.http}"
      log-enabled = false
      [monitor]
      store-enabled = false
      [[opentsdb]]
      enabled = true
      bind-address = "127.0.0.1:${this.port}"
      database = "opentsdb"
      batch-timeout = "100ms"
      `,
    );
    return ["influxd", "-config", config];
  }

  /** By HTTP, InfluxDB refuses puts until their database is there. */
  override async ready(): Promise<void> {
    await super.ready();
    const body = new URLSearchParams({ q: "create database opentsdb" });
    const url = `http://127.0.0.1:${this.http}/query`;
    await (await fetch(url, { method: "POST", body })).text();
  }

  override async stored(): Promise<Put[]> {
    const text = await this.get("/query", {
      db: "opentsdb",
      epoch: "s",
      q: "select value from /.*/ group by *",
    });
    const series = JSON.parse(text).results[0].series ?? [];
    return series.flatMap((
      { name, tags, values }: {
        name: string;
        tags: Record<string, string>;
        values: [number, number][];
      },
    ) =>
      values.map(([second, value]) => ({
        series: seriesOf(name, tags),
        second,
        value,
      }))
    );
  }
}

export function seriesOf(name: string, tags: Record<string, string>): string {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return [name, ...pairs.sort()].join(" ");
}

/** Options of {@linkcode FakeTsd}. */
export interface FakeTsdOptions {
  port?: number;
  /** What it replies to a line. */
  reply?: (line: string) => string;
  /** Whether it reads from the start. */
  reads?: boolean;
}

/** A TSD by telnet that keeps what it reads; it may reply, or not read. */
export class FakeTsd implements AsyncDisposable {
  readonly port: number;
  readonly lines: string[] = [];
  connections = 0;
  readonly #listener: Deno.TcpListener;
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  readonly #reply: (line: string) => string;
  readonly #reads = Promise.withResolvers<void>();

  constructor(
    { port = 0, reply = () => "", reads = true }: FakeTsdOptions = {},
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#reply = reply;
    if (reads) this.read();
    this.#serving = this.#serve();
  }

  /** Begins to read. */
  read(): void {
    this.#reads.resolve();
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.#conns.add(conn);
      this.#read(conn);
    }
  }

  async #read(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let begun = "";
    try {
      await this.#reads.promise;
      for (let n; (n = await conn.read(buffer)) !== null;) {
        begun += new TextDecoder().decode(buffer.subarray(0, n));
        const lines = begun.split("\n");
        begun = lines.pop()!;
        for (const line of lines) this.lines.push(line);
        const replies = lines.map(this.#reply).join("");
        if (replies) await conn.write(new TextEncoder().encode(replies));
      }
      conn.close();
      this.#conns.delete(conn);
    } catch {
      // The test or the sender has closed it.
    }
    if (begun !== "") this.lines.push(`torn: ${begun}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
    await this.#serving;
  }
}

/**
 * Listens at a port that was free a moment ago. Where it is in use it tries
 * again: a child that another test has just started can hold the port for some
 * milliseconds.
 */
export async function atLast<T>(listen: () => T): Promise<T> {
  const made: T[] = [];
  await until(() => {
    try {
      return made.push(listen()) > 0;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      return false;
    }
  });
  return made[0]!;
}

/** The answer of an {@linkcode HttpTsd}; with undefined it never answers. */
export type Answer =
  | { status: number; body?: string; headers?: HeadersInit }
  | undefined;

/** A TSD by HTTP that keeps the puts of each request. */
export class HttpTsd implements AsyncDisposable {
  readonly port: number;
  /** The lines of all requests that got a status of 2xx. */
  readonly lines: string[] = [];
  /** How many datapoints came in each request. */
  readonly sizes: number[] = [];
  readonly requests: { url: URL; headers: Headers; bytes: number }[] = [];
  /** The ports that requests came from: one for each connection. */
  readonly peers = new Set<number>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();

  constructor(
    answer: (lines: string[], bytes: number) => Answer = () => ({
      status: 204,
    }),
    also: { port?: number; cert?: string; key?: string } = {},
  ) {
    const hostname = "127.0.0.1";
    const options = { hostname, port: 0, onListen() {}, ...also };
    this.#server = Deno.serve(options as Deno.ServeTcpOptions, async (
      request,
      { remoteAddr },
    ) => {
      this.peers.add((remoteAddr as Deno.NetAddr).port);
      const body = await request.bytes();
      const { url, headers } = request;
      const bytes = body.length;
      this.requests.push({ url: new URL(url), headers, bytes });
      const plain = new Blob([body]).stream()
        .pipeThrough(new DecompressionStream("gzip"));
      const lines = (await new Response(plain).json()).map(lineOf);
      this.sizes.push(lines.length);
      const found = answer(lines, bytes);
      if (found === undefined) {
        await new Promise((resolve) =>
          this.#stop.signal.addEventListener("abort", resolve)
        );
        return new Response("too late");
      }
      if (found.status < 300) this.lines.push(...lines);
      return new Response(found.body ?? null, found);
    });
    this.port = this.#server.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#server.shutdown();
  }
}

function lineOf(
  { metric, timestamp, value, tags }: {
    metric: string;
    timestamp: number;
    value: number;
    tags: Record<string, string>;
  },
): string {
  return `put ${metric} ${timestamp} ${value} ${
    Object.entries(tags).map(([key, tag]) => `${key}=${tag}`).join(" ")
  }`;
}

/** Where a test does not look at what is set aside. */
export function nowhere(): Aside {
  return new Aside(new Spool({ limit: 1e6 }), { say: () => {} });
}

/** A TSD of this host, by HTTP. */
export function httpOn(
  port: number,
  { path = "", aside = nowhere(), ...options }: HttpOptions & {
    path?: string;
    aside?: Aside;
  } = {},
): Http {
  const url = new URL(`http://127.0.0.1:${port}${path}`);
  return new Http(url, aside, options);
}

/** The answer of an OpenTSDB that refuses some datapoints. */
export function details(
  lines: string[],
  error: (line: string) => string | undefined,
) {
  const errors = lines.flatMap((line) => {
    const found = error(line);
    const [, metric, timestamp, value, ...tags] = line.split(" ");
    const pairs = tags.map((tag) => tag.split("="));
    const datapoint = {
      metric,
      timestamp: Number(timestamp),
      value,
      tags: Object.fromEntries(pairs),
    };
    return found === undefined ? [] : [{ error: found, datapoint }];
  });
  const failed = errors.length;
  const body = JSON.stringify({
    success: lines.length - failed,
    failed,
    errors,
  });
  return { status: failed > 0 ? 400 : 200, body };
}

/** Starts a sender in this process, and collects what it says. */
export function startSender(
  hosts: Host[],
  options: Partial<SpoolOptions> = {},
) {
  const spool = new Spool({ limit: 64 * 1024 * 1024, ...options });
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const sender = new Sender(hosts, spool, { pause: 1, say });
  const running = sender.run();
  return {
    hosts,
    spool,
    sender,
    said,
    add(lines: string[]): void {
      for (let i = 0; i < lines.length; i += 1000) {
        const some = lines.slice(i, i + 1000);
        spool.push(some.join("\n") + "\n", some.length);
      }
      sender.notify();
    },
    async end(): Promise<void> {
      sender.end();
      await running;
    },
  };
}

/** A program whose stdin the test writes. */
export class Piped extends Running {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #encoder = new TextEncoder();

  constructor(program: string[], options: Deno.CommandOptions = {}) {
    super(program, { stdin: "piped", ...options });
    this.#writer = this.process.stdin.getWriter();
  }

  async write(lines: string[], end = "\n"): Promise<void> {
    const text = lines.map((line) => line + end).join("");
    await this.#writer.write(this.#encoder.encode(text));
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

export function tsd(...args: (string | number)[]): Piped {
  return new Piped(tsdCommand(...args));
}

/** The command of tsd.ts; a number is a port of this host. */
export function tsdCommand(...args: (string | number)[]): string[] {
  const words = args.map((arg) =>
    typeof arg === "number" ? `127.0.0.1:${arg}` : arg
  );
  return command("pipes/tsd.ts", ...words);
}

function key({ series, second, value }: Put): string {
  const [name, ...tags] = series.split(" ");
  return [second, name, ...tags.sort(), value].join(" ");
}

/** Makes put lines: one datapoint a second for each of two series. */
export function* generate(): Generator<string> {
  for (let i = 0;; i++) {
    const second = 1_700_000_000 + i;
    yield `put gen.flow ${second} ${i} host=web1 part=a`;
    yield `put gen.flow ${second} ${-i}.5 host=web1 part=b`;
  }
}

export function take<T>(generator: Iterator<T>, n: number): T[] {
  return Array.from({ length: n }, () => generator.next().value);
}

/** Waits until all is stored, prints the numbers, and compares each datapoint. */
export async function compare(
  what: string,
  written: string[],
  stored: () => Promise<Put[]> | Put[],
): Promise<void> {
  const expected = puts(written).map(key).sort();
  let found: string[] = [];
  await until(async () => {
    found = (await stored()).map(key).sort();
    return found.length >= expected.length;
  }, 30).catch(() => {}); // the comparison below says more
  const there = new Set(found);
  const lost = expected.filter((put) => !there.has(put));
  console.log(
    `${what}: written=${expected.length} stored=${found.length} lost=${lost.length}`,
  );
  assertEquals(lost.slice(0, 3), []);
  // Only some of them, as it takes minutes to show how long lists differ.
  const at = found.findIndex((put, i) => put !== expected[i]);
  if (at >= 0) {
    assertEquals(found.slice(at, at + 3), expected.slice(at, at + 3));
  }
}
