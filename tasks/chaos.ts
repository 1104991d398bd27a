/**
 * Kills everything again and again, and checks that nothing is lost. Logs grow
 * and are rotated, `lograte.ts --resume` counts them, and `tsd.ts` sends the
 * puts in each of its ways into real TSDs. What is stored at the end must be
 * what was written, for each second and each tag.
 */
import {
  commandLine,
  counted,
  fail,
  flag,
  wholeNumber,
} from "../script/mod.ts";
import { command, has, isFile, until } from "../tests/helpers/processes.ts";
import { random } from "../tests/helpers/random.ts";
import {
  InfluxDB,
  type Server,
  VictoriaMetrics,
} from "../tests/helpers/tsds.ts";
import {
  AUTO_CREATE,
  findJars,
  HBase,
  OpenTsdb,
} from "../tests/opentsdb/launch.ts";
import { argsOf } from "./bench/process.ts";
import type { Chance } from "./chaos/chance.ts";
import { Logs, MATCH } from "./chaos/logs.ts";
import { Rampage } from "./chaos/rampage.ts";
import { Supervised } from "./chaos/supervised.ts";
import { isRight, judge, type Verdict } from "./chaos/verdict.ts";

const USAGE = `
Usage: deno task chaos [OPTION]...

Counts growing logs by lograte.ts --resume, sends the puts by tsd.ts on four
ways into VictoriaMetrics and InfluxDB, and kills (-9) each of them at random
moments: one, two at once, all of a way, everything; also again while it starts.
Then compares what is stored with what was written. Needs victoria-metrics,
influxd and logrotate.

Options:
  --minutes N   How long (default 1); a fraction is fine.
  --seed N      The same number makes the same choices (default: by chance).
  --opentsdb    Have OpenTSDB on HBase in VictoriaMetrics' place. Needs Java and
                Maven.
  --keep        Leave the folder with the logs and what was said on stderr.
  -h, --help    Print this.

Status 1: something was lost, or is wrong.

Examples:
  deno task chaos --minutes 30 --seed 7
      Half an hour, with some 600 kills.
`;

const LOGRATE = "/collectors/lograte.ts";
const TSD = "/pipes/tsd.ts";
const METRIC = "chaos.lines";
const SETTLE = 300; // seconds for the last datapoints to be stored
const SHOWN = 5; // how many of the wrong seconds are printed

const options = commandLine(USAGE, {
  minutes: {
    rule: "a number of minutes",
    read: ([text]: string[]) => Number(text) > 0 ? Number(text) : undefined,
    otherwise: 1,
  },
  seed: wholeNumber(0, 2 ** 32 - 1, Math.floor(Math.random() * 2 ** 32)),
  opentsdb: flag(),
  keep: flag(),
});

const needs = ["influxd", "logrotate", "sh"];
if (!options.opentsdb) needs.push("victoria-metrics");
const missing = needs.find((program) => !has(program));
if (missing !== undefined) fail(`there is no ${missing} here`, 13);

/** A way from the logs into a TSD. */
interface Way {
  name: string;
  server: Server;
  tsd: Supervised;
  pipeline: Supervised;
  /** Where lograte.ts keeps its place in the logs. */
  state: string;
}

const seeds = random(options.seed);
/** Makes a source of chance for one task, as all of them run at the same time. */
const chance = (): Chance => random(seeds() * 2 ** 32);
const folder = await Deno.makeTempDir();
const logs = new Logs(folder, chance(), note);
const hbase = options.opentsdb ? await startHBase() : undefined;
// Without its option -dedup, VictoriaMetrics shows every value it has got.
const tsds = [
  hbase
    ? start("TSDMain", new OpenTsdb(hbase, AUTO_CREATE))
    : start("victoria-metrics", new VictoriaMetrics(folder, { dedup: false })),
  start("influxd", new InfluxDB(folder)),
];

/** Notes what happens, and when: it helps to find the cause of a fault. */
function note(what: string): void {
  const line = `${(Date.now() / 1000).toFixed(3)} ${what}\n`;
  Deno.writeTextFileSync(`${folder}/events`, line, { append: true });
}

async function startHBase(): Promise<HBase> {
  const jars = await findJars();
  if (typeof jars === "string") fail(`no OpenTSDB: ${jars}`, 13);
  return await HBase.start(jars);
}

function start(name: string, server: Server) {
  return { server, tsd: supervise(name, [server.command()]) };
}

function supervise(name: string, programs: string[][]): Supervised {
  const stderr = `${folder}/${name}.stderr`;
  return new Supervised(name, programs, { stderr, chance: chance(), note });
}

