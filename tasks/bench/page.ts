/** The live page: how soon a put is seen, in a real browser. */
import { Meter } from "./process.ts";
import { megabytes, number, type Section, spread, target } from "./table.ts";
import { CHROMIUM, launch, says } from "../../tests/helpers/browser.ts";
import { Plot } from "../../tests/helpers/plot.ts";
import { has, sleep } from "../../tests/helpers/processes.ts";

const SERIES = [1, 10, 100, 1000];
const LEAST = 5; // seconds that a page is watched

/**
 * Notes when the page has drawn up to another second, and tasks during which it
 * does nothing else.
 */
const WATCH = `
  globalThis.drawn = new Map();
  globalThis.long = [];
  const range = document.getElementById("range");
  new MutationObserver(() => {
    const at = range.textContent.split(" ").at(-1);
    if (!drawn.has(at)) drawn.set(at, Date.now());
  }).observe(range, { childList: true, characterData: true, subtree: true });
  new PerformanceObserver((list) => {
    long.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
`;

/** What the seconds of so many series take, in one chart. */
async function watch(count: number, seconds: number) {
  const browser = await launch();
  const found = { delays: [] as number[], longest: 0, cpu: 0, memory: 0 };
  const tags = Array.from({ length: count }, (_, i) => `host=web${i}`);
  const lines = (second: number) =>
    tags.map((tag, i) => `put bench.page ${second} ${second * i % 97} ${tag}`);
  await Plot.at([], async (plot, address) => {
    plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
    const context = await browser.newContext({
      viewport: { width: 1200, height: 800 },
    });
    const page = await context.newPage();
    const before = Math.floor(Date.now() / 1000) - 300;
    for (let i = 0; i < 300; i++) await plot.feed(lines(before + i));
    await page.goto(address);
    await says(page.locator("#count"), / series in 1 chart$/);
    await sleep(2000); // the page has come to rest
    await page.evaluate(WATCH);
    const meter = new Meter(plot.process.pid);
    const written = new Map<string, number>();
    for (let i = 0; i < seconds; i++) {
      const second = Math.floor(Date.now() / 1000);
      written.set(
        new Date(second * 1000).toTimeString().slice(0, 8),
        Date.now(),
      );
      await plot.feed(lines(second));
      await sleep((second + 1) * 1000 - Date.now());
    }
    const { cpu, memory } = meter.stop();
    const drawn = await page.evaluate<[string, number][]>("[...drawn]");
    for (const [second, at] of drawn) {
      const since = written.get(second);
      if (since !== undefined) found.delays.push(at - since);
    }
    found.longest = await page.evaluate<number>("Math.max(0, ...long)");
    found.cpu = cpu / seconds;
    found.memory = memory;
  });
  await browser.close();
  return found;
}

/** How soon a put is seen on the page, and what the page takes. */
export async function benchPage(duration: number): Promise<Section> {
  const seconds = Math.max(LEAST, duration);
  const title = `Page: a chart, a put each second for ${seconds} s`;
  if (!has(CHROMIUM)) {
    const what = "put to pixel";
    const why = "not measured: there is no chromium";
    const one = target(what, "at most", 200, " ms", undefined, why);
    return { title, targets: [one] };
  }
  const figures = [];
  for (const count of SERIES) {
    const { delays, ...others } = await watch(count, seconds);
    figures.push({ count, delay: spread(delays), ...others });
  }
  const table = [
    ["series", "put to pixel", "at most", "longest task", "plot.ts CPU", "RSS"],
    ...figures.map(({ count, delay, longest, cpu, memory }) => [
      number(count),
      `${number(delay.median)} ms`,
      `${number(delay.max)} ms`,
      `${number(longest)} ms`,
      `${number(100 * cpu)} %`,
      `${number(megabytes(memory))} MB`,
    ]),
  ];
  const [first, last] = [figures[0]!, figures.at(-1)!];
  const targets = [
    target("put to pixel, 1 series", "at most", 200, " ms", first.delay.median),
    target("put to pixel, 1,000", "at most", 400, " ms", last.delay.median),
    target("longest task, 1,000", "at most", 200, " ms", last.longest),
  ];
  return { title, table, figures, targets };
}
