/**
 * The burst: a large piece of a syslog that comes at once. How long does it
 * take until all of it is counted? GNU grep only has to read the file; its time,
 * and that of a Deno that only reads, is the limit.
 */
import {
  check,
  compare,
  type Contestant,
  follow,
  ours,
  peak,
  ratio,
  runToEnd,
  seconds,
  section,
  sum,
  sumAtEnd,
} from "./contest.ts";
import { LABELS, type Log, makeLog, MATCH } from "./log.ts";
import {
  COLLECTD,
  GREP,
  isInstalled,
  MTAIL,
  nameOf,
  startCollectd,
  startMtail,
} from "./peers.ts";
import { megabytes, number, type Section, target } from "./table.ts";
import { command } from "../../tests/helpers/processes.ts";

/** Only reads a `tail`: no collector in Deno that does so can be faster. */
const JUST_READ = `
const args = ["-n", "+1", Deno.args[0]!];
const tail = new Deno.Command("tail", { args, stdout: "piped" }).spawn();
let bytes = 0;
for await (const chunk of tail.stdout) bytes += chunk.length;
console.log(bytes);
`;

// The shortest pause that collectd can have; by default both pause for longer.
const OFTEN = ["-poll_interval", "100ms", "-poll_log_interval", "100ms"];

function size({ lines, bytes }: Log): string {
  return `${number(lines)} lines, ${number(megabytes(bytes))} MB`;
}

/** Measures `authfailures.ts` beside grep, mtail and collectd. */
export async function benchMatches(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const log = burst;
  const expected = Math.ceil(log.lines / 10);
  const grep: Contestant = {
    name: nameOf(GREP),
    log,
    runs: [],
    run: async () => {
      const script = 'tail -n +1 "$0" | LC_ALL=C grep -c "$1"';
      const [grep, run] = await runToEnd(["sh", "-c", script, log.path, MATCH]);
      check(Number(grep.out[0]), expected);
      return run;
    },
  };
  const reader: Contestant = {
    name: `Deno ${Deno.version.deno}, just reading tail`,
    log,
    runs: [],
    run: async () => {
      const path = `${log.path}.ts`;
      await Deno.writeTextFile(path, JUST_READ);
      const args = ["run", "--allow-run=tail", path, log.path];
      const [deno, run] = await runToEnd([Deno.execPath(), ...args]);
      check(Number(deno.out[0]), log.bytes);
      return run;
    },
  };
  const mine: Contestant = {
    name: "authfailures.ts",
    log,
    runs: [],
    run: () =>
      follow(log, expected, ours("collectors/authfailures.ts"), sumAtEnd),
  };
  const program = `counter failures\n/${MATCH}/ {\n  failures++\n}\n`;
  const mtail: Contestant = {
    name: nameOf(MTAIL),
    log,
    runs: [],
    run: () =>
      follow(
        log,
        expected,
        (path) => startMtail(path, "failures", program, OFTEN),
      ),
  };
  const collectd: Contestant = {
    name: nameOf(COLLECTD),
    log,
    runs: [],
    run: () => follow(log, expected, (path) => startCollectd(path, MATCH, 0.1)),
  };
  const contestants = [
    ...isInstalled(GREP) ? [grep] : [],
    reader,
    mine,
    ...isInstalled(MTAIL) ? [mtail] : [],
    ...isInstalled(COLLECTD) ? [collectd] : [],
  ];
  await compare(contestants, runs, progress);
  const there = (one: Contestant) => one.runs.length > 0 ? one : undefined;
  const what = "authfailures.ts draining the burst";
  return {
    ...section(`Burst: ${size(log)}, one in ten a match`, contestants),
    targets: [
      target(what, "at most", 1.5, " x grep", ratio(there(grep), mine)),
      target(
        what,
        "at least",
        10,
        " x faster than mtail",
        ratio(mine, there(mtail)),
      ),
      target(
        what,
        "at least",
        1,
        " x as fast as collectd",
        ratio(mine, there(collectd)),
      ),
    ],
  };
}

/** Measures `lograte.ts` beside mtail, with two tags, every line a match. */
export async function benchLabels(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const log = burst;
  const args = ["--metric", "log.lines", "--match", LABELS];
  const mine: Contestant = {
    name: "lograte.ts, two tags",
    log,
    runs: [],
    run: () =>
      follow(log, log.lines, ours("collectors/lograte.ts", args), sumAtEnd),
  };
  const pattern = LABELS.replaceAll("(?<", "(?P<").replace(
    "[^\\s[",
    "[^\\s\\[",
  );
  const program = "counter lines by machine, program\n" +
    `/${pattern}/ {\n  lines[$machine][$program]++\n}\n`;
  const mtail: Contestant = {
    name: `${nameOf(MTAIL)}, two labels`,
    log,
    runs: [],
    run: () =>
      follow(
        log,
        log.lines,
        (path) => startMtail(path, "lines", program, OFTEN),
      ),
  };
  const contestants = [mine, ...isInstalled(MTAIL) ? [mtail] : []];
  await compare(contestants, runs, progress);
  return {
    ...section(`Burst: ${size(log)}, every line a match`, contestants),
    targets: [
      target(
        "lograte.ts with two tags, every line a match",
        "at least",
        5,
        " x faster than mtail",
        ratio(...contestants as [Contestant, Contestant?]),
      ),
    ],
  };
}

/** Measures `lograte.ts --replay --time auto`, also of a log twice as long. */
export async function benchReplay(
  burst: Log,
  runs: number,
  progress: (text: string) => void,
): Promise<Section> {
  const double = await makeLog(`${burst.path}.double`, 2 * burst.lines);
  const replay = (log: Log): Contestant => ({
    name: `lograte.ts --replay, ${number(megabytes(log.bytes))} MB`,
    log,
    runs: [],
    run: async () => {
      const options = ["--metric", "log.lines", "--replay", "--time", "auto"];
      const [program, run] = await runToEnd(
        command("collectors/lograte.ts", ...options, log.path),
      );
      check(sum(program), log.lines);
      return run;
    },
  });
  const [once, twice] = [replay(burst), replay(double)];
  await compare([once, twice], runs, progress);
  await Deno.remove(double.path);
  return {
    ...section("Replay, from start to exit", [once, twice]),
    targets: [
      target(
        "lograte.ts --replay --time auto",
        "at least",
        1,
        " million lines/s",
        burst.lines / seconds(once).median / 1e6,
      ),
      target(
        "its memory for a log twice as long",
        "at most",
        1.1,
        " x",
        peak(twice) / peak(once),
      ),
    ],
  };
}
