/** The sender and its telnet connections, with the small TSDs of the tests. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Link, Share, Stalled } from "../pipes/tsd/link.ts";
import { Sender } from "../pipes/tsd/sender.ts";
import { Spool } from "../pipes/tsd/spool.ts";
import { Telnet, type TelnetOptions } from "../pipes/tsd/telnet.ts";
import {
  atLast,
  compare,
  FakeTsd,
  generate,
  LINE,
  startSender,
  take,
} from "./helpers/tsds.ts";
import { freePort, processTest, puts, until } from "./helpers/processes.ts";

/** Starts a sender by telnet to ports of this host. */
function sendTo(ports: number[], options: TelnetOptions = {}) {
  return startSender(
    ports.map((port) => new Telnet({ hostname: "127.0.0.1", port }, options)),
  );
}

/**
 * Starts a sender to a TSD that has a second for each sign of life, and to one
 * that has as long as in earnest: on a busy machine that may be needed.
 */
function sendToBoth(impatient: number, patient: number) {
  const hostname = "127.0.0.1";
  return startSender([
    new Telnet({ hostname, port: impatient }, { patience: 1000 }),
    new Telnet({ hostname, port: patient }),
  ]);
}

processTest("Sender turns to the next host when one fails", [], async () => {
  const generator = generate();
  const nobody = freePort();
  const first = new FakeTsd();
  await using second = new FakeTsd();
  const { add, end, said } = sendTo([nobody, first.port, second.port]);
  const written = take(generator, 10);
  add(written);
  await until(() => first.lines.length === 10);
  await first[Symbol.asyncDispose]();
  await until(() => said.length === 2);
  const more = take(generator, 10);
  add(more);
  await end();
  assertMatch(said[0]!, new RegExp(`:${nobody}: Connection refused$`));
  assertMatch(said[1]!, new RegExp(`:${first.port}: closed .*10 again$`));
  assertMatch(said[2]!, new RegExp(`:${second.port}: takes datapoints again$`));
  assertEquals(said.length, 3);
  const what = "one of several hosts fails";
  await compare(what, [...written, ...more], () => puts(second.lines));
});

processTest(
  "Sender notices a TSD that takes a few lines and never reads them",
  [],
  async () => {
    await using stalled = new FakeTsd({ reads: false });
    await using good = new FakeTsd();
    const { add, end, said } = sendToBoth(stalled.port, good.port);
    const written = take(generate(), 200);
    add(written);
    await end();
    assertMatch(said[0]!, /does not read; sending 200 again$/);
    assertEquals(stalled.connections, 1);
    const what = "TSD that never reads, few lines";
    await compare(what, written, () => puts(good.lines));
  },
);

processTest(
  "Sender sends many lines to the next host when a TSD never reads them",
  [],
  async () => {
    await using stalled = new FakeTsd({ reads: false });
    await using good = new FakeTsd();
    const { add, end, said, hosts, spool } = sendToBoth(
      stalled.port,
      good.port,
    );
    const written = take(generate(), 200_000);
    const share = hosts[0]!.share.size;
    add(written);
    await end();
    assertMatch(said[0]!, /does not read; sending \d+ again$/);
    assert(hosts[0]!.share.size < share); // it was halved once or more often
    assert(hosts[1]!.share.size > share);
    assertEquals(spool.undelivered, { lines: 0, sent: 0 });
    const what = "TSD that never reads, a flood";
    await compare(what, written, () => puts(good.lines));
    stalled.read(); // what was sent to it arrives with whole lines
    await until(() => stalled.lines.length > 0);
    await until(() =>
      stalled.lines.at(-1) === written[stalled.lines.length - 1]
    );
  },
);

processTest(
  "Telnet notices while it sends that a TSD does not read",
  [],
  async () => {
    await using stalled = new FakeTsd({ reads: false });
    const address = { hostname: "127.0.0.1", port: stalled.port };
    const host = new Telnet(address, { patience: 200 });
    using link = await host.open(() => {});
    const flood = `${LINE}\n`.repeat(500_000); // more than the kernel holds
    await assertRejects(() => link.send(flood), Stalled, "does not read");
    stalled.read();
    await until(() => stalled.lines.length === 500_000);
  },
);

processTest("Sender ends a connection after its time", [], async () => {
  await using server = new FakeTsd();
  const { add, end, spool } = sendTo([server.port], { lifetime: 20 });
  const generator = generate();
  const written: string[] = [];
  await until(() => {
    const lines = take(generator, 2);
    written.push(...lines);
    add(lines);
    return server.connections > 2;
  });
  assert(spool.undelivered.lines < written.length); // the others were read by then
  await end();
  assertEquals(server.lines, written);
});

processTest("Sender ends a connection after its share", [], async () => {
  await using server = new FakeTsd();
  const { add, end, said, sender } = sendTo([server.port], { most: 100_000 });
  const written = take(generate(), 20_000);
  add(written);
  await until(() => server.lines.length > 0);
  assert(sender.connected);
  await end();
  assertEquals(said, []);
  assertEquals(server.lines, written);
  assert(server.connections > 5, String(server.connections));
});

