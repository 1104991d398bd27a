/** Runs each line of "Ten logs" in README.md on a log as its program writes it. */
import { assertEquals } from "@std/assert";
import {
  command,
  processTest,
  puts,
  quoted,
  ROOT,
  Running,
} from "./helpers/processes.ts";

interface Sample {
  /** The path of the log. */
  path: string;
  lines: string[];
  /** The sum of the datapoints of each series. */
  told: Record<string, number>;
}

const WEB =
  '203.0.113.7 - - [14/Jun/2026:13:16:0$ +0000] "GET /a HTTP/1.1" 200 512 "-" "curl/8.5.0"';
const ID = "3f29a8d0c1b2".padEnd(64, "0");
const SSHD = "Jun 14 13:16:0$ web1 sshd[812]: ";
const POSTGRES = "2026-06-14 13:16:0$.123 UTC [99] app@shop LOG:  ";
const POD = "/var/log/pods/shop_web-7d9f_8c1f2a/web/0.log";

/** In each line, `$` stands for its number: each is a second later. */
const SAMPLES: Record<string, Sample> = {
  "http.requests": {
    path: "/var/log/nginx/access.log",
    lines: [WEB, WEB, WEB.replace("GET", "POST").replace(" 200 ", " 502 ")],
    told: { "method=GET status=200": 2, "method=POST status=502": 1 },
  },
  "http.bytes": {
    path: "/var/log/apache2/access.log",
    lines: [WEB, WEB.replace("512", "1024"), WEB.replace(" 200 ", " 404 ")],
    told: { sum: 1536, p50: 1536, p99: 1536, max: 1536 },
  },
  "ssh.failures": {
    path: "/var/log/auth.log",
    lines: [
      `${SSHD}Failed password for root from 203.0.113.9 port 4242 ssh2`,
      `${SSHD}Failed password for invalid user x from 203.0.113.9 port 1 ssh2`,
      `${SSHD}Accepted publickey for root from 203.0.113.1 port 2 ssh2`,
      `${SSHD}Failed password for root from 2001:db8::1 port 3 ssh2`,
    ],
    told: { "address=203.0.113.9": 2, "address=2001_db8__1": 1 },
  },
  "postgres.ms": {
    path: "/var/log/postgresql/postgresql-15-main.log",
    lines: [
      `${POSTGRES}duration: 12.5 ms  statement: SELECT 1`,
      `${POSTGRES}checkpoint starting: time`,
      `${POSTGRES}duration: 250.125 ms  statement: SELECT 2`,
    ],
    told: { count: 2, p50: 262.625, p99: 262.625, max: 262.625 },
  },
  "redis.saves": {
    path: "/var/log/redis/redis-server.log",
    lines: [
      "812:M 14 Jun 2026 13:16:0$.042 * 10 changes in 300 seconds. Saving...",
      "812:M 14 Jun 2026 13:16:0$.043 * Background saving started by pid 99",
      "99:C 14 Jun 2026 13:16:0$.060 * DB saved on disk",
      "812:M 14 Jun 2026 13:16:0$.143 * Background saving terminated with success",
    ],
    told: { "what=started": 1, "what=terminated": 1 },
  },
  "docker.errors": {
    path: `/var/lib/docker/containers/${ID}/${ID}-json.log`,
    lines: [
      '{"log":"Error: \\"x\\" at 2001-02-03 04:05:06\\n","stream":"stderr","time":"2026-06-14T13:16:0$.123456789Z"}',
      '{"log":"ready\\n","stream":"stdout","time":"2026-06-14T13:16:0$.123456789Z"}',
    ],
    told: { "container=3f29a8d0c1b2": 1 },
  },
  "pod.lines": {
    path: POD,
    lines: [
      "2026-06-14T13:16:0$.123456789Z stdout F GET /",
      "2026-06-14T13:16:0$.123456789Z stdout P a long",
      "2026-06-14T13:16:0$.123456789Z stdout F  line",
      "2026-06-14T13:16:0$.123456789Z stderr F oops",
    ],
    told: { "namespace=shop pod=web-7d9f": 3 },
  },
  "http.ms": {
    path: "/var/log/app.json",
    lines: [
      '{"level":30,"time":178144296$123,"pid":7,"hostname":"web1","msg":"listening"}',
      '{"level":30,"time":178144296$123,"pid":7,"hostname":"web1","req":{"method":"GET"},"res":{"statusCode":200},"responseTime":12,"msg":"request completed"}',
      '{"level":50,"time":178144296$123,"pid":7,"hostname":"web1","res":{"statusCode":500},"responseTime":250,"msg":"request errored"}',
    ],
    told: {
      "count status=200": 1,
      "p50 status=200": 12,
      "p99 status=200": 12,
      "max status=200": 12,
      "count status=500": 1,
      "p50 status=500": 250,
      "p99 status=500": 250,
      "max status=500": 250,
    },
  },
  "haproxy.ms": {
    path: "/var/log/haproxy.log",
    lines: [
      'Jun 14 13:16:0$ lb haproxy[14389]: 10.0.1.2:33317 [14/Jun/2026:13:16:0$.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1"',
      'Jun 14 13:16:0$ lb haproxy[14389]: 10.0.1.2:33318 [14/Jun/2026:13:16:0$.700] http-in static/<NOSRV> -1/-1/-1/-1/+50001 503 212 - - SC-- 1/1/1/1/0 0/0 "GET / HTTP/1.1"',
      "Jun 14 13:16:0$ lb haproxy[14389]: Proxy static started.",
    ],
    told: {
      "count backend=static": 2,
      "p50 backend=static": 50110,
      "p99 backend=static": 50110,
      "max backend=static": 50110,
    },
  },
  "java.lines": {
    path: "/var/log/app.log",
    lines: [
      "13:16:0$.123 [main] INFO  com.example.Shop - started",
      "13:16:0$.456 [http-1] ERROR com.example.Shop - boom",
      "java.lang.IllegalStateException: boom",
      "\tat com.example.Shop.main(Shop.java:7)",
      "13:16:0$.456 [http-2] INFO  com.example.Shop - healthcheck",
    ],
    told: { "level=INFO": 1, "level=ERROR": 1 },
  },
};

