/**
 * Serves the files of the live page, and decides which requests are answered.
 *
 * @module
 */

import type { History } from "../history.ts";
import { Feed, MAX_PAGES } from "./feed.ts";
import { type Answer, type Ask, listen } from "./http.ts";
import { inUrl, isOwnHost, isWildcard } from "./host.ts";
import chartStyle from "./page/chart.css" with { type: "text" };
import pageStyle from "./page/page.css" with { type: "text" };
import pageHtml from "./page/page.html" with { type: "text" };
import axes from "./page/axes.js" with { type: "text" };
import board from "./page/board.js" with { type: "text" };
import chart from "./page/chart.js" with { type: "text" };
import controls from "./page/controls.js" with { type: "text" };
import dom from "./page/dom.js" with { type: "text" };
import feed from "./page/feed.js" with { type: "text" };
import figures from "./page/figures.js" with { type: "text" };
import heat from "./page/heat.js" with { type: "text" };
import items from "./page/items.js" with { type: "text" };
import keyboard from "./page/keyboard.js" with { type: "text" };
import legend from "./page/legend.js" with { type: "text" };
import legend_head from "./page/legend_head.js" with { type: "text" };
import legend_row from "./page/legend_row.js" with { type: "text" };
import lines from "./page/lines.js" with { type: "text" };
import note from "./page/note.js" with { type: "text" };
import page from "./page/page.js" with { type: "text" };
import paint from "./page/paint.js" with { type: "text" };
import picture from "./page/picture.js" with { type: "text" };
import pointer from "./page/pointer.js" with { type: "text" };
import reading from "./page/reading.js" with { type: "text" };
import rows from "./page/rows.js" with { type: "text" };
import save from "./page/save.js" with { type: "text" };
import styles from "./page/styles.js" with { type: "text" };
import theme from "./page/theme.js" with { type: "text" };
import time_shown from "./page/time_shown.js" with { type: "text" };
import view from "./page/view.js" with { type: "text" };
import bins from "../history/bins.js" with { type: "text" };
import series from "../history/series.js" with { type: "text" };
import told from "../history/told.js" with { type: "text" };

const PAGE = {
  axes,
  board,
  chart,
  controls,
  dom,
  feed,
  figures,
  heat,
  items,
  keyboard,
  legend,
  legend_head,
  legend_row,
  lines,
  note,
  page,
  paint,
  picture,
  pointer,
  reading,
  rows,
  save,
  styles,
  theme,
  time_shown,
  view,
};
const HISTORY = { bins, series, told };

/** The files by their paths. */
export type Files = Map<string, readonly [body: string, type: string]>;

/**
 * The files of the page.
 *
 * @returns The files; rejects if the chart library cannot be loaded.
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
    ["/page/chart.css", [chartStyle, "text/css"]],
    ["/uplot.css", [style.default, "text/css"]],
    ["/uplot.js", [script.default, "text/javascript"]],
    ...scripts("/page/", PAGE),
    ...scripts("/history/", HISTORY),
  ]);
}

function scripts(folder: string, named: Record<string, string>) {
  return Object.entries(named).map(([name, text]) =>
    [`${folder}${name}.js`, [text, "text/javascript"]] as const
  );
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

/** Options of {@linkcode serve}. */
export interface ServeOptions {
  /** The name or address to listen on. */
  host: string;
  /** The port; 0 picks a free one. */
  port: number;
  /** Other names by which browsers may call this host. */
  names?: string[];
}

/**
 * Serves the page of a history.
 *
 * @param history What is shown.
 * @param files The files of the page.
 * @param options Where to serve it.
 * @returns The address of the page.
 */
export function serve(
  history: History,
  files: Files,
  { host, port, names = [] }: ServeOptions,
): string {
  const feed = new Feed(history);
  const own = { host, port, names };
  const answer = ({ method, path, query, headers }: Ask): Answer => {
    const asked = headers.get("host");
    if (!isOwnHost(asked, own)) return say(403, notMine(asked));
    if (method !== "GET") return say(405, "Only GET is answered");
    if (path === "/events") {
      if (feed.isFull) {
        return say(503, `${MAX_PAGES} pages are open, which is all`);
      }
      const last = headers.get("last-event-id") ?? query.get("last") ?? "";
      return good("text/event-stream", feed.events(last));
    }
    const [body, type] = files.get(path) ?? [];
    if (body === undefined) return say(404, "There is nothing here");
    return good(`${type}; charset=utf-8`, [body]);
  };
  own.port = listen({ hostname: host, port }, answer).port;
  const name = inUrl(isWildcard(host) ? "localhost" : host);
  return `http://${name}:${own.port}/`;
}

function good(type: string, body: Answer["body"]): Answer {
  return { status: 200, headers: { ...HEADERS, "content-type": type }, body };
}

function say(status: number, text: string): Answer {
  return { ...good("text/plain", [text + "\n"]), status };
}

/** The answer to a request for another host, and what to do if it is this one. */
function notMine(asked: string | null): string {
  const name = asked?.match(/^[\w.-]+/)?.[0] ?? "NAME";
  return `This server does not know that it is called ${name}.\n` +
    `If it is, start it with plot.ts --names=${name}`;
}
