/** The page of plot.ts, in a real browser: by what a person sees. */
import { assert, assertEquals } from "@std/assert";
import {
  type Browser,
  chart,
  CHROMIUM,
  type Context,
  figures,
  launch,
  open,
  type Page,
  point,
  says,
  secondRead,
  shown,
} from "./helpers/browser.ts";
import { heard, Plot, puts, T } from "./helpers/plot.ts";
import { processTest, until } from "./helpers/processes.ts";

const AXE = "npm:axe-core@4.13.0"; // not resolved until it is used

interface Seen {
  page: Page;
  plot: Plot;
  address: string;
  context: Context;
}

type PageTest = (seen: Seen) => Promise<void>;
const tests: { name: string; fn: PageTest }[] = [];

/** A test of the page that a plot serves, which must not throw anything. */
function pageTest(name: string, fn: PageTest): void {
  tests.push({ name, fn });
}

/** Does one of the tests, in a fresh window. */
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

async function range(page: Page, from: number, to: number, about = 0) {
  await until(
    async () => {
      const [a, b] = await shown(page);
      return Math.abs(a - from) <= about && Math.abs(b - to) <= about;
    },
    60,
    `${from} to ${to}`,
  );
}

/** What axe finds that keeps people from using the page. */
async function faults(page: Page, colorScheme: "light" | "dark") {
  const { default: axe } = await import(AXE);
  await page.emulateMedia({ colorScheme });
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
      id + " " + nodes.map(({ html }) => html).join(" ")))`,
  );
}

function value(second: number): number {
  return second * 7919 % 100_003 - 1000.25;
}

pageTest(
  "The page reads each second exactly, of several series and charts",
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
    await until(async () => (await figures(one, "value"))[1] === T + 300);
    assertEquals((await figures(one, "value"))[0], value(T + 300));
    assertEquals(await figures(two, "peak"), [300]);
    for (const part of [0.1, 0.4, 0.77]) {
      await point(page, one, part);
      const wanted = T + 310 * part; // the last point of k=2 lasts for 10 s
      await until(async () =>
        Math.abs((await secondRead(one) ?? 0) - wanted) <= 1
      );
      const second = (await secondRead(one))!;
      const i = second - T;
      const expected = [value(second), second - i % 10];
      assertEquals(await figures(one, "value"), expected);
      const other = i < 100 || i > 150 ? i : NaN;
      assertEquals(await secondRead(two), second);
      assertEquals(await figures(two, "value"), [other]);
    }
    await one.locator(".plot").focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await until(async () => await secondRead(one) === T + 1);
    await says(page.locator("#announce"), /: 1 [−\d.,]+, 2 1,700,000,000$/);
    await page.keyboard.press("Escape");
    await until(async () => await secondRead(one) === undefined);
    await says(one.locator("thead .figure").first(), "Last");
  },
);

pageTest(
  "A second's peak is read in a day's view, and names its line",
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
    await until(async () => (await figures(day, "peak"))[1] === 5000);
    await says(day.locator(".common"), /the highest of 180 s/);
    const { width } = await day.locator(".u-over").boundingBox();
    for (const pixels of [-3, 0, 3]) {
      await point(page, day, 0.5 + (pixels + 0.5) / width, 0.1);
      await says(day.locator(".tip"), /^404: 5,000 at .* \d\d:\d\d:\d\d$/);
      assertEquals((await figures(day, "value"))[1], 5000);
      assertEquals(await day.locator("tr.near .alone").textContent(), "404");
    }
    await point(page, day, 0.25, 0.1);
    await says(day.locator(".tip"), /: 6 at /);
    await page.locator("#average").click();
    await says(day.locator(".common"), /thick: the mean of 180 s/);
    assertEquals(await figures(day, "mean"), [2.999, 3.056]);
  },
);

pageTest(
  "The page zooms, pauses and searches, and the address keeps all that",
  async ({ page, plot, context }) => {
    await plot.feed(puts(4000, (i) => [
      `put a ${T + i} ${i} host=x`,
      `put a ${T + i} ${-i} host=y`,
    ]));
    const newest = T + 3999;
    const a = chart(page, "a");
    await range(page, T, newest); // of old puts: all
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

    // A finger does what the mouse does.
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
  "The page opens on the latest minutes of what is live, and on all that has ended",
  async ({ page, plot, address }) => {
    await says(page.locator("#empty"), "Waiting for the first datapoint.");
    const now = Math.floor(Date.now() / 1000);
    await plot.feed(puts(4000, (i) => [`put a ${now - 3999 + i} ${i} host=x`]));
    await heard(address, "live");
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
    await until(async () =>
      (await figures(chart(page, "a"), "value"))[1] === 3999
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

pageTest(
  "80 series are grouped, stacked, sorted, and shown alone; axe finds no fault",
  async ({ page, plot }) => {
    const hosts = Array.from({ length: 10 }, (_, i) => i + 1);
    const states = [
      "run",
      "sleep",
      "stop",
      "idle",
      "disk",
      "wait",
      "dead",
      "new",
    ];
    await plot.feed(
      puts(
        60,
        (i) =>
          hosts.flatMap((host) =>
            states.map((state, n) =>
              `put procs ${T + i} ${host === 3 && i === 30 ? 100 : n} ` +
              `host=web${host} state=${state} dc=a`
            )
          ),
      ),
    );
    await says(page.locator("#count"), "80 series in 1 chart");
    const procs = chart(page, "procs");
    const rows = procs.locator("tbody tr");
    const names = () => procs.locator(".alone").allTextContents();
    await says(procs.locator(".common"), /^dc=a/);
    await until(async () => await rows.count() === 80);
    assertEquals(await procs.locator(".shade").count(), 4); // a heat map
    // The fifth row from the top is web1 stop, the first of web2 the ninth.
    await point(page, procs, 0.5, 8.5 / 80);
    await says(procs.locator(".tip"), /^web2 dead: 6 at /);

    await page.getByLabel("procs: Lines").selectOption("host");
    await until(async () => await rows.count() === 10);
    const order = hosts.map((host) => `web${host}`); // web2 before web10
    assertEquals(await names(), order);
    assertEquals(await figures(procs, "peak"), [
      28,
      28,
      800,
      ...Array(7).fill(28),
    ]);
    await page.getByLabel("procs: drawn").selectOption("stack");
    await point(page, procs, 30.5 / 60, 0.5);
    await says(procs.locator(".tip"), /^web3: 800 at /);
    await procs.locator("thead").locator("button").nth(3).click();
    await until(async () => (await names())[0] === "web3");
    assertEquals(await faults(page, "light"), []);
    await page.getByLabel("procs: of which the").selectOption("mean");
    await until(async () => (await figures(procs, "peak"))[0] === 100);

    await procs.locator(".alone").first().click();
    await until(async () => await procs.locator("tr.off").count() === 9);
    await page.reload();
    await until(async () => await procs.locator("tr.off").count() === 9);
    assertEquals(await names(), order);
    await procs.locator(".alone").nth(2).click();
    await until(async () => await procs.locator("tr.off").count() === 0);
    await page.getByLabel("procs: the largest").selectOption("5");
    await until(async () => await rows.count() === 11);
    assertEquals((await names())[5], "5 others");
    assertEquals(await faults(page, "dark"), []);
  },
);

pageTest("The page saves what it shows", async ({ page, plot, context }) => {
  await plot.feed(puts(10, (i) => [
    `put a ${T + i} ${i} host=x`,
    ...i % 5 === 0 ? [`put a ${T + i} ${i / 4} host=y`] : [],
  ]));
  await says(page.locator("#count"), "2 series in 1 chart");
  const saved = async (label: string) => {
    const download = page.waitForEvent("download");
    await page.getByLabel(label).click();
    return await (await download).path();
  };
  const csv = (await Deno.readTextFile(await saved("Save a as CSV")))
    .split("\r\n");
  assertEquals(csv.length, 12);
  assertEquals(csv[0], 'time,second,"a host=x","a host=y"');
  assertEquals(csv[1], `2023-11-14T22:13:20Z,${T},0,0`);
  assertEquals(csv[2], `2023-11-14T22:13:21Z,${T + 1},1,`);
  assertEquals(csv[6], `2023-11-14T22:13:25Z,${T + 5},5,1.25`);
  const png = await Deno.readFile(await saved("Save a as PNG"));
  assertEquals([...png.subarray(1, 4)], [80, 78, 71]);
  assert(png.length > 5000);

  await chart(page, "a").locator(".alone").nth(1).click();
  const download = page.waitForEvent("download");
  await page.locator("#save").click();
  const path = await (await download).path();
  await plot.end();
  const thrown: string[] = [];
  const file = await open(context, thrown);
  await Deno.copyFile(path, `${path}.html`);
  await file.goto(`file://${path}.html`);
  await says(file.locator("#status"), /^Saved /);
  await says(file.locator("#count"), "2 series in 1 chart");
  await until(async () => (await figures(chart(file, "a"), "peak"))[0] === 9);
  assertEquals(await chart(file, "a").locator("tr.off").count(), 1);
  await point(file, chart(file, "a"), 0.55);
  await says(chart(file, "a").locator(".tip"), /^y: 1.25 at /);
  assertEquals(thrown, []);
});

