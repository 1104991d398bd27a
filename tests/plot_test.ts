import { assert, assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams/text-line-stream";
import { encode, heard, Plot, T } from "./helpers/plot.ts";
import { command, processTest, Running, until } from "./helpers/processes.ts";

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
          [200, `GET /history/series.js HTTP/1.1\r\nHost: localhost:${port}`],
          [403, `GET / HTTP/1.1\r\nHost: evil.example:${port}`],
          [403, `GET /events HTTP/1.1\r\nHost: evil.example`],
          [403, `GET / HTTP/1.1\r\nHost: 999.1.1.1:${port}`],
          [403, `GET / HTTP/1.1\r\nHost: [::\r\nX: y`],
          [404, `GET //events HTTP/1.1\r\nHost: ${host}`],
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
  "plot.ts says which option allows a name that it does not know",
  [],
  () =>
    Plot.at(["--host=0.0.0.0", "--names=web2"], async (_, address) => {
      const { port } = new URL(address);
      const ask = (host: string) =>
        answer(address, `GET / HTTP/1.1\r\nHost: ${host}:${port}`);
      const refused = await ask("web1");
      assert(refused.startsWith("HTTP/1.1 403"), refused);
      assert(refused.includes("plot.ts --names=web1"), refused);
      assert((await ask("web2")).startsWith("HTTP/1.1 200"));
    }),
);

processTest(
  "plot.ts survives more half-open connections than it may have open files",
  ["sh"],
  async () => {
    const args = command("pipes/plot.ts", "--port=0");
    const limit = ["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh"];
    const plot = new Plot([], [...limit, ...args]);
    const address = await plot.address();
    const { host, hostname, port } = new URL(address);
    const begun = new TextEncoder().encode(`GET / HTTP/1.1\r\nHost: ${host}`);
    const where = { hostname, port: Number(port) };
    const half = await Promise.all(
      Array.from({ length: 200 }, () => Deno.connect(where)),
    );
    await half[0]!.write(begun);
    await plot.feed([`put a ${T} 1 host=x`]);
    const { value } = await plot.process.stdout.getReader().read();
    assertEquals(value, encode([`put a ${T} 1 host=x`]));
    // A connection whose request does not come in time is closed.
    assertEquals(await half[0]!.read(new Uint8Array(1)), null);
    for (const connection of half) connection.close();
    const page = await answer(address, `GET / HTTP/1.1\r\nHost: ${host}`);
    assert(page.startsWith("HTTP/1.1 200 OK"), page);
    await plot.end();
    assertEquals(plot.err.trimEnd().split("\n").length, 1, plot.err);
  },
);

processTest(
  "plot.ts tells a page only what it has missed",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      await plot.feed([`put a ${T} 1 host=x`]);
      await heard(address, `${T}`); // by then plot.ts has read the line
      const told = await heard(address, "live");
      const id = told.match(/^id: (.*)$/m)![1]!;
      await plot.feed([`put a ${T + 1} 2 host=x`]);
      const missed = await heard(address, `"points":[[0,${T + 1},2]]`, id);
      assert(!missed.includes("history"), missed);
    }),
);

