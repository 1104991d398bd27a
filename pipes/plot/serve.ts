/**
 * The live page, and what feeds it: server-sent events.
 *
 * @module
 */

import type { History, Listener } from "../history.ts";
import { inUrl, isOwnHost, isWildcard } from "./host.ts";
import pageStyle from "./page/page.css" with { type: "text" };
import pageHtml from "./page/page.html" with { type: "text" };
import board from "./page/board.js" with { type: "text" };
import chart from "./page/chart.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import feed from "./page/feed.js" with { type: "text" };
import figures from "./page/figures.js" with { type: "text" };
import legend from "./page/legend.js" with { type: "text" };
import lines from "./page/lines.js" with { type: "text" };
import page from "./page/page.js" with { type: "text" };
import save from "./page/save.js" with { type: "text" };
import theme from "./page/theme.js" with { type: "text" };
import series from "../history/series.js" with { type: "text" };
import type { Series } from "../history/series.js";

const TICK = 200; // ms between batches of points
const BEAT = 50; // ticks after which a page hears something in any case
const MAX_PENDING = 200_000; // points that make a batch before its tick
const MAX_LOG = 16 * 1024 * 1024; // characters of batches for slow pages

const SCRIPTS = {
  board,
  chart,
  dom,
  feed,
  figures,
  legend,
  lines,
  page,
  save,
  theme,
};

/** What the server answers with, by path. */
export type Files = Map<string, readonly [body: string, type: string]>;

/**
 * The files that make up the page.
 *
 * @returns Rejects if the chart library is neither here nor in reach.
 */
export async function pageFiles(): Promise<Files> {
  const [script, style] = await Promise.all([
    import("npm:uplot@1.6.32/dist/uPlot.iife.min.js", {
      with: { type: "text" },
    }),
    import("npm:uplot@1.6.32/dist/uPlot.min.css", { with: { type: "text" } }),
  ]);
  return new Map<string, readonly [string, string]>([
    ["/", [pageHtml, "text/html"]],
    ["/page/page.css", [pageStyle, "text/css"]],
    ["/uplot.css", [style.default, "text/css"]],
    ["/uplot.js", [script.default, "text/javascript"]],
    ["/history/series.js", [series, "text/javascript"]],
    ...Object.entries(SCRIPTS).map(([name, text]) =>
      [`/page/${name}.js`, [text, "text/javascript"]] as const
    ),
  ]);
}

