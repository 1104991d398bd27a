/**
 * Keeps lines until a TSD has surely stored them.
 *
 * @module
 */

const BATCH = 64 * 1024; // characters that are sent at once
const OVERHEAD = 100; // bytes of memory that a small text takes beside its own
const STORED = 15_000; // ms until what a TSD has read is surely stored

/** Lines that are sent together. */
export interface Batch {
  /** Whole lines. */
  text: string;
  /** How many. */
  lines: number;
}

interface Kept extends Batch {
  /** Bytes of memory, about. */
  size: number;
  sent: boolean;
  /** When the TSD was known to have read it. */
  read: number | undefined;
  next: Kept | undefined;
}

/** Options of {@linkcode Spool}. */
export interface SpoolOptions {
  /** Bytes of memory, about. */
  limit: number;
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
 * Lines in order, in batches, each in one of three states, oldest first: read
 * by the TSD, sent to it, waiting. What was read is kept for a while, because a
 * TSD that is killed loses what it has not stored: measured, VictoriaMetrics
 * 1.79 loses the last 5 s to 10 s, InfluxDB 1.6 up to 1 s.
 */
export class Spool {
  readonly #limit: number;
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
  constructor({ limit, keep = STORED, clock }: SpoolOptions) {
    this.#limit = limit;
    this.#keep = keep;
    this.#clock = clock ?? (() => performance.now());
  }

  /** Bytes that wait to be sent. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lines dropped because they waited in vain. */
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
    const size = text.length + OVERHEAD;
    const newest = this.#newest;
    if (this.#next && newest && newest.text.length + text.length <= BATCH) {
      newest.text += text;
      newest.lines += lines;
      newest.size += size;
    } else {
      const [sent, read, next] = [false, undefined, undefined];
      const batch = { text, lines, size, sent, read, next };
      if (newest) newest.next = batch;
      this.#newest = batch;
      this.#oldest ??= batch;
      this.#next ??= batch;
    }
    this.#size += size;
    this.#waiting += size;
    this.#forget();
    return this.#trim();
  }

  /**
   * Takes the next batches to send.
   *
   * @param most Characters; a batch is never cut, so it may be more.
   */
  take(most = 0): Batch | undefined {
    if (this.#next === undefined) return undefined;
    const taken = { text: "", lines: 0 };
    for (let batch: Kept | undefined; (batch = this.#next);) {
      const length = taken.text.length + batch.text.length;
      if (taken.lines > 0 && length > most) break;
      taken.text += batch.text;
      taken.lines += batch.lines;
      batch.sent = true;
      this.#waiting -= batch.size;
      this.#next = batch.next;
    }
    return taken;
  }

  /**
   * The TSD has read all that was sent.
   *
   * @param stored Whether it has stored it, too: then it is forgotten at once.
   */
  confirm(stored = false): void {
    const now = stored ? -Infinity : this.#clock();
    for (let batch = this.#oldest; batch !== this.#next; batch = batch!.next) {
      batch!.read = Math.min(batch!.read ?? now, now);
    }
    this.#forget();
  }

  /**
   * The TSD has failed: all that it may have lost waits again.
   *
   * @returns How many lines that are, and how many more it may have lost that
   * were not kept for long enough because of the limit.
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
