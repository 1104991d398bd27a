/**
 * How true graphs are: bursts of 0 to 20,000 lines a second are written, spread
 * over each second, and what was written in a second is compared with what is
 * reported for it.
 *
 * An event is misplaced if it is missing in its second. mtail is scraped when a
 * second ends, and what it has counted since then counts for that second;
 * collectd, with an interval of 1 s, tells the time of each look. Their graphs
 * are shifted by the whole seconds that suit them best; ours are not.
 */
import {
  COLLECTD,
  collectdCounts,
  type Count,
  isInstalled,
  MTAIL,
  nameOf,
  startCollectd,
  startMtail,
} from "./peers.ts";
import { startScript, stop } from "./process.ts";
import { number, type Section, target } from "./table.ts";
import { puts, sleep } from "../../tests/helpers/processes.ts";
import { random } from "../../tests/helpers/random.ts";

const MOST = 20_000; // lines in a second
const STEP = 10; // ms between writes
const QUIET = 3000; // ms before and after
const MATCH = "authentication failure";
const MESSAGE = ` web1 sshd[4711]: pam_unix(sshd:auth): ${MATCH}; uid=0\n`;

/** Events by second. */
type Graph = Map<number, number>;

function add(graph: Graph, second: number, events: number): void {
  graph.set(second, (graph.get(second) ?? 0) + events);
}

function total(graph: Graph): number {
  return [...graph.values()].reduce((sum, events) => sum + events, 0);
}

/** Writes bursts for some seconds; returns how many lines each second has. */
async function writeBursts(log: string, seconds: number): Promise<Graph> {
  const next = random(2);
  const ledger: Graph = new Map();
  const encoder = new TextEncoder();
  using file = await Deno.open(log, { append: true });
  await sleep(1000 - Date.now() % 1000);
  const first = Math.floor(Date.now() / 1000);
  for (let second = first; second < first + seconds; second++) {
    const lines = Math.floor(next() * 1.25 * MOST) - MOST / 4; // some are quiet
    for (let written = 0;; await sleep(STEP)) {
      const now = Date.now();
      if (now >= (second + 1) * 1000) break;
      const share = (now - second * 1000 + STEP) / 1000;
      const due = Math.floor(Math.max(0, lines) * share) - written;
      if (due <= 0) continue;
      const line = new Date(now).toISOString() + MESSAGE;
      file.writeSync(encoder.encode(line.repeat(due)));
      add(ledger, second, due);
      written += due;
    }
  }
  return ledger;
}

/** Reads a counter at the end of each second. */
async function scrape(
  newest: () => Promise<Count>,
  signal: AbortSignal,
): Promise<Count[]> {
  const counts: Count[] = [];
  while (!signal.aborted) {
    await sleep(1000 - Date.now() % 1000);
    const at = Date.now() - 500; // in the second that has ended
    counts.push({ count: (await newest()).count, at });
  }
  return counts;
}

/** What a counter gained from one look to the next. */
function gains(counts: Count[]): Graph {
  const graph: Graph = new Map();
  let last = 0;
  for (const { count, at } of counts) {
    add(graph, Math.floor(at / 1000), count - last);
    last = count;
  }
  return graph;
}

function misplaced(ledger: Graph, graph: Graph, shift = 0): number {
  let missing = 0;
  for (const [second, events] of ledger) {
    missing += Math.max(0, events - (graph.get(second + shift) ?? 0));
  }
  return missing;
}

/** Compares ours and others on the same log, second by second. */
export async function benchTruth(
  folder: string,
  seconds: number,
): Promise<Section> {
  const log = `${folder}/bursts.log`;
  await Deno.writeTextFile(log, "");
  const stopScraping = new AbortController();
  const options = ["--metric", "auth.failures", "--match", MATCH];
  const ours = new Map([
    ["authfailures.ts", startScript("collectors/authfailures.ts", [log])],
    [
      "lograte.ts --time auto",
      startScript("collectors/lograte.ts", [
        ...options,
        "--time",
        "auto",
        log,
      ]),
    ],
  ]);
  const program = `counter failures\n/${MATCH}/ {\n  failures++\n}\n`;
  const mtail = isInstalled(MTAIL)
    ? await startMtail(log, "failures", program)
    : undefined;
  const collectd = isInstalled(COLLECTD)
    ? await startCollectd(log, MATCH, 1)
    : undefined;
  const scraped = mtail && scrape(mtail.newest, stopScraping.signal);
  await sleep(QUIET);
  const ledger = await writeBursts(log, seconds);
  await sleep(QUIET);

  const graphs = new Map<string, [Graph, number[]]>();
  for (const [name, program] of ours) {
    await program.end("SIGTERM");
    await stop(program);
    const graph: Graph = new Map();
    for (const { second, value } of puts(program.out)) {
      add(graph, second, value);
    }
    graphs.set(name, [graph, [0]]);
  }
  stopScraping.abort();
  const shifts = [-2, -1, 0, 1, 2];
  if (mtail) {
    graphs.set(nameOf(MTAIL), [gains(await scraped!), shifts]);
    await stop(mtail.program);
  }
  if (collectd) {
    graphs.set(nameOf(COLLECTD), [gains(await collectdCounts(log)), shifts]);
    await stop(collectd.program);
  }

  const written = total(ledger);
  const figures = [...graphs].map(([name, [graph, shifts]]) => {
    const least = Math.min(
      ...shifts.map((shift) => misplaced(ledger, graph, shift)),
    );
    return {
      name,
      written,
      reported: total(graph),
      misplaced: least,
      percent: least / written * 100,
    };
  });
  const [live, timed] = figures as [typeof figures[0], typeof figures[0]];
  const lost = Math.abs(live.reported - written) +
    Math.abs(timed.reported - written);
  return {
    title: `Truth: 0 to ${number(MOST)} lines/s for ${seconds} s`,
    figures,
    table: [
      ["", "written", "reported", "misplaced", "%"],
      ...figures.map(({ name, ...figures }) => [
        name,
        ...Object.values(figures).map(number),
      ]),
    ],
    targets: [
      target("events lost or invented", "at most", 0, "", lost),
      target(
        "misplaced by authfailures.ts, live",
        "at most",
        0.1,
        " %",
        live.percent,
      ),
      target(
        "misplaced by lograte.ts --time auto",
        "at most",
        0,
        " %",
        timed.percent,
      ),
    ],
  };
}
