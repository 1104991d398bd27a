#!/usr/bin/env -S deno run -q --allow-net --allow-env=TSD_CREDENTIALS --allow-sys=hostname
/**
 * Sends put lines to a TSD, and sends again what a failure may have lost.
 *
 * What TCP has taken may never be read, and a TSD that is killed loses what it has
 * read and not yet stored. So each line is kept: in the spool until it is sent, then
 * until the TSD shows that it has read it, and then for 15 s more, unless the TSD
 * says that it has stored it, as OpenTSDB does by HTTP.
 *
 * When a TSD fails, all that is kept is sent again, in order, to the next one.
 * So a TSD gets some lines twice: OpenTSDB and InfluxDB store them once, and so
 * does VictoriaMetrics with `-dedup.minScrapeInterval=1ms`.
 *
 * With `--self` it sends metrics of its own, with the tag `program=tsd.ts`:
 *
 * | metric | kind |
 * | --- | --- |
 * | metriccounter.dropped | flow: datapoints dropped, as the spool was full |
 * | metriccounter.refused | flow: lines that are not puts, or that the TSD refused |
 * | metriccounter.waiting.bytes | stock: bytes that wait to be sent |
 */
import { autodump, isPut, LineCutter, MAX_PUT } from "../mod.ts";
import {
  accepted,
  allSaid,
  commandLine,
  complain,
  complainSync,
  counted,
  countSelf,
  duration,
  flag,
  lastWords,
  refuse,
  size,
  sleep,
  text,
  within,
} from "../script/mod.ts";
import { DiskStore } from "./tsd/disk.ts";
import { authorizationOf, hostOf } from "./tsd/address.ts";
import { Aside } from "./tsd/aside.ts";
import { printable } from "./tsd/replies.ts";
import { Sender } from "./tsd/sender.ts";
import { Spool } from "./tsd/spool.ts";

const USAGE = `
Usage: tsd.ts [OPTION...] HOST[:PORT]|URL...

Sends the OpenTSDB puts on stdin to the first TSD that takes them: as lines to
HOST, whose port is 4242 if not given, or by HTTP to a URL such as
http://HOST:PORT, which answers what was stored and what was refused. Prefer
HTTP for OpenTSDB: by lines it loses some in silence while its HBase is down, or
when it has no identifier left for a new tag. While no TSD takes the puts, they
wait in memory or on disk. When a TSD fails, the next one is tried, and what the
first one may have lost is sent again. What a TSD refuses is said on stderr,
each kind once, and so are lines that are not puts. What it fails to store while
it stores the rest is sent again each minute.

At the end of the input, what waits is sent. After Ctrl-C or SIGTERM the input
ends when the program on the left has ended, or after 5 s. A second signal ends
tsd.ts at once.

Options:
  --credentials FILE
                  A file with one line, USER:PASSWORD or a token, for HTTP. The
                  variable TSD_CREDENTIALS is the same without a file. A file
                  needs a permission: deno run --allow-net --allow-read=FILE
                  tsd.ts ...
  --self          Send puts about this program, too: metriccounter.dropped,
                  metriccounter.refused and metriccounter.waiting.bytes.
  --spool SIZE    Room for what waits or may have to be sent again, in MiB or
                  with a unit K, M or G, from 64K to 1G. Default: 64. When it
                  is full, the oldest datapoints are dropped.
  --spool-dir DIR
                  Keep the spool on disk: what waits, and what was read in the
                  last 15 s, is sent again after a death of this program or of
                  the machine. It needs permissions: deno run --allow-net
                  --allow-read=DIR --allow-write=DIR tsd.ts ...
  --timeout TIME  How long to go on trying at the end of the input: 90s, 15m,
                  1h. Default: 30s.
  --version       Print the version.
  -h, --help      Print this.

Examples:
  authfailures.ts | tsd.ts tsd.example.com
      Send them to the TSD on the host tsd.example.com.
  numprocesses.ts | tsd.ts --spool 256 tsd1.example.com [2001:db8::7]:4243
      Send them to the first of the two that works, and survive long outages.
  uptime.ts | DENO_CERT=ca.pem tsd.ts https://tsd.example.com:4242
      Send them by HTTP, encrypted, to a TSD whose certificate a CA of your own
      has signed.
  uptime.ts | tsd.ts http://vminsert.example.com:8480/insert/0/opentsdb
      Send them to a cluster of VictoriaMetrics.

Status 1: not all of the input was delivered. Status 2: a wrong argument.
`;

const QUIET = 10_000; // ms between two messages about a full spool
const LINGER = 5000; // ms for the input to end after a signal
const TIME_TO_SAY = 1000; // ms for a stderr that nobody reads
const FULL = 5; // ms between looks at a spool that fills faster than it is sent

