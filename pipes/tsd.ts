#!/usr/bin/env -S deno run --allow-net
/**
 * Sends put lines to a TSD, and again whatever a failure may have swallowed.
 *
 * A put is not acknowledged: what TCP has taken may never be read, and what was
 * read may be lost by a TSD that is killed before it stores it. So a batch of
 * lines is kept in three steps:
 *
 * 1. It waits in the spool until it is sent.
 * 2. It is sent, until the TSD closes the connection in answer to our end of
 *    it, which it does once it has read all. So every connection is ended after
 *    10 s or some MiB, and a TSD that does not close it in 10 s, or that takes
 *    nothing for 10 s, does not read: it has failed.
 * 3. It has been read, and is kept for 15 s more. Measured with kill -9:
 *    VictoriaMetrics 1.79 loses the last 5 s to 10 s, InfluxDB 1.6 up to 1 s.
 *
 * When a TSD fails, all that is kept is sent again, in order, to the next one.
 * So a TSD gets some lines twice: OpenTSDB and InfluxDB store them once, and so
 * does VictoriaMetrics with `-dedup.minScrapeInterval=1ms`.
 */
import { commandLine, complain, fail, sleep } from "../mod.ts";

const USAGE = `
Usage: tsd.ts [OPTION...] HOST[:PORT]...

Sends the OpenTSDB puts on stdin to the first TSD that takes them; the port is
4242 if not given. While no TSD takes them they wait in memory. When a TSD fails
the next one is tried, and what the other may have lost is sent again. What the
TSD replies is said on stderr, and so are lines that are no puts.

At the end of the input, what waits is sent. Ctrl-C and SIGTERM end the input
once the program on the left has ended, or after 5 s; a second one ends at once.

Options:
  --spool SIZE       Memory for what waits or may have to be sent again, in MiB
                     or with a unit K, M or G, up to 1G; 64 if not given. Beyond
                     it the oldest datapoints are dropped.
  --timeout SECONDS  How long to go on trying at the end of the input; 30 if not
                     given.
  -h, --help         Print this.

Examples:
  authfailures.ts | tsd.ts tsd
      Send them to the TSD on host tsd.
  numprocesses.ts | tsd.ts --spool 256 tsd1 tsd2:4243 [2001:db8::7]:4242
      Send them to the first of three that works, and survive long outages.

Status 1: not all of the input was delivered. Status 2: a wrong argument.
`;

const MAX_LINE = 1022; // characters, and the newline: under the 1,024 of OpenTSDB
const MAX_TEXT = 200; // characters of foreign text in a message
const MAX_KINDS = 1000; // of replies that are told apart
const BATCH = 64 * 1024; // characters that are written at once
const OVERHEAD = 100; // bytes of memory that a small text takes beside its own
const MIN_SHARE = 64 * 1024; // bytes for one connection, at least
const FIRST_SHARE = 1024 * 1024;
const MAX_SHARE = 4 * 1024 * 1024;
const LIFETIME = 10_000; // ms after which a connection takes no more
const PATIENCE = 10_000; // ms without a sign of life until a TSD has failed
const TORN = 600_000; // ms for a stalled TSD to take a batch that was begun
const STORED = 15_000; // ms until what a TSD has read is surely stored
const MIN_BACKOFF = 500; // ms
const MAX_BACKOFF = 30_000; // ms
const QUIET = 10_000; // ms between two notes of a full spool
const LINGER = 5000; // ms for the input to end after a signal

const PUT =
  /^put [-\w./]+ \d{10} (?!-[0.]+ )-?\d+(?:\.\d+)?(?: [-\w./]+=[-\w./]+){1,8}$/;

/** Whether a line is a put that every TSD reads alike. */
export function isPut(line: string): boolean {
  return line.length <= MAX_LINE && PUT.test(line);
}

/** Foreign text, made fit for one line of a terminal. */
export function printable(text: string): string {
  const clean = text.replace(/\p{C}+/gu, " ").trim();
  return clean.length > MAX_TEXT ? clean.slice(0, MAX_TEXT) + "..." : clean;
}

/** Cuts chunks into lines; of one that is too long only the start is kept. */
export class LineCutter {
  readonly #decoder = new TextDecoder();
  #started = "";

