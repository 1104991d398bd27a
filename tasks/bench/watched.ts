/** Watches the page in a real browser while puts come. */
import { argsOf, find, memoryOf, Meter, tree } from "./process.ts";
import { megabytes, number, spread } from "./table.ts";
import {
  type Context,
  launch,
  type Page,
  says,
} from "../../tests/helpers/browser.ts";
import { Plot } from "../../tests/helpers/plot.ts";
import { sleep, until } from "../../tests/helpers/processes.ts";

const PAST = 300; // seconds that a page shows unless a load says otherwise
const REST = 3; // seconds until the page has drawn the past

/** Notes when each new second is painted, and tasks of more than 50 ms. */
const WATCH = `
  globalThis.seen = [];
  globalThis.tasks = [];
  const range = document.getElementById("range");
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => seen.push([data, Date.now()]);
  let last = "";
  new MutationObserver(() => {
    const at = range.textContent.split(" – ").at(-1).split(" ").at(-1);
    if (at !== last) port2.postMessage(last = at);
  }).observe(range, { childList: true, characterData: true, subtree: true });
  new PerformanceObserver((list) => {
    tasks.push(...list.getEntries().map(({ duration }) => duration));
  }).observe({ type: "longtask" });
`;

/** What was measured during some seconds. */
export interface Glance {
  /** Milliseconds from a put to its pixels, of each second that was drawn. */
  delays: number[];
  /** Milliseconds of the longest task of the page, 0 if none took 50. */
  longest: number;
  /** The share of a core that plot.ts needed. */
  serverCpu: number;
  /** The share of a core that all processes of the browser needed. */
  browserCpu: number;
}

/** What the page and its server hold, in bytes. */
export interface Held {
  /** The resident set of plot.ts. */
  server: number;
  /** The resident set of the browser's process in which the page runs. */
  renderer: number;
  /** The JavaScript objects of the page, after garbage collection. */
  heap: number;
}

/** What was measured during some seconds, and the memory after them. */
export interface Figures extends Glance, Held {
  /** The load of the machine: how many processes wanted to run. */
  load: number;
}

/** The columns of {@linkcode Figures}. */
export const COLUMNS = [
  ...["put to pixel", "at most", "longest task", "plot.ts CPU", "RSS"],
  ...["browser CPU", "renderer RSS", "JS heap", "load"],
];

/** The cells of {@linkcode Figures}. */
export function cells(figures: Figures): string[] {
  const delay = spread(figures.delays);
  return [
    `${number(delay.median)} ms`,
    `${number(delay.max)} ms`,
    `${number(figures.longest)} ms`,
    `${number(100 * figures.serverCpu)} %`,
    `${number(megabytes(figures.server))} MB`,
    `${number(100 * figures.browserCpu)} %`,
    `${number(megabytes(figures.renderer))} MB`,
    `${number(megabytes(figures.heap))} MB`,
    number(figures.load),
  ];
}

function timeOfDay(second: number): string {
  return new Date(second * 1000).toTimeString().slice(0, 8);
}

/** What a page shows. */
export interface Load {
  /** How many series there are. */
  series: number;
  /** In how many charts. */
  charts: number;
  /** Of how many seconds there are datapoints before the page opens. */
  past?: number;
}

/** A page in a browser that gets a put of each series each second. */
export class WatchedPage {
  readonly page: Page;
  readonly #plot: Plot;
  readonly #tell: Awaited<ReturnType<Context["newCDPSession"]>>;
  readonly #series: string[];
  #second = 0;

  private constructor(
    [page, plot, series]: [Page, Plot, string[]],
    tell: Awaited<ReturnType<Context["newCDPSession"]>>,
  ) {
    this.page = page;
    this.#plot = plot;
    this.#series = series;
    this.#tell = tell;
  }

  /** Calls `fn` with a page that shows so many series in so many charts. */
  static async of<T>(
    { series: count, charts, past = PAST }: Load,
    fn: (watched: WatchedPage) => Promise<T>,
  ): Promise<T> {
    const series = Array.from(
      { length: count },
      (_, i) => `bench.page${i % charts} host=web${Math.floor(i / charts)}`,
    );
    const browser = await launch();
    const { promise, resolve } = Promise.withResolvers<T>();
    await Plot.at([], async (plot, address) => {
      plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
      const viewport = { width: 1200, height: 800 };
      const context = await browser.newContext({ viewport });
      const page = await context.newPage();
      const tell = await context.newCDPSession(page);
      const watched = new WatchedPage([page, plot, series], tell);
      const now = Math.floor(Date.now() / 1000);
      for (let i = past; i > 0; i--) await watched.feed(now - i);
      await page.goto(`${address}#span=${past}`);
      await says(page.locator("#count"), / series in /);
      await page.evaluate(WATCH);
      await watched.watch(REST);
      resolve(await fn(watched));
    });
    await browser.close();
    return promise;
  }

  /** Feeds a put of each series for a second. */
  async feed(second: number): Promise<void> {
    await this.#plot.feed(this.#series.map((series, i) => {
      const [name, host] = series.split(" ");
      return `put ${name} ${second} ${(second * 7 + i * 31) % 97} ${host}`;
    }));
    this.#second = second;
  }

  /** Feeds each second when it comes, and measures. */
  async watch(seconds: number): Promise<Glance> {
    await this.page.evaluate("seen.length = tasks.length = 0");
    const server = new Meter(this.#plot.process.pid);
    const browser = new Meter(find(Deno.pid, "--no-sandbox")!);
    const fed = new Map<string, number>();
    for (let i = 0; i < seconds; i++) {
      await sleep(Math.max(0, (this.#second + 1) * 1000 - Date.now()));
      const second = Math.floor(Date.now() / 1000);
      fed.set(timeOfDay(second), Date.now());
      await this.feed(second);
    }
    await sleep(900);
    const [a, b] = [server.stop(), browser.stop()];
    const seen = await this.page.evaluate<[string, number][]>("seen");
    return {
      delays: seen.filter(([second]) => fed.has(second))
        .map(([second, at]) => at - fed.get(second)!),
      longest: await this.page.evaluate<number>("Math.max(0, ...tasks)"),
      serverCpu: a.cpu / seconds,
      browserCpu: b.cpu / seconds,
    };
  }

  /** Measures for some seconds, and then the memory. */
  async figures(seconds: number): Promise<Figures> {
    const glance = await this.watch(seconds);
    const [load] = Deno.loadavg();
    return { ...glance, ...await this.held(), load: load! };
  }

  /** Seconds until the page is drawn when it is opened again over a slow line. */
  async drawnOver(bytesPerSecond: number): Promise<number> {
    await this.#tell.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0, // ms
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    });
    const begun = performance.now();
    await this.page.reload();
    const canvas = this.page.locator(".chart canvas").first();
    await until(() => canvas.isVisible());
    return (performance.now() - begun) / 1000;
  }

  async held(): Promise<Held> {
    await this.#tell.send("HeapProfiler.collectGarbage", {});
    const { usedSize } = await this.#tell.send("Runtime.getHeapUsage", {}) as {
      usedSize: number;
    };
    const renderers = tree(Deno.pid).filter((pid) =>
      argsOf(pid).join(" ").includes("--type=renderer")
    );
    return {
      server: memoryOf(this.#plot.process.pid).resident,
      renderer: Math.max(...renderers.map((pid) => memoryOf(pid).resident)),
      heap: usedSize,
    };
  }
}
