/**
 * Feeds the pages with server-sent events.
 *
 * @module
 */

import { within } from "../../script/mod.ts";
import type { History, Listener } from "../history.ts";
import type { Series } from "../history/series.js";
import { type Events, type State, wholeSeries } from "../history/told.js";

const TICK = 100; // ms between batches of points
/** How many pages are served at once. */
export const MAX_PAGES = 64;

const TURN = 3000; // ms of a connection: a browser has few for all of its pages
const ABSENCE = 30_000; // ms for which a page may be away and miss nothing
const RETRY = 200; // ms after which a page asks for more
const MAX_PENDING = 200_000; // points after which a batch does not wait for its tick
const MAX_LOG = 16 * 1024 * 1024; // characters of batches for slow pages

/** The text of an event. */
function event<K extends keyof Events>(
  name: K,
  told: Events[K],
  id = "",
): string {
  const data = JSON.stringify(told);
  return `${id && `id: ${id}\n`}event: ${name}\ndata: ${data}\n\n`;
}

/** A state, with the time now. */
function timed(state: Omit<State, "now">): State {
  return { ...state, now: Date.now() };
}

/**
 * Makes what all pages are sent, once for all of them. Each page reads the log of
 * batches at its own pace, and goes on at the same place when it comes back. A page
 * that is behind the start of the log gets the history again, so that a slow page
 * costs no memory.
 */
export class Feed implements Listener {
  readonly #history: History;
  readonly #run = Date.now().toString(36); // by which a page notices a restart
  #log: string[] = [];
  #logged = 0; // characters in the log
  #first = 0; // the number of the log's first batch
  #added: Series[] = [];
  #removed: number[] = [];
  #keep: number | undefined; // if it has become shorter
  #points = new Map<number, number[]>(); // by series: second, value, ...
  #pending = 0;
  #state = "";
  #pages = 0;
  #until = -Infinity; // until when a page may still ask for the log
  #news = Promise.withResolvers<void>();

  /**
   * Makes the feed of a history; one history has only one.
   *
   * @param history What the pages show.
   */
  constructor(history: History) {
    this.#history = history;
    history.listener = this;
    setInterval(() => this.#tick(), TICK);
  }

  /** Whether as many pages listen as may. */
  get isFull(): boolean {
    return this.#pages >= MAX_PAGES;
  }

  get #listening(): boolean {
    return this.#until > performance.now();
  }

  added(series: Series): void {
    if (this.#listening) this.#added.push(series);
  }

  removed(series: Series): void {
    if (this.#listening) this.#removed.push(series.id);
    this.#points.delete(series.id);
  }

  shortened(keep: number): void {
    if (this.#listening) this.#keep = keep;
  }

  point({ id }: Series, second: number, value: number): void {
    if (!this.#listening) return;
    const points = this.#points.get(id);
    if (points) points.push(second, value);
    else this.#points.set(id, [second, value]);
    if (++this.#pending >= MAX_PENDING) this.#flush();
  }

  /**
   * The events for one page, for some time: the page then asks again.
   *
   * @param last The id of the last event that the page has heard.
   */
  async *events(last: string | undefined): AsyncGenerator<string> {
    if (this.isFull) return;
    if (!this.#listening) this.#forget();
    const end = performance.now() + TURN;
    this.#pages++;
    this.#until = Infinity;
    try {
      this.#flush();
      let next = this.#nextAfter(last);
      yield `retry: ${RETRY}\n` + event("state", timed(this.#stateNow()));
      while (true) {
        if (next === undefined || next < this.#first) {
          next = this.#first + this.#log.length;
          yield* this.#everything(next);
        }
        const batch = this.#log[next - this.#first];
        const rest = end - performance.now();
        if (batch !== undefined) {
          next++;
          yield `id: ${this.#run}-${next}\n${batch}`;
        } else if (rest > 0) await within(rest, this.#news.promise);
        else return;
      }
    } finally {
      if (--this.#pages === 0) this.#until = performance.now() + ABSENCE;
    }
  }

  *#everything(next: number): Generator<string> {
    this.#flush();
    const { keep, series, latest } = this.#history;
    yield event("history", {
      run: this.#run,
      keep: keep < Infinity ? keep : null,
      count: series.length,
    });
    for (const one of series) yield event("series", wholeSeries(one));
    yield event("live", latest, `${this.#run}-${next}`);
  }

  #nextAfter(last = ""): number | undefined {
    const [run, next] = last.split("-");
    const known = run === this.#run && /^\d+$/.test(next ?? "");
    const end = this.#first + this.#log.length;
    return known && Number(next) <= end ? Number(next) : undefined;
  }

  #tick(): void {
    if (!this.#listening) return;
    this.#flush();
    const state = this.#stateNow();
    const text = JSON.stringify(state);
    if (text === this.#state) return;
    this.#state = text;
    this.#append(event("state", timed(state)));
  }

  #stateNow(): Omit<State, "now"> {
    const { strange, latestStrange, refused, ahead, ended } = this.#history;
    return { strange, latestStrange, refused, ahead, ended };
  }

  #flush(): void {
    const { size } = this.#points;
    const keep = this.#keep;
    const news = this.#added.length + this.#removed.length + size;
    if (news === 0 && keep === undefined) return;
    this.#append(event("points", {
      added: this.#added.map(({ id, name, tags }) => [id, name, tags]),
      removed: this.#removed,
      points: [...this.#points].map(([id, points]) => [id, ...points]),
      keep,
    }));
    this.#clear();
  }

  #append(batch: string): void {
    this.#log.push(batch);
    this.#logged += batch.length;
    while (this.#logged > MAX_LOG && this.#log.length > 1) {
      this.#logged -= this.#log.shift()!.length;
      this.#first++;
    }
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #clear(): void {
    this.#added = [];
    this.#removed = [];
    this.#keep = undefined;
    this.#points.clear();
    this.#pending = 0;
  }

  /** Clears the log when no page has listened for long, as none will ask for it. */
  #forget(): void {
    this.#first += this.#log.length + 1;
    this.#log = [];
    this.#logged = 0;
    this.#clear();
  }
}
