/** What people would use instead, in the versions of Debian. */
import { start } from "./process.ts";
import {
  freePort,
  has,
  type Running,
  until,
} from "../../tests/helpers/processes.ts";

/** A count, and its time in milliseconds since the epoch. */
export interface Count {
  count: number;
  at: number;
}

/** A program that follows a log. */
export interface Follower {
  program: Running;
  /** Its newest count. */
  newest(): Promise<Count>;
}

/** A package of Debian, and the program in it. */
export interface Peer {
  package: string;
  program: string;
}

export const GREP: Peer = { package: "grep", program: "grep" };
export const MAWK: Peer = { package: "mawk", program: "mawk" };
export const MTAIL: Peer = { package: "mtail", program: "mtail" };
export const COLLECTD: Peer = { package: "collectd-core", program: "collectd" };
export const VICTORIA_METRICS: Peer = {
  package: "victoria-metrics",
  program: "victoria-metrics",
};
export const NETCAT: Peer = { package: "netcat-openbsd", program: "nc" };
export const SOCAT: Peer = { package: "socat", program: "socat" };
const PEERS = [GREP, MAWK, MTAIL, COLLECTD, VICTORIA_METRICS, NETCAT, SOCAT];

export function isInstalled({ program }: Peer): boolean {
  return has(program);
}

/** The command that installs what is missing, or undefined if nothing is. */
export function installLine(): string | undefined {
  const missing = PEERS.filter((peer) => !isInstalled(peer));
  if (missing.length === 0) return undefined;
  const packages = missing.map((peer) => peer.package).join(" ");
  return `apt-get install --no-install-recommends ${packages}`;
}

/** Name and version of a package. */
export function nameOf(peer: Peer): string {
  if (!has("dpkg-query")) return peer.package;
  const args = ["-W", "-f", "${Version}", peer.package];
  const query = new Deno.Command("dpkg-query", { args, stderr: "null" });
  const version = new TextDecoder().decode(query.outputSync().stdout);
  return `${peer.package} ${version}`;
}

/** Starts mtail; `name` is the metric that its program counts. */
export async function startMtail(
  log: string,
  name: string,
  program: string,
  flags: string[] = [],
): Promise<Follower> {
  const path = `${log}.mtail`;
  await Deno.writeTextFile(path, program);
  const port = freePort();
  // deno-fmt-ignore
  const mtail = start([
    "mtail", "-progs", path, "-logs", log, "-address", "127.0.0.1",
    "-port", String(port), "-logtostderr", ...flags,
  ], { stderr: "null" });
  const scrape = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    return { text: await response.text(), at: Date.now() };
  };
  await until(() => scrape().then(() => true, () => false));
  return {
    program: mtail,
    newest: async () => {
      const { text, at } = await scrape();
      let count = 0;
      for (const [, value] of text.matchAll(series(name))) {
        count += Number(value);
      }
      return { count, at };
    },
  };
}

function series(name: string): RegExp {
  return new RegExp(`^${name}\\{.*\\} (\\d+)$`, "gm");
}

/** The counts that collectd has written so far. */
export async function collectdCounts(log: string): Promise<Count[]> {
  const folder = `${log}.collectd/localhost/tail-log`;
  const counts: Count[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const csv = await Deno.readTextFile(`${folder}/${name}`);
      for (const [, at, count] of csv.matchAll(/^([\d.]+),(\d+)$/gm)) {
        counts.push({ at: Number(at) * 1000, count: Number(count) });
      }
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return counts.sort((a, b) => a.at - b.at);
}

/** Starts collectd with its tail plugin, which looks every `interval` seconds. */
export async function startCollectd(
  log: string,
  match: string,
  interval: number,
): Promise<Follower> {
  const config = `${log}.conf`;
  await Deno.writeTextFile(
    config,
    `
Hostname "localhost"
FQDNLookup false
BaseDir "${log}.collectd"
PIDFile "${log}.pid"
Interval ${interval}
LoadPlugin csv
<Plugin csv>
  DataDir "${log}.collectd"
  StoreRates false
</Plugin>
LoadPlugin tail
<Plugin tail>
  <File "${log}">
    Instance "log"
    Interval ${interval}
    <Match>
      Regex "${match}"
      DSType "CounterInc"
      Type "counter"
      Instance "matches"
    </Match>
  </File>
</Plugin>
`,
  );
  const program = start(["collectd", "-f", "-C", config], { stderr: "null" });
  await until(async () => (await collectdCounts(log)).length > 0);
  return {
    program,
    newest: async () => (await collectdCounts(log)).at(-1)!,
  };
}