processTest(
  "Sender says what OpenTSDB refuses, and pauses when it asks for it",
  [],
  async () => {
    let throttle = true;
    await using server = new FakeTsd({
      reply: (line) => {
        if (line.includes("unknown")) {
          return "put: unknown metric: No such name for 'metrics': 'a.unknown'\n";
        }
        if (line.includes("evil")) {
          return "put: illegal argument: \x1b[2J" + "x".repeat(30_000) + "\n";
        }
        if (!line.includes("many") || !throttle) return "";
        throttle = false;
        return "put: Please throttle writes: 10000 RPCs waiting\n";
      },
    });
    const { add, end, said, sender } = sendTo([server.port]);
    const lines = ["a.unknown", "a.unknown", "a.evil", "a.good"]
      .map((name, i) => `put ${name} ${1_700_000_000 + i} 1 host=web1`);
    add(lines);
    await until(() => server.lines.length === lines.length);
    add(["put a.many 1700000000 1 host=web1"]);
    await until(() => said.some((line) => line.includes("throttle")));
    await end();
    const name = `127.0.0.1:${server.port}: `;
    assert(said.every((line) => line.startsWith(name)), said.join("\n"));
    const bare = said.map((line) => line.slice(name.length));
    assertEquals(
      bare[0],
      "replied: put: unknown metric: No such name for 'metrics': 'a.unknown'; the cure: tsdb mkmetric a.unknown",
    );
    assertMatch(
      bare[1]!,
      /^replied: put: illegal argument: +\[2Jx{100,200}\.\.\.$/,
    );
    assertEquals(
      bare[2],
      "replied: put: Please throttle writes: 10000 RPCs waiting; sending 5 again",
    );
    assertEquals(bare.at(-1), "takes datapoints again");
    assertEquals(sender.replies.refused, 6);
    assertEquals(new Set(server.lines).size, 5);
    assert(!throttle);
  },
);

processTest(
  "Sender sends again what OpenTSDB replies that it could not store",
  [],
  async () => {
    // As in OpenTSDB 2.4.1, AuthenticationChannelHandler, and PutDataPointRpc,
    // which makes the last of its own replies, but does not send it.
    const user = "; the cure: --credentials FILE and a URL";
    for (
      const [reply, cure] of [
        ["put: Please throttle writes: 10000 RPCs waiting", ""],
        ["put: Throttling exception: 10000 RPCs waiting", ""],
        ["put: HBase error: null", ""],
        ["put: Request timed out: Timed out after waiting 60000ms", ""],
        ["put: Unexpected runtime exception: null", ""],
        ["unknown command: put.  Try `help'.", "; the cure: tsd.mode = rw"],
        ["AUTH_FAIL\r", user],
        ["AUTH_SUCCESS\r", user],
        ["put: illegal argument: Unauthenticated command: put", user],
        ["put: illegal argument: Unauthorized command: put", user],
        [
          "put: illegal argument: Unable to check Authentication for command: put",
          user,
        ],
      ] as const
    ) {
      const replies = [reply + "\n"];
      await using server = new FakeTsd({
        reply: (line) =>
          line.includes(" 1700000003 ") ? replies.pop() ?? "" : "",
      });
      const { add, end, said, sender } = sendTo([server.port]);
      const lines = Array.from(
        { length: 5 },
        (_, i) => `put a.good ${1_700_000_000 + i} 1 host=web1`,
      );
      add(lines);
      await until(() => said.length > 0);
      await end();
      const name = `127.0.0.1:${server.port}: `;
      const expected = `${name}replied: ${reply.trim()}${cure}`;
      assert(said[0]!.startsWith(expected), said[0]);
      assertMatch(said[0]!, /; sending 5 again$/);
      assertEquals(sender.replies.refused, 0);
      assertEquals(server.lines.slice(5), lines);
    }
  },
);

processTest(
  "Sender turns from a TSD that only answers queries to the next one",
  [],
  async () => {
    const reply = () => "unknown command: put.  Try `help'.\n";
    await using readOnly = new FakeTsd({ reply });
    await using server = new FakeTsd();
    const { add, end, sender } = sendTo([readOnly.port, server.port]);
    const written = take(generate(), 10);
    add(written);
    await end();
    assertEquals(server.lines, written);
    assertEquals(sender.replies.refused, 0);
  },
);

processTest(
  "Sender says once why it fails, however often it tries",
  [],
  async () => {
    const port = freePort();
    const { add, end, said } = sendTo([port]);
    const written = take(generate(), 10);
    add(written);
    await until(() => said.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assertEquals(said, [`127.0.0.1:${port}: Connection refused`]);
    await using server = await atLast(() => new FakeTsd({ port }));
    await end();
    assertEquals(said.at(-1), `127.0.0.1:${port}: takes datapoints again`);
    assertEquals(server.lines, written);
  },
);

Deno.test("Sender pauses longer after each failure, and briefly again after a success", async () => {
  let works = false;
  const link: Link = {
    worn: false,
    most: 1,
    send: () => Promise.resolve("stored"),
    until: () => Promise.resolve(undefined), // there is nothing more to wait for
    finish: () => Promise.resolve(),
    [Symbol.dispose]: () => {},
  };
  const host = {
    name: "tsd",
    share: new Share(1, { least: 1, most: 1 }),
    open: () => works ? Promise.resolve(link) : Promise.reject(new Error("no")),
  };
  const pauses: number[] = [];
  const spool = new Spool({ limit: 1e6 });
  const sender = new Sender([host], spool, {
    say: () => {},
    sleep: (ms) => {
      works = pauses.push(ms) % 4 === 0;
      return Promise.resolve();
    },
  });
  const running = sender.run();
  for (let i = 0; i < 2; i++) {
    spool.push("a line\n", 1);
    sender.notify();
    await until(() => spool.undelivered.lines === 0);
    works = false;
  }
  sender.end();
  await running;
  assertEquals(pauses.length, 8);
  for (const [i, pause] of pauses.entries()) {
    const longest = 500 * 2 ** (i % 4);
    assert(pause >= longest / 2 && pause <= longest, pauses.join());
  }
});
