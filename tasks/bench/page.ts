/** The live page in a real browser: how soon it shows a put, and what it needs. */
import { number, type Section, spread, target } from "./table.ts";
import { cells, COLUMNS, type Load, WatchedPage } from "./watched.ts";
import { CHROMIUM } from "../../tests/helpers/browser.ts";
import { has } from "../../tests/helpers/processes.ts";

const LOADS: Load[] = [
  { series: 1, charts: 1 },
  { series: 10, charts: 1 },
  { series: 100, charts: 1 },
  { series: 1000, charts: 1 },
  { series: 1000, charts: 30 },
  { series: 1000, charts: 1, past: 3600 },
];
const SLOW_LINE = 50_000; // bytes/s: 400 kbit/s
const SLOW = { series: 1000, charts: 1 };
const LEAST = 5; // seconds that a page is watched

/** Measures how soon the page shows a put, and what it needs. */
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
  for (const load of LOADS) {
    const found = await WatchedPage.of(load, (page) => page.figures(seconds));
    figures.push({ ...load, ...found, delay: spread(found.delays) });
  }
  const table = [
    ["series, charts, time shown", ...COLUMNS],
    ...figures.map((figure) => [
      `${number(figure.series)}, ${figure.charts}${
        figure.past ? `, ${number(figure.past)} s` : ""
      }`,
      ...cells(figure),
    ]),
  ];
  const first = figures[0]!;
  const many = figures.find(({ charts }) => charts > 1)!;
  const drawn = await WatchedPage.of(SLOW, (page) => page.drawnOver(SLOW_LINE));
  const longest = Math.max(...figures.map(({ longest }) => longest));
  const targets = [
    target("put to pixel, 1 series", "at most", 200, " ms", first.delay.median),
    target(
      "put to pixel, 1,000 in 30 charts",
      "at most",
      400,
      " ms",
      many.delay.median,
    ),
    target("longest task of the page", "at most", 200, " ms", longest),
    target("1,000 series over 400 kbit/s", "at most", 28, " s", drawn),
  ];
  return { title, table, figures, targets };
}
