#!/usr/bin/env -S deno run -q --allow-net=127.0.0.1,localhost,[::1],0.0.0.0,[::] --allow-read=/dev/tty
/**
 * Shows puts as charts when they come, on a live page or in the terminal.
 *
 * Reads puts on stdin, as collectors print them or as tcollector wants them,
 * and hands stdin on to stdout unchanged, unless stdout is a terminal. A reader
 * of stdout that stalls does not stop the page: up to 64 MiB wait for it, then
 * the oldest lines go, which is said on stderr. Since the page stays, the reader
 * sees the end of its input only when this program ends.
 *
 * Keys are read from `/dev/tty`, as stdin is a pipe. The network permission is only
 * for addresses of this host; to listen on one that is not in the first line, run
 * it by `deno run` with that address.
 */
import {
  commandLine,
  complain,
  duration,
  fail,
  flag,
  lastWords,
  messageOf,
  passOn,
  refuse,
  Screen,
  terminalOutput,
  text,
  wholeNumber,
  within,
  withoutCode,
} from "../script/mod.ts";
import { History } from "./history.ts";
import { pageFiles, serve } from "./plot/serve.ts";
import { frame } from "./plot/terminal.ts";

const USAGE = `
Usage: plot.ts [OPTION]...

Shows the puts on stdin as charts on a live page, and hands them on to stdout
unchanged, unless that is a terminal. The page stays when the input has ended,
until Ctrl-C.

Options:
      --port=PORT    Serve the page on this port; 0 picks a free one. Default:
                     8000.
      --host=HOST    Serve it on this address or name. Default: 127.0.0.1, which
                     only this host can reach; 0.0.0.0 is for all who can reach
                     this host.
      --names=NAMES  Answer also to browsers that call this host by other names,
                     separated by commas: web1,web1.example.org.
      --keep=TIME    Remember this much of each series, back from its newest
                     datapoint: 90s, 15m, 1h, 1d. Default: what fits in 4
                     million datapoints, an hour of 1,000 series at least.
      --series=N     Remember at most this many series. A new one takes the
                     place of one that was silent for --keep, or for an hour, if
                     there is one. Default: 1000.
      --tty          Draw in the terminal in place of serving a page, until the
                     input ends. Arrows, Page Up and Down, Home, End scroll.
  -h, --help         Print this.
      --version      Print the version.

Examples:
  numprocesses.ts | plot.ts
      See the processes of this host at http://127.0.0.1:8000/.
  numprocesses.ts | plot.ts | nc tsd.example.com 4242
      The same, on their way to a TSD.
  ssh web1 numprocesses.ts | plot.ts --tty
      See those of another host, here in the terminal.
  lograte.ts --replay --metric lines access.log | plot.ts --port=0
      Look at all of a log, at any free port.

Memory, as measured: 55 MB, and 60 to 90 bytes for each datapoint that is kept:
an hour of 1,000 series takes 300 MB, a day of 10 series 130 MB.
`;
const MAX_POINTS = 4_000_000;
const KEYS: Record<string, number> = { // series by which they scroll
  "\x1b[A": -1,
  "\x1b[B": 1,
  "\x1b[5~": -10,
  "\x1b[6~": 10,
  " ": 10,
  "\x1b[H": -Infinity,
  "\x1b[F": Infinity,
};
const ENDING = 1500; // ms for the input to end after a signal

const options = commandLine(USAGE, {
  port: wholeNumber(0, 65_535, undefined),
  host: text(),
  names: text(),
  keep: duration(Infinity),
  series: wholeNumber(1, 100_000, 1000),
  tty: flag(),
});
const { port = 8000, host = "127.0.0.1", names = "", keep, tty } = options;
if (tty && (options.port ?? options.host ?? options.names) !== undefined) {
  refuse("option --tty serves no page: leave out --port, --host and --names");
}

const history = new History({
  maxSeries: options.series,
  ...keep < Infinity ? { keep: Math.ceil(keep) } : { maxPoints: MAX_POINTS },
});

let skip = 0; // series that are scrolled past in the terminal

function scroll(key: string): void {
  const by = KEYS[key];
  if (by === undefined) return;
  skip = Math.max(0, Math.min(history.series.length, skip + by));
}

async function open(): Promise<Screen | undefined> {
  if (tty) {
    const terminal = terminalOutput();
    if (terminal === undefined) fail("option --tty needs a terminal", 1);
    const color = !Deno.noColor;
    return new Screen(
      ({ columns, rows }) =>
        frame(history, { columns, rows: rows - 1, color, skip }),
      terminal,
      scroll,
    );
  }
  const files = await pageFiles().catch(({ message }) =>
    fail(
      "cannot load uPlot, which draws the page; is the npm registry in reach? " +
        message.split("\n")[0],
      1,
    )
  );
  try {
    const where = { host, port, names: names.split(",").filter(Boolean) };
    complain(`live page at ${serve(history, files, where)}`);
  } catch (error) {
    fail(`cannot listen on ${host}, port ${port}: ${reason(error)}`, 1);
  }
}

function reason(error: unknown): string {
  const { AddrInUse, AddrNotAvailable, NotCapable } = Deno.errors;
  if (error instanceof NotCapable) {
    return `if this host has that name or address, use deno run --allow-net=${host} plot.ts`;
  }
  if (error instanceof AddrNotAvailable) return "this host has no such address";
  return error instanceof AddrInUse
    ? "the port is in use; try --port=0"
    : withoutCode(messageOf(error));
}

async function stop(): Promise<void> {
  const screen = await within(ENDING, opening);
  if (screen !== undefined) await within(ENDING, screen.close());
  // The collector on the left may still tell its last second.
  if (!Deno.stdin.isTerminal()) await within(ENDING, passed.delivered);
}

const handsOn = !Deno.stdout.isTerminal();
const passed = passOn((chunk) => history.push(chunk), handsOn);
const opening = open();
lastWords(stop);
const screen = await opening;
await passed.ended;
history.end();
await passed.delivered;
if (screen !== undefined) {
  await screen.close();
  Deno.exit(0);
}