  /** The lines that end in this chunk. */
  push(chunk: Uint8Array): string[] {
    const lines = this.#decoder.decode(chunk, { stream: true }).split("\n");
    lines[0] = this.#started + lines[0];
    this.#started = lines.pop()!.slice(0, MAX_LINE + 1);
    return lines;
  }

  /** The line that has no end, or nothing. */
  end(): string {
    return this.#started;
  }
}

/** The command that makes OpenTSDB accept what it has just refused. */
export function cure(reply: string): string | undefined {
  const [, kind = "metrics", name] =
    reply.match(/No such name for '(metrics|tagk|tagv)': '([-\w./]+)'/) ??
      reply.match(/^put: unknown metric: ()([-\w./]+)$/) ?? [];
  if (name === undefined) return undefined;
  return kind === "tagk" || kind === "tagv"
    ? `tsdb uid assign ${kind} ${name}`
    : `tsdb mkmetric ${name}`;
}

/** What the TSD replied, by kind. A put that succeeds has no reply. */
export class Replies {
  readonly #counts = new Map<string, number>();

  /** Datapoints refused, as each of them gets one reply. */
  get refused(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /** Counts a reply; returns what to say at the first, tenth, hundredth... */
  add(reply: string): string | undefined {
    const text = printable(reply);
    if (text === "") return undefined;
    const command = cure(reply);
    let kind = command ?? text.split(": ", 2).join(": ");
    if (!this.#counts.has(kind) && this.#counts.size >= MAX_KINDS) kind = "";
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (!/^10*$/.test(String(count))) return undefined;
    return `replied${count > 1 ? ` ${count} times` : ""}: ${text}` +
      (command ? `; the cure: ${command}` : "");
  }
}

interface Batch {
  text: string;
  lines: number;
  /** Bytes of memory, about. */
  size: number;
  sent: boolean;
  /** When the TSD was known to have read it. */
  read: number | undefined;
  next: Batch | undefined;
}

/** Options of {@linkcode Spool}. */
export interface SpoolOptions {
  /** Bytes of memory, about. */
  limit: number;
  /** Milliseconds for which a batch is kept after it was read. */
  keep?: number;
  /** The time now, in milliseconds. */
  clock?: () => number;
}

/**
 * Lines in order, in batches, each in one of three states, oldest first: read
 * by the TSD, sent to it, waiting.
 */
export class Spool {
  readonly #limit: number;
  readonly #keep: number;
  readonly #clock: () => number;
  #oldest: Batch | undefined;
  #newest: Batch | undefined;
  #next: Batch | undefined;
  #size = 0;
  #waiting = 0;
  #dropped = 0;
  #cut = { lines: 0, at: -Infinity };

  constructor({ limit, keep = STORED, clock }: SpoolOptions) {
    this.#limit = limit;
    this.#keep = keep;
    this.#clock = clock ?? (() => performance.now());
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lines dropped because they waited in vain. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Lines not known to have been read, and how many of them were sent. */
  get undelivered(): { lines: number; sent: number } {
    const count = { lines: 0, sent: 0 };
    for (let batch = this.#oldest; batch; batch = batch.next) {
      if (batch.read !== undefined) continue;
      count.lines += batch.lines;
      if (batch.sent) count.sent += batch.lines;
    }
    return count;
  }

  /** Adds whole lines; returns how many old ones were dropped for them. */
  push(text: string, lines: number): number {
    const size = text.length + OVERHEAD;
    const newest = this.#newest;
    if (this.#next && newest && newest.text.length + text.length <= BATCH) {
      newest.text += text;
      newest.lines += lines;
      newest.size += size;
    } else {
      const sent = false;
      const batch = {
        text,
        lines,
        size,
        sent,
        read: undefined,
        next: undefined,
      };
      if (newest) newest.next = batch;
      this.#newest = batch;
      this.#oldest ??= batch;
      this.#next ??= batch;
    }
    this.#size += size;
    this.#waiting += size;
    this.#forget();
    return this.#trim();
  }

  /** Takes the next batch to send. */
  take(): Batch | undefined {
    const batch = this.#next;
    if (batch === undefined) return undefined;
    this.#next = batch.next;
    this.#waiting -= batch.size;
    batch.sent = true;
    return batch;
  }

  /** The TSD has read all that was sent. */
  confirm(): void {
    const now = this.#clock();
    for (let batch = this.#oldest; batch !== this.#next; batch = batch!.next) {
      batch!.read ??= now;
    }
    this.#forget();
  }

  /** The TSD has failed: all that it may have lost waits again. */
  rewind(): { again: number; lost: number } {
    this.#forget();
    let again = 0;
    for (let batch = this.#oldest; batch !== this.#next; batch = batch!.next) {
      batch!.read = undefined;
      again += batch!.lines;
    }
    this.#next = this.#oldest;
    this.#waiting = this.#size;
    const { lines, at } = this.#cut;
    this.#cut = { lines: 0, at };
    return { again, lost: this.#clock() - at < this.#keep ? lines : 0 };
  }

  #forget(): void {
    const old = this.#clock() - this.#keep;
    while (
      this.#oldest !== this.#next && (this.#oldest!.read ?? Infinity) <= old
    ) this.#remove();
  }

  #trim(): number {
    let dropped = 0;
    while (this.#size > this.#limit && this.#oldest !== this.#newest) {
      const waits = this.#oldest === this.#next;
      const { lines } = this.#remove();
      if (waits) dropped += lines;
      else this.#cutShort(lines);
    }
    this.#dropped += dropped;
    return dropped;
  }

  #cutShort(lines: number): void {
    const now = this.#clock();
    if (now - this.#cut.at > this.#keep) this.#cut.lines = 0;
    this.#cut.lines += lines;
    this.#cut.at = now;
  }

  #remove(): Batch {
    const batch = this.#oldest!;
    this.#oldest = batch.next;
    this.#size -= batch.size;
    if (batch === this.#next) {
      this.#next = batch.next;
      this.#waiting -= batch.size;
    }
    if (batch === this.#newest) this.#newest = undefined;
    return batch;
  }
}

/** A TSD's address. */
export interface Host {
  hostname: string;
  port: number;
}

/**
 * Reads `HOST[:PORT]`.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseHost(text: string): Host {
  const [, v6, name, digits = "4242"] =
    text.match(/^(?:\[([\da-f:.]+)\]|([^\s:/[\]]+))(?::(\d+))?$/i) ?? [];
  const hostname = v6 ?? name;
  const port = Number(digits);
  if (hostname === undefined || port < 1 || port > 65535) {
    throw new SyntaxError(
      `${printable(text)} is no HOST, HOST:PORT or [IPV6]:PORT`,
    );
  }
  return { hostname, port };
}

/**
 * Reads a size: MiB, or a number with a unit.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseSize(text: string): number {
  const [, number, unit = "M"] =
    text.match(/^(\d+(?:\.\d+)?)(?:([KMG])(?:i?B)?)?$/i) ?? [];
  const power = "KMG".indexOf(unit.toUpperCase()) + 1;
  const size = Math.round(Number(number) * 1024 ** power);
  if (!(size >= MIN_SHARE && size <= 1024 ** 3)) {
    throw new SyntaxError(`${printable(text)} is no size from 64K to 1G`);
  }
  return size;
}

/** The milliseconds before the next round of tries, somewhat random. */
export function backoff(round: number): number {
  const most = Math.min(MIN_BACKOFF * 2 ** round, MAX_BACKOFF);
  return most * (0.5 + Math.random() / 2);
}

/** Waits for a promise so long, else returns undefined. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, ms, undefined);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

class Throttled extends Error {}
class Stalled extends Error {}

class Connection implements Disposable {
  /** Resolves when the TSD closes it; rejects when it breaks. */
  readonly closed: Promise<true>;
  readonly #conn: Deno.TcpConn;
  readonly #encoder = new TextEncoder();
  readonly #end = performance.now() + LIFETIME;
  #left: number;
  #writing: Promise<true> = Promise.resolve(true);

  constructor(
    conn: Deno.TcpConn,
    share: number,
    reply: (line: string) => void,
  ) {
    this.#conn = conn;
    this.#left = share;
    this.closed = this.#read(reply);
    this.closed.catch(() => {}); // whoever waits for it is told
  }

  static async open(host: Host): Promise<Deno.TcpConn> {
    const signal = AbortSignal.timeout(PATIENCE);
    try {
      return await Deno.connect({ ...host, signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new Stalled("does not answer");
    }
  }

  /** Whether it has had its share. */
  get worn(): boolean {
    return this.#left <= 0 || performance.now() > this.#end;
  }

  async #read(reply: (line: string) => void): Promise<true> {
    const lines = new LineCutter();
    const buffer = new Uint8Array(16 * 1024);
    for (let n; (n = await this.#conn.read(buffer)) !== null;) {
      for (const line of lines.push(buffer.subarray(0, n))) {
        if (/^put: Please throttle/i.test(line)) {
          throw new Throttled("asks to throttle writes");
        }
        reply(line);
      }
    }
    reply(lines.end());
    return true;
  }

  /** Resolves as soon as something is up: the work, or the connection's end. */
  async until<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
    const closed = this.closed.then(() => {
      throw new Error("closed the connection");
    });
    return await within(ms, Promise.race([work, closed]));
  }

  async write(text: string): Promise<void> {
    this.#left -= text.length;
    this.#writing = this.#write(this.#encoder.encode(text));
    if (!await this.until(PATIENCE, this.#writing)) {
      throw new Stalled("does not read");
    }
  }

  async #write(bytes: Uint8Array): Promise<true> {
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#conn.write(bytes));
    }
    return true;
  }

  /** Resolves once the TSD has read all. */
  async finish(): Promise<void> {
    await this.#conn.closeWrite();
    if (!await within(PATIENCE, this.closed)) {
      throw new Stalled("does not read");
    }
  }

  /**
   * Closes it, but not in mid-line, as VictoriaMetrics takes a torn last line
   * for a whole one: a TSD that stalls gets a while to take the batch.
   */
  [Symbol.dispose](): void {
    const close = () => this.#conn.close();
    within(TORN, this.#writing).then(close, close);
  }
}

/** Sends what is in a spool to one of several TSDs. */
class Sender {
  readonly replies = new Replies();
  /** Lines that may be lost because the spool was too small to keep them. */
  lost = 0;
  connected = false;
  readonly #hosts: Host[];
  readonly #spool: Spool;
  readonly #maxShare: number;
  #share: number;
  #failures = 0;
  #said = new Set<string>();
  #ended = false;
  #more = Promise.withResolvers<true>();

  constructor(hosts: Host[], spool: Spool, limit: number) {
    this.#hosts = hosts;
    this.#spool = spool;
    this.#maxShare = Math.min(MAX_SHARE, limit / 4);
    this.#share = Math.min(FIRST_SHARE, this.#maxShare);
  }

  /** There is more in the spool. */
  notify(): void {
    this.#more.resolve(true);
  }

  /** Nothing will be added to the spool. */
  end(): void {
    this.#ended = true;
    this.notify();
  }

  /** Resolves once all was read, after {@linkcode Sender.end}. */
  async run(): Promise<void> {
    for (let host = 0;; host = (host + 1) % this.#hosts.length) {
      try {
        while (await this.#hasMore()) await this.#connect(this.#hosts[host]!);
        return;
      } catch (error) {
        await this.#failed(this.#hosts[host]!, error as Error);
      }
    }
  }

  async #hasMore(): Promise<boolean> {
    while (this.#spool.waiting === 0) {
      if (this.#ended) return false;
      await this.#filled();
    }
    return true;
  }

  #filled(): Promise<true> {
    this.#more = Promise.withResolvers();
    return this.#more.promise;
  }

  async #connect(host: Host): Promise<void> {
    const conn = await Connection.open(host);
    using connection = new Connection(conn, this.#share, (reply) => {
      const news = this.replies.add(reply);
      if (news) complain(`${name(host)}: ${news}`);
    });
    this.connected = true;
    await this.#feed(connection);
    await connection.finish();
    this.#spool.confirm();
    this.#share = Math.min(2 * this.#share, this.#maxShare);
    if (this.#said.size > 0) complain(`${name(host)}: takes datapoints again`);
    this.#said.clear();
    this.#failures = 0;
  }

  /** Sends what comes until the connection has had its share. */
  async #feed(connection: Connection): Promise<void> {
    while (true) {
      if (this.#spool.waiting > 0) {
        if (connection.worn) return;
        await connection.write(this.#spool.take()!.text);
      } else if (this.#ended) {
        return;
      } else if (!await connection.until(STORED, this.#filled())) {
        return;
      }
    }
  }

  async #failed(host: Host, error: Error): Promise<void> {
    this.connected = false;
    const { again, lost } = this.#spool.rewind();
    const what = `${name(host)}: ${reason(error)}`;
    if (again > 0) complain(`${what}; sending ${again} again`);
    else if (!this.#said.has(what)) complain(what);
    this.#said.add(what);
    if (lost > 0) {
      this.lost += lost;
      complain(`the spool was too small to send ${lost} more again`);
    }
    const slow = error instanceof Throttled || error instanceof Stalled;
    if (slow) this.#share = Math.max(this.#share / 2, MIN_SHARE);
    const round = this.#failures++ / this.#hosts.length;
    if (
      error instanceof Throttled || this.#failures % this.#hosts.length === 0
    ) {
      await sleep(backoff(Math.floor(round)));
    }
  }
}

function name({ hostname, port }: Host): string {
  return hostname.includes(":")
    ? `[${hostname}]:${port}`
    : `${hostname}:${port}`;
}

function reason({ message }: Error): string {
  return printable(message.replace(/ \(os error \d+\).*$/s, ""));
}

async function main(): Promise<void> {
  const { files, spool: size = "64", timeout = "30" } = commandLine(USAGE, {
    string: ["spool", "timeout"],
    files: Infinity,
  });
  const refuse = (what: string) => fail(`${what}; try --help`, 2);
  const parsed = <T>(parse: (text: string) => T, text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      return refuse((error as Error).message);
    }
  };
  const hosts = files.map((file) => parsed(parseHost, file));
  const limit = parsed(parseSize, size);
  if (hosts.length === 0) refuse("no HOST given");
  if (!/^\d+(\.\d+)?$/.test(timeout)) {
    refuse(`--timeout must be seconds, not ${printable(timeout)}`);
  }

  const spool = new Spool({ limit });
  const sender = new Sender(hosts, spool, limit);
  let noPuts = 0;
  let quietUntil = 0;

  function add(lines: string[]): void {
    const puts = lines.filter(isPut);
    if (puts.length < lines.length) {
      if (noPuts === 0) {
        const first = lines.find((line) => !isPut(line))!;
        complain(`not sent, as it is no put: "${printable(first)}"`);
      }
      noPuts += lines.length - puts.length;
    }
    if (puts.length === 0) return;
    const dropped = spool.push(puts.join("\n") + "\n", puts.length);
    if (dropped > 0 && performance.now() > quietUntil) {
      quietUntil = performance.now() + QUIET;
      complain(`the spool is full: dropped ${spool.dropped} datapoints so far`);
    }
    sender.notify();
  }

  async function read(): Promise<void> {
    const lines = new LineCutter();
    for await (const chunk of Deno.stdin.readable) {
      add(lines.push(chunk));
      while (sender.connected && spool.waiting > limit / 4) await sleep(5);
    }
    if (lines.end() !== "") add([`${lines.end()} (without its end)`]);
  }

  function finish(): never {
    const { lines, sent } = spool.undelivered;
    const missing = lines + spool.dropped;
    const { refused } = sender.replies;
    if (missing > 0) {
      complain(
        `${missing} datapoints were not delivered` +
          (sent > 0 ? `; ${sent} of them were sent, but may be lost` : ""),
      );
    }
    if (refused > 0) complain(`the TSD refused ${refused} datapoints`);
    if (noPuts > 0) complain(`${noPuts} lines were no puts`);
    Deno.exit(missing + sender.lost + refused + noPuts > 0 ? 1 : 0);
  }

  const signalled = Promise.withResolvers<void>();
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      if (++signals > 1) finish();
      setTimeout(signalled.resolve, LINGER);
    });
  }
  const sending = sender.run();
  await Promise.race([read(), signalled.promise]);
  sender.end();
  await within(Number(timeout) * 1000, sending);
  finish();
}

if (import.meta.main) await main();
