/**
 * Tells all who follow a log when to look at it.
 *
 * One `tail -F` for all logs rings when something is written, so that it is read
 * at once. Besides, the logs are looked at just before each second ends: what was
 * written in a second is read in that second, whatever `tail` does.
 *
 * Not every `tail` rings for every file (GNU's looks just once a second on an
 * overlay file system, busybox's always does), it does not follow a file that was
 * rotated, and there may be none. So the logs are looked at every 200 ms where
 * there is no `tail`, and for a minute after a look that has found something.
 *
 * `Deno.watchFs` would ring on overlay file systems, too, but takes twice the
 * CPU: half a core at 10,000 writes a second (measured).
 *
 * @module
 */

import { kill, mayRun, Restarts, spawn } from "../../script/child.ts";
import { complain, messageOf } from "../../script/complain.ts";
import { sleep } from "../../script/wait.ts";

const LOOK = 200; // ms between looks; a divisor of a second
const RARE = 1000; // ms between looks where `tail` rings: it saves CPU time
const DOUBT = 60_000; // ms with more looks, after one that found something
const EARLY = 20; // ms before the end of a second for its last look
const REST = 20; // ms between two rings, at least
const SHARE = 20; // looks may take one part of the time in so many
const SETTLE = 20; // ms for more logs to come before `tail` is started anew
const BEHIND = 32 * 1024; // bytes at once: `tail` does not keep up
const PAUSE = 1000; // ms until there is a new `tail`, which begins at the end
const MOST = 1000; // logs that `tail` follows; the others are only looked at

/** Something that follows a log. */
export interface Listener {
  /** The log, links resolved: GNU's tail looks at a link just once a second. */
  readonly home: string;
  /** Whether there is a log, and not a FIFO, at which `tail` would hang. */
  readonly found: boolean;
  /** Whether it has read all, and waits only for what `tail` rings for. */
  readonly isIdle: boolean;
  /** Checks whether there is something to read. */
  look(): void;
}

const listeners = new Set<Listener>();
/** What still runs, also of a `tail` that was ended. */
const running = new Set<Promise<void>>();
const restarts = new Restarts();
let stop = new AbortController(); // when nobody listens any more
type Timer = ReturnType<typeof setTimeout>;
let looking: Timer | undefined;
let starting: Timer | undefined;
let tail: Deno.ChildProcess | undefined;
let knowsPid = true;
let without = false;
let doubtful = -Infinity; // until when there are more looks, by performance.now()

/**
 * Listens to the bell.
 *
 * @param listener Who looks when it rings.
 * @returns Disposing it waits until nothing runs any more, if it was the last.
 */
export function listen(listener: Listener): AsyncDisposable {
  listeners.add(listener);
  if (looking === undefined) planLook();
  listenElsewhere();
  return {
    [Symbol.asyncDispose]: async () => {
      if (!listeners.delete(listener)) return;
      if (listeners.size > 0) return listenElsewhere();
      clearTimeout(looking);
      clearTimeout(starting);
      looking = starting = undefined;
      stop.abort();
      stop = new AbortController();
      end();
      without = false;
      await Promise.all(running);
    },
  };
}

/** Has `tail` follow the logs where they are now. */
export function listenElsewhere(): void {
  if (!without) startIn(SETTLE);
}

/** Plans the next look: one comes just before each second ends. */
function planLook(): void {
  const rings = tail !== undefined && listeners.size <= MOST;
  const pause = rings && performance.now() > doubtful ? RARE : LOOK;
  looking = setTimeout(() => {
    ring();
    const isIdle = [...listeners].every(({ isIdle }) => isIdle);
    if (!isIdle) doubtful = performance.now() + DOUBT;
    planLook();
  }, pause - (Date.now() + EARLY) % pause);
}

function ring(): void {
  for (const listener of listeners) listener.look();
}

function startIn(ms: number): void {
  clearTimeout(starting);
  starting = setTimeout(start, ms);
}

function end(): void {
  if (tail) kill(tail);
  tail = undefined;
}

/**
 * Starts `tail` with options that all tails have, and with --pid, by which it ends
 * with this process. A `tail` that refuses --pid follows one file more, which
 * exists as long as this process: it ends when it cannot say on stderr that the
 * file is gone. So nothing that ends this process leaves its `tail` behind.
 */
function start(): void {
  end();
  const found = [...listeners].filter(({ found }) => found);
  if (found.length === 0) return;
  const homes = new Set(found.map(({ home }) => home));
  const args = ["-F", "-n", "0", "--", ...[...homes].slice(0, MOST)];
  if (knowsPid) args.unshift(`--pid=${Deno.pid}`);
  if (Deno.build.os === "linux") args.push(`/proc/${Deno.pid}/comm`);
  try {
    if (!mayRun("tail")) throw new Error("missing, or not allowed to run");
    tail = spawn("tail", args, { stdout: "piped", stderr: "piped" });
  } catch (error) {
    return goWithout(messageOf(error));
  }
  restarts.started();
  const task = run(tail).finally(() => running.delete(task));
  running.add(task);
}

async function run(child: Deno.ChildProcess): Promise<void> {
  const { signal: stopped } = stop;
  let said = "";
  const hear = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) {
      if (stream === child.stderr) said = new TextDecoder().decode(chunk);
      if (tail !== child) continue;
      const started = performance.now();
      ring();
      if (chunk.length >= BEHIND) {
        end();
        startIn(PAUSE);
      }
      await sleep(Math.max(REST, SHARE * (performance.now() - started)));
    }
  };
  await Promise.all([hear(child.stdout), hear(child.stderr)]);
  const { signal } = await child.status;
  if (tail !== child) return;
  tail = undefined;
  if (signal !== null) {
    await restarts.ended("tail", stopped);
    if (!stopped.aborted && tail === undefined) start();
  } else if (knowsPid) {
    knowsPid = false;
    start();
  } else {
    goWithout(said.trim());
  }
}

function goWithout(why: string): void {
  without = true;
  complain(`going on without tail, looking five times a second: ${why}`);
}
