/** The page of plot.ts, in a real browser: many series, pages and servers. */
import { assert, assertEquals } from "@std/assert";
import {
  becomes,
  chart,
  colours,
  faults,
  figures,
  open,
  pageTest,
  says,
  tells,
  testInChromium,
} from "../helpers/browser.ts";
import { Plot, puts, T } from "../helpers/plot.ts";

const DARKEST = "60,0,60"; // colour of a heat map on a light page

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
    const hidden = () => procs.locator("tr.off").count();
    await says(procs.locator(".common"), /^dc=a/);
    await becomes(() => rows.count(), 80);
    assertEquals(await procs.locator(".shade").count(), 4); // a heat map
    // The fifth row from the top is web1 stop, the first of web2 the ninth.
    await tells(page, procs, [0.5, 8.5 / 80], /^web2 dead: 6 at /);
    // An average is lighter than the colour of the highest second in it.
    const row = 16.5 / 80;
    await tells(page, procs, [30.5 / 60, row], /^web3 dead: 100 at /);
    await page.mouse.move(0, 0);
    assert((await colours(page, procs, row)).includes(DARKEST));
    await page.locator("#average").click();
    await says(procs.locator(".common"), /each cell is the mean of 60 s/);
    assert(!(await colours(page, procs, row)).includes(DARKEST));
    assertEquals(await procs.locator(".shade").nth(3).textContent(), "100");
    await tells(
      page,
      procs,
      [0.25, row],
      /^web3 dead: mean 8.35 in 60 s from /,
    );

    await page.getByLabel("procs: Lines").selectOption("host");
    await becomes(() => rows.count(), 10);
    const order = hosts.map((host) => `web${host}`); // web2 stands before web10
    assertEquals(await names(), order);
    assertEquals(await figures(procs, "peak"), [
      28,
      28,
      800,
      ...Array(7).fill(28),
    ]);
    await page.getByLabel("procs: drawn as").selectOption("stack");
    await tells(page, procs, [30.5 / 60, 0.5], /^web3: 800 at /);
    // The first in the legend is the highest in the stack.
    await tells(page, procs, [0.75, 1 - 100 / 1110], /^web7: 28 at /);
    await procs.locator("thead").locator("button").nth(3).click();
    await becomes(async () => (await names())[0], "web3");
    assertEquals(await faults(page, { colorScheme: "light" }), []);
    await page.getByLabel("procs: value").selectOption("mean");
    await becomes(async () => (await figures(procs, "peak"))[0], 100);

    await procs.locator(".alone").first().click();
    await becomes(hidden, 9);
    await page.reload();
    await becomes(hidden, 9);
    assertEquals(await names(), order);
    await procs.locator(".alone").nth(2).click();
    await becomes(hidden, 0);
    await page.getByLabel("procs: show the largest").selectOption("5");
    await becomes(() => rows.count(), 11);
    assertEquals((await names())[5], "5 others");
    assertEquals(await faults(page, { colorScheme: "dark" }), []);

    // Where the system replaces all colours, lines differ in their dashes, and
    // buttons that are on still look different.
    assertEquals(await faults(page, { forcedColors: "active" }), []);
    const dashes = () =>
      page.evaluate<string[]>(
        "[...document.querySelectorAll('.toggle path')].slice(0, 4)" +
          ".map((path) => path.getAttribute('stroke-dasharray'))",
      );
    await becomes(async () => new Set(await dashes()).size, 4);
    const [on, off] = await page.evaluate<string[]>(
      "['average', 'log'].map((id) =>" +
        "getComputedStyle(document.getElementById(id)).backgroundColor)",
    );
    assert(on !== off, on);
  },
);

pageTest("The page saves what it shows", async ({ page, plot, context }) => {
  await plot.feed(puts(10, (i) => [
    `put a ${T + i} ${i} host=x`,
    ...i % 5 === 0 ? [`put a ${T + i} ${i / 4} host=y`] : [],
  ]));
  await becomes(() => figures(chart(page, "a"), "peak"), [9, 1.25]);
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
  await becomes(() => figures(chart(file, "a"), "peak"), [9, 1.25]);
  assertEquals(await chart(file, "a").locator("tr.off").count(), 1);
  await tells(file, chart(file, "a"), [0.55, 0.5], /^y: 1.25 at /);
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
    await says(page.locator("summary"), "5 lines are not puts");
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
      await says(page.locator("#status"), /^(Live|No datapoint since .*)$/);
      await says(page.locator("#count"), "2 series in 2 charts");
      await next.feed([`put a ${T + 1} 2 host=x`, `put b ${T} 2 host=x`]);
      await says(page.locator("#count"), "3 series in 3 charts");
      await says(page.locator("#status"), "Live");
      await becomes(() => figures(chart(page, "a"), "mean"), [1.5]);
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
    await becomes(async () => (await figures(wide, "value"))[99], 118);
    await says(wide.locator(".more"), "Show 400 more");
    await wide.locator(".more").click();
    await becomes(async () => (await figures(wide, "value"))[499], 518);
    const canvases = await page.locator("canvas").count();
    assert(canvases < 30, `${canvases} canvases`);
    await page.locator("#search").fill("m77 host=x");
    await says(page.locator("#count"), "1 of 1,000 series match");
  },
);

testInChromium("The page in Chromium, with many series, pages and servers");