pageTest(
  "Eight pages of a browser take names and lines as text, never as markup",
  async ({ page, plot, address, context }) => {
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
    for (const name of names) {
      await says(chart(page, name).locator("h2"), name);
      await says(chart(page, name).locator("tbody tr"), new RegExp(name));
    }
    await Promise.all(Array.from({ length: 7 }, async () => {
      const other = await open(context, []);
      await other.goto(`${address}#search=constructor`);
      await says(other.locator("#count"), "1 of 4 series match");
    }));
    assertEquals(await page.locator("main img, footer img").count(), 0);
    assertEquals(await page.evaluate("document.title"), "metriccounter");
  },
);

pageTest(
  "The page keeps what it has when the server goes away and comes back",
  async ({ page, plot, address }) => {
    await plot.feed([`put a ${T} 1 host=x`, `put old ${T} 1 host=x`]);
    await says(page.locator("#count"), "2 series in 2 charts");
    await plot.end();
    await says(page.locator("#status"), /server went away \d\d:\d\d:\d\d/i);
    const { port } = new URL(address);
    await Plot.at([`--port=${port}`], async (next) => {
      await says(page.locator("#status"), "Live");
      await says(page.locator("#count"), "2 series in 2 charts");
      await next.feed([`put a ${T + 1} 2 host=x`, `put b ${T} 2 host=x`]);
      await says(page.locator("#count"), "3 series in 3 charts");
      await says(page.locator("#status"), "Live");
      await until(async () =>
        (await figures(chart(page, "a"), "mean"))[0] === 1.5
      );
    });
  },
);

