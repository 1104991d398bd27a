/**
 * Pauses between tries, each twice as long as the one before.
 *
 * @module
 */

/** How long to wait before the next try. */
export class Backoff {
  readonly #least: number;
  readonly #most: number;
  #next: number;

  /**
   * Makes pauses.
   *
   * @param least The first pause, in milliseconds.
   * @param most The longest pause, in milliseconds.
   */
  constructor(least: number, most: number) {
    this.#least = this.#next = least;
    this.#most = most;
  }

  /**
   * Notes that a try has failed.
   *
   * @returns The milliseconds to wait before the next one.
   */
  next(): number {
    const pause = this.#next;
    this.#next = Math.min(2 * pause, this.#most);
    return pause;
  }

  /** Notes that a try has succeeded: the next pause is the shortest again. */
  reset(): void {
    this.#next = this.#least;
  }
}
