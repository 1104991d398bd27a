/**
 * The logs that are waited for, which autodump has to know about.
 *
 * @module
 */

/**
 * The logs that are followed and were never read yet. While there is one, a flow
 * that has counted nothing is not reported: its 0 would be about a log that
 * nobody reads.
 */
class UnreadLogs {
  readonly #logs = new Set<unknown>();
  /** Called when there is no such log any more. */
  readonly whenNone = new Set<() => void>();

  /** Whether there is one. */
  get any(): boolean {
    return this.#logs.size > 0;
  }

  /** Whether this log is one of them. */
  has(log: unknown): boolean {
    return this.#logs.has(log);
  }

  /** A log is waited for. */
  add(log: unknown): void {
    this.#logs.add(log);
  }

  /** A log is read from now on, or not waited for any more. */
  delete(log: unknown): void {
    if (!this.#logs.delete(log) || this.any) return;
    for (const listener of this.whenNone) listener();
  }
}

export const unread: UnreadLogs = new UnreadLogs();
