/** A stand-in for @std/cli, where JSR does not answer: just what is used. */

/** Options of {@linkcode ProgressBar}. */
export interface ProgressBarOptions {
  /** The value at the end. */
  max: number;
  /** Whether the bar goes away in the end. */
  clear?: boolean;
}

/** Shows on stderr, once a second, how much of a work is done. */
export class ProgressBar {
  /** How much is done. */
  value = 0;
  /** The value at the end. */
  max: number;
  readonly #clear: boolean;
  readonly #started = Date.now();
  readonly #timer: ReturnType<typeof setInterval>;

  /** Draws it, and goes on to. */
  constructor(options: ProgressBarOptions) {
    this.max = options.max;
    this.#clear = options.clear ?? false;
    this.#draw();
    this.#timer = setInterval(() => this.#draw(), 1000);
  }

  #draw(): void {
    const share = Math.min(1, Math.max(0, this.value / this.max));
    const bar = "#".repeat(Math.trunc(50 * share)).padEnd(50, "-");
    const time = new Date(Date.now() - this.#started).toISOString();
    const mebibytes = (size: number) => (size / 2 ** 20).toFixed(2);
    write(
      `\r\x1b[K[${time.slice(14, 19)}] [${bar}] ` +
        `[${mebibytes(this.value)}/${mebibytes(this.max)} MiB]`,
    );
  }

  /** Ends it. */
  stop(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#clear) {
      write("\r\x1b[K");
    } else {
      this.#draw();
      write("\n");
    }
    return Promise.resolve();
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
