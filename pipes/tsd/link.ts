/**
 * What the ways to a TSD have in common.
 *
 * @module
 */

/** A TSD that datapoints can be sent to. */
export interface Host {
  /** What messages call it. */
  readonly name: string;
  /** How much it is given at once. */
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
 * What is known of lines that were sent: no more than that, or that the TSD has
 * read them, or that it has stored them.
 */
export type Fate = "sent" | "read" | "stored";

/** A way to a TSD. Its disposal gives back what it holds. */
export interface Link extends Disposable {
  /** Whether it takes no more, and has to be finished. */
  readonly worn: boolean;
  /** How many bytes it wants at once. */
  readonly most: number;
  /** Sends whole lines; tells what is known of them then. */
  send(lines: string): Promise<Fate>;
  /** Waits for work, but not longer than some milliseconds or than it lives. */
  until<T>(ms: number, work: Promise<T>): Promise<T | undefined>;
  /** Resolves once the TSD has read all. */
  finish(): Promise<void>;
}

/** The error of a TSD that asks for a pause. */
export class Throttled extends Error {}

/** The error of a TSD that has closed the connection. */
export class Closed extends Error {
  /** Says so. */
  constructor() {
    super("closed the connection");
  }
}

/** The error of a TSD that shows no sign of life. */
export class Stalled extends Error {}

/**
 * How many bytes a TSD is given at once: half as much when it fails, twice as
 * much when it works; but slowly beyond half of where it failed, as a TSD may
 * refuse large requests.
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

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** It was taken: there may be more next time. */
  grow(): void {
    this.#works = true;
    this.#size = this.#size < this.#calm
      ? Math.min(2 * this.#size, this.#calm)
      : Math.min(this.#size + this.#least, this.#most);
  }

  /**
   * It failed, maybe because it was too much.
   *
   * @param failed How many bytes it was.
   */
  shrink(failed: number = this.#size): void {
    this.#size = Math.max(Math.min(this.#size, failed / 2), this.#least);
    if (this.#works) this.#calm = this.#size;
    this.#works = false;
  }
}
