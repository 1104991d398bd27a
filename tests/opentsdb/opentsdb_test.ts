/** Collectors and pipes into the real OpenTSDB, on the real HBase. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  authfailures,
  command,
  has,
  Ledger,
  Running,
  sleep,
  until,
} from "../helpers/processes.ts";
import { deploy, Tcollector, wrap } from "../helpers/tcollector.ts";
import { PutLine } from "../../counter/put.ts";
import { compare, generate, Piped, take, tsd } from "../helpers/tsds.ts";
import { findJars, HBase, OpenTsdb } from "./launch.ts";

const jars = await findJars();
const missing = typeof jars === "string" ? ` (ignored: ${jars})` : "";
let hbase: HBase;
/** A TSD that makes metrics as they come. */
let open: OpenTsdb;

/** A test that uses the one HBase of this file. */
function opentsdbTest(name: string, fn: (folder: string) => Promise<void>) {
  Deno.test({
    name: name + missing,
    ignore: missing !== "",
    // The JVMs live on from test to test.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test.beforeAll(async () => {
  if (typeof jars === "string") return;
  hbase = await HBase.start(jars);
  open = new OpenTsdb(hbase, { "tsd.core.auto_create_metrics": "true" });
  await open.start();
});

Deno.test.afterAll(async () => {
  await open?.[Symbol.asyncDispose]();
  await hbase?.[Symbol.asyncDispose]();
});

/** Puts of another host, whose series are no other test's. */
function from(host: string, lines: string[]): string[] {
  return lines.map((line) => line.replace(/ host=\S+/, ` host=${host}`));
}

function nc(): Piped {
  return new Piped(["nc", "-N", "127.0.0.1", String(open.port)]);
}

/** Gives a pipe all it gets; it has nothing to complain about. */
async function deliver(pipe: Piped, lines: string[]): Promise<void> {
  await pipe.write(lines);
  await pipe.close();
  const { code } = await pipe.end();
  assertEquals([code, ...pipe.err], [0]);
}

/** Compares what is stored of a host with what was written. */
async function compareFrom(
  host: string,
  lines: string[],
  server = open,
): Promise<void> {
  const stored = async () =>
    (await server.stored()).filter(({ series }) =>
      series.split(" ").includes(`host=${host}`)
    );
  await compare(`${host} into OpenTSDB`, lines, stored);
}

/** The ways of tsd.ts to a TSD, each for a host of its own. */
const WAYS = {
  telnet: ({ port }: OpenTsdb) => `127.0.0.1:${port}`,
  http: ({ url }: OpenTsdb) => url,
};

opentsdbTest(
  "every collector through nc and tsd.ts, by telnet and HTTP: each second and tag as printed",
  async (folder) => {
    const log = `${folder}/auth.log`;
    const failures = await authfailures(log);
    const others = [
      command("collectors/numprocesses.ts"),
      command("collectors/uptime.ts"),
      ...has("sar") ? [command("collectors/sarcpu.ts")] : [],
    ].map((words) => new Running(words));
    const lograte = new Running(command(
      "collectors/lograte.ts",
      ...["--metric", "log.lines", "--match", "(?<what>failure|opened)", log],
    ));
    await until(() => others.every(({ out }) => out.length > 0), 20);
    const ledger = new Ledger();
    for (const count of [1, 3, 2]) await ledger.write(log, count);
    await until(() => lograte.out.length > 0);
    const collectors = [failures, lograte, ...others];
    for (const collector of collectors) await collector.end("SIGTERM");
    ledger.compare("authfailures.ts", failures.out);
    const lines = collectors.flatMap(({ out }) => out);
    const ways = {
      nc: nc(),
      telnet: tsd(open.port),
      http: tsd(open.url),
    };
    for (const [host, pipe] of Object.entries(ways)) {
      const own = from(host, lines);
      await deliver(pipe, own);
      await compareFrom(host, own);
    }
  },
);

opentsdbTest(
  "every collector under tcollector's double: each second and tag as sent",
  async (folder) => {
    const log = `${folder}/auth.log`;
    await Deno.writeTextFile(log, "");
    await deploy(folder);
    await wrap(folder, "authfailures", log);
    await wrap(folder, "lograte", `--metric log.lines ${log}`);
    const tcollector = new Tcollector(`${folder}/collectors`);
    const ledger = new Ledger();
    const heard = (metric: string) => () =>
      tcollector.sent.some((put) => put.startsWith(`put ${metric} `));
    await until(heard("auth.failures"), 20);
    for (const count of [1, 3, 2]) await ledger.write(log, count);
    await until(heard("proc.num_processes"), 20);
    await until(heard("log.lines"), 20);
    await tcollector.stop();
    const lines = from("tcollector", tcollector.sent);
    await deliver(nc(), lines);
    await compareFrom("tcollector", lines);
  },
);

for (const [way, target] of Object.entries(WAYS)) {
  opentsdbTest(
    `tsd.ts by ${way}: the cure of an unknown metric works as printed`,
    async () => {
      await using closed = await new OpenTsdb(hbase).start();
      const line = `put new.${way} 1700000000 1 host=${way}`;
      const refused = tsd(target(closed));
      await refused.write([line]);
      await refused.close();
      assertEquals((await refused.end()).code, 1);
      const [, cure] = refused.err.join("\n").match(/the cure: tsdb (.*)$/m)!;
      assertEquals(cure, `mkmetric new.${way}`);
      const { code, text } = await hbase.tsdb(cure!);
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
      assertMatch(said, /the TSD refused 1 datapoints/);
      await compareFrom(`rest-${way}`, good);
    },
  );

  opentsdbTest(
    `OpenTSDB stores the numbers that were printed, by ${way}`,
    async () => {
      const numbers = [
        ...[0, 0.1, 1.1, 1 / 3, 16777217.5, 123456789.123, 1e-7, 5e-324],
        ...[2 ** 31, 2 ** 53, 2 ** 63, 1e21, Number.MAX_VALUE],
      ].flatMap((number) => number === 0 ? [0] : [number, -number]);
      const host = `numbers-${way}`;
      const line = new PutLine("edge.numbers", { host }, "put");
      const lines = numbers.map((number, i) =>
        line.write(1_700_000_000 + i, number).trimEnd()
      );
      await deliver(tsd(target(open)), lines);
      await compareFrom(host, lines);
    },
  );

  opentsdbTest(
    `tsd.ts by ${way}: a TSD that throttles gets all in the end`,
    async () => {
      await using slow = await new OpenTsdb(hbase, {
        "tsd.core.auto_create_metrics": "true",
        "hbase.region_client.inflight_limit": "100",
        "hbase.rpcs.batch.size": "16",
      }).start();
      const lines = from(`slow-${way}`, take(generate(), 10_000));
      const pipe = tsd("--timeout", "60", target(slow));
      await pipe.write(lines);
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      await compareFrom(`slow-${way}`, lines);
    },
  );

  opentsdbTest(
    `tsd.ts by ${way}: OpenTSDB killed (-9) and started again in mid-stream`,
    async () => {
      await using server = await new OpenTsdb(hbase, {
        "tsd.core.auto_create_metrics": "true",
      }).start();
      const pipe = tsd("--timeout", "60", target(server));
      const generator = generate();
      const written: string[] = [];
      const stream = async () => {
        for (let i = 0; i < 10; i++) {
          const lines = from(`killed-${way}`, take(generator, 100));
          written.push(...lines);
          await pipe.write(lines);
          await sleep(20);
        }
      };
      await stream();
      await sleep(500); // what it has read now waits in the TSD
      await server.kill();
      await stream();
      await until(() => pipe.err.some((line) => /again/.test(line)), 30);
      await server.start();
      await stream();
      await pipe.close();
      assertEquals((await pipe.end()).code, 0, pipe.err.join("\n"));
      await compareFrom(`killed-${way}`, written);
    },
  );
}
