/** The page of plot.ts in a real browser: what a person reads on it. */
import { assert, assertEquals } from "@std/assert";
import {
  becomes,
  chart,
  colours,
  figures,
  pageTest,
  point,
  range,
  says,
  secondRead,
  shown,
  tells,
  testInChromium,
} from "./helpers/browser.ts";
import { Plot, puts, T } from "./helpers/plot.ts";
import { until } from "./helpers/processes.ts";

const AVERAGE = "196,52,12"; // the colour of the line of means on a light page

function value(second: number): number {
  return second * 7919 % 100_003 - 1000.25;
}

pageTest(
  "The page shows the exact values of each second, of several series and charts",
  async ({ page, plot }) => {
    await says(page.locator("#status"), "Connected");
    await plot.feed(puts(301, (i) => {
      const second = T + i;
      return [
        `put a.b ${second} ${value(second)} host=x k=1`,
        ...i % 10 === 0 ? [`a.b ${second} ${second} k=2 host=x`] : [],
        ...i < 100 || i > 150 ? [`c ${second} ${i} host=y`] : [],
      ];
    }));
    await says(page.locator("#count"), "3 series in 2 charts");
    await says(page.locator("#status"), "Live");
    const [one, two] = [chart(page, "a.b"), chart(page, "c")];
    await says(one.locator(".common"), "host=x");
    await becomes(() => figures(one, "value"), [value(T + 300), T + 300]);
    await becomes(() => figures(two, "peak"), [300]);
    for (const part of [0.1, 0.4, 0.77]) {
      const wanted = T + 310 * part; // the last point of k=2 lasts for 10 s
      await until(async () => {
        await point(page, one, part);
        return Math.abs((await secondRead(one) ?? 0) - wanted) <= 1;
      });
      const second = (await secondRead(one))!;
      const i = second - T;
      const expected = [value(second), second - i % 10];
      await becomes(() => figures(one, "value"), expected);
      const other = i < 100 || i > 150 ? i : NaN;
      await becomes(() => secondRead(two), second);
      await becomes(() => figures(two, "value"), [other]);
    }
    await one.locator(".plot").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await becomes(() => secondRead(one), T + 1);
    await says(page.locator("#announce"), /: 1 [−\d.,]+, 2 1,700,000,000$/);
    await page.keyboard.press("Escape");
    await becomes(() => secondRead(one), undefined);
    await says(one.locator("thead .figure").first(), "Last");
  },
);

pageTest(
  "The view of a day shows the peak of one second, and names its line",
  async ({ page, plot }) => {
    const DAY = 86_400;
    for (let from = 0; from < DAY; from += 3600) {
      await plot.feed(puts(3600, (i) => {
        const second = T + from + i;
        return ["200", "404"].map((status) => {
          const peak = status === "404" && from + i === DAY / 2;
          return `put requests ${second} ${
            peak ? 5000 : i % 7
          } status=${status}`;
        });
      }));
    }
    await says(page.locator("#count"), "2 series in 1 chart");
    await range(page, T, T + DAY - 1);
    const day = chart(page, "requests");
    await becomes(async () => (await figures(day, "peak"))[1], 5000);
    await says(day.locator(".common"), /the highest of 180 s/);
    const { width } = await day.locator(".u-over").boundingBox();
    for (const pixels of [-3, 0, 3]) {
      const part = 0.5 + (pixels + 0.5) / width;
      await tells(page, day, [part, 0.1], /^404: 5,000 at .* (\d\d:){2}\d\d$/);
      await becomes(async () => (await figures(day, "value"))[1], 5000);
      await says(day.locator("tr.near .alone"), "404");
    }
    await tells(page, day, [0.25, 0.1], /: 6 at /);
    await page.locator("#average").click();
    await says(day.locator(".common"), /thick line: the mean of 180 s/);
    assertEquals(await figures(day, "mean"), [2.999, 3.056]);
    // On a stack it is the mean of the sum, which is 6 most of the time.
    const low = 1 - 6 / 5306;
    assert(!(await colours(page, day, low)).includes(AVERAGE));
    await page.getByLabel("requests: drawn as").selectOption("stack");
    await says(day.locator(".common"), /the mean of 180 s of all together$/);
    assert((await colours(page, day, low)).includes(AVERAGE));
  },
);

pageTest(
  "What is under a mouse that rests is read again when new seconds come",
  async ({ page, plot }) => {
    await plot.feed(puts(10, (i) => [`put a ${T + i} ${i} host=x`]));
    const a = chart(page, "a");
    await tells(page, a, [0.955, 0.5], /^x: 9 at /);
    await plot.feed(puts(90, (i) => [`put a ${T + 10 + i} ${10 + i} host=x`]));
    await says(a.locator(".tip"), /^x: 95 at /);
    await becomes(() => secondRead(a), T + 95);
    await becomes(() => figures(a, "value"), [95]);
  },
);