pageTest(
  "The page shows 1,000 series, and draws what can be seen of them",
  async ({ page, plot }) => {
    const tags = Array.from({ length: 500 }, (_, i) => `host=h${i}`);
    await plot.feed(puts(20, (i) =>
      tags.flatMap((tag, n) => [
        `put wide ${T + i} ${i + n} ${tag}`,
        `put m${n} ${T + i} ${i * n} host=x`,
      ])));
    await plot.feed([`put one.more ${T} 1 host=x`]);
    await says(page.locator("#count"), "1,000 series in 501 charts");
    await says(page.locator("#refused"), /^1 datapoints/);
    const wide = chart(page, "wide");
    await until(async () => (await figures(wide, "value"))[99] === 118, 60);
    await says(wide.locator(".more"), "Show 400 more");
    await wide.locator(".more").click();
    await until(async () => (await figures(wide, "value"))[499] === 518, 60);
    const canvases = await page.locator("canvas").count();
    assert(canvases < 30, `${canvases} canvases`);
    await page.locator("#search").fill("m77 host=x");
    await says(page.locator("#count"), "1 of 1,000 series match");
  },
);

// In two parts, as a browser on a busy machine takes its time.
const half = tests.length >> 1;
for (const some of [tests.slice(0, half), tests.slice(half)]) {
  const first = some[0]!.name;
  processTest(`In Chromium: ${first} …`, [CHROMIUM], async (_, t) => {
    const browser = await launch();
    try {
      for (const { name, fn } of some) {
        await t.step(name, () => test(browser, fn));
      }
    } finally {
      await browser.close();
    }
  });
}
