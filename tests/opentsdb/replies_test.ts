/** What the real OpenTSDB replies to puts, and what tsd.ts does then. */
import { assertEquals, assertMatch } from "@std/assert";
import { compare, generate, take, tsd } from "../helpers/tsds.ts";
import { AUTO_CREATE, OpenTsdb } from "./launch.ts";
import {
  compareFrom,
  deliver,
  from,
  hbase,
  open,
  opentsdbTest,
  WAYS,
} from "./setup.ts";

for (const [way, target] of Object.entries(WAYS)) {
  opentsdbTest(
    `tsd.ts by ${way}: the printed cure for an unknown metric works`,
    async () => {
      await using closed = await new OpenTsdb(hbase).start();
      const line = `put new.${way} 1700000000 1 host=${way}`;
      const refused = tsd(target(closed));
      await refused.write([line]);
      await refused.close();
      assertEquals((await refused.end()).code, 1);
      const [, cure] = refused.err.join("\n").match(
        /the cure: tsdb ([^(\n]*)/,
      )!;
      assertEquals(cure!.trim(), `mkmetric new.${way}`);
      const { code, text } = await hbase.tsdb(cure!.trim());
      assertEquals(code, 0, text);
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
      const lines = from(`slow-${way}`, take(generate(), 10_000));
      const pipe = tsd(target(slow));
      await pipe.write(lines);
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      await compareFrom(`slow-${way}`, lines);
    },
  );
}