pageTest(
  "The page zooms, pauses and searches, and its address keeps that",
  async ({ page, plot, context }) => {
    await plot.feed(puts(4000, (i) => [
      `put a ${T + i} ${i} host=x`,
      `put a ${T + i} ${-i} host=y`,
    ]));
    const newest = T + 3999;
    const a = chart(page, "a");
    await range(page, T, newest); // all of them, as they are old
    await page.getByLabel("5 min").click();
    await range(page, newest - 300, newest);
    await page.getByLabel("1 h").click();
    await range(page, newest - 3600, newest);

    await point(page, a, 0.25);
    await page.mouse.down();
    await point(page, a, 0.75);
    await page.mouse.up();
    await range(page, newest - 2700, newest - 900, 20);
    const zoomed = await shown(page);
    await page.locator("#search").fill("HOST=Y");
    await says(page.locator("#count"), "1 of 2 series match");
    await page.locator("#log").click();
    await page.reload();
    await says(page.locator("#count"), "1 of 2 series match");
    await range(page, ...zoomed, 1);
    assertEquals(
      await page.locator("#log").getAttribute("aria-pressed"),
      "true",
    );
    await page.locator("#search").fill("");
    await a.locator(".u-over").dblclick();
    await range(page, newest - 3600, newest);

    // The same with a finger in place of the mouse.
    const { send } = await context.newCDPSession(page).then((session) => ({
      send: session.send.bind(session),
    }));
    const box = await a.locator(".u-over").boundingBox();
    const touch = (type: string, part?: number) =>
      send("Input.dispatchTouchEvent", {
        type,
        touchPoints: part === undefined
          ? []
          : [{ x: box.x + box.width * part, y: box.y + box.height / 2 }],
      });
    await touch("touchStart", 0.5);
    for (const part of [0.6, 0.8, 1]) await touch("touchMove", part);
    await touch("touchEnd");
    await range(page, newest - 1800, newest, 20);
    await page.locator("#follow").click();

    const pause = page.locator("#pause");
    await pause.focus();
    await page.keyboard.press("Enter");
    await says(page.locator("#status"), "Paused");
    await plot.feed([`put a ${newest + 200} 1 host=x`]);
    await plot.feed([`put b ${T} 1 host=x`]);
    await says(page.locator("#count"), "3 series in 2 charts");
    await range(page, newest - 3600, newest);
    await page.keyboard.press("Enter");
    await range(page, newest - 3400, newest + 200);
  },
);

pageTest(
  "The page loads over a slow line, and does not say that it waits for datapoints",
  async ({ page, plot, context }) => {
    const empty = page.locator("#empty");
    await says(empty, "Waiting for the first datapoint.");
    const hosts = Array.from({ length: 100 }, (_, i) => `host=web${i}`);
    await plot.feed(
      puts(
        200,
        (i) =>
          hosts.map((host, n) => `put a ${T + i} ${value(i * 99 + n)} ${host}`),
      ),
    );
    const all = () => figures(chart(page, "a"), "value");
    await becomes(async () => (await all())[99], value(199 * 99 + 99));
    const session = await context.newCDPSession(page);
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0, // ms
      downloadThroughput: 50_000, // bytes/s
      uploadThroughput: 50_000,
    });
    await page.reload();
    const said = new Set<string>();
    await says(page.locator("#count"), "100 series in 1 chart", async () => {
      const status = await page.locator("#status").textContent();
      said.add(`${status.replace(/\d+/, "N")} ${await empty.isVisible()}`);
    });
    assert(said.has("Loading N of 100 series false"), [...said].join());
    assertEquals([...said].filter((words) => words.endsWith("true")), []);
  },
);

pageTest(
  "The page opens with the latest minutes of a live input, and with all of one that has ended",
  async ({ page, plot, address }) => {
    await says(page.locator("#empty"), "Waiting for the first datapoint.");
    const now = Math.floor(Date.now() / 1000);
    await plot.feed(puts(4000, (i) => [`put a ${now - 3999 + i} ${i} host=x`]));
    await becomes(() => figures(chart(page, "a"), "value"), [3999]);
    const span = async (wanted: string) => {
      await page.goto(address);
      await says(page.locator("#count"), / series in 1 chart$/);
      const chosen = `document.querySelector("#spans :checked").value`;
      assertEquals(await page.evaluate(chosen), wanted);
    };
    await span("300");
    await plot.feed([
      `put a ${now + 900} 7 host=early`,
      `put a 9999999999 7 host=x`,
    ]);
    await says(
      page.locator("#early"),
      /^The clock of a host=early is ahead by 15 min/,
    );
    await says(page.locator("#ahead"), /^1 datapoints are left out/);
    await becomes(
      async () => (await figures(chart(page, "a"), "peak"))[1],
      3999,
    );
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

testInChromium("The page in Chromium");
