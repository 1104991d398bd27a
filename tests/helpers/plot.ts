/** What the tests of plot.ts share. */
import { command, start, until } from "./processes.ts";

export const T = 1_700_000_000;

/** Makes the lines of `count` seconds, all in one list. */
export function puts(count: number, lines: (i: number) => string[]): string[] {
  return Array.from({ length: count }, (_, i) => lines(i)).flat();
}

/** Lines as the bytes that a pipe carries. */
export function encode(lines: string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => line + "\n").join(""));
}

/** A running plot.ts. */
export class Plot {
  readonly process: Deno.ChildProcess;
  /** What it said on stderr so far. */
  err = "";
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<void>;

  constructor(args: string[], program = command("pipes/plot.ts", ...args)) {
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.process = start(program, pipes);
    this.#input = this.process.stdin.getWriter();
    this.#errors = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const text of this.process.stderr.pipeThrough(decoder)) {
      this.err += text;
    }
  }

  /** Calls `fn` with a running plot.ts, at a free port if none is given. */
  static async at(
    args: string[],
    fn: (plot: Plot, address: string) => Promise<void>,
  ): Promise<void> {
    const given = args.some((arg) => arg.startsWith("--port"));
    const plot = new Plot(given ? args : ["--port=0", ...args]);
    try {
      await fn(plot, await plot.address());
    } finally {
      await plot.end();
    }
  }

  async address(): Promise<string> {
    await until(() => this.err.includes("/\n"), 30, "the address");
    return this.err.match(/http:\S+/)![0];
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#input.write(bytes);
  }

  async feed(lines: string[]): Promise<void> {
    await this.write(encode(lines));
  }

  async close(): Promise<void> {
    await this.#input.close();
  }

  /** Ends it as Ctrl-C does. */
  async end(): Promise<Deno.CommandStatus> {
    await this.#input.close().catch(() => {});
    try {
      this.process.kill("SIGINT");
    } catch {
      // It has ended already.
    }
    const { stdout } = this.process;
    if (!stdout.locked) await stdout.cancel().catch(() => {});
    await this.#errors;
    return await this.process.status;
  }
}

/** Listens to the events, as a page does, until they hold a text. */
export async function heard(
  address: string,
  wanted: string,
  last = "",
): Promise<string> {
  const signal = AbortSignal.timeout(60_000);
  let all = "";
  while (true) {
    last = all.match(/.*^id: (.*?)$/ms)?.[1] ?? last;
    const headers = { "last-event-id": last };
    const { body } = await fetch(`${address}events`, { signal, headers });
    for await (const text of body!.pipeThrough(new TextDecoderStream())) {
      all += text;
      if (all.includes(wanted)) return all;
    }
  }
}
