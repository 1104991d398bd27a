// @ts-check
/// <reference lib="dom" />
/**
 * Listens to the server: it tells the series, then their points as they come.
 *
 * @module
 */

import { Series } from "../../history/series.js";
import { readSeries } from "../../history/told.js";

/** @import { Batch, Events, Head, State, Told } from "../../history/told.js" */

const RETRY = 1000; // ms until a server that has refused is asked again
const PATIENCE = 1500; // ms for which a server may not be reached: then it is away
const SILENCE = 15_000; // ms without an event, of which one comes every 3 s
const DOZE = 10_000; // ms after which a hidden page closes its connection

/**
 * @typedef {object} Hearer What is told.
 * @property {(got: number, count: number) => void} loading How many series of
 * the history were loaded, of how many.
 * @property {(known: Map<string, Series>, latest: number | null) => void} all
 * The whole history was loaded; `latest` is when its last datapoint came, in
 * milliseconds.
 * @property {(changed: boolean) => void} points There are new points; `changed`
 * is true if series came or went.
 * @property {(state: State) => void} state
 * @property {(away: Away | undefined) => void} away The server went away, or
 * came back.
 */

/**
 * @typedef {object} Away
 * @property {number} since When it went away, in milliseconds.
 * @property {boolean} waiting Whether the browser only has no free connection.
 */

/**
 * Adds the points of a series to what the page knows of it from before.
 *
 * @param {Series | undefined} before
 * @param {Series} series
 */
function joined(before, series) {
  if (!before) return series;
  const { times, values } = series;
  before.id = series.id;
  before.shorten(series.keep);
  for (let i = 0; i < times.length; i++) {
    before.add(Number(times[i]), Number(values[i]));
  }
  return before;
}

/** @param {Series} series */
function keyOf({ name, tags }) {
  return `${name} ${tags}`;
}

/**
 * The data of a saved page, which has no server.
 *
 * @typedef {object} Saved
 * @property {number} at When it was saved, in milliseconds.
 * @property {string} view What was shown.
 * @property {Told[]} told
 */

/**
 * The data of this page, if it is a saved one.
 *
 * @returns {Saved | undefined}
 */
export function savedHere() {
  const text = document.getElementById("saved")?.textContent;
  return text ? JSON.parse(text) : undefined;
}

/**
 * The series of a saved page.
 *
 * @param {Saved} saved
 */
export function seriesOf({ told }) {
  const list = told.map((one) => readSeries(one, Infinity));
  return new Map(list.map((series) => [keyOf(series), series]));
}

export class Feed {
  /** @type {Map<string, Series>} The series by their name and tags. */
  known = new Map();

  /** @type {Map<number, Series>} The series by the numbers that the server uses. */
  #byId = new Map();
  /** @type {EventSource | undefined} */
  #source;
  #keep = Infinity;
  #run = "";
  #last = "";
  #heard = Date.now();
  #failed = 0; // when the server could first not be reached; 0 if it can be
  #away = false;

  /** @param {Hearer} hearer */
  constructor(hearer) {
    this.hearer = hearer;
    if (!document.hidden) this.#connect();
    setInterval(() => this.#look(), 500);
    // A browser opens few connections to one host, so hidden pages close theirs.
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
    this.#heard = Date.now();
    const source = new EventSource(`/events?last=${this.#last}`);
    this.#source = source;
    /** @type {Head} */
    let head = { run: "", keep: null, count: 0 };
    /** @type {Series[]} */
    let incoming = [];
    /**
     * @template {keyof Events} K
     * @param {K} name
     * @param {(told: Events[K]) => void} act
     */
    const on = (name, act) => {
      source.addEventListener(name, ({ data, lastEventId }) => {
        this.#heard = Date.now();
        this.#failed = 0;
        this.#last = lastEventId;
        act(JSON.parse(data));
      });
    };
    on("history", (told) => {
      head = told;
      incoming = [];
      this.hearer.loading(0, head.count);
    });
    on("series", (told) => {
      incoming.push(readSeries(told, head.keep ?? Infinity));
      this.hearer.loading(incoming.length, head.count);
    });
    on("live", (latest) => {
      this.#begin(head, incoming);
      this.hearer.all(this.known, latest);
    });
    on("points", (batch) => this.#take(batch));
    on("state", (state) => this.hearer.state(state));
    source.onerror = () => {
      this.#failed ||= Date.now();
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => {
        if (this.#source === source) this.#connect();
      }, RETRY);
    };
  }

  /**
   * Begins with the history that the server has told. When the server was started
   * again, the page keeps what it knows from before.
   *
   * @param {Head} head
   * @param {Series[]} incoming
   */
  #begin({ run, keep }, incoming) {
    const before = this.#run !== "" && run !== this.#run
      ? this.known
      : new Map();
    this.#run = run;
    this.#keep = keep ?? Infinity;
    this.known = new Map(before);
    this.#byId = new Map();
    for (const series of incoming) {
      this.#add(joined(before.get(keyOf(series)), series));
    }
  }

  /** @param {Series} series */
  #add(series) {
    this.known.set(keyOf(series), series);
    this.#byId.set(series.id, series);
  }

  /** @param {Batch} batch */
  #take({ added, removed, points, keep }) {
    if (keep !== undefined) {
      this.#keep = keep;
      for (const series of this.known.values()) series.shorten(keep);
    }
    for (const [id, name, tags] of added) {
      if (this.#byId.has(id)) continue;
      const old = this.known.get(`${name} ${tags}`);
      const series = old ?? new Series(id, name, tags, this.#keep);
      series.id = id;
      this.#add(series);
    }
    for (const id of removed) {
      const series = this.#byId.get(id);
      if (series) this.known.delete(keyOf(series));
      this.#byId.delete(id);
    }
    for (const [id, ...pairs] of points) {
      const series = this.#byId.get(id);
      for (let i = 0; series && i < pairs.length; i += 2) {
        series.add(Number(pairs[i]), Number(pairs[i + 1]));
      }
    }
    this.hearer.points(added.length + removed.length > 0);
  }

  /** Checks whether the server is still there. */
  #look() {
    const source = this.#source;
    if (!source) return;
    const now = Date.now();
    const away = this.#failed > 0
      ? now - this.#failed > PATIENCE
      : now - this.#heard > SILENCE;
    if (away) {
      const waiting = this.#failed === 0 &&
        source.readyState === EventSource.CONNECTING;
      this.hearer.away({ since: this.#failed || this.#heard, waiting });
    } else if (this.#away) this.hearer.away(undefined);
    this.#away = away;
  }

  #close() {
    this.#source?.close();
    this.#source = undefined;
  }
}
