/** What the tests of the page share: a real browser, and what a person reads. */
import { assertEquals, equal } from "@std/assert";
import { Plot } from "./plot.ts";
import { has, processTest, until } from "./processes.ts";

const AXE = "npm:axe-core@4.13.0"; // not resolved until it is used

const PLAYWRIGHT = "npm:playwright-core@1.65.1"; // not resolved until it is used
/** Chromium; without windows, where there is one, as it takes less CPU time. */
export const CHROMIUM = has("chromium-headless-shell")
  ? "chromium-headless-shell"
  : "chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT = 60_000; // ms, long enough for a busy machine

/** What the tests use of an element of a page. */
export interface Element {
  click(options?: { modifiers?: string[] }): Promise<void>;
  dblclick(): Promise<void>;
  fill(text: string): Promise<void>;
  selectOption(value: string): Promise<unknown>;
  hover(): Promise<void>;
  focus(): Promise<void>;
  first(): Element;
  nth(index: number): Element;
  locator(selector: string): Element;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  textContent(): Promise<string>;
  allTextContents(): Promise<string[]>;
  getAttribute(name: string): Promise<string | null>;
  scrollIntoViewIfNeeded(): Promise<void>;
  boundingBox(): Promise<
    { x: number; y: number; width: number; height: number }
  >;
}

/** The colours that a person has chosen in the system. */
export interface Media {
  colorScheme?: "light" | "dark";
  forcedColors?: "active" | "none";
}

