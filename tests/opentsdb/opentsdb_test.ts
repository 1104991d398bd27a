/** Collectors and pipes into the real OpenTSDB, on the real HBase. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  authfailures,
  command,
  has,
  isFile,
  Ledger,
  Running,
  sleep,
  until,
} from "../helpers/processes.ts";
import { deploy, Tcollector, wrap } from "../helpers/tcollector.ts";
import { PutLine } from "../../counter/put.ts";
import {
  compare,
  generate,
  Piped,
  take,
  tsd,
  tsdCommand,
} from "../helpers/tsds.ts";
import "./replies.ts"; // as one HBase serves all tests
import { AUTO_CREATE, OpenTsdb } from "./launch.ts";
import {
  compareFrom,
  deliver,
  from,
  hbase,
  open,
  opentsdbTest,
  storedFrom,
  WAYS,
} from "./setup.ts";

function nc(): Piped {
  return new Piped(["nc", "-N", "127.0.0.1", String(open.port)]);
}

/** Sends datapoints of one host through tsd.ts. */
class Stream {
  readonly #host: string;
  readonly #pipe: Piped;
  readonly #generator = generate();
  readonly #written: string[] = [];

  constructor(host: string, targets: string[]) {
    this.#host = host;
    this.#pipe = tsd("--timeout", "90", ...targets);
  }

  /** Whether tsd.ts has noticed that a TSD has failed. */
  get failed(): boolean {
    return this.#pipe.err.length > 0;
  }

