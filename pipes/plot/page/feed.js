// @ts-check
/// <reference lib="dom" />
/**
 * What the server tells: the series, then their points as they come.
 *
 * @module
 */

import { Series } from "../../history/series.js";

const RETRY = 1000; // ms between attempts to reach the server
const SILENCE = 30_000; // ms without a word after which it is away
const DOZE = 10_000; // ms hidden after which a page lets its connection go

/**
 * @typedef {object} State What the server says of its input.
 * @property {number} strange How many lines are no puts.
 * @property {string[]} latestStrange The latest of them.
 * @property {number} refused How many datapoints there was no room for.
 * @property {number} ahead How many were far ahead of the clock.
 * @property {number | null} ended When the input ended, in milliseconds.
 */

/**
 * @typedef {object} Hearer Who wants to know.
 * @property {(known: Map<number, Series>) => void} all There are these series.
 * @property {(changed: boolean) => void} points There are new points; `changed`
 * is true if series came or went.
 * @property {(state: State) => void} state
 * @property {(away: number | undefined) => void} away The server went away, in
 * milliseconds since the epoch, or came back.
 */

/**
 * A series as the server tells it: the seconds as runs of equal deltas.
 *
 * @param {[number, string, string, number, number[], number[]]} told
 * @param {number} keep
 */
function readSeries([id, name, tags, first, runs, values], keep) {
  const series = new Series(id, name, tags, keep);
  let second = first;
  let i = 0;
  if (values.length > 0) series.add(second, Number(values[i++]));
  for (let run = 0; run < runs.length; run += 2) {
    for (let n = Number(runs[run + 1]); n > 0; n--) {
      series.add(second += Number(runs[run]), Number(values[i++]));
    }
  }
  return series;
}

export class Feed {
  /** @type {EventSource | undefined} */
  #source;
  /** @type {Map<number, Series>} */
  #known = new Map();
  #keep = Infinity;
  #heard = 0;
  #away = false;

  /** @param {Hearer} hearer */
  constructor(hearer) {
    this.hearer = hearer;
    this.#connect();
    setInterval(() => {
      const silence = performance.now() - this.#heard;
      if (this.#source && silence > SILENCE) this.#lost();
    }, 5000);
    // A browser opens only so many connections to one host: the hidden let go.
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        if (!this.#source) this.#connect();
        return;
      }
      setTimeout(() => {
        if (document.hidden) this.#close();
      }, DOZE);
    });
  }

  #connect() {
    this.#close();
    const source = this.#source = new EventSource("/events");
    this.#heard = performance.now();
    /** @type {Map<number, Series>} */
    let incoming = new Map();
    const on = (
      /** @type {string} */ name,
      /** @type {(data: any) => void} */ act,
    ) => {
      source.addEventListener(name, ({ data }) => {
        this.#heard = performance.now();
        act(JSON.parse(data));
      });
    };
    on("history", ({ keep }) => {
      this.#keep = keep ?? Infinity;
      incoming = new Map();
    });
    on("series", (told) => {
      incoming.set(told[0], readSeries(told, this.#keep));
    });
    on("live", () => {
      this.#known = incoming;
      this.#away = false;
      this.hearer.away(undefined);
      this.hearer.all(incoming);
    });
    on("points", (batch) => this.#take(batch));
    on("state", (state) => this.hearer.state(state));
    source.onerror = () => this.#lost();
  }

  /**
   * @param {{
   *   added: [number, string, string][],
   *   removed: number[],
   *   points: [number, ...number[]][],
   *   keep?: number,
   * }} batch
   */
  #take({ added, removed, points, keep }) {
    const known = this.#known;
    if (keep !== undefined) {
      this.#keep = keep;
      for (const series of known.values()) series.shorten(keep);
    }
    for (const [id, name, tags] of added) {
      if (known.has(id)) continue;
      known.set(id, new Series(id, name, tags, this.#keep));
    }
    for (const id of removed) known.delete(id);
    for (const [id, ...pairs] of points) {
      const series = known.get(id);
      for (let i = 0; series && i < pairs.length; i += 2) {
        series.add(Number(pairs[i]), Number(pairs[i + 1]));
      }
    }
    this.hearer.points(added.length + removed.length > 0);
  }

  #lost() {
    this.#close();
    if (!this.#away) {
      this.#away = true;
      this.hearer.away(Date.now());
    }
    setTimeout(() => {
      if (!this.#source && !document.hidden) this.#connect();
    }, RETRY);
  }

  #close() {
    this.#source?.close();
    this.#source = undefined;
  }
}