export interface Page {
  goto(address: string): Promise<unknown>;
  locator(selector: string): Element;
  getByLabel(text: string | RegExp): Element;
  evaluate<T>(script: string): Promise<T>;
  reload(): Promise<unknown>;
  url(): string;
  getByText(text: string, options?: { exact: boolean }): Element;
  emulateMedia(options: Media): Promise<void>;
  on(event: string, listener: (about: { message: string }) => void): void;
  waitForEvent(
    event: "download",
  ): Promise<{ path(): Promise<string>; suggestedFilename(): string }>;
  setDefaultTimeout(ms: number): void;
  keyboard: { press(key: string): Promise<void> };
  mouse: {
    move(x: number, y: number, options?: { steps: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
}

export interface Context {
  newPage(): Promise<Page>;
  newCDPSession(page: Page): Promise<{
    send(method: string, about: unknown): Promise<unknown>;
  }>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(options: unknown): Promise<Context>;
  close(): Promise<void>;
}

/** Starts Chromium. */
export async function launch(): Promise<Browser> {
  Deno.env.set("__IS_WSL_TEST__", "1"); // so that it does not read /proc
  const { chromium } = await import(PLAYWRIGHT);
  const executablePath = `/usr/bin/${CHROMIUM}`;
  return chromium.launch({ executablePath, args: FLAGS, timeout: WAIT });
}

/** Opens a window; errors that its page throws are added to `thrown`. */
export async function open(context: Context, thrown: string[]): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", ({ message }) => thrown.push(message));
  page.setDefaultTimeout(WAIT);
  return page;
}

/** What a test of the page has at hand. */
export interface Seen {
  page: Page;
  plot: Plot;
  address: string;
  context: Context;
}

type PageTest = (seen: Seen) => Promise<void>;
const tests: { name: string; fn: PageTest }[] = [];

/** A test of the page that plot.ts serves; it fails when the page throws. */
export function pageTest(name: string, fn: PageTest): void {
  tests.push({ name, fn });
}

/** Runs one of the tests in a fresh window. */
async function test(browser: Browser, fn: PageTest) {
  await Plot.at([], async (plot, address) => {
    plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
    const viewport = { width: 1200, height: 800 };
    const context = await browser.newContext({ viewport, hasTouch: true });
    const thrown: string[] = [];
    const page = await open(context, thrown);
    await page.goto(address);
    await fn({ page, plot, address, context });
    assertEquals(thrown, []);
    await context.close();
  });
}

/** Runs the tests of a file in one browser. */
export function testInChromium(title: string): void {
  processTest(title, [CHROMIUM], async (_, t) => {
    const browser = await launch();
    try {
      for (const { name, fn } of tests) {
        await t.step(name, () => test(browser, fn));
      }
    } finally {
      await browser.close();
    }
  });
}

/** Waits until something is as wanted. */
export async function becomes<T>(
  now: () => Promise<T>,
  wanted: T,
): Promise<void> {
  await until(async () => equal(await now(), wanted))
    .catch(async () => assertEquals(await now(), wanted));
}

/**
 * Waits until an element shows a text, after each attempt to make it do so, and
 * returns what it shows.
 */
export async function says(
  place: Element,
  wanted: string | RegExp,
  attempt = async () => {},
): Promise<string> {
  let text = "";
  const fits = async () => {
    await attempt();
    text = await place.textContent();
    return typeof wanted === "string" ? text === wanted : wanted.test(text);
  };
  await until(fits, WAIT / 1000, `"${wanted}"`).catch((error) => {
    throw new Error(`${error.message}, but "${text}"`);
  });
  return text;
}

export function chart(page: Page, name: string): Element {
  return page.locator(`.chart[aria-label="${name}"]`);
}

/** The figures in a column of a chart's legend, one for each series. */
export async function figures(
  place: Element,
  column: string,
): Promise<number[]> {
  const texts = await place.locator(`td.${column}`).allTextContents();
  return texts.map((text) =>
    Number(text.replaceAll(",", "").replace("−", "-").replace("–", "NaN"))
  );
}

/** Moves the mouse to a part of a chart's width and height. */
export async function point(
  page: Page,
  place: Element,
  part: number,
  height = 0.5,
): Promise<void> {
  const box = await place.locator(".u-over").boundingBox();
  const { x, width } = box;
  await page.mouse.move(x + width * part, box.y + box.height * height, {
    steps: 3,
  });
}

/**
 * Points at a part of a chart's width and height until its tip says something:
 * what is meant may be there only when all is drawn.
 */
export async function tells(
  page: Page,
  place: Element,
  [part, height]: [part: number, height: number],
  wanted: RegExp,
): Promise<void> {
  const attempt = () => point(page, place, part, height);
  await says(place.locator(".tip"), wanted, attempt);
}

/** The second whose values the legend shows, if it shows those of one. */
export async function secondRead(place: Element): Promise<number | undefined> {
  const title = await place.locator("thead .figure button").first()
    .getAttribute("title");
  return title
    ? Date.parse(title.slice(0, 19).replace(" ", "T")) / 1000
    : undefined;
}

/** The first and last second that are shown. */
export async function shown(page: Page): Promise<[number, number]> {
  const text = await says(page.locator("#range"), / – /);
  return text.split(" – ").map((time) =>
    Date.parse(time.replace(" ", "T")) / 1000
  ) as [number, number];
}

/** Waits until just this time is shown. */
export async function range(page: Page, from: number, to: number, about = 0) {
  await until(
    async () => {
      const [a, b] = await shown(page);
      return Math.abs(a - from) <= about && Math.abs(b - to) <= about;
    },
    WAIT / 1000,
    `${from} to ${to}`,
  );
}

/** The colours in a row of pixels of a chart, from left to right, each once. */
export async function colours(
  page: Page,
  place: Element,
  height = 0.5,
): Promise<string[]> {
  const name = await place.getAttribute("aria-label");
  const pixels = await page.evaluate<number[]>(`(() => {
    const chart = document.querySelector('.chart[aria-label="${name}"]');
    const canvas = chart.querySelector("canvas");
    const box = canvas.getBoundingClientRect();
    const over = chart.querySelector(".u-over").getBoundingClientRect();
    const y = over.top - box.top + over.height * ${height};
    const row = [over.left - box.left + 1, y, over.width - 2, 1];
    return [...canvas.getContext("2d").getImageData(...row).data];
  })()`);
  const all = new Set<string>();
  for (let i = 0; i < pixels.length; i += 4) {
    all.add(pixels.slice(i, i + 3).join());
  }
  return [...all];
}

/** What keeps people from using the page, as axe finds it. */
export async function faults(page: Page, media: Media) {
  const { default: axe } = await import(AXE);
  await page.emulateMedia(media);
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
      id + " " + nodes.map(({ html }) => html).join(" ")))`,
  );
}
