/** A pipeline whose TSD is down. */
import { assertEquals } from "@std/assert";
import {
  command,
  freePort,
  Ledger,
  OTHER,
  processTest,
  quoted,
  Running,
  until,
} from "../helpers/processes.ts";

processTest(
  "nothing is lost when the log is rotated under load while the TSD is down",
  [
    "sh",
    "tail",
  ],
  async (folder) => {
    const log = `${folder}/auth.log`;
    await Deno.writeTextFile(log, OTHER);
    const port = freePort();
    const collector = quoted(command("collectors/authfailures.ts", log));
    const tsd = quoted(command("pipes/tsd.ts", `127.0.0.1:${port}`));
    const pids = `${folder}/pid`;
    const pipeline = new Running([
      ...["sh", "-c"],
      `sh -c 'echo $$ > "$0"; exec "$@"' ${pids} ${collector} | ${tsd}`,
    ]);
    await until(() => pipeline.err.length > 0); // there are puts, and no TSD
    const ledger = new Ledger();
    for (let i = 0; i < 4; i++) {
      await ledger.write(log, 100 + i);
      await Deno.rename(log, `${log}.${i}`);
      await until(() => Date.now() % 1000 > 800);
      await ledger.write(`${log}.${i}`, 10); // as a writer that has not reopened the log yet
      await Deno.writeTextFile(log, "");
      await until(() => Date.now() % 1000 > 800);
    }
    const sink = new Sink(port);
    Deno.kill(Number(await Deno.readTextFile(pids)), "SIGTERM");
    assertEquals((await pipeline.end()).code, 0, pipeline.err.join("\n"));
    sink.close();
    const lines = [...new Set(sink.lines)]; // a TSD stores a put once
    ledger.compare("rotated while the TSD was down", lines);
  },
);

/** A TSD that reads puts and closes when it has read them all. */
class Sink {
  readonly lines: string[] = [];
  readonly #listener: Deno.TcpListener;

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accept().catch(() => {}); // it fails once the listener is closed
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      new Response(connection.readable).text().then((text) =>
        this.lines.push(...text.split("\n").slice(0, -1))
      ).catch(() => {});
    }
  }

  close(): void {
    this.#listener.close();
  }
}
