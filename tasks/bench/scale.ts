/** 10,000 series with a datapoint each second, through `tsd.ts` into a TSD. */
import { TextLineStream } from "@std/streams/text-line-stream";
import { isInstalled, nameOf, VICTORIA_METRICS } from "./peers.ts";
import { endOf, find, Meter, start, startHeld, stop } from "./process.ts";
import { foretold, SERIES } from "./series.ts";
import { megabytes, number, type Section, target } from "./table.ts";
import {
  command,
  freePort,
  quoted,
  until,
} from "../../tests/helpers/processes.ts";

const SCRIPT = new URL("series.ts", import.meta.url).pathname;
const FLUSH = 60; // seconds until all is sent at the end
const FLOOD = 100; // seconds whose datapoints are sent as fast as possible

/** Compares each stored datapoint with what it must be. */
async function verify(
  url: string,
  name: string,
  seconds: Set<number>,
): Promise<{ right: number; wrong: number }> {
  await (await fetch(`${url}/internal/force_flush`)).body?.cancel();
  const query = encodeURIComponent(`{__name__="${name}"}`);
  const response = await fetch(`${url}/api/v1/export?match[]=${query}`);
  const lines = response.body!.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const count = { right: 0, wrong: 0 };
  for await (const line of lines) {
    if (line === "") continue;
    const { metric, values, timestamps } = JSON.parse(line) as {
      metric: { series: string };
      values: number[];
      timestamps: number[];
    };
    const series = Number(metric.series);
    for (const [i, value] of values.entries()) {
      const second = timestamps[i]! / 1000;
      const right = value === foretold(series, second);
      if (seconds.has(second)) count[right ? "right" : "wrong"]++;
      else if (!right && value !== 0) count.wrong++; // in a second before the first or after the last
    }
  }
  return count;
}

/** Sends a million datapoints as fast as they are taken; returns how fast. */
async function flood(folder: string, url: string, tcp: number) {
  const path = `${folder}/flood`;
  const seconds = new Set<number>();
  {
    using file = await Deno.create(path);
    const first = Math.floor(Date.now() / 1000) - FLOOD;
    for (let second = first; second < first + FLOOD; second++) {
      seconds.add(second);
      let text = "";
      for (let i = 0; i < SERIES; i++) {
        text += `put bench.flood ${second} ${foretold(i, second)} ` +
          `host=web1 series=${i}\n`;
      }
      await file.write(new TextEncoder().encode(text));
    }
  }
  const args = command("pipes/tsd.ts", `127.0.0.1:${tcp}`);
  const started = Date.now();
  const held = startHeld(["sh", "-c", '"$@" < "$0"', path, ...args]);
  const meter = new Meter(held.process.pid);
  await until(() => endOf(held) !== undefined, FLUSH, "tsd.ts has sent all");
  const { cpu, memory } = meter.stop();
  const time = (endOf(held)! - started) / 1000;
  await stop(held);
  const { right, wrong } = await verify(url, "bench.flood", seconds);
  const expected = FLOOD * SERIES;
  const missing = expected - right;
  return { perSecond: expected / time, cpu, time, memory, wrong, missing };
}

/** Measures how much one sender and one TSD take, and checks each datapoint. */
export async function benchScale(
  folder: string,
  duration: number,
): Promise<Section> {
  const title = `Scale: ${number(SERIES)} series for ${duration} s`;
  const what = "wrong or missing datapoints in the TSD";
  if (!isInstalled(VICTORIA_METRICS)) {
    return { title, targets: [target(what, "at most", 0, "", undefined)] };
  }
  const [http, tcp] = [freePort(), freePort()];
  const url = `http://127.0.0.1:${http}`;
  // deno-fmt-ignore
  const tsd = start([
    VICTORIA_METRICS.program, `-storageDataPath=${folder}/tsd`,
    `-httpListenAddr=127.0.0.1:${http}`, `-opentsdbListenAddr=127.0.0.1:${tcp}`,
    "-dedup.minScrapeInterval=1ms", "-retentionPeriod=1y",
  ], { stderr: "null", stdout: "null" });
  await until(() =>
    fetch(`${url}/health`).then((r) => r.text()).then(
      (text) => text === "OK",
      () => false,
    )
  );
  const flags = ["--allow-run=tail", "--allow-sys=hostname"];
  const series = [Deno.execPath(), "run", ...flags, SCRIPT];
  const pipe = command("pipes/tsd.ts", `127.0.0.1:${tcp}`);
  const both = start(["sh", "-c", [series, pipe].map(quoted).join(" | ")]);
  await until(() => both.err.length > 0);
  const { pid } = both.process;
  const [source, sender] = [find(pid, SCRIPT)!, find(pid, pipe.at(-1)!)!];
  const meters = new Map([
    ["the collector", new Meter(source)],
    ["pipes/tsd.ts", new Meter(sender)],
    [nameOf(VICTORIA_METRICS), new Meter(tsd.process.pid)],
  ]);
  const seconds = () =>
    new Set(
      both.err.filter((line) => line.startsWith("second "))
        .map((line) => Number(line.slice(7))),
    );
  const started = performance.now();
  await until(() => seconds().size >= duration, 2 * duration + 10);
  const written = seconds();
  Deno.kill(source, "SIGTERM");
  let ended = false;
  both.process.status.then(() => ended = true);
  await until(() => ended, FLUSH, "tsd.ts has sent all");
  const time = (performance.now() - started) / 1000;
  const costs = [...meters].map(([name, meter]) =>
    [name, meter.stop()] as const
  );
  const { right, wrong } = await verify(url, "bench.series", written);
  const most = await flood(folder, url, tcp);
  await stop(both);
  await stop(tsd);

  const missing = SERIES * written.size - right;
  const stray = both.err.filter((line) => !line.startsWith("second "));
  const perSecond = right / written.size;
  const figures = costs.map(([name, { cpu, memory }]) => ({
    name,
    cpuPercent: cpu / time * 100,
    megabytes: megabytes(memory),
  }));
  figures.push({
    name: `tsd.ts, sending all it can: ${number(most.perSecond)}/s`,
    cpuPercent: most.cpu / most.time * 100,
    megabytes: megabytes(most.memory),
  });
  return {
    title,
    figures: {
      right,
      wrong,
      missing,
      perSecond,
      flood: most,
      costs: figures,
      stderr: stray,
    },
    table: [
      [`${number(right)} datapoints, ${number(perSecond)}/s`, "CPU %", "MB"],
      ...figures.map(({ name, cpuPercent, megabytes }) => [
        name,
        number(cpuPercent),
        number(megabytes),
      ]),
    ],
    targets: [
      target(
        what,
        "at most",
        0,
        "",
        wrong + missing + most.wrong + most.missing,
      ),
    ],
  };
}
