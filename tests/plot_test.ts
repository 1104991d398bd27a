import { assert, assertEquals } from "@std/assert";
import { HandOn } from "../pipes/plot/hand_on.ts";
import { History, parsePut } from "../pipes/plot/history.ts";
import { isOwnHost } from "../pipes/plot/host.ts";
import { align, Series } from "../pipes/plot/series.js";
import { frame } from "../pipes/plot/terminal.ts";
import { command, processTest, Running, until } from "./processes.ts";

const T = 1_700_000_000;

function series(points: [second: number, value: number][], keep = 3600) {
  const made = new Series(0, "a", "host=x", keep);
  for (const [second, value] of points) made.add(second, value);
  return made;
}

function history(lines: string[], keep = 3600, maxSeries = 1000) {
  const made = new History(keep, maxSeries);
  made.push(lines.map((line) => line + "\n").join(""));
  return made;
}

Deno.test("parsePut() reads both formats, and only puts", () => {
  const put = { name: "a.b", tags: " host=x k=v/1", second: T, value: -1.5 };
  assertEquals(parsePut(`put a.b ${T} -1.5 host=x k=v/1`), put);
  assertEquals(parsePut(`a.b ${T} -1.5 host=x k=v/1`), put);
  assertEquals(parsePut(`put ${T} 5 host=x`)?.name, "put");
  assertEquals(parsePut(`put a ${T} 1e3`)?.value, 1000);
  assertEquals(parsePut(`put __proto__ ${T} 1 constructor=x\r`)?.value, 1);
  for (
    const line of [
      "",
      "hello",
      `put a ${T}`,
      `put a 17000000 1 host=x`,
      `put a ${T} NaN host=x`,
      `put a ${T} 1e999 host=x`,
      `put <b>a</b> ${T} 1 host=x`,
      `put a ${T} 1 host=<script>`,
      `put a ${T} 1 host`,
      `put a ${T} 1 host=${"x".repeat(1024)}`,
    ]
  ) assertEquals(parsePut(line), undefined, line);
});

Deno.test("Series.add() puts points in their places", () => {
  const made = series([[5, 1], [7, 3], [6, 2], [7, 4], [5, 0]]);
  assertEquals([...made.times], [5, 6, 7]);
  assertEquals([...made.values], [0, 2, 4]);
  assertEquals(made.at(7), { value: 4, rate: 2 });
  assertEquals(made.at(8), { value: undefined, rate: undefined });
  assertEquals([made.peak(5, 6), made.peak(8, 9)], [2, undefined]);
});

Deno.test("Series keeps so many seconds before its newest point", () => {
  const made = series([], 100);
  for (let second = 0; second < 10_000; second++) made.add(second, second);
  assertEquals([made.oldest, made.newest, made.length], [9899, 9999, 101]);
  assertEquals([...made.values], [...made.times]);
});

Deno.test("Series starts afresh when the clock goes back by more than it keeps", () => {
  const made = series([[1000, 1], [1001, 2], [5, 3]], 100);
  assertEquals([...made.times], [5]);
});

Deno.test("Series.step is learned from the points, past gaps and hasty ones", () => {
  assertEquals(series([]).step, 1);
  assertEquals(series([[0, 1], [10, 1], [20, 1], [90, 1], [100, 1]]).step, 10);
  const jitter = [0, 15, 29, 45, 60, 61, 75, 90, 105, 119, 134, 150];
  const made = series(jitter.map((second) => [second, 1]));
  assert(made.step >= 14 && made.step <= 15);
});

Deno.test("align() breaks a line where a series was silent, and only there", () => {
  const fast = series([[1, 1], [2, 2], [5, 5], [6, 6], [9, 9]]);
  const slow = series([[0, 0], [5, 50], [10, 100]]);
  const { data, lone } = align([fast, slow], 0, 10);
  const [, ...columns] = data;
  assertEquals([...data[0]], [0, 1, 2, 3, 5, 6, 7, 9, 10]);
  const none = undefined;
  assertEquals(columns[0], [none, 1, 2, null, 5, 6, null, 9, none]);
  assertEquals(columns[1], [0, none, none, none, 50, none, none, none, 100]);
  assertEquals(lone, [[7], []]);
});

