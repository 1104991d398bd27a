/**
 * Replays of a web server's logs: two tags, a 99th percentile, three rules, and
 * JSON, beside mawk and mtail, which count the same.
 */
import {
  check,
  compare,
  type Contestant,
  runToEnd,
  seconds,
  section,
} from "./contest.ts";
import { accessLine, type Log, REQUEST } from "./log.ts";
import { isInstalled, MAWK, MTAIL, nameOf } from "./peers.ts";
import { megabytes, number, type Section, spread, target } from "./table.ts";
import { command, puts, ROOT, total } from "../../tests/helpers/processes.ts";
import { random } from "../../tests/helpers/random.ts";

const SCRIPT = "collectors/lograte.ts";
const RATE = 5000; // lines a second
const CHUNK = 10_000; // lines that are written at once
const METHODS = ["GET", "GET", "GET", "POST", "PUT"];
const STATUSES = [200, 200, 200, 200, 304, 404, 500];
const SECONDS = String.raw`" \d{3} .* (?<seconds>[\d.]+)$`;

/** Writes the same requests as nginx and as pino log them. */
async function makeLogs(folder: string, lines: number): Promise<[Log, Log]> {
  const next = random(2);
  const below = (n: number) => Math.floor(next() * n);
  const one = <T>(all: T[]) => all[below(all.length)]!;
  const web = { path: `${folder}/web.log`, lines, bytes: 0 };
  const json = { path: `${folder}/web.json`, lines, bytes: 0 };
  using webFile = await Deno.create(web.path);
  using jsonFile = await Deno.create(json.path);
  for (let written = 0; written < lines;) {
    let [texts, objects] = ["", ""];
    const end = Math.min(lines, written + CHUNK);
    for (; written < end; written++) {
      const ms = Date.UTC(2026, 5, 14) + Math.floor(written * 1000 / RATE);
      const clock = new Date(ms).toISOString().slice(11, 19);
      const [method, status] = [one(METHODS), one(STATUSES)];
      const url = `/api/items/${below(100_000)}`;
      const took = below(3000);
      const address = `203.0.${below(256)}.${below(256)}`;
      const bytes = below(50_000);
      const request = { address, method, url, status, bytes };
      texts += accessLine(`14/Jun/2026:${clock} +0000`, request) +
        ` ${(took / 1000).toFixed(3)}\n`;
      objects += JSON.stringify({
        level: 30,
        time: ms,
        pid: 7,
        hostname: "web1",
        req: { id: written, method, url },
        res: { statusCode: status },
        responseTime: took,
        msg: "request completed",
      }) + "\n";
    }
    for (
      const [log, file, text] of [
        [web, webFile, texts],
        [json, jsonFile, objects],
      ] as const
    ) {
      const chunk = new TextEncoder().encode(text);
      await file.write(chunk);
      log.bytes += chunk.length;
    }
  }
  return [web, json];
}

/** A replay that reports a metric whose sum is the number of lines. */
function replay(
  name: string,
  log: Log,
  metric: string,
  program: string[],
): Contestant {
  return {
    name,
    log,
    runs: [],
    run: async () => {
      const [replay, run] = await runToEnd(program);
      const counts = puts(replay.out.filter((line) => line !== ""))
        .filter(({ series }) => series.startsWith(`${metric} `));
      check(total(counts), log.lines);
      return run;
    },
  };
}

/** Writes a collector with `count` rules; returns the command that runs it. */
async function collector(log: Log, count: number): Promise<string[]> {
  const path = `${log.path}.${count}.ts`;
  const rules = [
    `{ metric: "m", match: /${REQUEST}/ }`,
    `{ metric: "b", match: /" \\d{3} (?<bytes>\\d+)/, value: "bytes" }`,
    `{ metric: "e", match: /" (?<status>5\\d\\d) / }`,
  ].slice(0, count);
  await Deno.writeTextFile(
    path,
    `import { lograte } from "${ROOT}${SCRIPT}";
await lograte(["${log.path}"], [${rules}], { replay: true });
`,
  );
  const flags = ["-q", "--allow-read", "--allow-sys", `-c=${ROOT}deno.json`];
  return [Deno.execPath(), "run", ...flags, path];
}

