/** The page of plot.ts, in a real browser. */
import { assert, assertEquals } from "@std/assert";
import { heard, Plot, puts, T } from "./helpers/plot.ts";
import { processTest, until } from "./helpers/processes.ts";

const PLAYWRIGHT = "npm:playwright-core@1.65.1"; // not resolved until it is used
const CHROMIUM = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const WAIT = 60_000; // ms, on a loaded machine

/** What is used of a page, and of an element in it. */
interface Element {
  click(options?: { modifiers?: string[] }): Promise<void>;
  dblclick(): Promise<void>;
  fill(text: string): Promise<void>;
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

interface Page {
  goto(address: string): Promise<unknown>;
  locator(selector: string): Element;
  getByLabel(text: string | RegExp): Element;
  evaluate<T>(script: string): Promise<T>;
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

interface Browser {
  newContext(options: unknown): Promise<{
    newPage(): Promise<Page>;
    close(): Promise<void>;
  }>;
  close(): Promise<void>;
}

type PageTest = (page: Page, plot: Plot, address: string) => Promise<void>;
const tests: { name: string; args: string[]; fn: PageTest }[] = [];

/** A test of the page that a plot serves, which must not throw anything. */
function pageTest(name: string, args: string[], fn: PageTest): void {
  tests.push({ name, args, fn });
}

/** Does one of the tests, in a fresh window. */
async function test(browser: Browser, args: string[], fn: PageTest) {
  await Plot.at(args, async (plot, address) => {
    const viewport = { width: 1200, height: 800 };
    const context = await browser.newContext({ viewport });
    const page = await context.newPage();
    const thrown: string[] = [];
    page.on("pageerror", ({ message }) => thrown.push(message));
    page.setDefaultTimeout(WAIT);
    plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
    await page.goto(address);
    await fn(page, plot, address);
    assertEquals(thrown, []);
    await context.close();
  });
}

processTest("The page in Chromium", ["chromium"], async (_, t) => {
  Deno.env.set("__IS_WSL_TEST__", "1"); // spares it a look into /proc
  const { chromium } = await import(PLAYWRIGHT);
  const executablePath = "/usr/bin/chromium";
  const options = { executablePath, args: CHROMIUM, timeout: WAIT };
  const browser = await chromium.launch(options);
  try {
    for (const { name, args, fn } of tests) {
      await t.step(name, () => test(browser, args, fn));
    }
  } finally {
    await browser.close();
  }
});

/** Waits until an element says something. */
async function says(
  place: Element,
  wanted: string | RegExp,
  seconds = 60,
): Promise<string> {
  let text = "";
  const fits = async () => {
    text = await place.textContent();
    return typeof wanted === "string" ? text === wanted : wanted.test(text);
  };
  await until(fits, seconds, `"${wanted}"`).catch((error) => {
    throw new Error(`${error.message}, but "${text}"`);
  });
  return text;
}

function chart(page: Page, name: string): Element {
  return page.locator(`.chart[aria-label="${name}"]`);
}

/** The figures of a chart, a row each series. */
async function figures(place: Element, column: string): Promise<number[]> {
  const texts = await place.locator(`td.${column}`).allTextContents();
  return texts.map((text) =>
    Number(text.replaceAll(",", "").replace("−", "-").replace("–", "NaN"))
  );
}

/** Moves the mouse to a part of a chart's width. */
async function point(page: Page, place: Element, part: number): Promise<void> {
  const box = await place.locator(".u-over").boundingBox();
  const { x, y, width, height } = box;
  await page.mouse.move(x + width * part, y + height / 2, { steps: 3 });
}

/** The second that is read, or undefined. */
async function secondRead(place: Element): Promise<number | undefined> {
  const title = await place.locator("thead th").nth(1).getAttribute("title");
  return title ? Date.parse(title.replace(" ", "T")) / 1000 : undefined;
}

/** The first and last second that are shown. */
async function shown(page: Page): Promise<[number, number]> {
  const text = await says(page.locator("#range"), / – /);
  return text.split(" – ").map((time) =>
    Date.parse(time.replace(" ", "T")) / 1000
  ) as [number, number];
}

function value(second: number): number {
  return second * 7919 % 100_003 - 1000.25;
}

pageTest(
  "The page shows each series, and reads a second exactly",
  [],
  async (page, plot) => {
    await says(page.locator("#status"), "Connected");
    const lines = puts(301, (i) => {
      const second = T + i;
      return [
        `put a.b ${second} ${value(second)} host=x k=1`,
        ...i % 10 === 0 ? [`a.b ${second} ${second} k=2 host=x`] : [],
        ...i < 100 || i > 150 ? [`c ${second} ${i} host=y`] : [],
      ];
    });
    await plot.feed(lines);
    await says(page.locator("#count"), "3 series in 2 charts");
    const [one, two] = [chart(page, "a.b"), chart(page, "c")];
    await says(one.locator(".common"), "host=x");
    await until(async () => (await figures(one, "value"))[1] === T + 300);
    assertEquals((await figures(one, "value"))[0], value(T + 300));
    assertEquals(await figures(two, "rate"), [1]);
    assertEquals(await figures(two, "peak"), [300]);
    for (const part of [0.1, 0.33, 0.4, 0.5, 0.77]) {
      await point(page, one, part);
      const [from, to] = await shown(page);
      const wanted = from + (to - from) * part;
      await until(async () =>
        Math.abs((await secondRead(one) ?? 0) - wanted) <= 1
      );
      const second = (await secondRead(one))!;
      const i = second - T;
      const expected = [value(second), i % 10 === 0 ? second : NaN];
      assertEquals(await figures(one, "value"), expected);
      const other = i < 100 || i > 150 ? i : NaN;
      assertEquals(await secondRead(two), second);
      assertEquals(await figures(two, "value"), [other]);
    }
    await plot.feed([`new ${T + 300} 5 host=z`]);
    await says(page.locator("#count"), "4 series in 3 charts");
    await plot.close();
    await says(page.locator("#status"), /^Input ended \d\d:\d\d:\d\d$/);
    await says(page.locator("#count"), "4 series in 3 charts");
  },
);

pageTest(
  "The page zooms, follows, pauses and searches",
  ["--keep=1d"],
  async (page, plot) => {
    await plot.feed(puts(4000, (i) => [
      `put a ${T + i} ${i} host=x`,
      `put a ${T + i} ${-i} host=y`,
    ]));
    const newest = T + 3999;
    const range = async (from: number, to: number, about = 0) => {
      await until(
        async () => {
          const [a, b] = await shown(page);
          return Math.abs(a - from) <= about && Math.abs(b - to) <= about;
        },
        60,
        `${from} to ${to}`,
      );
    };
    const a = chart(page, "a");
    await range(T, newest); // of old puts: all
    await page.getByLabel("5 min").click();
    await range(newest - 300, newest);
    await page.getByLabel("1 h").click();
    await range(newest - 3600, newest);
    await page.getByLabel("All").click();
    await range(T, newest);

    await point(page, a, 0.25);
    await page.mouse.down();
    await point(page, a, 0.75);
    await page.mouse.up();
    await until(async () => (await shown(page))[1] < newest - 900);
    const [from, to] = await shown(page);
    assert(Math.abs(to - from - 2000) < 40, `${from} to ${to}`);
    await plot.feed([`put a ${newest + 1} 1 host=x`]);
    await a.locator(".u-over").dblclick();
    await range(T, newest + 1);

    await a.locator(".plot").focus();
    await page.keyboard.press("End");
    await page.keyboard.press("ArrowLeft");
    await until(async () => await secondRead(a) === newest, 60);
    assertEquals(await figures(a, "value"), [3999, -3999]);
    await says(page.locator("#announce"), /host=x 3,999, host=y −3,999/);
    await page.keyboard.press("+");
    await range(newest - 1000, newest + 1000, 1);
    await page.keyboard.press("Escape");
    await range(T, newest + 1);

    await page.getByLabel("5 min").click();
    const pause = page.locator("#pause");
    await pause.focus();
    await page.keyboard.press("Enter");
    assertEquals(await pause.getAttribute("aria-pressed"), "true");
    await plot.feed([`put a ${newest + 200} 1 host=x`, `put b ${T} 1 host=x`]);
    await says(page.locator("#count"), "3 series in 2 charts");
    await range(newest - 299, newest + 1);
    await page.keyboard.press("Enter");
    await range(newest - 100, newest + 200);

    await page.locator("#search").fill("a HOST=Y");
    await says(page.locator("#count"), "1 of 3 series match");
    assertEquals(await chart(page, "b").isVisible(), false);
    await range(newest - 300, newest);
    await until(async () => await a.locator("tbody tr").count() === 1);
    await page.locator("#search").fill("");
    await until(async () => await a.locator("tbody tr").count() === 2);
    await a.locator(".toggle").first().click();
    await range(newest - 300, newest);
  },
);

pageTest(
  "The page opens on the latest minutes of what is live, and on all that has ended",
  [],
  async (page, plot, address) => {
    await says(page.locator("#empty"), "Waiting for the first datapoint.");
    const now = Math.floor(Date.now() / 1000);
    await plot.feed(puts(4000, (i) => [`put a ${now - 3999 + i} ${i} host=x`]));
    await heard(address, "live");
    const span = async (wanted: string) => {
      await page.goto(address);
      await says(page.locator("#count"), "1 series in 1 chart");
      const chosen = `document.querySelector("#spans :checked").value`;
      assertEquals(await page.evaluate(chosen), wanted);
    };
    await span("300");
    await plot.close();
    await says(page.locator("#status"), /^Input ended/);
    await span("Infinity");
    await Plot.at([], async (empty, address) => {
      await page.goto(address);
      await empty.close();
      await says(page.locator("#status"), /^Input ended/);
      await says(
        page.locator("#empty"),
        "The input ended without a datapoint.",
      );
    });
  },
);

pageTest("The page saves what it shows", [], async (page, plot) => {
  await plot.feed(puts(10, (i) => [
    `put a ${T + i} ${i} host=x`,
    ...i % 5 === 0 ? [`put a ${T + i} ${i / 4} host=y`] : [],
  ]));
  await says(page.locator("#count"), "2 series in 1 chart");
  const saved = async (what: string) => {
    const download = page.waitForEvent("download");
    await page.getByLabel(`Save a as ${what}`).click();
    const file = await download;
    const name = file.suggestedFilename();
    assert(name.endsWith(`.${what.toLowerCase()}`), name);
    return await Deno.readFile(await file.path());
  };
  const csv = new TextDecoder().decode(await saved("CSV")).split("\r\n");
  assertEquals(csv.length, 12);
  assertEquals(csv[0], 'time,second,"a host=x","a host=y"');
  assertEquals(csv[1], `2023-11-14T22:13:20Z,${T},0,0`);
  assertEquals(csv[2], `2023-11-14T22:13:21Z,${T + 1},1,`);
  assertEquals(csv[6], `2023-11-14T22:13:25Z,${T + 5},5,1.25`);
  const png = await saved("PNG");
  assertEquals([...png.subarray(1, 4)], [80, 78, 71]);
  assert(png.length > 5000);
});

pageTest(
  "The page takes names and lines as text, never as markup",
  [],
  async (page, plot) => {
    const script = "<img src=x onerror=document.title='bad'>";
    const names = ["__proto__", "constructor", "toString", "-._/"];
    await plot.feed([
      ...names.map((name) => `put ${name} ${T} 1 ${name}=${name} host=x`),
      `put ${script} ${T} 1 host=x`,
      `put a ${T} 1 host=${script}`,
      "</ol></script><script>document.title='bad'</script>",
      "data: x\r",
      "",
    ]);
    await says(page.locator("#count"), "4 series in 4 charts");
    await says(page.locator("summary"), "5 lines are no puts");
    const lines = await page.locator("#strange li").allTextContents();
    assertEquals(lines[0], `put ${script} ${T} 1 host=x`);
    assertEquals(
      lines[2],
      "</ol></script><script>document.title='bad'</script>",
    );
    for (const name of names) {
      await says(chart(page, name).locator("h2"), name);
      const toggle = chart(page, name).locator(".toggle");
      await says(toggle, new RegExp(`${name}=${name}`));
    }
    assertEquals(await page.locator("main img, footer img").count(), 0);
    assertEquals(await page.evaluate("document.title"), "metriccounter");
  },
);

pageTest(
  "The page says that the server went away, and comes back by itself",
  [],
  async (page, plot, address) => {
    await plot.feed([`put a ${T} 1 host=x`]);
    await says(page.locator("#count"), "1 series in 1 chart");
    await plot.end();
    await says(page.locator("#status"), /server went away \d\d:\d\d:\d\d/i);
    await says(page.locator("#count"), "1 series in 1 chart");
    const { port } = new URL(address);
    await Plot.at([`--port=${port}`], async (next) => {
      await next.feed([`put a ${T} 2 host=x`, `put b ${T} 2 host=x`]);
      await says(page.locator("#count"), "2 series in 2 charts");
      await says(page.locator("#status"), "Live");
      await until(async () =>
        (await figures(chart(page, "a"), "value"))[0] === 2
      );
    });
  },
);

pageTest("The page shows 1,000 series", [], async (page, plot) => {
  const tags = Array.from({ length: 500 }, (_, i) => `host=h${i}`);
  await plot.feed(puts(100, (i) =>
    tags.flatMap((tag, n) => [
      `put wide ${T + i} ${i + n} ${tag}`,
      `put m${n} ${T + i} ${i * n} host=x`,
    ])));
  await plot.feed([`put one.more ${T} 1 host=x`]);
  await says(page.locator("#count"), "1,000 series in 501 charts");
  await says(page.locator("#refused"), /^1 datapoints/);
  const wide = chart(page, "wide");
  await until(async () => (await figures(wide, "value"))[499] === 598, 60);
  await point(page, wide, 0.9);
  await until(async () => await secondRead(wide) !== undefined, 60);
  const i = (await secondRead(wide))! - T;
  const expected = Array.from({ length: 500 }, (_, n) => i + n);
  assertEquals(await figures(wide, "value"), expected);
  const far = chart(page, "m499");
  await far.scrollIntoViewIfNeeded();
  await until(async () => (await figures(far, "peak"))[0] === 99 * 499, 60);
  const canvases = await page.locator("canvas").count();
  assert(canvases < 30, `${canvases} canvases`);
  await page.locator("#search").fill("m77 host=x");
  await says(page.locator("#count"), "1 of 1,000 series match");
});

pageTest(
  "The page shows a day of replay smoothly",
  ["--keep=1d"],
  async (page, plot, address) => {
    const DAY = 86_400;
    for (let from = 0; from < DAY; from += 3600) {
      await plot.feed(puts(3600, (i) => {
        const second = T + from + i;
        return [1, 2, 3].map((k) =>
          `put day ${second} ${value(second + k)} k=${k}`
        );
      }));
    }
    await says(page.locator("#count"), "3 series in 1 chart");
    const day = chart(page, "day");
    const newest = T + DAY - 1;
    await until(async () => (await shown(page))[1] === newest, 60);
    await page.goto(address); // a page that comes late
    await page.getByLabel("All").click();
    await until(async () => (await shown(page))[0] === T, 60);
    const all = [1, 2, 3].map((k) => value(newest + k));
    await until(async () =>
      (await figures(day, "value")).every((figure, i) => figure === all[i])
    );
    for (const part of [0.2, 0.8]) {
      await point(page, day, part);
      const wanted = T + DAY * part;
      await until(
        async () => Math.abs((await secondRead(day) ?? 0) - wanted) < 200,
        60,
      );
      const second = (await secondRead(day))!;
      const expected = [1, 2, 3].map((k) => value(second + k));
      assertEquals(await figures(day, "value"), expected);
    }
  },
);