Deno.test("align() leaves no line across a gap in which others report", () => {
  const a = series([[1, 1], [2, 1], [6, 1], [7, 1]]);
  const b = series([1, 2, 3, 4, 5, 6, 7].map((second) => [second, 2]));
  const { data: [, column] } = align([a, b], 0, 10);
  assertEquals(column, [1, 1, null, null, null, 1, 1]);
});

Deno.test("History keeps at most so many series, and tells of the others", () => {
  const made = history(
    [
      `a ${T} 1 host=x`,
      `a ${T} 1 z=1 host=y`,
      `a ${T} 2 host=y z=1`,
      `a ${T} 1 host=z`,
    ],
    60,
    2,
  );
  assertEquals(made.series.map(({ tags }) => tags), ["host=x", "host=y z=1"]);
  assertEquals(made.refused, 1);
  made.push(`a ${T + 61} 1 host=y z=1\na ${T + 61} 1 host=z\n`);
  assertEquals(made.series.map(({ tags }) => tags), ["host=y z=1", "host=z"]);
});

Deno.test("History counts the lines that are no puts, and shows the latest", () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const made = history(lines);
  made.push("x".repeat(10_000));
  made.push("y".repeat(10_000));
  made.end(5);
  assertEquals(made.strange, 31);
  assertEquals(made.latestStrange.length, 20);
  assertEquals(made.latestStrange[0], "line 11");
  assertEquals(made.latestStrange.at(-1)?.length, 200);
  assertEquals(made.ended, 5);
});

Deno.test("isOwnHost() knows the server's own addresses", () => {
  for (const name of ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"]) {
    assert(isOwnHost(`${name}:8000`, "127.0.0.1", 8000));
    assert(isOwnHost(`${name}:8000`, "0.0.0.0", 8000));
    assert(!isOwnHost(`${name}:8001`, "127.0.0.1", 8000));
    assert(isOwnHost(name, "127.0.0.1", 80));
  }
  assert(isOwnHost("web1:8000", "web1", 8000));
  assert(!isOwnHost("localhost:8000", "web1", 8000));
  assert(isOwnHost("10.0.0.5:8000", "0.0.0.0", 8000));
  for (const host of [null, "", "evil.example:8000", "localhost.evil:8000"]) {
    assert(!isOwnHost(host, "127.0.0.1", 8000));
    assert(!isOwnHost(host, "0.0.0.0", 8000));
  }
});

class Reader {
  taken = 0;
  readonly text: string[] = [];
  readonly gate = Promise.withResolvers<void>();

  async write(bytes: Uint8Array): Promise<number> {
    await this.gate.promise;
    const some = bytes.subarray(0, 10_000);
    this.taken += some.length;
    this.text.push(new TextDecoder("latin1").decode(some));
    return some.length;
  }
}

Deno.test("HandOn hands on every byte in order", async () => {
  const reader = new Reader();
  const handOn = new HandOn(reader);
  reader.gate.resolve();
  let text = "";
  for (let i = 0; i < 300; i++) {
    const chunk = i % 7 === 0 ? `${i}\n${i}` : "\xff".repeat(i * 3);
    text += chunk;
    await handOn.push(Uint8Array.from(chunk, (c) => c.charCodeAt(0)));
  }
  await handOn.end();
  assertEquals(reader.text.join("").length, text.length);
  assert(
    reader.text.join("") === new TextDecoder("latin1").decode(
      Uint8Array.from(text, (c) => c.charCodeAt(0)),
    ),
  );
});

Deno.test("HandOn does not wait for a reader that stalls", async () => {
  const reader = new Reader();
  const said: string[] = [];
  const handOn = new HandOn(reader, (message) => said.push(message));
  const lines = new TextEncoder().encode(`${"x".repeat(1023)}\n`.repeat(1024));
  for (let i = 0; i < 80; i++) await handOn.push(lines);
  assert(handOn.dropped > 0 && handOn.dropped < 17 * 1024);
  assertEquals(said, ["the reader stalls: dropping the oldest lines"]);
  reader.gate.resolve();
  await handOn.end();
  assertEquals(said.length, 2);
  assertEquals(reader.taken, 80 * 1024 * 1024 - handOn.dropped * 1024);
});