/** Counts by second, method and status, and prints how many lines it counted. */
const AWK = '{ n[substr($4, 2, 20) " " substr($6, 2) " " $9]++ } ' +
  "END { for (k in n) sum += n[k]; print sum }";

function mtailProgram(): string {
  const pattern = REQUEST.replaceAll("(?<", "(?P<");
  return "counter requests by method, status\n" +
    `/${pattern}/ {\n  requests[$method][$status]++\n}\n`;
}

/** Measures `lograte.ts` beside mawk and mtail on the log of a web server. */
export async function benchRules(
  folder: string,
  lines: number,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  progress(`writing ${lines} lines, twice`);
  const [web, json] = await makeLogs(folder, lines);
  const ours = (name: string, log: Log, metric: string, ...args: string[]) =>
    replay(
      `lograte.ts --replay, ${name}`,
      log,
      metric,
      command(SCRIPT, "--metric", "m", ...args, "--replay", log.path),
    );
  const two = ours("two tags", web, "m", "--match", REQUEST);
  const value = ["--match", SECONDS, "--value", "seconds"];
  const stats = ["--stats", "count,p50,p99,max"];
  const p99 = ours("p50 and p99", web, "m.count", ...value, ...stats);
  const labels = ["method=req.method", "status=res.statusCode"]
    .flatMap((label) => ["--label", label]);
  const fields = ["--json", "--time", "time", ...labels];
  const object = ours("JSON, two tags", json, "m", ...fields);
  const [one, three] = await Promise.all([1, 3].map(async (count) =>
    replay(
      `lograte(), ${count} rule${count > 1 ? "s" : ""}`,
      web,
      "m",
      await collector(web, count),
    )
  )) as [Contestant, Contestant];
  const mawk: Contestant = {
    name: `${nameOf(MAWK)}, two tags`,
    log: web,
    runs: [],
    run: async () => {
      const [mawk, run] = await runToEnd(["mawk", AWK, web.path]);
      check(Number(mawk.out[0]), web.lines);
      return run;
    },
  };
  const mtail: Contestant = {
    name: `${nameOf(MTAIL)}, two labels`,
    log: web,
    runs: [],
    run: async () => {
      const path = `${web.path}.mtail`;
      await Deno.writeTextFile(path, mtailProgram());
      const args = ["-one_shot", "-progs", path, "-logs", web.path];
      const [mtail, run] = await runToEnd(["mtail", ...args]);
      const counts = mtail.out.join("\n").matchAll(/"Value": (\d+)/g);
      let sum = 0;
      for (const [, count] of counts) sum += Number(count);
      check(sum, web.lines);
      return run;
    },
  };
  const contestants = [
    ...isInstalled(MAWK) ? [mawk] : [],
    two,
    p99,
    one,
    three,
    object,
    ...isInstalled(MTAIL) ? [mtail] : [],
  ];
  await compare(contestants, runs, progress);
  const speed = (one: Contestant) => lines / seconds(one).median / 1e6;
  const cpu = ({ runs }: Contestant) =>
    spread(runs.map(({ cpu }) => cpu)).median;
  const times = (one: Contestant, other: Contestant) =>
    other.runs.length > 0 ? cpu(one) / cpu(other) : undefined;
  const million = " million lines/s";
  const size = `${number(lines)} lines, ${number(megabytes(web.bytes))} MB`;
  return {
    ...section(`A web server's log, replayed: ${size}`, contestants),
    targets: [
      target("a replay, two tags", "at least", 1.5, million, speed(two)),
      target("its CPU time", "at most", 1.5, " x mawk", times(two, mawk)),
      target("a replay, p50 and p99", "at least", 1, million, speed(p99)),
      target("a replay of JSON", "at least", 0.7, million, speed(object)),
      target("three rules", "at most", 1.7, " x one", times(three, one)),
    ],
  };
}
