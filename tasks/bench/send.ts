/**
 * A million puts from a file into a TSD that stores nothing, by each way of
 * `tsd.ts`, and by what people would use instead. What arrives is counted.
 */
import { gunzipSync } from "node:zlib";
import { command, until } from "../../tests/helpers/processes.ts";
import { isInstalled, nameOf, NETCAT, type Peer, SOCAT } from "./peers.ts";
import { endOf, Meter, startHeld, stop } from "./process.ts";
import { megabytes, number, type Section, spread } from "./table.ts";

const PUTS = 1_000_000;
const SERIES = 1000;
const LIMIT = 120; // seconds that a sender may take

/** A TSD that only counts the puts that it gets. */
interface Sink extends AsyncDisposable {
  /** Its address for senders. */
  host: string;
  puts(): number;
}

function telnet(): Sink {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let puts = 0;
  const read = async (conn: Deno.Conn) => {
    const buffer = new Uint8Array(256 * 1024);
    for (let n; (n = await conn.read(buffer)) !== null;) {
      const read = buffer.subarray(0, n);
      for (let i = -1; (i = read.indexOf(10, i + 1)) >= 0;) puts++;
    }
    conn.close();
  };
  const serving = (async () => {
    for await (const conn of listener) read(conn);
  })();
  return {
    host: `127.0.0.1:${listener.addr.port}`,
    puts: () => puts,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

function http(): Sink {
  const bodies: Uint8Array[] = [];
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = Deno.serve(options, async (request) => {
    bodies.push(await request.bytes());
    return new Response(null, { status: 204 });
  });
  const { port } = server.addr as Deno.NetAddr;
  const text = (body: Uint8Array) => new TextDecoder().decode(gunzipSync(body));
  return {
    host: `http://127.0.0.1:${port}`,
    puts: () =>
      bodies.reduce((sum, body) => sum + JSON.parse(text(body)).length, 0),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Writes puts of `SERIES` series, one a second for each. */
async function makePuts(path: string): Promise<void> {
  using file = await Deno.create(path);
  for (let i = 0; i < PUTS; i += SERIES) {
    const second = 1_700_000_000 + i / SERIES;
    let text = "";
    for (let series = 0; series < SERIES; series++) {
      const value = (series * 31 + i) % 1000;
      text += `put bench.send ${second} ${value} host=web1 series=${series}\n`;
    }
    await file.write(new TextEncoder().encode(text));
  }
}

/** A sender that takes part. */
interface Sender {
  name: string;
  sink: () => Sink;
  command(host: string): string[];
}

function senders(folder: string): Sender[] {
  const peer = (peer: Peer, command: Sender["command"]): Sender[] =>
    isInstalled(peer) ? [{ name: nameOf(peer), sink: telnet, command }] : [];
  const tsd = (name: string, sink: () => Sink, ...args: string[]): Sender => ({
    name: `tsd.ts, ${name}`,
    sink,
    command: (host) => {
      const [deno, run, ...rest] = command("pipes/tsd.ts", ...args, host);
      const files = [`--allow-read=${folder}`, `--allow-write=${folder}`];
      return [deno!, run!, ...files, ...rest];
    },
  });
  const disk = ["--spool-dir", `${folder}/spool`];
  return [
    ...peer(NETCAT, (host) => ["nc", "-N", ...host.split(":")]),
    ...peer(SOCAT, (host) => ["socat", "-", `TCP:${host}`]),
    tsd("telnet", telnet),
    tsd("telnet, spool on disk", telnet, ...disk),
    tsd("HTTP", http),
    tsd("HTTP, spool on disk", http, ...disk),
  ];
}

/** What one run needed. */
interface Run {
  perSecond: number;
  cpu: number;
  memory: number;
}

async function send({ name, sink, command }: Sender, path: string) {
  await using tsd = sink();
  const started = Date.now();
  const args = ["-c", '"$@" < "$0"', path, ...command(tsd.host)];
  const held = startHeld(["sh", ...args]);
  const meter = new Meter(held.process.pid);
  try {
    await until(() => endOf(held) !== undefined, LIMIT, `${name} has ended`);
    const { cpu, memory } = meter.stop();
    const seconds = (endOf(held)! - started) / 1000;
    if (tsd.puts() < PUTS) throw new Error(`${name} sent only ${tsd.puts()}`);
    return { perSecond: PUTS / seconds, cpu, memory };
  } finally {
    await stop(held);
  }
}

/** Measures how fast puts are sent, and what that needs. */
export async function benchSend(
  folder: string,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const path = `${folder}/puts`;
  await makePuts(path);
  const all = senders(folder).map((sender) => ({ sender, runs: [] as Run[] }));
  for (let i = 1; i <= runs; i++) {
    progress(`run ${i} of ${runs}`);
    for (const { sender, runs } of all) runs.push(await send(sender, path));
  }
  const figures = all.map(({ sender, runs }) => ({
    name: sender.name,
    perSecond: spread(runs.map(({ perSecond }) => perSecond)),
    cpu: spread(runs.map(({ cpu }) => cpu)),
    megabytes: spread(runs.map(({ memory }) => megabytes(memory))),
  }));
  return {
    title: `Sending ${number(PUTS)} puts to a TSD that stores nothing`,
    figures,
    table: [
      ["", "puts/s", "min", "max", "CPU s per million", "MB"],
      ...figures.map(({ name, perSecond, cpu, megabytes }) => [
        name,
        ...[perSecond.median, perSecond.min, perSecond.max].map(number),
        number(cpu.median / PUTS * 1e6),
        number(megabytes.median),
      ]),
    ],
    targets: [],
  };
}
