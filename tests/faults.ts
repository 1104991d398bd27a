/**
 * Faults, each with real processes: what was written, stored and lost. They keep
 * the machine busy, so `deno task faults` runs them, one after the other.
 */
import { assert, assertEquals } from "@std/assert";
import { tail } from "../mod.ts";
import {
  authfailures,
  command,
  freePort,
  Ledger,
  OTHER,
  processTest,
  puts,
  ROOT,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";

processTest(
  "20 collectors share one pipe and tear no line",
  ["sh", "timeout"],
  async () => {
    const pulse =
      `'${Deno.execPath()}' run --allow-run=tail '${ROOT}tests/fixtures/dumps.ts' pulse 100`;
    const all = `for i in $(seq 20); do timeout 6 ${pulse} c$i & done; wait`;
    const program = new Running(["sh", "-c", all]);
    assertEquals((await program.end()).code, 0);
    const bySeries = Map.groupBy(puts(program.out), ({ series }) => series);
    const seconds = [...bySeries.values()].map((points) => points.length);
    console.log(
      `20 collectors, one pipe: series=${bySeries.size} lines=${program.out.length} torn=0`,
    );
    assertEquals(bySeries.size, 2000);
    assert(Math.min(...seconds) >= 3);
    for (const points of bySeries.values()) {
      for (const [i, { second }] of points.entries()) {
        assertEquals(second, points[0]!.second + i);
      }
    }
  },
);

processTest("both cores are kept busy, and every line counts in its second", [
  "sh",
  "tail",
], async (folder) => {
  const log = `${folder}/auth.log`;
  const program = await authfailures(log);
  const busy = [1, 2].map(() =>
    new Running(["sh", "-c", "while :; do :; done"])
  );
  const ledger = new Ledger();
  for (const burst of [500, 1, 2000, 30]) {
    await ledger.write(log, burst);
    await until(() => Date.now() % 1000 > 900);
  }
  await sleep(500);
  for (const loop of busy) await loop.end("SIGKILL");
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("cores kept busy", program.out);
});

processTest("the disk is full for stderr, and counting goes on", [
  "sh",
  "tail",
  "pkill",
], async (folder) => {
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, OTHER);
  const script = command("collectors/authfailures.ts", log);
  const program = new Running([
    "sh",
    "-c",
    'exec "$@" 2>/dev/full',
    "sh",
    ...script,
  ]);
  await until(() => program.out.length > 0);
  const ledger = new Ledger();
  await new Running(["pkill", "-9", "-f", `tail .*-F.*${log}`]).end();
  await sleep(1500); // it is started again after 1 s, which cannot be said
  await ledger.write(log, 211);
  await sleep(500);
  assertEquals((await program.end("SIGTERM")).code, 0);
  ledger.compare("stderr on a full disk", program.out);
});

processTest("rsyslog and logrotate rotate under load", [
  "rsyslogd",
  "logrotate",
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  await Deno.writeTextFile(log, "");
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/rsyslog.conf`,
    `
global(workDirectory="${folder}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="bare" type="string" string="%msg:2:$%\n")
action(type="omfile" file="${log}" template="bare" asyncWriting="off")
`,
  );
  await Deno.writeTextFile(
    `${folder}/logrotate.conf`,
    `
${log} {
  rotate 20
  su root root
  create
  missingok
  compress
  postrotate
    sleep 0.5; kill -HUP $(cat ${folder}/rsyslog.pid)
  endscript
}
`,
  );
  const daemon = new Running([
    ...["rsyslogd", "-n", "-i", `${folder}/rsyslog.pid`],
    ...["-f", `${folder}/rsyslog.conf`],
  ]);
  const connect = () =>
    Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  let connection: Deno.TcpConn | null = null;
  await until(async () => (connection ??= await connect()) !== null);
  const lines: string[] = [];
  const reading = (async () => {
    for await (const line of tail(log)) {
      if (line === "stop") return;
      lines.push(line);
    }
  })();
  await sleep(1000);
  let written = 0;
  const send = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) {
      at += await connection!.write(bytes.subarray(at));
    }
  };
  let loading = true;
  const load = (async () => {
    while (loading) {
      let text = "";
      for (let i = 0; i < 50; i++) {
        text += `<13>Nov 22 00:00:00 h app: ${written++}\n`;
      }
      await send(text);
      await sleep(10);
    }
  })();
  for (let i = 0; i < 4; i++) {
    const args = ["-f", "-s", `${folder}/state`, `${folder}/logrotate.conf`];
    const rotation = new Running(["logrotate", ...args]);
    assertEquals((await rotation.end()).code, 0, rotation.err.join("\n"));
    await sleep(300);
  }
  loading = false;
  await load;
  await until(() => lines.length >= written, 20).catch(() => {});
  await send("<13>Nov 22 00:00:00 h app: stop\n");
  await reading;
  connection!.close();
  await daemon.end("SIGTERM");
  const doubled = lines.length - new Set(lines).size;
  console.log(
    `rsyslog, 4 times logrotate: written=${written} stored=${lines.length} lost=${
      written - new Set(lines).size
    } doubled=${doubled}`,
  );
  assertEquals([lines.length, doubled], [written, 0]);
});

processTest("the log is rotated under load while the TSD is down", [
  "sh",
  "tail",
], async (folder) => {
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, OTHER);
  const port = freePort();
  const quote = (words: string[]) => words.map((w) => `'${w}'`).join(" ");
  const collector = quote(command("collectors/authfailures.ts", log));
  const tsd = quote(command("pipes/tsd.ts", `127.0.0.1:${port}`));
  const pids = `${folder}/pid`;
  const pipeline = new Running([
    ...["sh", "-c"],
    `sh -c 'echo $$ > "$0"; exec "$@"' ${pids} ${collector} | ${tsd}`,
  ]);
  await sleep(1500);
  const ledger = new Ledger();
  for (let i = 0; i < 4; i++) {
    await ledger.write(log, 100 + i);
    await Deno.rename(log, `${log}.${i}`);
    await until(() => Date.now() % 1000 > 800);
    await ledger.write(`${log}.${i}`, 10); // its writer has not reopened yet
    await Deno.writeTextFile(log, "");
    await until(() => Date.now() % 1000 > 800);
  }
  const sink = new Sink(port);
  Deno.kill(Number(await Deno.readTextFile(pids)), "SIGTERM");
  assertEquals((await pipeline.end()).code, 0, pipeline.err.join("\n"));
  sink.close();
  const lines = [...new Set(sink.lines)]; // a TSD stores a put once
  ledger.compare("rotated while the TSD was down", lines);
});

/** A TSD that reads puts and closes when it has read them all. */
class Sink {
  readonly lines: string[] = [];
  readonly #listener: Deno.TcpListener;

  constructor(port: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port });
    this.#accept().catch(() => {}); // closed
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