processTest(
  "plot.ts serves at most 64 pages at once",
  [],
  () =>
    Plot.at([], async (_, address) => {
      const { host, hostname, port } = new URL(address);
      const where = { hostname, port: Number(port) };
      const pages = await Promise.all(
        Array.from({ length: 65 }, () => Deno.connect(where)),
      );
      const ask = `GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      // All at once, as a page is served for 3 s at a time.
      for (const page of pages) page.write(new TextEncoder().encode(ask));
      const served = await Promise.all(pages.map(async (page) => {
        let text = "";
        const buffer = new Uint8Array(1000);
        while (!text.includes("event: state")) {
          const length = await page.read(buffer);
          if (length === null) return false;
          text += new TextDecoder().decode(buffer.subarray(0, length));
        }
        return true;
      }));
      assertEquals(served.filter((is) => is).length, 64);
      assertEquals((await fetch(`${address}events`)).status, 503);
      for (const page of pages) page.close();
    }),
);

processTest(
  "plot.ts refuses bad options, and a port in use",
  [],
  () =>
    Plot.at([], async (_, address) => {
      const { port } = new URL(address);
      const cases: [string[], number][] = [
        [[`--port=${port}`], 1],
        [["--port=x"], 2],
        [["--port=65536"], 2],
        [["--keep=0"], 2],
        [["--keep=1y"], 2],
        [["--series=0"], 2],
        [["--tty", "--port=1"], 2],
        [["file"], 2],
        [["--tty"], 1],
      ];
      await Promise.all(cases.map(async ([args, status]) => {
        const run = new Running(command("pipes/plot.ts", ...args));
        assertEquals((await run.end()).code, status, args.join(" "));
        assertEquals([run.out.length, run.err.length], [0, 1], run.err.join());
      }));
    }),
);

processTest(
  "plot.ts says why it cannot listen on a host",
  [],
  async () => {
    const plot = command("pipes/plot.ts", "--port=0");
    const all = [Deno.execPath(), "run", "-q", "-A", ...plot.slice(-2)];
    const cases: [string[], string][] = [
      [
        [...plot, "--host=web1"],
        "if this host has that name or address, use deno run --allow-net=web1 plot.ts",
      ],
      [[...all, "--host=203.0.113.7"], "this host has no such address"],
    ];
    await Promise.all(cases.map(async ([program, reason]) => {
      const plot = new Running(program);
      assertEquals((await plot.end()).code, 1);
      assertEquals(plot.err.length, 1);
      assert(plot.err[0]!.includes(`, port 0: ${reason}`), plot.err[0]);
    }));
  },
);

processTest(
  "plot.ts hands stdin on byte for byte, and stays when it ends",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      const put = encode([``, `put a ${T} 1 host=x`]);
      const end = new TextEncoder().encode("no newline");
      const taken = new Response(plot.process.stdout).bytes();
      for (const part of [bytes, put, end]) await plot.write(part);
      await plot.close();
      await heard(address, '"ended":1');
      // A page that comes after the end is told all that was read.
      const events = await heard(address, "live");
      assert(events.includes(`[0,"a","host=x",${T},[],[1]]`), events);
      const { code } = await plot.end();
      assertEquals([...await taken], [...bytes, ...put, ...end]);
      assertEquals(code, 0);
      assertEquals(plot.err.trimEnd().split("\n").length, 1, plot.err);
    }),
);

processTest(
  "plot.ts goes on when the reader of stdout is gone",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      await plot.process.stdout.cancel();
      await until(async () => { // only a write notices it
        await plot.feed([`put a ${T} 1 host=x`]);
        return plot.err.includes("the reader is gone");
      });
      await plot.feed([`put b ${T} 2 host=x`]);
      await heard(address, '"b","host=x"');
      assertEquals(plot.err.match(/gone/g)?.length, 1);
    }),
);

processTest(
  "plot.ts goes on when the reader of stdout stalls, and keeps whole lines",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      const line = "x".repeat(16 * 1024 - 1);
      for (let i = 0; i < 80; i++) await plot.feed(Array(64).fill(line));
      await plot.feed([`put b ${T} 2 host=x`]);
      await heard(address, '"b","host=x"');
      await until(() => plot.err.includes("the reader stalls: dropped"), 30);
      const lines = plot.process.stdout.pipeThrough(new TextDecoderStream())
        .pipeThrough(new TextLineStream());
      let whole = 0;
      for await (const taken of lines) {
        if (taken === `put b ${T} 2 host=x`) break;
        assertEquals(taken, line);
        whole++;
      }
      assert(whole > 2000 && whole < 4500, `${whole}`);
      await until(() => plot.err.includes("the reader goes on: dropped"), 30);
    }),
);

processTest(
  "plot.ts hands on everything to a pipe that does not block",
  ["perl"],
  async () => {
    const nonblocking = "use Fcntl; fcntl(STDOUT, F_SETFL, O_NONBLOCK | " +
      "fcntl(STDOUT, F_GETFL, 0)) or die; exec @ARGV";
    const args = command("pipes/plot.ts", "--port=0");
    const plot = new Plot([], ["perl", "-e", nonblocking, ...args]);
    await plot.address();
    const lines = Array(20_000).fill(`put a ${T} 1 host=x`);
    for (let i = 0; i < 5; i++) await plot.feed(lines);
    const taken = new Response(plot.process.stdout).text();
    const { code } = await plot.end();
    assertEquals((await taken).length, 5 * encode(lines).length);
    assertEquals(code, 0);
  },
);

processTest(
  "plot.ts says in one line that it cannot get its chart library",
  [],
  async (folder) => {
    const env = {
      DENO_DIR: folder,
      NPM_CONFIG_REGISTRY: "http://127.0.0.1:1/",
    };
    const run = new Running(command("pipes/plot.ts", "--port=0"), { env });
    assertEquals((await run.end()).code, 1);
    assertEquals(run.err.length, 1, run.err.join("\n"));
    assert(run.err[0]!.includes("is the npm registry in reach?"));
  },
);

processTest(
  "plot.ts hands on what its collector prints after Ctrl-C",
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
  "plot.ts ends after Ctrl-C even if its input does not",
  [],
  () =>
    Plot.at([], async (plot) => {
      plot.process.kill("SIGINT");
      assertEquals((await plot.process.status).code, 0);
    }),
);

processTest(
  "plot.ts tells the same to many pages, also to those that come late",
  [],
  () =>
    Plot.at([], async (plot, address) => {
      plot.process.stdout.pipeTo(new WritableStream()).catch(() => {});
      await plot.feed([`put a ${T} 1 host=x`, `put a ${T + 1} 3 host=x`]);
      const early = Array.from(
        { length: 20 },
        () => heard(address, `${T + 2}`),
      );
      await heard(address, `${T}`); // by then plot.ts has read the lines
      const first = await heard(address, "live");
      assert(first.includes(`[0,"a","host=x",${T},[1,1],[1,3]]`), first);
      await plot.feed([`put a ${T + 2} 5 host=x`]);
      for (const events of await Promise.all(early)) {
        assert(events.includes(`${T + 2},5`) || events.includes("[1,3,5]"));
      }
    }),
);
