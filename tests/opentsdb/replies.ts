/** What the real OpenTSDB replies to puts, and what tsd.ts does then. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compare, generate, type Piped, take, tsd } from "../helpers/tsds.ts";
import { AUTO_CREATE, OpenTsdb } from "./launch.ts";
import {
  compareFrom,
  deliver,
  from,
  hbase,
  open,
  opentsdbTest,
  storedFrom,
  WAYS,
} from "./setup.ts";

/** Writes all lines into a pipe; returns its status and its messages. */
async function feed(
  pipe: Piped,
  lines: string[],
): Promise<{ code: number; said: string }> {
  await pipe.write(lines);
  await pipe.close();
  const { code } = await pipe.end();
  return { code, said: pipe.err.join("\n") };
}

for (const [way, target] of Object.entries(WAYS)) {
  opentsdbTest(
    `tsd.ts by ${way}: the printed cures for an unknown metric and tag work`,
    async () => {
      await using closed = await new OpenTsdb(hbase, {
        "tsd.core.auto_create_tagvs": "false",
      }).start();
      const host = `cured-${way}`;
      const line = `put new.${way} 1700000000 1 host=${host}`;
      const metric = `mkmetric new.${way}`;
      const tag = `uid assign tagv ${host}`;
      const general = `${metric} (if it is there, a tag is unknown: "tsdb uid`;
      const printed = way === "telnet" ? [metric, tag] : [metric, general];
      for (const [i, command] of [metric, tag].entries()) {
        const { code, said } = await feed(tsd(target(closed)), [line]);
        assertEquals(code, 1);
        assert(said.includes(`; the cure: tsdb ${printed[i]}`), said);
        const cured = await hbase.tsdb(command);
        assertEquals(cured.code, 0, cured.text);
      }
      await deliver(tsd(target(closed)), [line]);
      await compare(`new.${way}`, [line], () => closed.stored(`new.${way}`));
    },
  );

  opentsdbTest(
    `tsd.ts by ${way}: what OpenTSDB refuses does not hold up the rest`,
    async () => {
      const host = `host=rest-${way}`;
      const good = [
        `put edge.rest 1700000000 1 ${host}`,
        `put edge.rest 1700000001 1 a=1 b=2 c=3 d=4 e=5 f=6 g=7 ${host}`,
        `put edge.rest 1700000002 1 ${host} text=${"x".repeat(970)}`,
        `put edge.rest 0946684800 007 ${host}`,
      ];
      const bad = `put edge.rest 1700000003 9223372036854775808 ${host}`;
      const pipe = tsd(target(open));
      await pipe.write([bad, ...good]);
      await pipe.close();
      assertEquals((await pipe.end()).code, 1);
      const said = pipe.err.join("\n");
      assertMatch(said, /replied: put: (invalid value: Overflow|Unable to)/);
      assertMatch(said, /the TSD refused 1 datapoint$/m);
      await compareFrom(`rest-${way}`, good);
    },
  );

  opentsdbTest(
    `tsd.ts by ${way}: a TSD that throttles gets everything in the end`,
    async () => {
      await using slow = await new OpenTsdb(hbase, {
        ...AUTO_CREATE,
        "hbase.region_client.inflight_limit": "100",
        "hbase.rpcs.batch.size": "16",
      }).start();
      const lines = from(`slow-${way}`, take(generate(), 5000));
      const pipe = tsd(target(slow));
      await pipe.write(lines);
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      await compareFrom(`slow-${way}`, lines);
    },
  );
}

opentsdbTest(
  "tsd.ts turns to the next TSD when one is read-only or asks for a user",
  async () => {
    await using readOnly = new OpenTsdb(hbase, { "tsd.mode": "ro" });
    await using guarded = new OpenTsdb(hbase, {
      "tsd.core.authentication.enable": "true",
      "tsd.core.authentication.plugin":
        "net.opentsdb.auth.AllowAllAuthenticatingAuthorizer",
    });
    await Promise.all([readOnly.start(), guarded.start()]);
    for (
      const [way, expected] of [
        ["telnet", [
          "unknown command: put.  Try `help'.; the cure: tsd.mode = rw",
          "AUTH_SUCCESS; the cure: --credentials FILE and a URL",
        ]],
        ["http", [
          "answers 404 Endpoint not found; the cure: tsd.mode = rw",
          "answers 400 Unable to check Authentication for/api/put; the cure: --credentials FILE",
        ]],
      ] as const
    ) {
      const lines = from(`third-${way}`, take(generate(), 100));
      const targets = [readOnly, guarded, open].map(WAYS[way]);
      const { code, said } = await feed(tsd(...targets), lines);
      assertEquals(code, 0, said);
      for (const text of expected) assert(said.includes(text), said);
      await compareFrom(`third-${way}`, lines);
    }
  },
);

opentsdbTest(
  "tsd.ts by http keeps what gets no identifier, without holding up the rest; by telnet it is lost in silence",
  async () => {
    await using filtering = await new OpenTsdb(hbase, {
      ...AUTO_CREATE,
      "tsd.uidfilter.enable": "true",
      "tsd.uidfilter.plugin": "net.opentsdb.uid.UniqueIdWhitelistFilter",
      "tsd.uidfilter.whitelist.tagv_patterns": "^(?!odd).*",
    }).start();
    for (const [way, target] of Object.entries(WAYS)) {
      const good = from(`even-${way}`, take(generate(), 100));
      const odd = from(`odd-${way}`, take(generate(), 2));
      const { code, said } = await feed(tsd(target(filtering)), [
        ...odd,
        ...good,
      ]);
      if (way === "http") {
        assertMatch(said, /replied: Unexpected exception: .* host=odd-http/);
        assertMatch(said, /could not deliver 2 datapoints$/);
      }
      assertEquals(
        [code, said === ""],
        way === "http" ? [1, false] : [0, true],
      );
      await compareFrom(`even-${way}`, good);
      assertEquals(await storedFrom(`odd-${way}`), []);
    }
  },
);

opentsdbTest(
  "tsd.ts by http works with fewer connections, and with smaller requests",
  async () => {
    await using limited = await new OpenTsdb(hbase, {
      ...AUTO_CREATE,
      "tsd.core.connections.limit": "2",
      "tsd.http.request.enable_chunked": "true",
    }).start();
    const lines = from("limited", take(generate(), 3000));
    const { code, said } = await feed(tsd(limited.url), lines);
    assertEquals(code, 0, said);
    await compareFrom("limited", lines);
  },
);

opentsdbTest(
  "tsd.ts by http sends again what OpenTSDB has not stored within sync_timeout",
  async () => {
    const lines = from("hasty", take(generate(), 10));
    const hasty = `${open.url}/?sync_timeout=1`;
    const { code, said } = await feed(tsd(hasty, open.url), lines);
    assertEquals(code, 0, said);
    assertMatch(said, /replied: Write timedout; sending 10 again$/m);
    await compareFrom("hasty", lines);
  },
);