  async flow(): Promise<void> {
    for (let i = 0; i < 10; i++) {
      const lines = from(this.#host, take(this.#generator, 100));
      this.#written.push(...lines);
      await this.#pipe.write(lines);
      await sleep(20);
    }
  }

  /** Ends tsd.ts, and asserts that all is stored. */
  async end(): Promise<void> {
    await this.#pipe.close();
    const { code } = await this.#pipe.end();
    assertEquals(code, 0, this.#pipe.err.join("\n"));
    await compareFrom(this.#host, this.#written);
  }
}

/** Two streams: one by telnet, one by HTTP. */
class Streams {
  readonly all: Stream[];

  private constructor(all: Stream[]) {
    this.all = all;
  }

  static to(name: string, ...servers: OpenTsdb[]): Streams {
    return new Streams(
      Object.entries(WAYS).map(([way, target]) =>
        new Stream(`${name}-${way}`, servers.map(target))
      ),
    );
  }

  async flow(): Promise<void> {
    await Promise.all(this.all.map((stream) => stream.flow()));
  }

  async end(): Promise<void> {
    for (const stream of this.all) await stream.end();
  }
}

/**
 * Starts two programs, of which the second reads what the first one prints.
 *
 * @returns Ends both: with SIGTERM once all was read, with SIGKILL at once.
 */
function pipeline(
  [program, ...args]: string[],
  right: string[],
): (signal: "SIGTERM" | "SIGKILL") => Promise<void> {
  const reader = new Running(right, { stdin: "piped" });
  const options = { args, stdin: "null", stdout: "piped" } as const;
  const writer = new Deno.Command(program!, options).spawn();
  const read = writer.stdout.pipeTo(reader.process.stdin);
  return async (signal) => {
    if (signal === "SIGKILL") reader.process.kill(signal);
    writer.kill(signal);
    await read.catch(() => {}); // the pipe may be broken
    await writer.status;
    await reader.end();
  };
}

opentsdbTest(
  "every collector through nc and tsd.ts: OpenTSDB stores each second and tag as printed",
  async (folder) => {
    const log = `${folder}/auth.log`;
    const failures = await authfailures(log);
    const others = [
      command("collectors/numprocesses.ts"),
      command("collectors/uptime.ts"),
      ...has("sar") ? [command("collectors/sarcpu.ts")] : [],
    ].map((words) => new Running(words));
    const lograte = new Running(command(
      "collectors/lograte.ts",
      ...["--metric", "log.lines", "--match", "(?<what>failure|opened)", log],
    ));
    await until(() => others.every(({ out }) => out.length > 0), 60);
    const ledger = new Ledger();
    for (const count of [1, 3, 2]) await ledger.write(log, count);
    await until(() => lograte.out.length > 0);
    const collectors = [failures, lograte, ...others];
    for (const collector of collectors) await collector.end("SIGTERM");
    ledger.compare("authfailures.ts", failures.out);
    const lines = collectors.flatMap(({ out }) => out);
    const ways = {
      nc: nc(),
      telnet: tsd(open.port),
      http: tsd(open.url),
    };
    for (const [host, pipe] of Object.entries(ways)) {
      const own = from(host, lines);
      await deliver(pipe, own);
      await compareFrom(host, own);
    }
  },
);

opentsdbTest(
  "every collector under tcollector's double: OpenTSDB stores each second and tag as sent",
  async (folder) => {
    const log = `${folder}/auth.log`;
    await Deno.writeTextFile(log, "");
    await deploy(folder);
    await wrap(folder, "authfailures", log);
    await wrap(folder, "lograte", `--metric log.lines ${log}`);
    const tcollector = new Tcollector(`${folder}/collectors`);
    const ledger = new Ledger();
    const heard = (metric: string) => () =>
      tcollector.sent.some((put) => put.startsWith(`put ${metric} `));
    await until(heard("auth.failures"), 60);
    for (const count of [1, 3, 2]) await ledger.write(log, count);
    await until(heard("proc.num_processes"), 60);
    await until(heard("log.lines"), 60);
    await tcollector.stop();
    const lines = from("tcollector", tcollector.sent);
    await deliver(nc(), lines);
    await compareFrom("tcollector", lines);
  },
);

for (const [way, target] of Object.entries(WAYS)) {
  opentsdbTest(
    `OpenTSDB stores the numbers that were printed, by ${way}`,
    async () => {
      const numbers = [
        ...[0, 0.1, 1.1, 1 / 3, 16777217.5, 123456789.123, 1e-7, 5e-324],
        ...[2 ** 31, 2 ** 53, 2 ** 63, 1e21, Number.MAX_VALUE],
      ].flatMap((number) => number === 0 ? [0] : [number, -number]);
      const host = `numbers-${way}`;
      const line = new PutLine("edge.numbers", { host }, "put");
      const lines = numbers.map((number, i) =>
        line.write(1_700_000_000 + i, number).trimEnd()
      );
      await deliver(tsd(target(open)), lines);
      await compareFrom(host, lines);
    },
  );
}

opentsdbTest(
  "tsd.ts loses nothing when OpenTSDB is killed (-9) and started again",
  async () => {
    await using server = await new OpenTsdb(hbase, AUTO_CREATE).start();
    const streams = Streams.to("killed", server);
    await streams.flow();
    await sleep(500); // the TSD has read the puts and not stored them yet
    await server.kill();
    await streams.flow();
    await until(() => streams.all.every(({ failed }) => failed), 60);
    await server.start();
    await streams.flow();
    await streams.end();
  },
);

opentsdbTest(
  "tsd.ts by http loses nothing when HBase is killed (-9) and started again",
  async () => {
    const stream = new Stream("hbase", [open.url]);
    await stream.flow();
    await until(async () => (await storedFrom("hbase")).length > 0, 60);
    await hbase.kill();
    await stream.flow();
    hbase.run();
    await stream.flow();
    await stream.end();
  },
);

opentsdbTest(
  "tsd.ts loses nothing when one of two TSDs on one HBase is killed (-9) and started again",
  async () => {
    await using first = await new OpenTsdb(hbase, AUTO_CREATE).start();
    const streams = Streams.to("two", first, open);
    await streams.flow();
    await first.kill();
    await streams.flow();
    await first.start();
    await streams.flow();
    await streams.end();
  },
);

opentsdbTest(
  "each second is stored when lograte.ts --resume, tsd.ts and OpenTSDB are killed (-9)",
  async (folder) => {
    await using server = await new OpenTsdb(hbase, AUTO_CREATE).start();
    const log = `${folder}/a.log`;
    await Deno.writeTextFile(log, "");
    const [deno, run, ...rest] = command(
      "collectors/lograte.ts",
      ...["--metric", "resumed.lines", "--tag", "host=h", "--time", "auto"],
      ...["--timespan", "1", "--lateness", "1"],
      ...["--resume", `${folder}/state`, log],
    );
    const lograte = [deno!, run!, `--allow-write=${folder}`, ...rest];
    const start = () => pipeline(lograte, tsdCommand(server.url));
    const written = new Map<number, number>();
    const write = async (ms: number) => {
      for (const over = Date.now() + ms; Date.now() < over; await sleep(50)) {
        const second = Math.floor(Date.now() / 1000);
        const line = `${new Date(second * 1000).toISOString()} a line\n`;
        await Deno.writeTextFile(log, line, { append: true });
        written.set(second, (written.get(second) ?? 0) + 1);
      }
    };
    const lines = async () =>
      (await server.stored("resumed.lines")).filter(({ value }) => value > 0);
    let end = start();
    await until(() => isFile(`${folder}/state`));
    await write(3000);
    await until(async () => (await lines()).length > 0, 60);
    await write(1500);
    await end("SIGKILL");
    await server.kill();
    await write(1500);
    await server.start();
    end = start();
    await write(1500);
    await until(async () => (await lines()).length >= written.size, 60);
    await end("SIGTERM");
    const expected = [...written].map(([second, n]) =>
      `put resumed.lines ${second} ${n} host=h`
    );
    await compare("resumed", expected, lines);
  },
);

opentsdbTest(
  "OpenTSDB keeps one value of a second that is reported twice",
  async () => {
    await using fixing = await new OpenTsdb(hbase, {
      ...AUTO_CREATE,
      "tsd.storage.fix_duplicates": "true",
    }).start();
    const put = async (values: Record<string, number>) => {
      const lines = Object.entries(values).map(([name, value]) =>
        `put twice.${name} 1700000000 ${value} host=h`
      );
      await deliver(tsd(open.url), lines);
    };
    const stored = async (name: string, server = open) =>
      (await server.stored(`twice.${name}`)).map(({ value }) => value);
    await put({ same: 5, wide: 5, wider: 5, widest: 5 });
    await put({ same: 5, wide: 6, wider: 600, widest: 600 });
    assertEquals(await stored("same"), [5]);
    assertEquals(await stored("wide"), [6]); // as it takes as many bytes as 5
    for (const name of ["wider", "widest"]) {
      await assertRejects(() => stored(name), Error, "Duplicate timestamp");
    }
    await hbase.tsdb(
      "fsck 1600000000 sum twice.wider",
      ...["--fix", "--resolve-duplicates", "--last-write-wins"],
    );
    assertEquals(await stored("wider"), [600]);
    assertEquals(await stored("widest", fixing), [600]);
    await until(() => stored("widest").then(() => true, () => false));
    assertEquals(await stored("widest"), [600]); // the query by the TSD that fixes has mended it
  },
);
