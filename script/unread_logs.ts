/**
 * The logs that could not be read yet, which autodump must know.
 *
 * @module
 */

/**
 * The logs that are followed and were never read yet. While there is one, a flow of
 * 0 is not reported, as the 0 would be about a log that is not read.
 */
class UnreadLogs {
  readonly #logs = new Set<unknown>();
  /** Is called when there is no such log any more. */
  readonly whenNone = new Set<() => void>();

  /** Whether there is such a log. */
  get any(): boolean {
    return this.#logs.size > 0;
  }

  /** Whether this log is one of them. */
  has(log: unknown): boolean {
    return this.#logs.has(log);
  }

  /** Adds a log that is waited for. */
  add(log: unknown): void {
    this.#logs.add(log);
  }

  /** Removes a log that is read now, or not waited for any more. */
  delete(log: unknown): void {
    if (!this.#logs.delete(log) || this.any) return;
    for (const listener of this.whenNone) listener();
  }
}

export const unread: UnreadLogs = new UnreadLogs();
