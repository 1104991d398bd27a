/** What tsd.ts does after answers by HTTP that leave open what was stored. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Aside } from "../pipes/tsd/aside.ts";
import { Closed } from "../pipes/tsd/link.ts";
import { Spool } from "../pipes/tsd/spool.ts";
import {
  type Answer,
  details,
  generate,
  httpOn,
  HttpTsd,
  LINE,
  Piped,
  startSender,
  take,
  tsdCommand,
} from "./helpers/tsds.ts";
import { processTest, until } from "./helpers/processes.ts";

const ODD = "put a.odd 1700000000 1 host=web1";

/** A TSD that, while it is ill, stores only lines without the word odd. */
function illTsd() {
  const state = { ill: true, stored: [] as string[], requests: [] as number[] };
  const server = new HttpTsd((lines) => {
    const isOdd = (line: string) => state.ill && line.includes("odd");
    state.requests.push(lines.filter(isOdd).length);
    state.stored.push(...lines.filter((line) => !isOdd(line)));
    const error = "Unexpected exception";
    return details(lines, (line) => isOdd(line) ? error : undefined);
  });
  return { server, state };
}

/** Keeps what is set aside, with a clock that the test sets. */
function place() {
  const spool = new Spool({ limit: 1e6 });
  const said: string[] = [];
  const at = { ms: 0 };
  const say = (message: string) => void said.push(message);
  const aside = new Aside(spool, { say, clock: () => at.ms });
  return { aside, spool, said, at };
}

/** An error that does not name its datapoint. */
const NAMELESS = { error: "Unexpected exception", datapoint: null };

for (const errors of [[], [NAMELESS]]) {
  for (const named of [true, false]) {
    const where = named ? "in a request of its own" : "anywhere";
    const how = errors.length === 0 ? "only how many" : "only why";
    processTest(
      `Http finds what failed where a TSD says ${how}, and which not ${where}`,
      [],
      async () => {
        const isBad = (line: string) => /7 -/.test(line);
        const stored = new Set<string>();
        await using server = new HttpTsd((lines) => {
          const good = lines.filter((line) => !isBad(line));
          good.forEach((line) => stored.add(line));
          const [success, failed] = [good.length, lines.length - good.length];
          if (failed === 0 || named && lines.length === 1) {
            return details(lines, (line) => isBad(line) ? "Bad" : undefined);
          }
          return {
            status: 200,
            body: JSON.stringify({ success, failed, errors }),
          };
        });
        const { aside, spool } = place();
        const { add, end, said, ...sender } = startSender([
          httpOn(server.port, { aside }),
        ]);
        const written = take(generate(), 100);
        const bad = written.filter(isBad);
        assert(bad.length > 1);
        add(written);
        await end();
        assertEquals(said.length, named ? 1 : 0);
        if (named) assertMatch(said[0]!, /replied: put: Bad: gen\.flow$/);
        assertEquals(sender.sender.replies.refused, named ? bad.length : 0);
        assertEquals(spool.undelivered.lines, named ? 0 : bad.length);
        assertEquals(stored.size, written.length - bad.length);
        assertEquals(sender.spool.undelivered, { lines: 0, sent: 0 });
      },
    );
  }
}

processTest(
  "Http sets aside what fails without a reason, and stores the others",
  [],
  async () => {
    const { server, state } = illTsd();
    await using _ = server;
    const { aside, spool, said, at } = place();
    const sender = startSender([httpOn(server.port, { aside })]);
    const written = take(generate(), 20);
    sender.add([ODD, ...written]);
    await until(() => spool.undelivered.lines === 1);
    assertEquals(sender.spool.undelivered, { lines: 0, sent: 0 });
    assertEquals(state.stored, written);

    // Alone, it is set aside as well, as the TSD has just stored others; it
    // does not put off the other one.
    at.ms = 30_000;
    sender.add([ODD.replace("00 1", "01 1")]);
    await until(() => spool.undelivered.lines === 2);
    assertEquals(said.length, 1);
    assertMatch(said[0]!, /replied: Unexpected exception: put a\.odd .*again/);
    assertEquals(sender.said, []);

    at.ms = 59_000; // not yet
    sender.add(take(generate(), 1));
    await until(() => state.requests.length === 3);
    assertEquals(state.requests, [1, 1, 0]);
    at.ms = 60_000;
    sender.add(take(generate(), 1));
    await until(() => state.requests.length === 4);
    assertEquals(state.requests.at(-1), 2);
    await until(() => spool.waiting > 0); // they wait for the next minute
    assertEquals(spool.undelivered.lines, 2);
    state.ill = false;
    at.ms = 120_000;
    sender.add(take(generate(), 1));
    await until(() => spool.undelivered.lines === 0);
    assert(state.stored.includes(ODD));
    await sender.end();
    assertEquals([said.length, sender.said], [1, []]);
    assertEquals(sender.sender.replies.refused, 0);
  },
);