const HEADERS = {
  "cache-control": "no-store, no-transform",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** An event as it goes over the wire. */
function event(name: string, data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}

/** A series as the page takes it in: the seconds as runs of equal deltas. */
function wholeSeries({ id, name, tags, times, values }: Series): string {
  const runs: number[] = [];
  for (let i = 1; i < times.length; i++) {
    const delta = times[i]! - times[i - 1]!;
    if (runs.at(-2) === delta) runs[runs.length - 1]!++;
    else runs.push(delta, 1);
  }
  const head = JSON.stringify([id, name, tags, times[0] ?? 0, runs]);
  return event("series", `${head.slice(0, -1)},[${values.join()}]]`);
}

/**
 * What all pages are sent, made once for all of them. Each page reads the log
 * of batches at its own pace; one that falls behind its start gets the history
 * again, so that a slow page costs no memory.
 */
class Feed implements Listener {
  readonly #history: History;
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
  #ticks = 0;
  #news = Promise.withResolvers<void>();

  constructor(history: History) {
    this.#history = history;
    history.listener = this;
    setInterval(() => this.#tick(), TICK);
  }

  added(series: Series): void {
    if (this.#pages > 0) this.#added.push(series);
  }

  removed(series: Series): void {
    if (this.#pages > 0) this.#removed.push(series.id);
    this.#points.delete(series.id);
  }

  shortened(keep: number): void {
    if (this.#pages > 0) this.#keep = keep;
  }

  point({ id }: Series, second: number, value: number): void {
    if (this.#pages === 0) return;
    const points = this.#points.get(id);
    if (points) points.push(second, value);
    else this.#points.set(id, [second, value]);
    if (++this.#pending >= MAX_PENDING) this.#flush();
  }

  /** The events for one page, for as long as it listens. */
  async *events(): AsyncGenerator<string> {
    if (this.#pages++ === 0) this.#state = this.#stateNow();
    try {
      while (true) {
        this.#flush();
        let next = this.#first + this.#log.length;
        const { keep, maxSeries, series } = this.#history;
        yield event("history", JSON.stringify({ keep, maxSeries }));
        for (const one of series) yield wholeSeries(one);
        yield event("state", this.#state) + event("live", "{}");
        while (next >= this.#first) {
          const batch = this.#log[next - this.#first];
          if (batch === undefined) await this.#news.promise;
          else {
            yield batch;
            next++;
          }
        }
      }
    } finally {
      if (--this.#pages === 0) this.#forget();
    }
  }

  #tick(): void {
    if (this.#pages === 0) return;
    this.#flush();
    const state = this.#stateNow();
    if (state === this.#state && ++this.#ticks % BEAT !== 0) return;
    this.#state = state;
    this.#append(event("state", state));
  }

  #stateNow(): string {
    const { strange, latestStrange, refused, ahead, ended } = this.#history;
    return JSON.stringify({ strange, latestStrange, refused, ahead, ended });
  }

  #flush(): void {
    if (this.#added.length + this.#removed.length + this.#pending === 0) return;
    const added = this.#added.map(({ id, name, tags }) => [id, name, tags]);
    const points = [...this.#points].map(([id, points]) => [id, ...points]);
    const keep = this.#keep;
    const batch = { added, removed: this.#removed, points, keep };
    this.#append(event("points", JSON.stringify(batch)));
    this.#added = [];
    this.#removed = [];
    this.#keep = undefined;
    this.#points.clear();
    this.#pending = 0;
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

  #forget(): void {
    this.#first += this.#log.length;
    this.#log = [];
    this.#logged = 0;
    this.#added = [];
    this.#removed = [];
    this.#keep = undefined;
    this.#points.clear();
    this.#pending = 0;
  }
}

/** Where to serve the page. */
export interface ServeOptions {
  /** The name or address to listen on. */
  host: string;
  /** The port; 0 picks a free one. */
  port: number;
}

/**
 * Serves the page of a history.
 *
 * @param history What is shown.
 * @param files What the page is made of.
 * @param options Where.
 * @returns The address of the page.
 */
export function serve(
  history: History,
  files: Files,
  { host, port }: ServeOptions,
): string {
  const feed = new Feed(history);
  const text = (body: string, status: number, headers = {}) =>
    new Response(body + "\n", {
      status,
      headers: { ...HEADERS, "content-type": "text/plain", ...headers },
    });
  const handler = (request: Request): Response => {
    if (!isOwnHost(request.headers.get("host"), host, own.port)) {
      return text("This is not the host you asked for", 403);
    }
    if (request.method !== "GET") {
      return text("Only GET is answered", 405, { allow: "GET" });
    }
    const { pathname } = new URL(request.url);
    if (pathname === "/events") {
      const events = ReadableStream.from(feed.events());
      return new Response(events.pipeThrough(new TextEncoderStream()), {
        headers: { ...HEADERS, "content-type": "text/event-stream" },
      });
    }
    const [body, type] = files.get(pathname) ?? [];
    if (body === undefined) return text("There is nothing here", 404);
    return new Response(body, {
      headers: { ...HEADERS, "content-type": `${type}; charset=utf-8` },
    });
  };
  const { addr } = Deno.serve(
    { hostname: host, port, onListen: () => {} },
    handler,
  );
  const own = addr as Deno.NetAddr;
  return `http://${inUrl(isWildcard(host) ? "localhost" : host)}:${own.port}/`;
}
