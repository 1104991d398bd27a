/** The live page in a real browser: how soon a put is seen, and what it takes. */
import { megabytes, number, type Section, spread, target } from "./table.ts";
import { WatchedPage } from "./watched.ts";
import { CHROMIUM } from "../../tests/helpers/browser.ts";
import { has } from "../../tests/helpers/processes.ts";

const LOADS = [
  { series: 1, charts: 1 },
  { series: 10, charts: 1 },
  { series: 100, charts: 1 },
  { series: 1000, charts: 1 },
  { series: 1000, charts: 30 },
];
const LEAST = 5; // seconds that a page is watched
const HEAD = [
  ...["series, charts", "put to pixel", "at most", "longest task"],
  ...["plot.ts CPU", "RSS", "browser CPU", "renderer RSS", "JS heap", "load"],
];

/** What the seconds of so many series take, in so many charts. */
async function watch(load: typeof LOADS[number], seconds: number) {
  return await WatchedPage.of(load, async (watched) => {
    const { delays, ...glance } = await watched.watch(seconds);
    const busy = Deno.loadavg()[0]!;
    return {
      ...load,
      delay: spread(delays),
      ...glance,
      ...await watched.held(),
      busy,
    };
  });
}

/** How soon a put is seen on the page, and what the page takes. */
export async function benchPage(duration: number): Promise<Section> {
  const seconds = Math.max(LEAST, duration);
  const title = `Page: a put of each series each second for ${seconds} s`;
  if (!has(CHROMIUM)) {
    const what = "put to pixel";
    const why = "not measured: there is no chromium";
    const one = target(what, "at most", 200, " ms", undefined, why);
    return { title, targets: [one] };
  }
  const figures = [];
  for (const load of LOADS) figures.push(await watch(load, seconds));
  const table = [
    HEAD,
    ...figures.map((figure) => [
      `${number(figure.series)}, ${figure.charts}`,
      `${number(figure.delay.median)} ms`,
      `${number(figure.delay.max)} ms`,
      `${number(figure.longest)} ms`,
      `${number(100 * figure.serverCpu)} %`,
      `${number(megabytes(figure.server))} MB`,
      `${number(100 * figure.browserCpu)} %`,
      `${number(megabytes(figure.renderer))} MB`,
      `${number(megabytes(figure.heap))} MB`,
      number(figure.busy),
    ]),
  ];
  const [first, last] = [figures[0]!, figures.at(-1)!];
  const longest = Math.max(...figures.map(({ longest }) => longest));
  const targets = [
    target("put to pixel, 1 series", "at most", 200, " ms", first.delay.median),
    target(
      "put to pixel, 1,000 in 30 charts",
      "at most",
      400,
      " ms",
      last.delay.median,
    ),
    target("longest task of the page", "at most", 200, " ms", longest),
  ];
  return { title, table, figures, targets };
}
