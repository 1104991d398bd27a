/**
 * Cuts bytes into lines, for everything that reads lines.
 *
 * @module
 */

const MIB = 1024 * 1024;

/** Which lines are wanted. */
export interface LineOptions {
  /** Only lines that contain this text, or that this expression matches. */
  match?: string | RegExp;
}

/** Options of {@linkcode LineCutter}. */
export interface LineCutterOptions extends LineOptions {
  /**
   * Characters of a line that are kept; the rest of a longer line is cut off.
   *
   * @default {1_048_576}
   */
  longest?: number;
}

/**
 * Cuts chunks into lines, without their ends (`\n` or `\r\n`), and keeps a line
 * that has begun for the next chunk.
 */
export class LineCutter {
  readonly #decoder = new TextDecoder();
  readonly #match: string | RegExp | undefined;
  readonly #longest: number;
  #begun = "";
  /** Whether the rest of a line that was too long is still to be left out. */
  #cutting = false;

  /**
   * Makes a cutter for one stream.
   *
   * @param options What differs from the defaults.
   */
  constructor({ match, longest = MIB }: LineCutterOptions = {}) {
    this.#match = match instanceof RegExp
      ? new RegExp(match, match.flags.replace(/[gy]/g, "")) // no lastIndex
      : match;
    this.#longest = longest;
  }

  /**
   * Takes the next chunk of UTF-8.
   *
   * @param chunk Any part of the stream.
   * @returns The wanted lines that end in this chunk, in a fresh array.
   */
  push(chunk: Uint8Array): string[] {
    return this.#cut(this.#decoder.decode(chunk, { stream: true }));
  }

  /**
   * Ends the stream.
   *
   * @returns The last line, if it has begun, has no end, and is wanted.
   */
  end(): string[] {
    const rest = this.#cut(this.#decoder.decode());
    return this.#begun === "" ? rest : this.#cut("\n");
  }

  #cut(text: string): string[] {
    if (this.#cutting) {
      const next = text.indexOf("\n") + 1;
      if (next === 0) return [];
      this.#cutting = false;
      text = text.slice(next);
    }
    const first = text.indexOf("\n") + 1;
    const last = text.lastIndexOf("\n") + 1;
    let lines: string[] = [];
    if (first === 0) {
      this.#begun += text;
    } else {
      // The line that had begun is cut by itself: joining it to the whole chunk
      // would copy the chunk, which takes half as long again (measured).
      lines = this.#wanted(this.#begun + text.slice(0, first))
        .concat(this.#wanted(text.slice(first, last)));
      this.#begun = text.slice(last);
    }
    if (this.#begun.length > this.#longest) {
      this.#cutting = true;
      lines.push(...this.#wanted(this.#begun.slice(0, this.#longest) + "\n"));
      this.#begun = "";
    }
    return lines;
  }

  #wanted(text: string): string[] {
    const match = this.#match;
    if (typeof match === "string") return this.#linesWith(match, text);
    const lines = text.split("\n");
    lines.pop();
    const isBare = text.length <= this.#longest && !text.includes("\r");
    const whole = isBare ? lines : lines.map((line) => this.#bare(line));
    return match ? whole.filter((line) => match.test(line)) : whole;
  }

  /**
   * Looks for a text in many lines at once, and cuts only the lines that have it:
   * this is three times as fast as cutting and checking each line (measured).
   */
  #linesWith(match: string, text: string): string[] {
    const lines: string[] = [];
    for (let hit = text.indexOf(match); hit >= 0 && hit < text.length;) {
      const end = text.indexOf("\n", hit);
      if (end < 0) break;
      const start = text.lastIndexOf("\n", hit - 1) + 1;
      lines.push(this.#bare(text.slice(start, end)));
      hit = text.indexOf(match, end + 1);
    }
    return lines;
  }

  #bare(line: string): string {
    if (line.length > this.#longest) return line.slice(0, this.#longest);
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }
}
