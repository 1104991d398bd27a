/** The page, open for long: whether it goes on drawing, and what it holds. */
import { megabytes, number, type Section, spread, target } from "./table.ts";
import { type Glance, type Held, WatchedPage } from "./watched.ts";
import { CHROMIUM } from "../../tests/helpers/browser.ts";
import { has } from "../../tests/helpers/processes.ts";

const LOAD = { series: 20, charts: 1 };
const MINUTE = 60; // seconds
const HEAD = [
  ...["minute", "seconds drawn", "put to pixel", "at most", "longest task"],
  ...["plot.ts CPU", "RSS", "browser CPU", "renderer RSS", "JS heap", "load"],
];

/** What was seen in a minute. */
interface Minute extends Glance, Held {
  /** Seconds that were fed. */
  fed: number;
  /** Processes that wanted to run on this machine. */
  load: number;
}

function row(minute: Minute, i: number): string[] {
  const { delays, fed, longest, server, renderer, heap, load } = minute;
  const delay = spread(delays);
  return [
    String(i + 1),
    `${delays.length} of ${fed}`,
    `${number(delay.median)} ms`,
    `${number(delay.max)} ms`,
    `${number(longest)} ms`,
    `${number(100 * minute.serverCpu)} %`,
    `${number(megabytes(server))} MB`,
    `${number(100 * minute.browserCpu)} %`,
    `${number(megabytes(renderer))} MB`,
    `${number(megabytes(heap))} MB`,
    number(load),
  ];
}

/** What a page of 20 series takes, minute by minute, and whether it draws. */
export async function benchOpen(
  seconds: number,
  progress: (text: string) => void,
): Promise<Section> {
  const title = `Page: open for ${seconds} s, ${LOAD.series} series`;
  if (!has(CHROMIUM)) {
    const why = "not measured: there is no chromium";
    const one = target("seconds drawn", "at least", 95, " %", undefined, why);
    return { title, targets: [one] };
  }
  const minutes: Minute[] = [];
  await WatchedPage.of(LOAD, async (watched) => {
    for (let rest = seconds; rest > 0; rest -= MINUTE) {
      const fed = Math.min(MINUTE, rest);
      const glance = await watched.watch(fed);
      const load = Deno.loadavg()[0]!;
      const held = await watched.held();
      minutes.push({ ...glance, ...held, fed, load });
      progress(row(minutes.at(-1)!, minutes.length - 1).join("  "));
    }
  });
  const drawn = minutes.reduce((sum, { delays }) => sum + delays.length, 0);
  const targets = [
    target("seconds drawn", "at least", 95, " %", 100 * drawn / seconds),
    target(
      "longest task",
      "at most",
      200,
      " ms",
      Math.max(...minutes.map(({ longest }) => longest)),
    ),
  ];
  return {
    title,
    table: [HEAD, ...minutes.map(row)],
    figures: minutes,
    targets,
  };
}
