/**
 * Puts by HTTP, with the small TSDs of the tests. (Long, as each answer that a TSD
 * may give has its case here.)
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { authorizationOf, hostOf } from "../pipes/tsd/address.ts";
import { jsonOf } from "../pipes/tsd/http.ts";
import { Closed, type Host, Share } from "../pipes/tsd/link.ts";
import { Sender } from "../pipes/tsd/sender.ts";
import { Spool } from "../pipes/tsd/spool.ts";
import { Telnet } from "../pipes/tsd/telnet.ts";
import {
  type Answer,
  atLast,
  compare,
  details,
  FakeTsd,
  generate,
  httpOn,
  HttpTsd,
  nowhere,
  Piped,
  startSender,
  take,
  tsdCommand,
} from "./helpers/tsds.ts";
import {
  freePort,
  processTest,
  puts,
  Running,
  until,
} from "./helpers/processes.ts";

Deno.test("jsonOf() writes puts as JSON, with each number as it was written", () => {
  const lines = [
    "put a.b/c-d_e 1700000000 1 host=web1",
    "put a 1700000001 -007.50 host=web1 part=a/b",
    "put a 1700000002 0 host=web1",
    "put a 0946684800 00 host=web1",
    "put a 1700000004 123456789012345678901234567890 host=web1",
  ].join("\n") + "\n";
  const json = jsonOf(lines);
  assertEquals(JSON.parse(json)[1], {
    metric: "a",
    timestamp: 1_700_000_001,
    value: -7.5,
    tags: { host: "web1", part: "a/b" },
  });
  const values = [...json.matchAll(/"value":([^,]+)/g)].map(([, text]) => text);
  assertEquals(values, [
    "1",
    "-7.50",
    "0",
    "0",
    "123456789012345678901234567890",
  ]);
});

Deno.test("hostOf() takes a URL, but not one with a password", () => {
  const of = (text: string) => hostOf(text, { most: 1000, aside: nowhere() });
  assertEquals(of("http://tsd:4242").name, "tsd:4242");
  assertEquals(of("HTTPS://tsd/insert/0").name, "tsd");
  assertEquals(of("tsd").name, "tsd:4242");
  assertThrows(() => of("http://me:secret@tsd"), SyntaxError, "--credentials");
  assertThrows(() => of("http://"), SyntaxError, "not a URL");
  assertThrows(() => of("ftp://tsd"), SyntaxError, "URL");
});

Deno.test("authorizationOf() tells a token from a password", () => {
  assertEquals(authorizationOf("me:se:cret\n"), `Basic ${btoa("me:se:cret")}`);
  assertEquals(authorizationOf("abc.def"), "Bearer abc.def");
  for (const text of ["", "\n", "a\nb", "me:s\u00e4cret"]) {
    assertThrows(() => authorizationOf(text), SyntaxError, "one line");
  }
});

processTest(
  "Http sends each put once, compressed, over at most 4 connections",
  [],
  async () => {
    await using server = new HttpTsd();
    const http = httpOn(server.port, { authorization: "Bearer abc" });
    const { add, end, said, sender } = startSender([http]);
    const written = take(generate(), 20_000);
    const share = http.share.size;
    add(written);
    await end();
    assertEquals(said, []);
    assertEquals(server.lines.toSorted(), written.toSorted());
    assert(server.peers.size <= 4, `${server.peers.size} connections`);
    const { url, headers, bytes } = server.requests[0]!;
    assertEquals(url.pathname + url.search, "/api/put?sync&details");
    assertEquals(headers.get("authorization"), "Bearer abc");
    assert(bytes < 20 * server.sizes[0]!, `${bytes} bytes`);
    assert(http.share.size > share); // as the answers come quickly
    assert(Math.max(...server.sizes) > server.sizes[0]!);
    assertEquals(sender.replies.refused, 0);
  },
);

processTest("Http adds /api/put to a path that lacks it", [], async () => {
  for (
    const [path, asked] of [
      ["/insert/0/opentsdb/", "/insert/0/opentsdb/api/put?sync&details"],
      ["/x/api/put", "/x/api/put?sync&details"],
      ["/?extra_label=a=b", "/api/put?extra_label=a=b&sync&details"],
    ] as const
  ) {
    await using server = new HttpTsd();
    const { add, end } = startSender([httpOn(server.port, { path })]);
    add(take(generate(), 1));
    await end();
    const { pathname, search } = server.requests[0]!.url;
    assertEquals(pathname + search, asked);
  }
});

processTest(
  "Http says only what OpenTSDB refused, and forgets what it has stored",
  [],
  async () => {
    await using server = new HttpTsd((lines) =>
      details(
        lines,
        (line) =>
          line.includes("unknown")
            ? "Unknown metric"
            : line.includes("evil")
            ? "Unable to parse value to a number"
            : undefined,
      )
    );
    const { add, end, said, spool, sender } = startSender([
      httpOn(server.port),
    ]);
    const names = ["a.unknown", "a.good", "a.unknown", "a.evil", "b.evil"];
    add(names.map((name) => `put ${name} 1700000000 1 host=web1`));
    await end();
    const name = `127.0.0.1:${server.port}`;
    assertEquals(said, [
      `${name}: replied: put: Unknown metric: a.unknown; the cure: tsdb mkmetric a.unknown (if it is there, a tag is unknown: "tsdb uid assign")`,
      `${name}: replied: put: Unable to parse value to a number: a.evil`,
    ]);
    assertEquals(sender.replies.refused, 4);
    assertEquals(spool.rewind(), { again: 0, lost: 0 });
  },
);

processTest(
  "Http keeps for a while what was read, but may not be stored yet",
  [],
  async () => {
    await using server = new HttpTsd();
    const { add, end, spool } = startSender([httpOn(server.port)]);
    add(take(generate(), 10));
    await end();
    assertEquals(spool.undelivered, { lines: 0, sent: 0 });
    assertEquals(spool.rewind(), { again: 10, lost: 0 });
  },
);

processTest(
  "Http sends again what a TSD had read when it dies between two requests",
  [],
  async () => {
    const port = freePort();
    const first = await atLast(() => new HttpTsd(undefined, { port }));
    const { add, end, said } = startSender([httpOn(port)]);
    const written = take(generate(), 20);
    add(written.slice(0, 10));
    await until(() => first.lines.length === 10);
    await first[Symbol.asyncDispose]();
    await using second = await atLast(() => new HttpTsd(undefined, { port }));
    add(written.slice(10));
    await end();
    assertMatch(said[0]!, /; sending \d+ again$/);
    assertEquals(new Set(second.lines), new Set(written));
  },
);

processTest(
  "Http notices at once that a TSD closes the connection",
  [],
  async () => {
    const server = new HttpTsd();
    using link = await httpOn(server.port).open(() => {});
    assertEquals(await link.send(take(generate(), 1)[0]! + "\n"), "read");
    const waiting = link.until(10_000, new Promise(() => {}));
    await server[Symbol.asyncDispose]();
    await assertRejects(() => waiting, Closed);
  },
);

Deno.test("Share grows quickly up to half of the size at which it failed", () => {
  const share = new Share(1024, { least: 16, most: 4096 });
  share.shrink();
  share.shrink(); // only the first of three in a row counts: it is an outage
  share.shrink();
  assertEquals(share.size, 128);
  const sizes = Array.from({ length: 4 }, () => (share.grow(), share.size));
  assertEquals(sizes, [256, 512, 528, 544]);
  for (let i = 0; i < 20; i++) share.shrink();
  assertEquals(share.size, 16);
  for (let i = 0; i < 400; i++) share.grow();
  assertEquals(share.size, 4096);
});

Deno.test("Sender says nothing when a TSD closes a connection on which all was answered", async () => {
  const sent: string[] = [];
  let opened = 0;
  const host: Host = {
    name: "tsd",
    share: new Share(1, { least: 1, most: 1 }),
    open: () => {
      opened++;
      return Promise.resolve({
        worn: false,
        most: 0,
        send: (lines) => Promise.resolve((sent.push(lines), "stored")),
        until: () => Promise.reject(new Closed()),
        finish: () => Promise.resolve(),
        [Symbol.dispose]() {},
      });
    },
  };
  const { add, end, said, spool } = startSender([host]);
  for (let i = 1; i <= 3; i++) {
    add([`${i}`]);
    await until(() => sent.length === i);
  }
  await end();
  assertEquals([said, sent, opened], [[], ["1\n", "2\n", "3\n"], 3]);
  assertEquals(spool.undelivered, { lines: 0, sent: 0 });
});

processTest(
  'Http makes a new connection after the answer "connection: close"',
  [],
  async () => {
    await using server = new HttpTsd(() => ({
      status: 204,
      headers: { connection: "close" },
    }));
    const { add, end, said } = startSender([httpOn(server.port)]);
    const written = take(generate(), 10_000);
    add(written);
    await end();
    assertEquals(said, []);
    assertEquals(server.lines, written);
    assertEquals(server.peers.size, server.requests.length);
  },
);

for (
  const [what, answer] of [
    ["answers 429", { status: 429, body: "slow down" }],
    ["answers 503", {
      status: 503,
      body: '{"error":{"code":503,"message":"no HBase"}}',
    }],
    ["answers 401; the cure: --credentials FILE", { status: 401 }],
    [
      "answers 400 Unable to check Authentication for/api/put; the cure: --credentials",
      {
        status: 400,
        body:
          '{"error":{"code":400,"message":"Unable to check Authentication for/api/put"}}',
      },
    ],
    ["answers 404 Endpoint not found; the cure: tsd.mode = rw", {
      status: 404,
      body: '{"error":{"code":404,"message":"Endpoint not found"}}',
    }],
    ["answers 404 no such   path; the cure: the path", {
      status: 404,
      body: "no such \x1b path",
    }],
    ["answers 302", { status: 302 }],
    ["answers 200 <!DOCTYPE html>; the cure: the path", {
      status: 200,
      body: "<!DOCTYPE html>",
    }],
    // As in OpenTSDB 2.4.1, PutDataPointRpc, processDataPoint().
    ...[
      "Please throttle",
      "Timeout exception",
      "Storage exception: Exceeded the inflight RPC limit",
      "Write timedout",
    ].map((error) => [`replied: ${error}`, {
      status: 200,
      body: JSON.stringify({
        success: 0,
        failed: 10,
        errors: [{ error: "Unknown metric" }, { error }],
      }),
    }]),
    ['answers 400 unsupported path: "/x"; the cure: the path', {
      status: 400,
      body:
        'remoteAddr: "127.0.0.1:46420"; requestURI: /x?sync&details; unsupported path: "/x"',
    }],
    ["does not answer", undefined],
  ] as [string, Answer][]
) {
  processTest(`Http sends again to a TSD that ${what}`, [], async () => {
    let failing = 2;
    await using server = new HttpTsd(() =>
      failing-- > 0 ? answer : { status: 204 }
    );
    const http = httpOn(server.port, { patience: 500 });
    const { add, end, said, sender } = startSender([http]);
    const written = take(generate(), 10);
    const share = http.share.size;
    add(written);
    await end();
    const name = `127.0.0.1:${server.port}: `;
    assert(said[0]!.startsWith(name + what), said[0]);
    assertMatch(said[0]!, /^[ -~]+; sending 10 again$/);
    assertEquals(said.at(-1), `${name}takes datapoints again`);
    assert(new Set(server.lines).size === 10);
    assertEquals(sender.replies.refused, 0);
    assert(http.share.size < share);
  });
}

processTest(
  "Http asks for a pause after 429 and 503, even when there is another host",
  [],
  async () => {
    for (const [status, pauses] of [[429, 1], [503, 1], [401, 0]] as const) {
      await using busy = new HttpTsd(() => ({ status }));
      await using good = new HttpTsd();
      let paused = 0;
      const spool = new Spool({ limit: 1e6 });
      const hosts = [busy, good].map(({ port }) => httpOn(port));
      const sender = new Sender(hosts, spool, {
        say: () => {},
        sleep: () => Promise.resolve(void paused++),
      });
      spool.push("put m 1700000000 1 host=h\n", 1);
      sender.end();
      await sender.run();
      assertEquals([good.lines.length, paused], [1, pauses], `${status}`);
    }
  },
);

processTest(
  "Http sends smaller requests to a TSD that refuses large ones",
  [],
  async () => {
    for (
      const answer of [
        { status: 413 },
        {
          status: 400,
          body: '{"error":{"message":"Chunked request not supported."}}',
        },
      ]
    ) {
      await using server = new HttpTsd((lines, bytes) =>
        bytes > 1000 ? answer : details(lines, () => undefined)
      );
      const { add, end, said } = startSender([httpOn(server.port)]);
      const written = take(generate(), 2000);
      add(written);
      await end();
      assertEquals(said, []);
      const lines = server.lines.slice();
      assertEquals(new Set(lines), new Set(written));
    }
  },
);

processTest(
  "Http says when a TSD refuses even the smallest request",
  [],
  async () => {
    await using server = new HttpTsd(() => ({ status: 413 }));
    await using good = new FakeTsd();
    const { add, end, said } = startSender([
      httpOn(server.port),
      new Telnet({ hostname: "127.0.0.1", port: good.port }),
    ]);
    const written = take(generate(), 100);
    add(written);
    await end();
    assertMatch(said[0]!, /answers 413; sending 100 again$/);
    assertEquals(good.lines, written);
  },
);

processTest(
  "Sender turns from telnet to HTTP and back when a TSD fails",
  [],
  async () => {
    const first = new FakeTsd();
    const second = new HttpTsd();
    const { add, end, said } = startSender([
      httpOn(freePort()),
      new Telnet({ hostname: "127.0.0.1", port: first.port }),
      httpOn(second.port),
    ]);
    const generator = generate();
    const written = take(generator, 10);
    add(written);
    await until(() => first.lines.length === 10);
    await first[Symbol.asyncDispose]();
    await until(() => second.lines.length === 10);
    await second[Symbol.asyncDispose]();
    await using third = await atLast(() => new FakeTsd({ port: first.port }));
    written.push(...take(generator, 10));
    add(written.slice(10));
    await end();
    assertMatch(said[0]!, /: Connection refused$/);
    await compare("telnet and HTTP in turn", written, () => puts(third.lines));
  },
);

processTest(
  "tsd.ts: reads credentials from a file or the environment",
  [],
  async (folder) => {
    await using server = new HttpTsd();
    const url = `http://127.0.0.1:${server.port}`;
    const file = `${folder}/secret`;
    Deno.writeTextFileSync(file, "me:secret\n");
    const [deno, run, ...rest] = tsdCommand("--credentials", file, url);
    const env = { TSD_CREDENTIALS: "abc" };
    for (
      const [program, expected] of [
        [
          [deno!, run!, `--allow-read=${file}`, ...rest],
          authorizationOf("me:secret"),
        ],
        [tsdCommand(url), "Bearer abc"],
      ] as const
    ) {
      const pipe = new Piped([...program], { env });
      await pipe.write(take(generate(), 1));
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      const sent = server.requests.at(-1)!.headers.get("authorization");
      assertEquals(sent, expected);
    }
    const refused = new Running(tsdCommand("--credentials", file, url));
    assertEquals((await refused.end()).code, 2);
    assertMatch(refused.err.join("\n"), /--credentials needs .*--allow-read=/);
  },
);

processTest(
  "tsd.ts: trusts the CA in DENO_CERT for an https:// TSD",
  ["openssl"],
  async (folder) => {
    const { success } = await new Deno.Command("openssl", {
      args:
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem"
          .split(" "),
      cwd: folder,
      stderr: "null",
    }).output();
    assert(success);
    const [cert, key] = ["cert.pem", "key.pem"]
      .map((name) => Deno.readTextFileSync(`${folder}/${name}`));
    await using server = new HttpTsd(undefined, { cert: cert!, key: key! });
    const address = `https://127.0.0.1:${server.port}`;
    const written = take(generate(), 10);
    const known = { DENO_CERT: `${folder}/cert.pem` };
    for (const [timeout, env] of [["30s", known], ["1s", {}]] as const) {
      const program = tsdCommand("--timeout", timeout, address);
      const pipe = new Piped(program, { env });
      await pipe.write(written);
      // The timeout begins at the end of the input.
      if (env !== known) await until(() => pipe.err.length > 0);
      await pipe.close();
      const { code } = await pipe.end();
      assertEquals(server.lines, written);
      assertEquals(code === 0, env === known, pipe.err.join("\n"));
      if (code !== 0) assertMatch(pipe.err[0]!, /certificate/);
    }
  },
);
