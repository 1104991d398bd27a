/** tsd.ts and real TSDs; tests in which these die are in tests/faults. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  authfailures,
  Ledger,
  processTest,
  until,
} from "./helpers/processes.ts";
import {
  compare,
  generate,
  InfluxDB,
  Piped,
  take,
  tsd,
  VictoriaMetrics,
} from "./helpers/tsds.ts";

processTest(
  "authfailures.ts through nc and tsd.ts: real TSDs store each second as counted",
  ["victoria-metrics", "influxd", "nc", "tail"],
  async (folder) => {
    const folderOf = (name: string) => {
      Deno.mkdirSync(`${folder}/${name}`);
      return `${folder}/${name}`;
    };
    await using behindNc = await new VictoriaMetrics(folderOf("nc")).start();
    await using victoria = await new VictoriaMetrics(folderOf("vm")).start();
    await using influx = await new InfluxDB(folderOf("influx")).start();
    const log = `${folder}/auth.log`;
    const collector = await authfailures(log);
    const pipes = [
      new Piped(["nc", "-N", "127.0.0.1", String(behindNc.port)]),
      tsd(victoria.port),
      tsd(influx.port),
    ];
    const ledger = new Ledger();
    for (const count of [1, 3, 2]) await ledger.write(log, count);
    await collector.end("SIGTERM");
    for (const pipe of pipes) {
      await pipe.write(collector.out);
      await pipe.close();
      assertEquals((await pipe.end()).code, 0);
      assertEquals(pipe.err, []);
    }
    ledger.compare("authfailures.ts", collector.out);
    for (
      const [name, server] of Object.entries({ behindNc, victoria, influx })
    ) {
      const what = `authfailures.ts into TSD ${name}`;
      await compare(what, collector.out, () => server.stored());
    }
  },
);

processTest(
  "tsd.ts: delivers all when VictoriaMetrics is started later",
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