/** The commands of the section, without their comments. */
function commands(): string[] {
  const readme = Deno.readTextFileSync(`${ROOT}README.md`);
  const [, section] = readme.split(/^### Ten logs$/m);
  const blocks = section!.split(/^#/m)[0]!.matchAll(/^```sh\n(.*?)^```$/gms);
  return [...blocks].map(([, block]) => block!.trim());
}

processTest(
  "README: each of the ten commands counts its log",
  ["sh"],
  async (folder) => {
    const all = commands();
    assertEquals(all.length, 10);
    const script = quoted(command("collectors/lograte.ts"));
    // As the README has them, but for the folder, and as replays, which end.
    const options = "--tag host=h --zone UTC --max-gap 0 --replay";
    const programs = await Promise.all(all.map(async (text) => {
      const metric = text.match(/--metric (\S+)/)![1]!;
      const { path, lines, told } = SAMPLES[metric]!;
      const log = `${folder}${path}`;
      await Deno.mkdir(log.replace(/[^/]*$/, ""), { recursive: true });
      const numbered = lines.map((line, i) => line.replaceAll("$", `${i}`));
      await Deno.writeTextFile(log, numbered.join("\n") + "\n");
      const changed = new Date("2026-06-14T13:17:00Z");
      await Deno.utime(log, changed, changed);
      const own = text.replace(
        "./collectors/lograte.ts",
        `${script} ${options}`,
      )
        .replace(/(?<= '?)(?=\/var\/\S+$)/, folder);
      return { metric, told, program: new Running(["sh", "-c", own]) };
    }));
    for (const { metric, told, program } of programs) {
      assertEquals((await program.end()).code, 0, program.err.join("\n"));
      const sums: Record<string, number> = {};
      for (const { series, value, second } of puts(program.out)) {
        const key = series.replace(metric, "").replace(" host=h", "")
          .replace(/^[. ]/, "");
        sums[key] = (sums[key] ?? 0) + value;
        assertEquals(
          Math.floor(second / 60),
          29_690_716,
          `${metric}: ${second}`,
        );
      }
      assertEquals(sums, told, metric);
    }
  },
);
