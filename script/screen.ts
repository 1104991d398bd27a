/**
 * A picture in the terminal that is drawn again in place.
 *
 * @module
 */

import { type Output, writeAll } from "./output.ts";

const TICK = 250; // ms between frames

/** The size of a terminal, in characters. */
export type Size = ReturnType<typeof Deno.consoleSize>;

/** The terminal, redrawn in place until it is closed. */
export class Screen {
  readonly #frame: (size: Size) => string[];
  readonly #out: Output;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #draw = () => this.#drawSoon();
  /** The frame that is being written: a terminal may stop, by Ctrl-S. */
  #writing: Promise<void> | undefined;

  /**
   * Draws at once, and then four times a second.
   *
   * @param frame The rows to draw, at most as many as the terminal has.
   * @param out The terminal.
   */
  constructor(frame: (size: Size) => string[], out: Output) {
    this.#frame = frame;
    this.#out = out;
    this.#timer = setInterval(this.#draw, TICK);
    if (Deno.build.os !== "windows") {
      Deno.addSignalListener("SIGWINCH", this.#draw);
    }
    this.#drawSoon("\x1b[?1049h\x1b[?25l"); // another screen, without cursor
  }

  /**
   * Gives the terminal back, and leaves some rows there.
   *
   * @param rows The rows; the last frame if not given.
   */
  async close(rows = this.#frame(Deno.consoleSize())): Promise<void> {
    clearInterval(this.#timer);
    if (Deno.build.os !== "windows") {
      Deno.removeSignalListener("SIGWINCH", this.#draw);
    }
    await this.#writing;
    await this.#write(`\x1b[?25h\x1b[?1049l${rows.join("\n")}\n`);
  }

  #drawSoon(before = ""): void {
    if (this.#writing !== undefined) return;
    const rows = this.#frame(Deno.consoleSize())
      .map((row) => row + "\x1b[K").join("\r\n");
    this.#writing = this.#write(`${before}\x1b[H${rows}\x1b[J`)
      .catch(() => clearInterval(this.#timer)) // the terminal is gone
      .finally(() => this.#writing = undefined);
  }

  #write(text: string): Promise<void> {
    return writeAll(this.#out, new TextEncoder().encode(text));
  }
}
