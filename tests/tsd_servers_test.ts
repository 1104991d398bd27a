/** tsd.ts and real TSDs that die. */
import { assertEquals, assertMatch } from "@std/assert";
import {
  authfailures,
  Ledger,
  processTest,
  sleep,
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

const SERVERS = [
  { program: "victoria-metrics", Tsd: VictoriaMetrics },
  { program: "influxd", Tsd: InfluxDB },
];
const WAYS = ["telnet", "HTTP"]
  .flatMap((way) => SERVERS.map((server) => [way, server] as const));

processTest(
  "authfailures.ts through nc and tsd.ts into real TSDs: each second as counted",
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

for (const [way, { program, Tsd }] of WAYS) {
  processTest(
    `tsd.ts: ${program} by ${way} killed (-9) and started again in mid-stream, twice`,
    [program],
    async (folder) => {
      await using server = await new Tsd(folder).start();
      const host = way === "HTTP"
        ? `http://127.0.0.1:${server.puts}`
        : server.port;
      const pipe = tsd("--timeout", "60", host);
      const generator = generate();
      const written: string[] = [];
      /** Over 1 MiB: of what one connection takes, some was read to the end. */
      const stream = async () => {
        for (let i = 0; i < 30; i++) {
          const lines = take(generator, 1000);
          written.push(...lines);
          await pipe.write(lines);
          await sleep(20);
        }
      };
      const said = (pattern: RegExp, times: number) => () =>
        pipe.err.filter((line) => pattern.test(line)).length >= times;
      const failed = /; sending \d+ again$/;
      await stream();
      await server.kill();
      await stream();
      await until(said(failed, 1), 30);
      await server.start();
      await stream();
      // Only a TSD that has taken some can lose them when it is killed again.
      await until(said(/takes datapoints again/, 1), 30);
      await server.kill();
      await stream();
      await until(said(failed, 2), 30);
      await server.start();
      await pipe.close();
      const { code } = await pipe.end();
      const what = `${program} by ${way} killed (-9) twice`;
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
