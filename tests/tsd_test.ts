import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  backoff,
  cure,
  isPut,
  LineCutter,
  parseHost,
  parseSize,
  printable,
  Replies,
  Spool,
} from "../pipes/tsd.ts";
import {
  command,
  freePort,
  processTest,
  type Put,
  puts,
  Running,
  sleep,
  until,
} from "./processes.ts";

const LINE = "put a.b 1700000000 1 host=web1";

Deno.test("isPut() takes what every TSD reads alike", () => {
  for (
    const line of [
      LINE,
      "put a-b_c./D 1700000000 -1.50 host=web1 a=b/c",
      "put a 1700000000 0 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8",
      `put ${"a".repeat(998)} 1700000000 1 host=a`,
    ]
  ) assert(isPut(line), line);
});

Deno.test("isPut() refuses all else", () => {
  for (
    const line of [
      "",
      "version",
      "a.b 1700000000 1 host=web1",
      "put a.b 1700000000 1",
      "put a.b 1700000000 1 host",
      "put a.b 1700000000 1 host=",
      "put a.b 170000000 1 host=web1",
      "put a.b 1700000000000 1 host=web1",
      "put a.b 1700000000 1e3 host=web1",
      "put a.b 1700000000 NaN host=web1",
      "put a.b 1700000000 -0 host=web1",
      "put a.b 1700000000 -0.0 host=web1",
      "put a.b 1700000000 .5 host=web1",
      "put  a.b 1700000000 1 host=web1",
      "put a:b 1700000000 1 host=web1",
      "put ä 1700000000 1 host=web1",
      "put a 1700000000 0 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9",
      `put ${"a".repeat(998)} 1700000000 1 host=ab`,
      LINE + "\r",
      LINE + " ",
      LINE + "\0",
      LINE + "\n" + LINE,
    ]
  ) assert(!isPut(line), line);
});

Deno.test("printable() strips control characters and bounds the length", () => {
  assertEquals(printable("\x1b[31mred\x07\u202e\r\n"), "[31mred");
  assertEquals(printable("x".repeat(5000)).length, 203);
});

Deno.test("LineCutter keeps a line across chunks, and little of a long one", () => {
  const cutter = new LineCutter();
  const push = (text: string) => cutter.push(new TextEncoder().encode(text));
  assertEquals(push("a\nb"), ["a"]);
  assertEquals(push("c\n\n"), ["bc", ""]);
  for (let i = 0; i < 100; i++) assertEquals(push("x".repeat(10_000)), []);
  const [long, ...rest] = push("\nd\ne");
  assert(long!.length > 1022 && long!.length < 20_000);
  assertEquals(rest, ["d"]);
  assertEquals(cutter.end(), "e");
});

Deno.test("cure() names the command that helps", () => {
  const reply = "put: unknown metric: No such name for";
  assertEquals(cure(`${reply} 'metrics': 'a.b'`), "tsdb mkmetric a.b");
  assertEquals(cure(`${reply} 'tagk': 'host'`), "tsdb uid assign tagk host");
  assertEquals(cure("put: unknown metric: a.b"), "tsdb mkmetric a.b");
  assertEquals(cure(`${reply} 'metrics': 'a; rm -rf /'`), undefined);
  assertEquals(cure("put: illegal argument: a.b"), undefined);
});

Deno.test("Replies.add() says each kind once, then ever more rarely", () => {
  const replies = new Replies();
  const said = Array.from(
    { length: 1000 },
    (_, i) => replies.add(`put: illegal argument: Invalid tag: ${i}`),
  ).filter((text) => text !== undefined);
  assertEquals(said, [
    "replied: put: illegal argument: Invalid tag: 0",
    "replied 10 times: put: illegal argument: Invalid tag: 9",
    "replied 100 times: put: illegal argument: Invalid tag: 99",
    "replied 1000 times: put: illegal argument: Invalid tag: 999",
  ]);
  assertEquals(replies.add(""), undefined);
  assertEquals(
    replies.add("put: unknown metric: No such name for 'metrics': 'a.b'\r"),
    "replied: put: unknown metric: No such name for 'metrics': 'a.b'; the cure: tsdb mkmetric a.b",
  );
  assertEquals(replies.refused, 1001);
});

