/**
 * A picture in the terminal that is drawn again in place.
 *
 * @module
 */

import { type Output, writeAll } from "./output.ts";

const TICK = 250; // ms between frames; or, if that is longer,
const REST = 10; // times as long as a frame takes
const TERMINAL = "/dev/tty"; // where keys come from when stdin is a pipe

/** The size of a terminal, in characters. */
export type Size = ReturnType<typeof Deno.consoleSize>;

/**
 * The terminal for a {@linkcode Screen}: stderr, or else stdout. On a stdout that
 * does not block, `Deno.stdout.write` writes a part of the bytes and still throws
 * `WouldBlock` (measured), so that rows would be drawn twice.
 *
 * @returns Undefined if neither is a terminal.
 */
export function terminalOutput(): Output | undefined {
  return [Deno.stderr, Deno.stdout].find((out) => out.isTerminal());
}

/**
 * A picture that is redrawn in place until it is closed. It is drawn where the
 * cursor is, not on the other screen of the terminal with a hidden cursor: so
 * Ctrl-Z, and even the death of the program, leaves a terminal that can be used.
 */
export class Screen {
  readonly #frame: (size: Size) => string[];
  readonly #out: Output;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #resized = () => this.#drawSoon("\x1b[2J\x1b[H");
  readonly #continued = () => this.#drawSoon("\r\n");
  /** The frame that is being written, which Ctrl-S can stop. */
  #writing: Promise<void> | undefined;
  #height = 0; // how many rows above the cursor are of the last frame
  #next = 0; // when the next frame may be drawn
  #keys: Deno.FsFile | undefined;

  /**
   * Draws at once, and then up to four times a second.
   *
   * @param frame The rows to draw, at most one less than the terminal has.
   * @param out The terminal, which {@linkcode terminalOutput} finds.
   * @param key Is called with each key that is pressed, if keys can be read.
   */
  constructor(
    frame: (size: Size) => string[],
    out: Output,
    key?: (key: string) => void,
  ) {
    this.#frame = frame;
    this.#out = out;
    this.#timer = setInterval(() => {
      if (performance.now() > this.#next) this.#drawSoon();
    }, TICK);
    if (Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGWINCH", this.#resized);
      Deno.addSignalListener("SIGCONT", this.#continued);
    }
    if (key !== undefined) this.#listen(key);
    this.#drawSoon();
  }

  /**
   * Ends the drawing, and leaves some rows in place of the last frame.
   *
   * @param rows The rows; another frame if not given.
   */
  async close(rows = this.#rows()): Promise<void> {
    clearInterval(this.#timer);
    if (Deno.build.os !== "windows") {
      Deno.removeSignalListener("SIGWINCH", this.#resized);
      Deno.removeSignalListener("SIGCONT", this.#continued);
    }
    this.#raw(false);
    await this.#writing;
    await this.#write(this.#above() + rows.map((row) => `${row}\r\n`).join(""));
  }

  #rows(): string[] {
    const { columns, rows } = Deno.consoleSize(); // 0 if it is not known
    return this.#frame({ columns: columns || 80, rows: rows || 24 });
  }

  /** The codes that move the cursor to the start of the last frame and clear it. */
  #above(): string {
    return `\r${this.#height > 0 ? `\x1b[${this.#height}A` : ""}\x1b[J`;
  }

  /** @param afresh Codes that make room where there is no last frame. */
  #drawSoon(afresh?: string): void {
    if (afresh !== undefined) {
      this.#height = 0;
      this.#raw(true);
    }
    if (this.#writing !== undefined) return;
    const start = performance.now();
    const rows = this.#rows();
    this.#next = start + REST * (performance.now() - start);
    const text = rows.map((row) => `${row}\x1b[K\r\n`).join("");
    const above = this.#height > 0 ? `\r\x1b[${this.#height}A` : "";
    this.#height = rows.length;
    this.#writing = this.#write(`${afresh ?? above}${text}\x1b[J`)
      .catch(() => clearInterval(this.#timer)) // the terminal is gone
      .finally(() => this.#writing = undefined);
  }

  async #listen(key: (key: string) => void): Promise<void> {
    try {
      this.#keys = await Deno.open(TERMINAL);
      this.#raw(true);
      const decoder = new TextDecoderStream();
      for await (const text of this.#keys.readable.pipeThrough(decoder)) {
        key(text);
        this.#drawSoon();
      }
    } catch {
      // Then there are no keys.
    }
  }

  /** @param raw Whether keys come at once and are not echoed. */
  #raw(raw: boolean): void {
    try {
      this.#keys?.setRaw(raw, { cbreak: true });
    } catch {
      // The terminal is gone.
    }
  }

  #write(text: string): Promise<void> {
    return writeAll(this.#out, new TextEncoder().encode(text));
  }
}
