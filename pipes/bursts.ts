#!/usr/bin/env -S deno run -q
/**
 * Measures how bursty the series of a pipe are.
 *
 * Reads puts on stdin, as collectors print them or as tcollector wants them,
 * and passes stdin on to stdout unchanged; the figures then go to stderr. On a
 * terminal, and for `--json`, they go to stdout, and nothing is passed on.
 */
import {
  commandLine,
  complain,
  counted,
  duration,
  fail,
  flag,
  lastWords,
  messageOf,
  passOn,
  Screen,
  type Size,
  terminalOutput,
  wholeNumber,
  within,
  writeAll,
} from "../script/mod.ts";
import { jsonLines, metricsOf, report } from "./bursts/report.ts";
import { History } from "./history.ts";

const USAGE = `
Usage: bursts.ts [OPTION]...

Says how bursty the series of the puts on stdin are, when the input has ended,
or after Ctrl-C. Passes stdin on to stdout unchanged and prints the figures on
stderr; if stdout is a terminal it prints them there, live while input comes.

Options:
      --every=TIME   Print them also again and again, at this interval: 90s,
                     15m, 1h.
      --json         Print them on stdout as JSON, an object in a line for each
                     series; one without tags is for all series of a metric
                     together. Passes nothing on.
      --keep=TIME    Remember this much of each series, back from its newest
                     datapoint. Default: 30d. A datapoint takes 60 to 90
                     bytes.
      --series=N     Remember at most this many series. Default: 1000.
  -h, --help         Print this.
      --version      Print the version.

Figures of each series; where datapoints come every G seconds a "second" is a
Gth of what came in G seconds:
  events      all values added up
  mean/s      events divided by seconds
  median      half of the seconds have at most this; p99: 99 %; p99.9: 99.9 %
              (nearest rank)
  peak/s, at  the most in a second, and the first second that has it
  peak/mean   how many times the mean the peak is (peak-to-average ratio)
  minute      the most in any 60 seconds in a row
  in 1 %      the share of all events that is in the busiest 1 % of the seconds
  dispersion  the variance of what comes in G seconds divided by its mean: 1
              where events are independent (Poisson), more in bursts (index
              of dispersion: Cox and Lewis, The Statistical Analysis of Series
              of Events, 1966)
  quiet       the longest stretch of seconds without an event

All series of a flow are measured over the same time, from the first to the last
second of the whole metric, so that tags can be compared: a tag that was seen
once in a day has the mean of that day. A second without a datapoint counts as 0
there, as a counter of a flow reports quiet seconds as 0 and falls silent after
many of them. Where all series fall silent after another value than 0, nobody
counted, and that time is left out.

A put does not tell a flow from a stock (a level, such as a number of
processes). A metric counts as a flow if it has a 0 and no negative value, if
its series have the same G, and if none of them falls silent for more than a
minute after another value than 0 while others go on. A stock is measured over
its datapoints, and only its mean, median, p99, p99.9 and peak say something.

Examples:
  lograte.ts --replay --metric requests /var/log/nginx/access.log.1 | bursts.ts
      How bursty was yesterday?
  authfailures.ts | bursts.ts --every 1h | tsd.ts tsd.example.com
      The figures of the last days every hour, on the way to a TSD.
`;
const SECOND = 1000; // ms
const ENDING = 1500; // ms for the input to end after a signal

const options = commandLine(USAGE, {
  every: duration(Infinity),
  json: flag(),
  keep: duration(30 * 86_400),
  series: wholeNumber(1, 100_000, 1000),
});
const history = new History({
  keep: Math.ceil(options.keep),
  maxSeries: options.series,
});
const terminal = Deno.stdout.isTerminal();
const out = options.json || terminal ? Deno.stdout : Deno.stderr;

async function print(lines: string[]): Promise<void> {
  const text = lines.map((line) => line + "\n").join("");
  await writeAll(out, new TextEncoder().encode(text)).catch((error) => {
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(141);
    fail(`cannot print the figures: ${messageOf(error)}`, 1);
  });
}

function figures(): string[] {
  const metrics = metricsOf(history);
  if (options.json) return jsonLines(metrics);
  return metrics.length > 0 ? report(metrics) : ["no puts so far"];
}

/** The rows for the terminal, with room for the cursor below. */
function frame({ columns, rows }: Size): string[] {
  return figures().slice(0, rows - 1).map((row) => row.slice(0, columns));
}

let printed: Promise<void> | undefined;

/** Prints the figures, once: at the end of the input, or after a signal. */
function end(): Promise<void> {
  return printed ??= conclude();
}

async function conclude(): Promise<void> {
  clearInterval(timer);
  const { strange, refused, ahead, latestStrange } = history;
  if (strange > 0) {
    const latest = JSON.stringify(latestStrange.at(-1));
    await complain(
      `found ${counted(strange, "line")} without a put, such as ${latest}`,
    );
  }
  if (ahead > 0) {
    await complain(
      `left out ${counted(ahead, "datapoint")}: a day ahead of the clock`,
    );
  }
  if (refused > 0) {
    await complain(
      `no room for ${counted(refused, "datapoint")}; try a larger --series`,
    );
  }
  if (screen) await screen.close(figures());
  else await print(figures());
}

const screen = terminal && !options.json && options.every === Infinity
  ? new Screen(frame, terminalOutput()!)
  : undefined;
const timer = options.every < Infinity
  ? setInterval(
    () => print(options.json ? figures() : [...figures(), ""]),
    options.every * SECOND,
  )
  : undefined;
const passed = passOn(
  (chunk) => history.push(chunk),
  !terminal && !options.json,
);
lastWords(async () => {
  await within(ENDING, passed.delivered);
  await end();
});
await passed.ended;
history.end();
await passed.delivered;
await end();
Deno.exit(0);