Deno.test("Replies.add() tells a bounded number of kinds apart", () => {
  const replies = new Replies();
  let said = 0;
  for (let i = 0; i < 20_000; i++) if (replies.add(`noise ${i}`)) said++;
  assert(said < 1010, String(said));
  assertEquals(replies.refused, 20_000);
});

function spoolOf(limit: number): { spool: Spool; advance(ms: number): void } {
  let now = 0;
  const spool = new Spool({ limit, keep: 10, clock: () => now });
  return { spool, advance: (ms) => now += ms };
}

function takeAll(spool: Spool): string {
  let text = "";
  for (let batch; (batch = spool.take());) text += batch.text;
  return text;
}

Deno.test("Spool hands out lines once, in order, in batches", () => {
  const { spool } = spoolOf(1e6);
  for (let i = 0; i < 10; i++) spool.push(`${i}\n`, 1);
  assertEquals(spool.take()!.text, "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  assertEquals(spool.take(), undefined);
  spool.push("a\n", 1);
  assertEquals(takeAll(spool), "a\n");
  assertEquals(spool.waiting, 0);
});

Deno.test("Spool.rewind() brings back what was sent or lately read", () => {
  const { spool, advance } = spoolOf(1e6);
  for (const text of ["a\n", "b\n", "c\n"]) {
    spool.push(text, 1);
    takeAll(spool);
    spool.confirm();
    advance(4);
  }
  spool.push("d\n", 1);
  takeAll(spool);
  spool.push("e\n", 1);
  assertEquals(spool.undelivered, { lines: 2, sent: 1 });
  assertEquals(spool.rewind(), { again: 3, lost: 0 });
  assertEquals(spool.undelivered, { lines: 4, sent: 3 });
  assertEquals(takeAll(spool), "b\nc\nd\ne\n");
  spool.confirm();
  assertEquals(spool.undelivered, { lines: 0, sent: 0 });
  advance(10);
  assertEquals(spool.rewind(), { again: 0, lost: 0 });
  assertEquals(spool.waiting, 0);
});

Deno.test("Spool.push() drops the oldest lines beyond the limit and counts them", () => {
  const { spool } = spoolOf(100_000);
  const text = "x".repeat(39_999) + "\n";
  assertEquals(spool.push(text, 2), 0);
  assertEquals(spool.push(text, 3), 0);
  assertEquals(spool.push(text, 4), 2);
  assertEquals(spool.dropped, 2);
  assertEquals(spool.undelivered.lines, 7);
  assertEquals(takeAll(spool), text + text);
});

Deno.test("Spool.push() rather forgets what was sent, and says so when it is missed", () => {
  const { spool, advance } = spoolOf(100_000);
  const text = "x".repeat(39_999) + "\n";
  for (const lines of [2, 3, 4]) {
    assertEquals(spool.push(text, lines), 0);
    takeAll(spool);
  }
  assertEquals(spool.dropped, 0);
  assertEquals(spool.rewind(), { again: 7, lost: 2 });
  takeAll(spool);
  spool.confirm();
  assertEquals(spool.push(text, 5), 0);
  advance(11);
  assertEquals(spool.rewind(), { again: 0, lost: 0 });
});

Deno.test("parseHost() reads names and addresses", () => {
  const at = (hostname: string, port: number) => ({ hostname, port });
  assertEquals(parseHost("tsd"), at("tsd", 4242));
  assertEquals(parseHost("tsd.example:1"), at("tsd.example", 1));
  assertEquals(parseHost("10.0.0.1:65535"), at("10.0.0.1", 65535));
  assertEquals(parseHost("[::1]"), at("::1", 4242));
  assertEquals(parseHost("[::1]:4243"), at("::1", 4243));
  for (
    const text of ["", ":1", "::1", "a:0", "a:65536", "a:b", "a/b", "[a", "a b"]
  ) {
    assertThrows(() => parseHost(text), SyntaxError, "HOST");
  }
});

Deno.test("parseSize() reads MiB and units", () => {
  assertEquals(parseSize("64"), 64 * 1024 ** 2);
  assertEquals(parseSize("0.5"), 512 * 1024);
  assertEquals(parseSize("64K"), 64 * 1024);
  assertEquals(parseSize("64KiB"), 64 * 1024);
  assertEquals(parseSize("1gb"), 1024 ** 3);
  for (const text of ["", "0", "-1", "1e3", "x", "63K", "2G", "NaN", "64T"]) {
    assertThrows(() => parseSize(text), SyntaxError, "size");
  }
});

Deno.test("backoff() grows up to 30 s, with jitter", () => {
  for (let round = 0; round < 100; round++) {
    const most = Math.min(500 * 2 ** round, 30_000);
    const wait = backoff(round);
    assert(wait >= most / 2 && wait <= most, `${round}: ${wait}`);
  }
});

async function answers(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** A TSD that can be killed, started again, and asked what it has stored. */
abstract class Server {
  readonly port = freePort();
  readonly http = freePort();
  readonly folder: string;
  #process: Running | undefined;

  constructor(folder: string) {
    this.folder = folder;
  }

  protected abstract command(): string[];
  abstract stored(): Promise<Put[]>;

  async start(): Promise<this> {
    const [program, ...args] = this.command();
    this.#process = new Running([program!, ...args]);
    await until(() => answers(this.http), 30, "the TSD's HTTP port");
    await until(() => answers(this.port), 30, "the TSD's port");
    return this;
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

class VictoriaMetrics extends Server {
  protected override command(): string[] {
    return [
      "victoria-metrics",
      `-storageDataPath=${this.folder}/vm`,
      `-opentsdbListenAddr=127.0.0.1:${this.port}`,
      `-httpListenAddr=127.0.0.1:${this.http}`,
      "-retentionPeriod=100y",
      "-dedup.minScrapeInterval=1ms",
    ];
  }

  override async stored(): Promise<Put[]> {
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

class InfluxDB extends Server {
  readonly #rpc = freePort();

  protected override command(): string[] {
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
      `,
    );
    return ["influxd", "-config", config];
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

function seriesOf(name: string, tags: Record<string, string>): string {
  const pairs = Object.entries(tags).map(([key, value]) => `${key}=${value}`);
  return [name, ...pairs.sort()].join(" ");
}

/** A TSD of our own, which keeps what it reads, and may reply or sulk. */
class FakeTsd implements AsyncDisposable {
  readonly port: number;
  readonly lines: string[] = [];
  connections = 0;
  readonly #listener: Deno.TcpListener;
  readonly #conns = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;

  constructor(
    { port = 0, reply = () => "", reads = true }: {
      port?: number;
      reply?: (line: string) => string;
      reads?: boolean;
    } = {},
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve(reply, reads);
  }

  async #serve(reply: (line: string) => string, reads: boolean): Promise<void> {
    const served = [];
    for await (const conn of this.#listener) {
      this.connections++;
      this.#conns.add(conn);
      if (reads) served.push(this.#read(conn, reply));
    }
    await Promise.all(served);
  }

  async #read(
    conn: Deno.TcpConn,
    reply: (line: string) => string,
  ): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let started = "";
    try {
      for (let n; (n = await conn.read(buffer)) !== null;) {
        started += new TextDecoder().decode(buffer.subarray(0, n));
        const lines = started.split("\n");
        started = lines.pop()!;
        for (const line of lines) this.lines.push(line);
        const replies = lines.map(reply).join("");
        if (replies) await conn.write(new TextEncoder().encode(replies));
      }
      conn.close();
      this.#conns.delete(conn);
    } catch {
      // It was closed by the test.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
    await this.#serving;
  }
}

/** A program of the right-hand side that the test feeds. */
class Piped extends Running {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #encoder = new TextEncoder();

  constructor(program: string[]) {
    super(program, { stdin: "piped" });
    this.#writer = this.process.stdin.getWriter();
  }

  async write(lines: string[]): Promise<void> {
    const text = lines.map((line) => line + "\n").join("");
    await this.#writer.write(this.#encoder.encode(text));
  }

  async close(): Promise<void> {
    await this.#writer.close();
  }
}

function tsd(...args: (string | number)[]): Piped {
  return new Piped(
    command(
      "pipes/tsd.ts",
      ...args.map((arg) => typeof arg === "number" ? `127.0.0.1:${arg}` : arg),
    ),
  );
}

function key({ series, second, value }: Put): string {
  return `${second} ${series} ${value}`;
}

/** One datapoint a second, of two series. */
function* generate(): Generator<string> {
  for (let i = 0;; i++) {
    const second = 1_700_000_000 + i;
    yield `put gen.flow ${second} ${i} host=web1 part=a`;
    yield `put gen.flow ${second} ${-i}.5 host=web1 part=b`;
  }
}

function take<T>(generator: Iterator<T>, n: number): T[] {
  return Array.from({ length: n }, () => generator.next().value);
}

/** Waits until all is stored; says what is, and compares point by point. */
async function compare(
  what: string,
  written: string[],
  stored: () => Promise<Put[]> | Put[],
): Promise<void> {
  const expected = puts(written).map(key).sort();
  let found: string[] = [];
  await until(async () => {
    found = (await stored()).map(key).sort();
    return found.length >= expected.length;
  }, 30).catch(() => {}); // the comparison says more
  const there = new Set(found);
  const lost = expected.filter((put) => !there.has(put));
  console.log(
    `${what}: written=${expected.length} stored=${found.length} lost=${lost.length}`,
  );
  assertEquals(lost.slice(0, 3), []);
  assertEquals(found, expected);
}

const SERVERS = [
  { program: "victoria-metrics", Tsd: VictoriaMetrics },
  { program: "influxd", Tsd: InfluxDB },
];

/** Writes bursts of failures into a log; returns how many in which second. */
async function fail(
  log: string,
  seconds: number,
): Promise<Map<number, number>> {
  const ledger = new Map<number, number>();
  const end = Date.now() + seconds * 1000;
  for (let i = 0; Date.now() < end; i++) {
    await sleep(1000 - Date.now() % 1000 + 300); // well inside a second
    const count = i % 3 + 1;
    const second = Math.floor(Date.now() / 1000);
    Deno.writeTextFileSync(
      log,
      "sshd: authentication failure; user=root\n".repeat(count) + "sshd: ok\n",
      { append: true },
    );
    ledger.set(second, count);
  }
  return ledger;
}

for (const { program, Tsd } of SERVERS) {
  processTest(
    `authfailures.ts through nc and tsd.ts into ${program}: each second as counted`,
    [program, "nc", "tail"],
    async (folder) => {
      const folders = [`${folder}/1`, `${folder}/2`];
      for (const each of folders) Deno.mkdirSync(each);
      await using left = await new Tsd(folders[0]!).start();
      await using right = await new Tsd(folders[1]!).start();
      const log = `${folder}/auth.log`;
      Deno.writeTextFileSync(log, "");
      const collector = new Running(command("collectors/authfailures.ts", log));
      const nc = new Piped(["nc", "-N", "127.0.0.1", String(left.port)]);
      const pipe = tsd(right.port);
      let ended = false;
      const pump = (async () => {
        for (let sent = 0; !ended || sent < collector.out.length;) {
          const lines = collector.out.slice(sent);
          sent += lines.length;
          for (const each of [nc, pipe]) await each.write(lines);
          await sleep(50);
        }
      })();
      await sleep(1500); // for its tail to stand at the end of the log
      const ledger = await fail(log, 4);
      await collector.end("SIGTERM");
      ended = true;
      await pump;
      for (const each of [nc, pipe]) {
        await each.close();
        assertEquals((await each.end()).code, 0);
        assertEquals(each.err, []);
      }
      const host = Deno.hostname();
      for (const { series, second, value } of puts(collector.out)) {
        assertEquals(series, `auth.failures host=${host}`);
        assertEquals(value, ledger.get(second) ?? 0, `second ${second}`);
        ledger.delete(second);
      }
      assertEquals(ledger.size, 0, "seconds that were not reported");
      const into = `authfailures.ts into ${program} through`;
      await compare(`${into} nc`, collector.out, () => left.stored());
      await compare(`${into} tsd.ts`, collector.out, () => right.stored());
    },
  );

  processTest(
    `tsd.ts: ${program} killed (-9) and started again in mid-stream, twice`,
    [program],
    async (folder) => {
      await using server = await new Tsd(folder).start();
      const pipe = tsd("--timeout", "60", server.port);
      const generator = generate();
      const written: string[] = [];
      const stream = async (ms: number) => {
        for (const end = performance.now() + ms; performance.now() < end;) {
          const lines = take(generator, 20);
          written.push(...lines);
          await pipe.write(lines);
          await sleep(20);
        }
      };
      await stream(3000);
      await server.kill();
      await stream(1000);
      await server.start();
      await stream(4000);
      await server.kill();
      await server.start();
      await stream(1000);
      await pipe.close();
      const { code } = await pipe.end();
      assertMatch(
        pipe.err.join("\n"),
        /; sending \d+ again[^]*; sending \d+ again/,
      );
      const what = `${program} killed (-9) twice`;
      await compare(what, written, () => server.stored());
      assertEquals(code, 0, pipe.err.join("\n"));
    },
  );
}

processTest(
  "tsd.ts: VictoriaMetrics cannot be reached at the start",
  ["victoria-metrics"],
  async (folder) => {
    await using server = new VictoriaMetrics(folder);
    const pipe = tsd("--timeout", "60", server.port);
    const written = take(generate(), 5000);
    await pipe.write(written);
    await until(() => pipe.err.length > 0);
    assertMatch(
      pipe.err[0]!,
      /^tsd\.ts: 127\.0\.0\.1:\d+: Connection refused$/,
    );
    await server.start();
    await pipe.close();
    assertEquals((await pipe.end()).code, 0);
    const what = "TSD unreachable at the start";
    await compare(what, written, () => server.stored());
  },
);

processTest(
  "tsd.ts: a TSD takes a few lines and never reads them, then a good one takes its place",
  [],
  async () => {
    let sulking: FakeTsd | undefined = new FakeTsd({ reads: false });
    const { port } = sulking;
    const pipe = tsd("--timeout", "60", port);
    const written = take(generate(), 200);
    await pipe.write(written);
    await pipe.close();
    await until(() => sulking!.connections > 0);
    await until(() => pipe.err.length > 0, 30, "the TSD is found out");
    assertMatch(pipe.err[0]!, /does not read; sending 200 again$/);
    await sulking[Symbol.asyncDispose]();
    sulking = undefined;
    await using good = new FakeTsd({ port });
    assertEquals((await pipe.end()).code, 0);
    await compare(
      "TSD that never reads, few lines",
      written,
      () => puts(good.lines),
    );
  },
);

processTest(
  "tsd.ts: a TSD never reads a flood; signals work, and the next host gets all",
  [],
  async () => {
    await using sulking = new FakeTsd({ reads: false });
    await using good = new FakeTsd();
    const pipe = tsd(sulking.port, good.port);
    const hopeless = tsd("--timeout", "60", sulking.port);
    const written = take(generate(), 400_000);
    const flooded = pipe.write(written);
    hopeless.write(written).catch(() => {}); // it ends before it takes all
    await until(() => sulking.connections === 2);
    hopeless.process.kill("SIGTERM");
    await sleep(500);
    const { code } = await hopeless.end("SIGINT");
    assertEquals(code, 1);
    assertMatch(
      hopeless.err.at(-1)!,
      /^tsd\.ts: \d+ datapoints were not delivered/,
    );
    await flooded;
    await pipe.close();
    assertEquals((await pipe.end()).code, 0);
    assertMatch(pipe.err[0]!, /does not read; sending \d+ again$/);
    await compare(
      "TSD that never reads, a flood",
      written,
      () => puts(good.lines),
    );
  },
);

processTest(
  "tsd.ts: the next of several hosts is tried when one fails",
  [],
  async () => {
    const generator = generate();
    const nobody = freePort();
    const first = new FakeTsd();
    await using second = new FakeTsd();
    const pipe = tsd(nobody, first.port, second.port);
    const written = take(generator, 10);
    await pipe.write(written);
    await until(() => first.lines.length === 10);
    await first[Symbol.asyncDispose]();
    await until(() => pipe.err.length === 2);
    const more = take(generator, 10);
    await pipe.write(more);
    await pipe.close();
    assertEquals((await pipe.end()).code, 0);
    assertMatch(pipe.err[0]!, new RegExp(`:${nobody}: Connection refused$`));
    assertMatch(pipe.err[1]!, new RegExp(`:${first.port}: closed .*10 again$`));
    await compare(
      "one of several hosts fails",
      [...written, ...more],
      () => puts(second.lines),
    );
  },
);

processTest(
  "tsd.ts: a spool that is too small drops the oldest and counts them",
  [],
  async () => {
    const port = freePort();
    const pipe = tsd("--spool", "64K", port);
    const written = take(generate(), 5000);
    await pipe.write(written);
    await until(() => pipe.err.some((line) => line.includes("spool is full")));
    await using server = new FakeTsd({ port });
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    const [, count] = pipe.err.at(-1)!.match(/: (\d+) datapoints were not/)!;
    const rest = written.slice(Number(count));
    assert(rest.length > 500, count);
    const lost = written.length - server.lines.length;
    console.log(
      `spool overflow: written=5000 stored=${server.lines.length} lost=${lost} said=${count}`,
    );
    assertEquals(server.lines, rest);
  },
);

processTest(
  "tsd.ts: gives up after the timeout and says what was not delivered",
  [],
  async () => {
    const pipe = tsd("--timeout", "0.5", freePort());
    await pipe.write(take(generate(), 123));
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    assertEquals(pipe.err.at(-1), "tsd.ts: 123 datapoints were not delivered");
  },
);

processTest(
  "tsd.ts: sends no line that is no put, and says so",
  [],
  async () => {
    await using server = new FakeTsd();
    const pipe = tsd(server.port);
    const bad = [
      "gen.flow 1700000000 1 part=a",
      "x".repeat(100_000),
      "\0",
      "version",
    ];
    await pipe.write([LINE, ...bad, LINE]);
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    assertEquals(server.lines, [LINE, LINE]);
    assertEquals(pipe.err, [
      'tsd.ts: not sent, as it is no put: "gen.flow 1700000000 1 part=a"',
      "tsd.ts: 4 lines were no puts",
    ]);
  },
);

processTest(
  "tsd.ts: says what OpenTSDB refuses and how to cure it",
  [],
  async () => {
    let throttle = true;
    await using server = new FakeTsd({
      reply: (line) => {
        if (line.includes("unknown")) {
          return "put: unknown metric: No such name for 'metrics': 'a.unknown'\n";
        }
        if (line.includes("evil")) {
          return "put: illegal argument: \x1b[2J" + "x".repeat(3000) + "\n";
        }
        if (!line.includes("many") || !throttle) return "";
        throttle = false;
        return "put: Please throttle writes: 10000 RPCs waiting\n";
      },
    });
    const pipe = tsd(server.port);
    const lines = ["a.unknown", "a.unknown", "a.evil", "a.good"]
      .map((name, i) => `put ${name} ${1_700_000_000 + i} 1 host=web1`);
    await pipe.write(lines);
    await until(() => server.lines.length === lines.length);
    await pipe.write(["put a.many 1700000000 1 host=web1"]);
    await until(() => pipe.err.some((line) => line.includes("throttle")));
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    const err = pipe.err.map((line) =>
      line.replace(/^tsd\.ts: (\S+:\d+: )?/, "")
    );
    assertEquals(
      err[0],
      "replied: put: unknown metric: No such name for 'metrics': 'a.unknown'; the cure: tsdb mkmetric a.unknown",
    );
    assertMatch(
      err[1]!,
      /^replied: put: illegal argument: +\[2Jx{100,200}\.\.\.$/,
    );
    assertEquals(err[2], "asks to throttle writes; sending 5 again");
    assertEquals(err.at(-1), "the TSD refused 6 datapoints");
    assertEquals(new Set(server.lines).size, 5);
    assert(!throttle);
  },
);

processTest(
  "tsd.ts: Ctrl-C reaches both sides of the pipe, and the last second is sent",
  ["sh", "setsid", "tail", "tee"],
  async (folder) => {
    await using server = new FakeTsd();
    const log = `${folder}/auth.log`;
    Deno.writeTextFileSync(log, "");
    const words = (program: string[]) =>
      program.map((word) => `'${word}'`).join(" ");
    const pipeline = new Running([
      "setsid",
      "sh",
      "-c",
      `echo $$ > '${folder}/pid'; trap : INT; ${
        words(command("collectors/authfailures.ts", log))
      } |
        tee -i '${folder}/out' |
        ${words(command("pipes/tsd.ts", `127.0.0.1:${server.port}`))}`,
    ]);
    await until(() => server.lines.length > 0, 20, "the first datapoint");
    await fail(log, 1);
    const group = Deno.readTextFileSync(`${folder}/pid`).trim();
    await new Deno.Command("sh", {
      args: ["-c", 'kill -s INT -- -"$0"', group],
    })
      .output();
    await pipeline.end();
    assertEquals(pipeline.err, []);
    const written = Deno.readTextFileSync(`${folder}/out`).trim().split("\n");
    assert(puts(written).some(({ value }) => value > 0));
    await compare("Ctrl-C", written, () => puts(server.lines));
  },
);

processTest("tsd.ts: a million lines", [], async () => {
  await using server = new FakeTsd();
  const pipe = tsd(server.port);
  const written = take(generate(), 1_000_000);
  const start = performance.now();
  await pipe.write(written);
  await pipe.close();
  assertEquals((await pipe.end()).code, 0);
  const seconds = (performance.now() - start) / 1000;
  console.log(`${Math.round(written.length / seconds)} lines/s`);
  assertEquals(server.lines.length, written.length);
  assert(server.lines.every((line, i) => line === written[i]));
});

processTest(
  "tsd.ts: helps, and refuses wrong arguments with status 2",
  [],
  async () => {
    const help = new Running(command("pipes/tsd.ts", "--help"));
    assertEquals((await help.end()).code, 0);
    assertMatch(help.out.join("\n"), /Usage: tsd\.ts [^]*Examples:/);
    assertEquals(help.err, []);
    for (
      const args of [
        [],
        ["--bogus", "tsd"],
        ["--spool"],
        ["--spool", "0", "tsd"],
        ["--spool", "much", "tsd"],
        ["--timeout", "x", "tsd"],
        ["tsd:0"],
        ["tsd:x"],
        ["::1"],
      ]
    ) {
      const refused = new Running(command("pipes/tsd.ts", ...args));
      assertEquals((await refused.end()).code, 2, args.join(" "));
      assertEquals(refused.err.length, 1, refused.err.join("\n"));
      assertEquals(refused.out, []);
    }
  },
);