const options = commandLine(USAGE, {
  credentials: text(),
  self: flag(),
  spool: size("64K", "1G", "64"),
  "spool-dir": text(),
  timeout: duration(30),
}, Infinity);
const limit = options.spool;
const most = limit / 4; // bytes that may wait before a slow TSD slows the input
if (options.args.length === 0) refuse("no HOST given");
const authorization = accepted(credentials);
const store = accepted(openStore, "option --spool-dir: ");
const place = store ? { store } : {};
const spool = new Spool({ limit, ...place });
const failed = new Spool({ limit: limit / 16, ...place });
const common = { most, authorization, aside: new Aside(failed) };
const hosts = accepted(() => options.args.map((arg) => hostOf(arg, common)));
const sender = new Sender(hosts, spool);
let noPuts = 0;
let quietUntil = 0;

/** Refuses an option that needs more than the script's first line allows. */
function need(option: string, path: string, ...names: ("read" | "write")[]) {
  const granted = names.every((name) =>
    Deno.permissions.querySync({ name, path }).state === "granted"
  );
  if (granted) return;
  const flags = names.map((name) => ` --allow-${name}=${path}`).join("");
  refuse(`option --${option} needs deno run --allow-net${flags}`);
}

function openStore(): DiskStore | undefined {
  const folder = options["spool-dir"];
  if (folder === undefined) return undefined;
  need("spool-dir", folder, "read", "write");
  return new DiskStore(folder, { say: complain });
}

function credentials(): string | undefined {
  const path = options.credentials;
  if (path === undefined) {
    const variable = "TSD_CREDENTIALS";
    const { state } = Deno.permissions.querySync({ name: "env", variable });
    const line = state === "granted" ? Deno.env.get(variable) : undefined;
    return line === undefined ? undefined : authorizationOf(line);
  }
  need("credentials", path, "read");
  return authorizationOf(Deno.readTextFileSync(path));
}

function refuseLine(line: string): void {
  if (noPuts++ > 0) return;
  complain(`not sent, as it is not a put: "${printable(line)}"`);
}

function add(lines: string[]): void {
  const puts = lines.filter(isPut);
  if (puts.length < lines.length) {
    lines.filter((line) => !isPut(line)).forEach(refuseLine);
  }
  if (puts.length === 0) return;
  const lost = spool.push(puts.join("\n") + "\n", puts.length);
  if (lost > 0 && performance.now() > quietUntil) {
    quietUntil = performance.now() + QUIET;
    const all = counted(spool.dropped, "datapoint");
    complain(`the spool is full: dropped ${all} so far`);
  }
  sender.notify();
}

async function read(): Promise<void> {
  const cutter = new LineCutter({ longest: MAX_PUT + 1 });
  for await (const chunk of Deno.stdin.readable) {
    add(cutter.push(chunk));
    while (sender.connected && spool.waiting > most) await sleep(FULL);
  }
  for (const line of cutter.end()) refuseLine(`${line} (without its end)`);
}

function dropped(): number {
  return spool.dropped + failed.dropped;
}

function finish(): never {
  const { sent, lines: left } = spool.undelivered;
  const lines = left + failed.undelivered.lines;
  const missing = lines + dropped();
  const { refused } = sender.replies;
  if (missing > 0) {
    const kept = store && lines > 0
      ? `, and keeps ${lines} in ${options["spool-dir"]}`
      : sent > 0
      ? `, of which ${sent} may have arrived`
      : "";
    complainSync(`could not deliver ${counted(missing, "datapoint")}${kept}`);
  }
  if (refused > 0) {
    complainSync(`the TSD refused ${counted(refused, "datapoint")}`);
  }
  if (noPuts > 0) {
    complainSync(`did not send ${counted(noPuts, "line")} without a put`);
  }
  Deno.exit(missing + sender.lost + refused + noPuts > 0 ? 1 : 0);
}

const signalled = Promise.withResolvers<void>();
lastWords(async (again) => {
  again.addEventListener("abort", finish);
  await sleep(LINGER);
  signalled.resolve();
  await new Promise(() => {}); // until all is sent
});
const sending = sender.run();
const known = () => ({
  flows: {
    dropped: dropped(),
    refused: sender.replies.refused + noPuts,
  },
  stocks: { "waiting.bytes": spool.waiting + failed.waiting },
});
const self = options.self
  ? countSelf(known, { tags: { program: "tsd.ts" } })
  : undefined;
const output = (lines: string) => add(lines.trimEnd().split("\n"));
const dump = self && autodump(...self.counters, { output });
await Promise.race([read(), signalled.promise]);
self?.[Symbol.dispose]();
await dump?.[Symbol.asyncDispose]();
sender.end();
await within(options.timeout * 1000, sending);
await within(TIME_TO_SAY, allSaid());
finish();
