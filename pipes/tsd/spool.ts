/**
 * Keeps lines until a TSD has surely stored them.
 *
 * @module
 */

const OVERHEAD = 150; // bytes of memory that a small text takes beside its own
const STORED = 15_000; // ms until what a TSD has read is surely stored

/** Lines that are sent together. */
export interface Batch {
  /** Whole lines. */
  text: string;
  /** How many. */
  lines: number;
}

/** Where the lines of a spool are. */
export interface Store {
  /** Keeps a batch; returns the key to it. */
  put(batch: Batch): unknown;
  /** The lines of a batch; undefined if they are damaged. */
  get(key: unknown): string | undefined;
  /** Forgets a batch. */
  delete(key: unknown): void;
  /**
   * The batches that were kept before this program was started, oldest first; the
   * first spool takes them.
   */
  found: { key: unknown; lines: number; length: number }[];
}

/** Keeps lines in memory: the key to them is the text. */
const MEMORY: Store = {
  put: ({ text }) => text,
  get: (key) => key as string,
  delete: () => {},
  found: [],
};

interface Kept {
  key: unknown;
  lines: number;
  /** About how many bytes of memory. */
  size: number;
  sent: boolean;
  /** When the TSD was known to have read it. */
  read: number | undefined;
  next: Kept | undefined;
}

/** Options of {@linkcode Spool}. */
export interface SpoolOptions {
  /** About how many bytes of memory it may take. */
  limit: number;
  /**
   * Where the lines are.
   *
   * @default {in memory}
   */
  store?: Store;
  /**
   * Milliseconds for which a batch is kept after it was read.
   *
   * @default {15_000}
   */
  keep?: number;
  /**
   * The time now, in milliseconds.
   *
   * @default {performance.now}
   */
  clock?: () => number;
}

/**
 * Keeps lines in order, in batches. The oldest were read by the TSD, the next ones
 * were sent to it, the others wait. What was read is kept for a while, because a
 * TSD that is killed loses what it has not stored: as measured, VictoriaMetrics
 * 1.79 loses the last 5 s to 10 s, InfluxDB 1.6 and OpenTSDB 2.4 up to 1 s.
 */
export class Spool {
  readonly #limit: number;
  readonly #store: Store;
  readonly #keep: number;
  readonly #clock: () => number;
  #oldest: Kept | undefined;
  #newest: Kept | undefined;
  #next: Kept | undefined;
  #size = 0;
  #waiting = 0;
  #dropped = 0;
  #cut = { lines: 0, at: -Infinity };

  /**
   * Makes an empty spool.
   *
   * @param options Its bounds.
   */
  constructor({ limit, store = MEMORY, keep = STORED, clock }: SpoolOptions) {
    this.#limit = limit;
    this.#store = store;
    this.#keep = keep;
    this.#clock = clock ?? (() => performance.now());
    for (const { key, lines, length } of store.found.splice(0)) {
      this.#add(key, lines, length);
    }
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lines that were dropped before they were sent. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Lines not known to have been read, and how many of them were sent. */
  get undelivered(): { lines: number; sent: number } {
    const count = { lines: 0, sent: 0 };
    for (let batch = this.#oldest; batch; batch = batch.next) {
      if (batch.read !== undefined) continue;
      count.lines += batch.lines;
      if (batch.sent) count.sent += batch.lines;
    }
    return count;
  }

  /**
   * Adds whole lines.
   *
   * @param text The lines.
   * @param lines How many.
   * @returns How many old ones were dropped for them.
   */
  push(text: string, lines: number): number {
    this.#add(this.#store.put({ text, lines }), lines, text.length);
    this.#forget();
    return this.#trim();
  }

  /**
   * Takes the next batches to send. Damaged ones are dropped.
   *
   * @param most Characters; a batch is never cut, so it may be more.
   */
  take(most = 0): Batch | undefined {
    const taken = { text: "", lines: 0 };
    for (let batch: Kept | undefined; (batch = this.#next);) {
      if (taken.lines > 0 && taken.text.length + batch.size > most) break;
      const text = this.#store.get(batch.key);
      if (text === undefined) {
        this.#dropped += batch.lines;
        batch.lines = 0;
      } else {
        taken.text += text;
        taken.lines += batch.lines;
      }
      batch.sent = true;
      this.#waiting -= batch.size;
      this.#next = batch.next;
    }
    return taken.lines > 0 ? taken : undefined;
  }

  /**
   * Notes that the TSD has read all that was sent.
   *
   * @param stored Whether it has stored all of it: then it is forgotten at once.
   */
  confirm(stored = false): void {
    const now = stored ? -Infinity : this.#clock();
    for (let batch = this.#oldest; batch !== this.#next; batch = batch!.next) {
      batch!.read = Math.min(batch!.read ?? now, now);
    }
    this.#forget();
  }

  /**
   * Notes that the TSD has failed: all that it may have lost waits again.
   *
   * @returns How many lines wait again, and how many more it may have lost that
   * were forgotten too early, as there was no room.
   */
  rewind(): { again: number; lost: number } {
    this.#forget();
    let again = 0;
    for (let batch = this.#oldest; batch !== this.#next; batch = batch!.next) {
      batch!.read = undefined;
      again += batch!.lines;
    }
    this.#next = this.#oldest;
    this.#waiting = this.#size;
    const { lines, at } = this.#cut;
    this.#cut = { lines: 0, at };
    return { again, lost: this.#clock() - at < this.#keep ? lines : 0 };
  }

  #add(key: unknown, lines: number, length: number): void {
    const size = length + OVERHEAD;
    const [sent, read, next] = [false, undefined, undefined];
    const batch = { key, lines, size, sent, read, next };
    if (this.#newest) this.#newest.next = batch;
    this.#newest = batch;
    this.#oldest ??= batch;
    this.#next ??= batch;
    this.#size += size;
    this.#waiting += size;
  }

  #forget(): void {
    const old = this.#clock() - this.#keep;
    while (
      this.#oldest !== this.#next && (this.#oldest!.read ?? Infinity) <= old
    ) this.#remove();
  }

  #trim(): number {
    let dropped = 0;
    while (this.#size > this.#limit && this.#oldest !== this.#newest) {
      const waits = this.#oldest === this.#next;
      const { lines } = this.#remove();
      if (waits) dropped += lines;
      else this.#cutShort(lines);
    }
    this.#dropped += dropped;
    return dropped;
  }

  #cutShort(lines: number): void {
    const now = this.#clock();
    if (now - this.#cut.at > this.#keep) this.#cut.lines = 0;
    this.#cut.lines += lines;
    this.#cut.at = now;
  }

  #remove(): Kept {
    const batch = this.#oldest!;
    this.#store.delete(batch.key);
    this.#oldest = batch.next;
    this.#size -= batch.size;
    if (batch === this.#next) {
      this.#next = batch.next;
      this.#waiting -= batch.size;
    }
    if (batch === this.#newest) this.#newest = undefined;
    return batch;
  }
}
