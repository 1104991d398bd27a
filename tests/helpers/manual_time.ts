/** A clock that stands still until a test lets time pass, and timers by it. */
export class ManualTime {
  /** Milliseconds since the epoch; timers do not go by it, so it may be set. */
  now: number;
  #passed = 0;
  readonly #sleepers = new Set<{ end: number; wake: () => void }>();

  constructor(now = 1_700_000_000_000) {
    this.now = now;
  }

  readonly clock = (): number => this.now;

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((wake) => {
      this.#sleepers.add({ end: this.#passed + ms, wake });
      if (signal?.aborted) wake();
      signal?.addEventListener("abort", () => wake());
    });

  /** Lets time pass without waking a timer, as in a blocked event loop. */
  block(seconds: number): void {
    this.now += seconds * 1000;
    this.#passed += seconds * 1000;
  }

  /** Lets time pass, and wakes each timer when it is due. */
  async pass(seconds: number): Promise<void> {
    const end = this.#passed + seconds * 1000;
    await allElse();
    for (let next; (next = this.#first()) && next.end <= end;) {
      this.#sleepers.delete(next);
      this.block(Math.max(0, next.end - this.#passed) / 1000);
      next.wake();
      await allElse();
    }
    this.block((end - this.#passed) / 1000);
  }

  #first() {
    return [...this.#sleepers].sort((a, b) => a.end - b.end)[0];
  }
}

/** Resolves when everything that runs has come to wait for a timer. */
function allElse(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
