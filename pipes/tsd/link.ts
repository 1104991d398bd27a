/**
 * What a TSD by telnet and a TSD by HTTP have in common.
 *
 * @module
 */

/** A TSD that datapoints can be sent to. */
export interface Host {
  /** What messages call it. */
  readonly name: string;
  /** How many bytes it is given at once. */
  readonly share: Share;
  /**
   * Opens a way to it.
   *
   * @param reply Gets each line that the TSD says.
   * @throws {Error} If that fails, as each method of the link does.
   */
  open(reply: (line: string) => void): Promise<Link>;
}

/**
 * What is known of lines: that they were sent, that the TSD has read them, or that
 * it has stored them.
 */
export type Fate = "sent" | "read" | "stored";

/** A connection to a TSD, or several. Disposing it closes them. */
export interface Link extends Disposable {
  /** Whether it takes no more lines and must be finished. */
  readonly worn: boolean;
  /** How many bytes it wants at once. */
  readonly most: number;
  /** Sends whole lines; returns what is known of them then. */
  send(lines: string): Promise<Fate>;
  /** Waits for work, for some milliseconds at most; rejects if the link fails. */
  until<T>(ms: number, work: Promise<T>): Promise<T | undefined>;
  /** Resolves once the TSD has read all. */
  finish(): Promise<void>;
}

/** The error of a TSD that asks for a pause. */
export class Throttled extends Error {}

/** The error of a TSD that has closed the connection. */
export class Closed extends Error {
  /** Makes the error. */
  constructor() {
    super("closed the connection");
  }
}

/** The error of a TSD that neither reads nor answers. */
export class Stalled extends Error {}

/**
 * How many bytes a TSD is given at once. It is halved when the TSD fails, and
 * doubled when it works; but beyond half of the size at which it failed it grows
 * slowly, as a TSD may refuse large requests.
 */
export class Share {
  readonly #least: number;
  readonly #most: number;
  #size: number;
  #calm: number;
  #works = true;

  /**
   * Makes a share.
   *
   * @param first Bytes at first.
   * @param range The least and the most of it, in bytes.
   */
  constructor(first: number, { least, most }: { least: number; most: number }) {
    this.#least = Math.min(least, most);
    this.#most = most;
    this.#size = Math.min(first, most);
    this.#calm = most;
  }

  /** How many bytes it is now. */
  get size(): number {
    return this.#size;
  }

  /** Grows, after the TSD has taken so much. */
  grow(): void {
    this.#works = true;
    this.#size = this.#size < this.#calm
      ? Math.min(2 * this.#size, this.#calm)
      : Math.min(this.#size + this.#least, this.#most);
  }

  /**
   * Shrinks, after the TSD has failed: it may have been too much.
   *
   * @param failed How many bytes it had been given.
   */
  shrink(failed: number = this.#size): void {
    this.#size = Math.max(Math.min(this.#size, failed / 2), this.#least);
    if (this.#works) this.#calm = this.#size;
    this.#works = false;
  }
}