processTest(
  "Http sends everything again when a TSD stores nothing and says no reason",
  [],
  async () => {
    const { server, state } = illTsd();
    await using _ = server;
    const { aside, spool } = place();
    const { add, end, said } = startSender([httpOn(server.port, { aside })]);
    add([ODD]);
    await until(() => said.length > 0);
    assertMatch(said[0]!, /replied: Unexpected exception; sending 1 again$/);
    assertEquals(spool.undelivered, { lines: 0, sent: 0 });
    state.ill = false;
    await end();
    assertEquals(state.stored, [ODD]);
  },
);

processTest(
  "Http tries what was set aside once more at the end",
  [],
  async () => {
    const { server, state } = illTsd();
    await using _ = server;
    const { aside, spool } = place();
    const { add, end } = startSender([httpOn(server.port, { aside })]);
    add([ODD, ...take(generate(), 2)]);
    await until(() => spool.undelivered.lines === 1);
    state.ill = false;
    await end();
    assertEquals(spool.undelivered.lines, 0);
    assert(state.stored.includes(ODD));
  },
);

processTest(
  "Http keeps what was set aside when the TSD fails while it is tried again",
  [],
  async () => {
    let answer: Answer;
    await using server = new HttpTsd((lines) =>
      answer ??
        details(lines, (line) =>
          line === ODD ? "Unexpected exception" : undefined)
    );
    const { aside, spool, at } = place();
    const { add, end, said } = startSender([httpOn(server.port, { aside })]);
    add([ODD, ...take(generate(), 2)]);
    await until(() => spool.waiting > 0);
    answer = { status: 503 };
    at.ms = 60_000;
    add(take(generate(), 1));
    await until(() => said.length > 0);
    answer = { status: 204 };
    await end();
    assert(server.lines.includes(ODD));
  },
);

processTest(
  "tsd.ts: counts what was set aside, and keeps it on disk",
  [],
  async (folder) => {
    const { server, state } = illTsd();
    await using _ = server;
    const url = `http://127.0.0.1:${server.port}`;
    const [deno, run, ...rest] = tsdCommand("--spool-dir", folder, url);
    const rights = ["read", "write"].map((name) => `--allow-${name}=${folder}`);
    const start = () => new Piped([deno!, run!, ...rights, ...rest]);
    const first = start();
    await first.write([ODD, ...take(generate(), 2)]);
    await first.close();
    assertEquals((await first.end()).code, 1);
    assertEquals(
      first.err.at(-1),
      `tsd.ts: could not deliver 1 datapoint, and keeps 1 in ${folder}`,
    );
    state.ill = false;
    const second = start();
    await second.close();
    assertEquals((await second.end()).code, 0, second.err.join("\n"));
    assert(state.stored.includes(ODD));
  },
);

processTest(
  "tsd.ts: counts as not delivered what there is no room to set aside",
  [],
  async () => {
    const { server, state } = illTsd();
    await using _ = server;
    const url = `http://127.0.0.1:${server.port}`;
    const pipe = new Piped(tsdCommand("--spool", "64K", url));
    for (let n = 1; n <= 4; n++) {
      const odd = Array.from(
        { length: 50 },
        (_, i) => ODD.replace("00 1", `${10 * n} ${i}`),
      );
      await pipe.write([...odd, ...take(generate(), 2)]);
      await until(() => state.stored.length === 2 * n);
    }
    await pipe.close();
    assertEquals((await pipe.end()).code, 1);
    assertEquals(pipe.err.at(-1), "tsd.ts: could not deliver 200 datapoints");
    assert(state.requests.at(-1)! < 200);
  },
);

/** A proxy of a TSD that accepts only some connections at a time. */
class Door implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #inside = new Set<Deno.TcpConn>();
  readonly #serving: Promise<void>;
  refused = 0;

  constructor(
    limit: number,
    port: number,
    { busy = () => false }: { busy?: () => boolean } = {},
  ) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#serving = this.#serve(limit, port, busy);
  }

  async #serve(limit: number, port: number, busy: () => boolean) {
    for await (const conn of this.#listener) {
      if (this.#inside.size < limit) this.#let(conn, port);
      else {
        this.refused++;
        await until(() => !busy());
        conn.close();
      }
    }
  }

  /** Ends a connection that was accepted. */
  end(): void {
    [...this.#inside][0]!.close();
  }

  async #let(conn: Deno.TcpConn, port: number): Promise<void> {
    this.#inside.add(conn);
    const tsd = await Deno.connect({ hostname: "127.0.0.1", port });
    await Promise.allSettled([
      conn.readable.pipeTo(tsd.writable),
      tsd.readable.pipeTo(conn.writable),
    ]);
    this.#inside.delete(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#serving;
    await until(() => this.#inside.size === 0);
  }
}