Deno.test("HandOn says once that its reader is gone", async () => {
  const said: string[] = [];
  const handOn = new HandOn({
    write: () => Promise.reject(new Deno.errors.BrokenPipe()),
  }, (message) => said.push(message));
  for (const byte of [65, 10, 66, 10]) {
    await handOn.push(Uint8Array.of(byte));
    await Promise.resolve();
  }
  await handOn.end();
  assertEquals(said, ["the reader is gone: handing nothing on"]);
});

function puts(count: number, lines: (i: number) => string[]): string[] {
  return Array.from({ length: count }, (_, i) => lines(i)).flat();
}

Deno.test("frame() draws braille charts while there is room", () => {
  const made = history(puts(10, (i) => [`a.b ${T + i} ${i} host=x`]));
  const rows = frame(made, { columns: 60, rows: 24 });
  assertEquals(rows.length, 7); // a title, five of the chart, and the notes
  assert(/^a\.b host=x +9 peak +9$/.test(rows[0]!), rows[0]);
  assertEquals(rows.slice(1, 6).map((row) => row.length), Array(5).fill(60));
  assert(rows.slice(1, 6).join("").includes("⣿"));
  assert(rows[6]!.startsWith("1 series, 5 min to "));
});

Deno.test("frame() draws sparklines where it is tight, then leaves series out", () => {
  const made = history(
    puts(20, (i) => [`a ${T} ${i} host=${String(i).padStart(2, "0")}`]),
  );
  const rows = frame(made, { columns: 80, rows: 24 });
  assertEquals(rows.length, 21);
  assert(rows.every((row) => row.length <= 80));
  assert(/^a host=19 .*█ .*19 peak +19$/.test(rows[19]!), rows[19]);
  const few = frame(made, { columns: 80, rows: 11 });
  assertEquals(few.length, 11);
  assertEquals(few[9], "and 11 more");
});

Deno.test("frame() fits any size, and holds no control character", () => {
  const made = history([
    `${"n".repeat(300)} ${T} 123456789.125 host=${"x".repeat(300)}`,
    `a ${T} -1e-9 host=x`,
    "\x1b[2Jgone\x07 漢字漢字",
  ]);
  made.end(0);
  for (let columns = 0; columns < 120; columns += 7) {
    for (let rows = 0; rows < 20; rows++) {
      const drawn = frame(made, { columns, rows });
      assert(drawn.length <= Math.max(1, rows));
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f]/.test(drawn.join("")));
      if (columns < 40) continue;
      for (const row of drawn) assert(row.length <= columns, row);
    }
  }
});

// With real processes.

class Plot {
  readonly process: Deno.ChildProcess;
  readonly err: string[] = [];
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<void>;

  constructor(...args: string[]) {
    const [program, ...rest] = command("pipes/plot.ts", ...args);
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.process = new Deno.Command(program!, { args: rest, ...pipes }).spawn();
    this.#input = this.process.stdin.getWriter();
    this.#errors = this.#collect();
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoderStream();
    for await (const text of this.process.stderr.pipeThrough(decoder)) {
      this.err.push(text);
    }
  }

  /** What `fn` does with a plot at a free port. */
  static async at(
    args: string[],
    fn: (plot: Plot, address: string) => Promise<void>,
  ): Promise<void> {
    const plot = new Plot("--port=0", ...args);
    try {
      await fn(plot, await plot.address());
    } finally {
      await plot.end();
    }
  }

  async address(): Promise<string> {
    await until(() => this.err.join("").includes("/\n"), 30, "the address");
    return this.err.join("").match(/http:\S+/)![0];
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#input.write(bytes);
  }

  async feed(lines: string[]): Promise<void> {
    const text = lines.map((line) => line + "\n").join("");
    await this.write(new TextEncoder().encode(text));
  }

  async close(): Promise<void> {
    await this.#input.close();
  }

  /** Ends it as Ctrl-C does. */
  async end(): Promise<Deno.CommandStatus> {
    await this.#input.close().catch(() => {});
    try {
      this.process.kill("SIGINT");
    } catch {
      // It has ended already.
    }
    const { stdout } = this.process;
    if (!stdout.locked) await stdout.cancel().catch(() => {});
    await this.#errors;
    return await this.process.status;
  }
}

