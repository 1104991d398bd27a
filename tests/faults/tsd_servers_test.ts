/** Real TSDs that die while tsd.ts sends. */
import { assertEquals } from "@std/assert";
import { processTest, sleep, until } from "../helpers/processes.ts";
import {
  compare,
  generate,
  InfluxDB,
  take,
  tsd,
  VictoriaMetrics,
} from "../helpers/tsds.ts";

const SERVERS = [
  { program: "victoria-metrics", Tsd: VictoriaMetrics },
  { program: "influxd", Tsd: InfluxDB },
];
const WAYS = ["telnet", "HTTP"]
  .flatMap((way) => SERVERS.map((server) => [way, server] as const));

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
      /** Writes over 1 MiB, more than a connection holds: some of it was read. */
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
