/**
 * Makes the pictures of the README again, each from a real run of eight
 * minutes: `deno task pictures TCOLLECTOR`, where TCOLLECTOR is the folder of a
 * clone of https://github.com/OpenTSDB/tcollector. Needs chromium, and for
 * OpenTSDB Java, Maven and gnuplot.
 */
import {
  command,
  puts,
  ROOT,
  Running,
  sleep,
  total,
  until,
} from "../tests/helpers/processes.ts";
import { fail } from "../script/mod.ts";
import { BothWays } from "./pictures/opentsdb.ts";

const SECONDS = 500; // eight minutes, of which seven are whole
const IMAGES = `${ROOT}.github/images`;
const FAILURE = "web1 sshd[1]: authentication failure; rhost=203.0.113.7\n";

/** Lets a program run for a while and returns what it printed. */
async function run(words: string[]): Promise<string[]> {
  const program = new Running(words);
  await sleep(SECONDS * 1000);
  await program.end("SIGTERM");
  return program.out;
}

/**
 * Writes failed logins in waves, as bots cause them; none of them near the end of a
 * second, so that two collectors see each of them in the same second.
 */
async function attack(log: string): Promise<void> {
  const end = Date.now() + (SECONDS - 5) * 1000;
  for (let i = 0; Date.now() < end; i++) {
    const wave = Math.max(0, Math.sin(i / 37)) ** 8 * 60;
    const burst = i % 170 > 160 ? 140 : 0;
    const count = Math.round((wave + burst) * Math.random());
    await until(() => Date.now() % 1000 < 600);
    await Deno.writeTextFile(log, FAILURE.repeat(count), { append: true });
    await sleep(100);
  }
}

/** Starts, stops and ends processes, so that the graph has something to show. */
async function work(): Promise<void> {
  const children: Deno.ChildProcess[] = [];
  for (let i = 0; i < SECONDS - 5; i++) {
    for (let n = 0; n < (i % 20 < 12 ? 4 : 0); n++) {
      children.push(new Deno.Command("sleep", { args: ["600"] }).spawn());
    }
    if (i % 20 === 8) children.slice(-15).forEach((c) => c.kill("SIGSTOP"));
    if (i % 20 === 15) children.splice(0, 48).forEach((c) => c.kill("SIGKILL"));
    await sleep(1000);
  }
  for (const child of children) child.kill("SIGKILL");
}

/** What one-minute averages show of whole minutes, and what their seconds do. */
function besideAverages(lines: string[]): string[] {
  const minutes = Map.groupBy(
    puts(lines),
    ({ second }) => Math.floor(second / 60) * 60,
  );
  const whole = [...minutes].filter(([, seconds]) => seconds.length === 60);
  return [
    ...whole.map(([minute, seconds]) =>
      `put one-minute-average ${minute} ${
        (total(seconds) / 60).toFixed(1)
      } host=web1`
    ),
    ...whole.flatMap(([, seconds]) =>
      seconds.map(({ second, value }) =>
        `put each-second ${second} ${value} host=web1`
      )
    ),
  ];
}

/** Gives the puts of each host a chart: where they are equal lines hide lines. */
function chartForEachHost(lines: string[]): string[] {
  return lines.map((line) =>
    line.replace(/^put (\S+)(.*) host=(\S+)/, "put $1/$3$2 host=$3")
  ).sort();
}

/** Shows puts on the live page, and saves its charts in light and dark. */
async function picture(name: string, lines: string[]): Promise<void> {
  Deno.env.set("__IS_WSL_TEST__", "1"); // so that playwright does not read /proc
  const { chromium } = await import("npm:playwright-core@1.65.1");
  const plot = new Running(command("pipes/plot.ts", "--port=0"), {
    stdin: "piped",
    stdout: "null",
  });
  await until(() => plot.err.length > 0, 30);
  await ReadableStream.from([lines.join("\n") + "\n"])
    .pipeThrough(new TextEncoderStream()).pipeTo(plot.process.stdin);
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const charts = new Set(puts(lines).map(({ series }) => series.split(" ")[0]));
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await browser.newPage({
      viewport: { width: 1100, height: 300 + 300 * charts.size },
      colorScheme,
    });
    page.setDefaultTimeout(120_000); // ms, on a busy machine
    await page.goto(plot.err[0]!.match(/http\S+/)![0]);
    await page.locator(".chart canvas").first().waitFor();
    await sleep(1500);
    const path = `${IMAGES}/${name}-${colorScheme}.png`;
    await page.locator("#charts").screenshot({ path });
    await page.close();
    console.log(path);
  }
  await browser.close();
  await plot.end("SIGTERM");
}

async function takeLive(folder: string, tcollector: string): Promise<void> {
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, "");
  await using both = await BothWays.start();
  const sender = await both.tcollector(tcollector, log);
  const [failures, processes] = await Promise.all([
    run(command("collectors/authfailures.ts", log)),
    run(command("collectors/numprocesses.ts")),
    attack(log),
    work(),
  ]);
  await sender.end("SIGTERM");
  const states = ["running", "sleeping", "stopped", "zombie"];
  await picture("authfailures", besideAverages(failures));
  await picture(
    "numprocesses",
    processes.filter((line) => states.some((s) => line.includes(`=${s}`))),
  );
  const raw = [...failures, ...processes];
  await both.store(raw.map((line) => line.replace(/host=\S+/, "host=raw-put")));
  await picture(
    "bothways",
    chartForEachHost(await both.stored("auth.failures")),
  );
  const byState = (host: string) =>
    `m=sum:proc.num_processes{host=${host},state=${states.join("|")}}`;
  await both.draw({
    "opentsdb-bothways": "m=sum:auth.failures{host=*}",
    "opentsdb-numprocesses-raw": byState("raw-put"),
    "opentsdb-numprocesses-tcollector": byState("tcollector"),
  }, IMAGES);
}

const [tcollector] = Deno.args;
if (tcollector === undefined) fail("the folder of tcollector is missing", 2);
const folder = await Deno.makeTempDir();
try {
  await takeLive(folder, tcollector);
} finally {
  await Deno.remove(folder, { recursive: true });
}

// The busiest ten minutes of a real log that every Debian has.
const log = (await Deno.readTextFile("/var/log/dpkg.log")).split("\n");
const periods = Map.groupBy(log, (line) => line.slice(0, 15));
const [busiest] = [...periods.values()].sort((a, b) => b.length - a.length);
const replay = new Running(
  command(
    "collectors/lograte.ts",
    ...["--replay", "--metric", "dpkg.status"],
    ...[
      "--match",
      " status (?<state>unpacked|installed) ",
      "-",
    ],
  ),
  { stdin: "piped" },
);
await ReadableStream.from([busiest!.join("\n") + "\n"])
  .pipeThrough(new TextEncoderStream()).pipeTo(replay.process.stdin);
await replay.end();
await picture("replay", replay.out);