/** The command of a script, with permissions for some files. */
function permitted(files: string[], script: string, ...args: string[]) {
  const [deno, run, ...rest] = command(script, ...args);
  const flags = files.flatMap((file) => [
    `--allow-read=${file}`,
    `--allow-write=${file}`,
  ]);
  return [deno!, run!, ...flags, ...rest];
}

function way(
  name: string,
  { server, tsd }: { server: Server; tsd: Supervised },
): Way {
  const http = name.includes("http");
  const address = `127.0.0.1:${http ? server.puts : server.port}`;
  const host = http ? `http://${address}` : address;
  const state = `${folder}/${name}.state`;
  const spool = name.includes("disk") ? [`${folder}/${name}.spool`] : [];
  // deno-fmt-ignore
  const lograte = permitted([folder], LOGRATE.slice(1),
    "--metric", METRIC, "--match", MATCH, "--tag", `way=${name}`,
    "--time", "auto", "--resume", state, "--timespan", "2", ...logs.paths);
  const args = [...spool.flatMap((path) => ["--spool-dir", path]), host];
  const sender = permitted(spool, TSD.slice(1), ...args);
  const pipeline = supervise(name, [lograte, sender]);
  return { name, server, tsd, pipeline, state };
}

async function verdictOf({ name, server }: Way): Promise<Verdict> {
  const stored = await server.stored();
  const tag = ` way=${name}`;
  return judge(
    logs.ledger,
    stored.filter(({ series }) => series.endsWith(tag)),
  );
}

/** The processes whose command line names the folder. */
function leftBehind(): string[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name))
    .filter((pid) => pid > 0 && pid !== Deno.pid)
    .map((pid) => argsOf(pid).join(" "))
    .filter((command) => command.includes(folder));
}

/** Prints the verdict on a way; returns whether it is right. */
function report({ name, pipeline }: Way, verdict: Verdict): boolean {
  const { lost, wrong, torn } = verdict;
  console.log(
    `${name}: ${pipeline.starts} starts, ${lost} lines lost, ` +
      `${wrong.length} seconds wrong, ${torn.length} with two values`,
  );
  for (const what of [...wrong.slice(0, SHOWN), ...torn.slice(0, SHOWN)]) {
    console.log(`  ${what}`);
  }
  return isRight(verdict);
}

function killAll(ways: Way[]): void {
  for (const { pipeline } of ways) pipeline.kill();
  for (const { tsd } of tsds) tsd.kill();
}

async function main(ways: Way[]): Promise<boolean> {
  await Promise.all(tsds.map(({ server }) => server.ready()));
  await until(() => ways.every(({ state }) => isFile(state)), 30);
  logs.start();
  await rampage.run(options.minutes * 60_000);
  await logs.stop();
  const complete = async () => {
    const verdicts = await Promise.all(ways.map(verdictOf));
    return verdicts.every(({ lost }) => lost === 0);
  };
  await until(() => complete().catch(() => false), SETTLE).catch(() => {});
  await Promise.all(ways.map(({ pipeline }) => pipeline.end(LOGRATE)));
  const fine = ways.map(() => false);
  for (const [i, way] of ways.entries()) {
    fine[i] = report(way, await verdictOf(way));
  }
  killAll(ways);
  await until(() => leftBehind().length === 0).catch(() => {});
  const remains = [
    ...ways.flatMap(({ pipeline }) => pipeline.failures),
    ...leftBehind().map((command) => `still runs: ${command}`),
  ];
  for (const what of remains) console.log(what);
  return fine.every(Boolean) && remains.length === 0;
}

console.log(`seed ${options.seed}, for ${counted(options.minutes, "minute")}`);
const [first, influx] = tsds as [typeof tsds[0], typeof tsds[0]];
const ways = [
  way("telnet", first),
  way("http", influx),
  way("telnet-disk", influx),
  way("http-disk", first),
];
const rampage = new Rampage(
  ways.map(({ name, tsd, pipeline }) => [
    pipeline.victim(LOGRATE, `lograte.ts ${name}`),
    pipeline.victim(TSD, `tsd.ts ${name}`),
    tsd.victim(tsd.name),
  ]),
  chance(),
  note,
);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {
    killAll(ways);
    Deno.exit(1);
  });
}
let right = false;
try {
  right = await main(ways);
} finally {
  killAll(ways);
  await hbase?.[Symbol.asyncDispose]();
}
for (const [name, n] of [...rampage.kills].sort()) {
  console.log(`killed ${n} x ${name}`);
}
console.log(
  `${logs.lines} lines, ${logs.rotations} rotations, ${rampage.total} kills: ` +
    (right ? "nothing lost, nothing wrong" : "FAILED"),
);
if (options.keep || !right) console.log(`see ${folder}`);
else await Deno.remove(folder, { recursive: true });
Deno.exit(right ? 0 : 1);
