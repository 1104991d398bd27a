/** Collectors and pipes into the real OpenTSDB, on the real HBase. */
import { assertEquals } from "@std/assert";
import {
  authfailures,
  command,
  has,
  Ledger,
  Running,
  until,
} from "../helpers/processes.ts";
import { deploy, Tcollector, wrap } from "../helpers/tcollector.ts";
import { compare, Piped, tsd } from "../helpers/tsds.ts";
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
async function compareFrom(host: string, lines: string[]): Promise<void> {
  const stored = async () =>
    (await open.stored()).filter(({ series }) =>
      series.split(" ").includes(`host=${host}`)
    );
  await compare(`${host} into OpenTSDB`, lines, stored);
}

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