async function answer(address: string, request: string): Promise<string> {
  const { hostname, port } = new URL(address);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  const text = `${request}\r\nConnection: close\r\n\r\n`;
  await connection.write(new TextEncoder().encode(text));
  let all = "";
  const buffer = new Uint8Array(65_536);
  for (let n; (n = await connection.read(buffer)) !== null;) {
    all += new TextDecoder().decode(buffer.subarray(0, n));
  }
  return all;
}

/** Listens to the events until they hold a text. */
async function heard(address: string, wanted: string): Promise<string> {
  const signal = AbortSignal.timeout(30_000);
  const { body } = await fetch(`${address}events`, { signal });
  let all = "";
  for await (const text of body!.pipeThrough(new TextDecoderStream())) {
    all += text;
    if (all.includes(wanted)) return all;
  }
  throw new Error(`Not heard: ${wanted}`);
}

processTest(
  "plot.ts answers only GET, its own paths and its own host",
  [],
  () =>
    Plot.at([], async (_, address) => {
      const { host, port } = new URL(address);
      const page = await answer(address, `GET / HTTP/1.1\r\nHost: ${host}`);
      assert(page.startsWith("HTTP/1.1 200 OK"));
      assert(/content-security-policy: default-src 'none'/i.test(page));
      assert(!/unsafe|https?:\/\/(?!www\.w3\.org)/.test(page), page);
      for (
        const [status, request] of [
          [200, `GET /series.js HTTP/1.1\r\nHost: localhost:${port}`],
          [403, `GET / HTTP/1.1\r\nHost: evil.example:${port}`],
          [403, `GET /events HTTP/1.1\r\nHost: evil.example`],
          [404, `GET /etc/passwd HTTP/1.1\r\nHost: ${host}`],
          [404, `GET /../plot.ts HTTP/1.1\r\nHost: ${host}`],
          [405, `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0`],
          [405, `POST /events HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0`],
          [405, `HEAD / HTTP/1.1\r\nHost: ${host}`],
        ] as const
      ) {
        const [line] = (await answer(address, request)).split("\r\n", 1);
        assert(line?.startsWith(`HTTP/1.1 ${status} `), `${request}: ${line}`);
      }
    }),
);

processTest(
  "plot.ts refuses bad options, and a port in use",
  [],
  () =>
    Plot.at([], async (_, address) => {
      const { port } = new URL(address);
      for (
        const [args, status] of [
          [[`--port=${port}`], 1],
          [["--port=x"], 2],
          [["--port=65536"], 2],
          [["--keep=0"], 2],
          [["--keep=1y"], 2],
          [["--series=0"], 2],
          [["--tty", "--port=1"], 2],
          [["--bogus"], 2],
          [["file"], 2],
          [["--tty"], 1],
        ] as const
      ) {
        const run = new Running(command("pipes/plot.ts", ...args));
        assertEquals((await run.end()).code, status, args.join(" "));
        assertEquals([run.out.length, run.err.length], [0, 1], run.err.join());
      }
      const help = new Running(command("pipes/plot.ts", "--help"));
      assertEquals((await help.end()).code, 0);
      assert(help.out.includes("Examples:"));
    }),
);

processTest(
  "plot.ts hands stdin on byte for byte, and stays when it ends",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      const put = new TextEncoder().encode(`\nput a ${T} 1 host=x\nno newline`);
      const taken = new Response(plot.process.stdout).bytes();
      await plot.write(bytes);
      await plot.write(put);
      await plot.close();
      const events = await heard(address, 'ended":1');
      assert(events.includes(`[0,"a","host=x",${T},[],[1]]`), events);
      const { code } = await plot.end();
      assertEquals([...await taken], [...bytes, ...put]);
      assertEquals([code, plot.err.length], [0, 1], plot.err.join());
    }),
);

processTest(
  "plot.ts goes on when the reader of stdout is gone",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      await plot.process.stdout.cancel();
      await plot.feed([`put a ${T} 1 host=x`]);
      await until(() => plot.err.join("").includes("the reader is gone"), 30);
      await plot.feed([`put b ${T} 2 host=x`]);
      await heard(address, '"b","host=x"');
      assertEquals(plot.err.join("").match(/gone/g)?.length, 1);
    }),
);