processTest(
  "Http works with as few connections as a TSD allows",
  [],
  async () => {
    for (const limit of [1, 2, 3]) {
      await using server = new HttpTsd();
      await using door = new Door(limit, server.port);
      const { add, end, said } = startSender([httpOn(door.port)]);
      const written = take(generate(), 20_000);
      add(written);
      await end();
      assertEquals(said, []);
      assertEquals(door.refused, 4 - limit);
      assertEquals(server.lines.toSorted(), written.toSorted());
    }
  },
);

processTest(
  "Http sends again what was on a connection that is refused late",
  [],
  async () => {
    await using server = new HttpTsd();
    const busy = () => server.lines.length === 0;
    await using door = new Door(1, server.port, { busy });
    const http = httpOn(door.port);
    const { add, end, said } = startSender([http]);
    const written = take(generate(), 2000);
    assert(written.join("\n").length < 2 * http.share.size);
    add(written);
    await end();
    assertEquals([said, door.refused], [[], 1]);
    assertEquals(server.lines.toSorted(), written.toSorted());
  },
);

processTest(
  "Http notices that one of its connections ends, as the TSD behind it may have ended, and sends nothing more",
  [],
  async () => {
    await using server = new HttpTsd();
    await using door = new Door(4, server.port);
    const link = await httpOn(door.port).open(() => {});
    await link.send(take(generate(), 20_000).join("\n") + "\n");
    assertEquals(server.peers.size, 4);
    const stored = server.lines.length;
    const waiting = link.until(10_000, new Promise(() => {}));
    door.end();
    await assertRejects(() => waiting, Closed);
    await assertRejects(() => link.send(`${LINE}\n`), Closed);
    // A request on its way would fail now; as nothing waits for its answer, the
    // error would end the program.
    link[Symbol.dispose]();
    await using other = new HttpTsd();
    using next = await httpOn(other.port).open(() => {});
    await next.send(`${LINE}\n`); // takes as long as that request would need
    assertEquals(server.lines.length, stored);
  },
);

processTest(
  "Http sends larger requests only after requests of at least half the size",
  [],
  async () => {
    await using server = new HttpTsd();
    const http = httpOn(server.port);
    const { size } = http.share;
    using link = await http.open(() => {});
    for (let i = 0; i < 5; i++) await link.send(take(generate(), 1)[0]! + "\n");
    assertEquals(http.share.size, size);
    await link.send(take(generate(), 1400).join("\n") + "\n");
    assertEquals(http.share.size, 2 * size);
  },
);

processTest(
  "Http sends again in order what was refused, before what comes after it",
  [],
  async () => {
    const tooLarge = { status: 413 };
    const oneFailed = { status: 200, body: '{"success":1,"failed":1}' };
    for (
      const [answer, count] of [[tooLarge, 20_000], [oneFailed, 2]] as const
    ) {
      const firsts: string[] = [];
      await using server = new HttpTsd((lines) =>
        firsts.push(lines[0]!) === 1 ? answer : { status: 204 }
      );
      using link = await httpOn(server.port).open(() => {});
      const written = take(generate(), count);
      await link.send(written.join("\n") + "\n");
      const order = firsts.map((line) => written.indexOf(line));
      const again = order.lastIndexOf(order[0]!);
      const last = order.indexOf(Math.max(...order));
      assert(0 < again && again < last, order.join());
    }
  },
);

processTest(
  "Http keeps no memory for waits that are over",
  [],
  async () => {
    await using server = new HttpTsd();
    using link = await httpOn(server.port).open(() => {});
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const grown = async (waits: number) => {
      collect();
      const before = Deno.memoryUsage().heapUsed;
      for (let i = 0; i < waits; i++) {
        await link.until(
          60_000,
          Promise.resolve(i),
        );
      }
      collect();
      return Deno.memoryUsage().heapUsed - before;
    };
    await grown(1000);
    const bytes = await grown(20_000);
    assert(bytes < 1024 ** 2, `${bytes} bytes`); // 6 MB when each was kept
  },
);
