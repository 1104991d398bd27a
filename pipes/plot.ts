#!/usr/bin/env -S deno run --allow-net=127.0.0.1,localhost,[::1],0.0.0.0,[::]
/**
 * Shows puts as they come in, as charts on a live page or in the terminal.
 *
 * Reads puts on stdin, as collectors print them or as tcollector wants them,
 * and hands stdin on to stdout unchanged, unless stdout is a terminal. A reader
 * of stdout that stalls does not stop the page: up to 64 MiB wait for it, then
 * the oldest lines go, which is said on stderr. Since the page stays, the reader
 * sees the end of its input only when this program ends.
 *
 * The network permission is for the addresses of this host alone; listening on
 * one that is not in the first line takes running it by `deno run` with that.
 */
import { commandLine, complain, fail, sleep } from "../mod.ts";
import { HandOn } from "./plot/hand_on.ts";
import { History } from "./plot/history.ts";
import { serve } from "./plot/serve.ts";
import { Screen } from "./plot/terminal.ts";

const USAGE = `
Usage: plot.ts [OPTION]...

Shows the puts on stdin as charts on a live page, and hands them on to stdout
unchanged, unless that is a terminal. The page stays when the input has ended,
until Ctrl-C.

Options:
      --port=PORT    Serve the page on this port; 0 picks a free one. Default:
                     8000.
      --host=HOST    Serve it on this address or name. Default: 127.0.0.1, which
                     only this host reaches; 0.0.0.0 is for all who can reach
                     this host.
      --keep=TIME    Remember so much of each series, back from its newest
                     datapoint: 90s, 15m, 1h, 1d. Default: 1h.
      --series=N     Remember at most so many series. A new one takes the place
                     of one that was silent for --keep, if there is such.
                     Default: 1000.
      --tty          Draw in the terminal in place of serving a page, until the
                     input ends.
  -h, --help         Print this.

Examples:
  numprocesses.ts | plot.ts
      See the processes of this host at http://127.0.0.1:8000/.
  numprocesses.ts | plot.ts | nc tsd 4242
      The same, on their way to a TSD.
  ssh web1 numprocesses.ts | plot.ts --tty
      See those of another host, here in the terminal.
  plot.ts --keep=1d --port=0 < puts.txt
      Look at the puts of a day, at any free port.

A point takes 16 to 24 bytes: an hour of 1,000 series 60 to 90 MB, a day of 10
series 14 to 21 MB.
`;
const PATIENCE = 1500; // ms for the input to end after a signal
const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

const options = commandLine(USAGE, {
  string: ["port", "host", "keep", "series"],
  boolean: ["tty"],
});

function refuse(name: string, rule: string, value: string): never {
  fail(`option --${name} must be ${rule}, not ${value}; try --help`, 2);
}

function wholeNumber(name: string, value: string, min: number, max: number) {
  if (!/^\d+$/.test(value) || Number(value) < min || Number(value) > max) {
    refuse(name, `a whole number from ${min} to ${max}`, value);
  }
  return Number(value);
}

function seconds(name: string, value: string): number {
  const [, number, unit = "s"] = value.match(/^([1-9]\d{0,8})([smhd])?$/) ?? [];
  if (number === undefined) refuse(name, "a time such as 90s or 1h", value);
  return Number(number) * UNITS[unit]!;
}

const { host = "127.0.0.1", tty } = options;
const port = wholeNumber("port", options.port ?? "8000", 0, 65_535);
const keep = seconds("keep", options.keep ?? "1h");
const maxSeries = wholeNumber("series", options.series ?? "1000", 1, 100_000);
if (tty && (options.port ?? options.host) !== undefined) {
  fail("option --tty serves no page: leave out --port and --host", 2);
}

const history = new History(keep, maxSeries);
const handOn = Deno.stdout.isTerminal() ? undefined : new HandOn(Deno.stdout);

function open(): Screen | undefined {
  if (tty) {
    const screen = [Deno.stdout, Deno.stderr].find((out) => out.isTerminal());
    if (screen === undefined) fail("option --tty needs a terminal", 1);
    return new Screen(history, screen);
  }
  try {
    complain(`live page at ${serve(history, { host, port })}`);
  } catch (error) {
    const why = error instanceof Deno.errors.AddrInUse
      ? "the port is in use; try --port=0"
      : error instanceof Deno.errors.NotCapable
      ? `use deno run --allow-net=${host} plot.ts`
      : error instanceof Error
      ? error.message
      : String(error);
    fail(`cannot listen on ${host}, port ${port}: ${why}`, 1);
  }
}

async function read(): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of Deno.stdin.readable) {
      history.push(decoder.decode(chunk, { stream: true }));
      await handOn?.push(chunk);
    }
  } catch (error) {
    complain(`cannot read stdin: ${error}`);
  }
  history.end();
  await handOn?.end();
}

let stopping = false;
async function stop(): Promise<void> {
  if (!stopping) {
    stopping = true;
    screen?.close();
    // The collector on the left may still tell its last second.
    if (!Deno.stdin.isTerminal()) {
      await Promise.race([reading, sleep(PATIENCE)]);
    }
  }
  Deno.exit(0);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, stop);
}

const screen = open();
const reading = read();
await reading;
if (screen !== undefined) await stop();