processTest(
  "plot.ts goes on when the reader of stdout stalls",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      const filler = Array(20_000).fill(`put a ${T} 1 host=x`);
      for (let i = 0; i < 10; i++) await plot.feed(filler);
      await plot.feed([`put b ${T} 2 host=x`]);
      await heard(address, '"b","host=x"');
    }),
);

processTest(
  "plot.ts hands on what its collector tells after Ctrl-C",
  [],
  () =>
    Plot.at([], async (plot) => {
      const taken = new Response(plot.process.stdout).text();
      plot.process.kill("SIGINT");
      await plot.feed([`put a ${T} 7 host=x`]);
      await plot.close();
      assertEquals(await taken, `put a ${T} 7 host=x\n`);
      assertEquals((await plot.process.status).code, 0);
    }),
);

processTest(
  "plot.ts ends after Ctrl-C though its input does not",
  [],
  () =>
    Plot.at([], async (plot) => {
      plot.process.kill("SIGINT");
      assertEquals((await plot.process.status).code, 0);
    }),
);

processTest("plot.ts --tty redraws in place, and leaves the last frame", [
  "script",
], async (folder) => {
  const lines = [1, 2].map((i) => `put a.b ${T + i} ${i * 11} host=x`);
  const plot = command("pipes/plot.ts", "--tty").join(" ");
  const shell = `stty cols 70 rows 12
    (echo ${lines[0]}; sleep 1; echo ${lines[1]}) | ${plot}`;
  await Deno.writeTextFile(`${folder}/run`, shell);
  const args = ["-qec", `sh ${folder}/run`, "/dev/null"];
  const run = new Running(["script", ...args]);
  const { code } = await run.end();
  const all = run.out.join("\n");
  assertEquals(code, 0, all);
  const [before, ...frames] = all.split("\x1b[H");
  assert(before!.endsWith("\x1b[?1049h\x1b[?25l"), before);
  assert(frames.length > 2);
  assert(frames.some((frame) => / 11 .*peak.* 11/.test(frame)), all);
  const [last, left] = frames.at(-1)!.split("\x1b[?25h\x1b[?1049l");
  assert(last!.endsWith("\x1b[J"), last);
  assert(/a\.b.* 22 .*peak.* 22/.test(left!), left);
});

// With a real browser.

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

/** A test of the page that a plot serves, which must not throw anything. */
function pageTest(
  name: string,
  args: string[],
  fn: (page: Page, plot: Plot, address: string) => Promise<void>,
): void {
  processTest(name, ["chromium"], () =>
    Plot.at(args, async (plot, address) => {
      Deno.env.set("__IS_WSL_TEST__", "1"); // spares it a look into /proc
      const { chromium } = await import(PLAYWRIGHT);
      const browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        args: CHROMIUM,
        timeout: WAIT,
      });
      try {
        const page: Page = await browser.newPage({
          viewport: { width: 1200, height: 800 },
        });
        const thrown: string[] = [];
        page.on("pageerror", ({ message }) => thrown.push(message));
        page.setDefaultTimeout(WAIT);
        plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
        await page.goto(address);
        await fn(page, plot, address);
        assertEquals(thrown, []);
      } finally {
        await browser.close();
      }
    }));
}

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
    await says(page.locator("#status"), "Live");
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
      await says(page.locator("#status"), "Live");
      await says(page.locator("#count"), "2 series in 2 charts");
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

processTest(
  "Many pages, late ones too, hear the same",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
      await plot.feed([`put a ${T} 1 host=x`, `put a ${T + 1} 3 host=x`]);
      const early = Array.from(
        { length: 20 },
        () => heard(address, `${T + 2}`),
      );
      const first = await heard(address, "live");
      assert(first.includes(`[0,"a","host=x",${T},[1,1],[1,3]]`), first);
      await plot.feed([`put a ${T + 2} 5 host=x`]);
      for (const events of await Promise.all(early)) {
        assert(events.includes(`${T + 2},5`) || events.includes("[1,3,5]"));
      }
    }),
);
