/** Following logs with whatever `tail` a host has, and on any file system. */
import { assert, assertEquals } from "@std/assert";
import { listen } from "../lines/tail/bell.ts";
import { isRotated } from "../lines/tail/rotated.ts";
import {
  command,
  has,
  Ledger,
  MATCH,
  OTHER,
  processTest,
  puts,
  Running,
  sleep,
  total,
  TRIES,
  until,
} from "./helpers/processes.ts";

// A tail that takes only the options of a BSD tail.
const BSD = `#!/bin/sh
for word; do
  case $word in
    --) break ;;
    --* | -s* | -v | -q) echo "tail: illegal option $word" >&2; exit 1 ;;
  esac
done
exec /usr/bin/tail "$@"
`;
/** The programs that bring a tail, by the name of their kind. */
const TAILS: Record<string, string> = {
  GNU: "tail",
  uutils: "coreutils",
  busybox: "busybox",
  toybox: "toybox",
};

/** Makes a folder for each kind of tail, and one without any. */
async function tails(folder: string): Promise<Map<string, string>> {
  const found = new Map([["none", `${folder}/none`]]);
  await Deno.mkdir(`${folder}/none`);
  for (const [name, program] of Object.entries(TAILS)) {
    if (!has(program)) {
      console.log(`no ${name} here`);
      continue;
    }
    const which = new Running(["sh", "-c", 'command -v "$0"', program]);
    await which.end();
    found.set(name, `${folder}/${name}`);
    await Deno.mkdir(`${folder}/${name}`);
    await Deno.symlink(which.out[0]!, `${folder}/${name}/tail`);
  }
  await Deno.mkdir(`${folder}/BSD`);
  await Deno.writeTextFile(`${folder}/BSD/tail`, BSD, { mode: 0o755 });
  return found.set("BSD", `${folder}/BSD`);
}

/** A log, and how its collector is started. */
interface Place {
  log: string;
  /** The path that is written, if it is another one. */
  written?: string;
  /** The PATH of the collector. */
  path?: string | undefined;
  /** The command that starts the collector's. */
  before?: string[];
  /** Undoes what was made for it. */
  leave?: () => Promise<unknown>;
}

/** Starts authfailures.ts on a log; resolves once it reads the log. */
async function authfailures(place: Place): Promise<Running> {
  const { log, written = log, path, before = [] } = place;
  await Deno.writeTextFile(written, OTHER, { append: true });
  const program = new Running(
    [...before, ...command("collectors/authfailures.ts", log)],
    { env: path === undefined ? {} : { PATH: path } },
  );
  await until(() => program.out.length > 0);
  return program;
}

/** Asserts that bursts are counted in their seconds; returns what stderr says. */
async function countsBursts(what: string, place: Place): Promise<string[]> {
  const said: string[] = [];
  try {
    await until(async () => {
      const program = await authfailures(place);
      const ledger = new Ledger();
      for (const burst of [100, 7]) {
        await ledger.write(place.written ?? place.log, burst);
        await until(() => Date.now() % 1000 > 950);
      }
      assertEquals((await program.end("SIGTERM")).code, 0);
      said.splice(0, Infinity, ...program.err);
      return ledger.compare(what, program.out) === 0;
    }, TRIES);
    return said;
  } finally {
    await place.leave?.();
  }
}

/** A log behind two links. */
async function links(folder: string): Promise<Place> {
  const written = `${folder}/real.log`;
  await Deno.symlink(written, `${folder}/a.log`);
  await Deno.symlink(`${folder}/a.log`, `${folder}/b.log`);
  return { log: `${folder}/b.log`, written };
}

/** A log in the lower layer of an overlay file system, as in an image. */
async function overlay(folder: string): Promise<Place | undefined> {
  const layers = ["lower", "upper", "work", "merged"];
  for (const layer of layers) await Deno.mkdir(`${folder}/${layer}`);
  await Deno.writeTextFile(`${folder}/lower/auth.log`, OTHER.repeat(1000));
  const [lower, upper, work, merged] = layers.map((name) =>
    `${folder}/${name}`
  );
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  const mount = ["mount", "-t", "overlay", "overlay", "-o", options, merged!];
  if (!(await new Running(mount).end()).success) return;
  return {
    log: `${merged}/auth.log`,
    leave: () => new Running(["umount", merged!]).end(),
  };
}

/** A collector whose user may have no inotify instance. */
async function noInotify(folder: string): Promise<Place | undefined> {
  const none = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"';
  const before = ["unshare", "--user", "-r", "sh", "-c", none, "sh"];
  if (!(await new Running([...before, "true"]).end()).success) return;
  return { log: `${folder}/inotify.log`, before };
}

async function childrenOf({ process }: Running): Promise<number[]> {
  const pgrep = new Running(["pgrep", "-P", `${process.pid}`]);
  await pgrep.end();
  return pgrep.out.map(Number);
}

async function live(pids: number[]): Promise<number> {
  const ps = new Running(["ps", "-o", "stat=", "-p", pids.join(",")]);
  await ps.end();
  return ps.out.filter((state) => !state.startsWith("Z")).length;
}

processTest(
  "tail() counts each burst in its second with any tail, and with none",
  ["sh"],
  async (folder) => {
    await Promise.all([...await tails(folder)].map(async ([name, path]) => {
      const log = `${folder}/${name}.log`;
      const said = await countsBursts(name, { log, path });
      assertEquals(said.length, name === "none" ? 1 : 0, said.join("\n"));
    }));
  },
);

processTest(
  "tail() counts each burst in its second behind links, on an overlay file system, and without inotify",
  ["tail", "mount", "unshare"],
  async (folder) => {
    await Promise.all([links, overlay, noInotify].map(async (make) => {
      const place = await make(folder);
      if (!place) return console.log(`${make.name} is not allowed here`);
      assertEquals(await countsBursts(make.name, place), []);
    }));
  },
);

processTest(
  "kill -9 of a collector leaves no tail of any kind behind",
  ["sh", "pgrep", "ps"],
  async (folder) => {
    await Promise.all([...await tails(folder)].map(async ([name, path]) => {
      const program = await authfailures({
        log: `${folder}/${name}.log`,
        path,
      });
      let children: number[] = [];
      if (name !== "none") {
        await until(async () => {
          children = await childrenOf(program);
          return children.length > 0;
        });
      }
      assertEquals((await childrenOf(program)).length > 0, name !== "none");
      await program.end("SIGKILL");
      await until(async () => await live(children) === 0, 20, name);
    }));
  },
);

processTest(
  "lograte.ts starts one tail for 50 logs, and counts each line in its second",
  [
    "pgrep",
    "tail",
  ],
  async (folder) => {
    const logs = Array.from({ length: 50 }, (_, i) => `${folder}/${i}.log`);
    for (const log of logs) await Deno.writeTextFile(log, "");
    await until(async () => {
      const program = new Running(
        command("collectors/lograte.ts", "--metric", "lines", ...logs),
      );
      await until(() => program.out.length > 0);
      // One tail, and the program that notices when the reader of stdout is gone.
      await until(async () => (await childrenOf(program)).length === 2);
      const ledger = new Ledger();
      for (let i = 0; i < 2; i++) {
        await ledger.write(logs[0]!, 0); // early in a second
        const second = Math.floor(Date.now() / 1000);
        for (const [n, log] of logs.entries()) {
          Deno.renameSync(log, `${log}.${i}`);
          Deno.writeTextFileSync(log, "line\n".repeat(n));
          Deno.writeTextFileSync(`${log}.${i}`, "late\n", { append: true });
        }
        ledger.seconds.set(second, 50 * 49 / 2 + 50);
        await until(() => Date.now() % 1000 > 950);
      }
      assertEquals((await program.end("SIGTERM")).code, 0);
      return ledger.compare("50 logs rotated twice", program.out) === 0;
    }, TRIES);
  },
);

processTest(
  "tail() reads what is written before SIGTERM, also in a renamed file",
  ["tail"],
  async (folder) => {
    // A busy machine may need more tries; without a last look, each of them fails.
    for (let i = 0, counted = 0; counted === 0; i++) {
      assert(i < 5, "it was never counted");
      const log = `${folder}/${i}.log`;
      const program = await authfailures({ log });
      await Deno.rename(log, `${log}.1`);
      await Deno.writeTextFile(log, ""); // the program tail follows this one now
      await sleep(500);
      await until(() => Date.now() % 1000 > 820 && Date.now() % 1000 < 900);
      await Deno.writeTextFile(`${log}.1`, MATCH, { append: true });
      assertEquals((await program.end("SIGTERM")).code, 0);
      counted = total(puts(program.out));
    }
  },
);

processTest(
  "listen() looks just before each second ends, and every 200 ms without tail and after a look that found something",
  ["tail"],
  async (folder) => {
    const home = `${folder}/app.log`;
    await Deno.writeTextFile(home, "");
    let isIdle = true;
    const listener = {
      home,
      found: true,
      get isIdle() {
        return isIdle;
      },
      look() {},
    };
    const { setTimeout } = globalThis;
    const [clock, monotonic] = [Date.now, performance.now];
    const timers: { fn: () => void; ms: number }[] = [];
    globalThis.setTimeout = ((fn: () => void, ms: number) => {
      timers.push({ fn, ms });
      return -1;
    }) as unknown as typeof setTimeout;
    let now = 1_700_000_000_300;
    let later = 0;
    Date.now = () => now;
    performance.now = () => monotonic.call(performance) + later;
    const listening = listen(listener);
    const run = () => {
      const { fn, ms } = timers.shift()!;
      fn();
      return ms;
    };
    try {
      assertEquals(run(), 80); // there is no tail yet
      assertEquals(run(), 20); // it is started
      assertEquals(run(), 80);
      assertEquals(run(), 680);
      isIdle = false;
      assertEquals(run(), 680);
      assertEquals(run(), 80);
      isIdle = true;
      assertEquals(run(), 80);
      later = 61_000;
      run();
      const end = now + 1000;
      for (; now < end; now++) {
        run();
        const { ms } = timers[0]!;
        assert(ms > 0);
        assertEquals((now + ms) % 1000, 980);
      }
    } finally {
      globalThis.setTimeout = setTimeout;
      [Date.now, performance.now] = [clock, monotonic];
      await listening[Symbol.asyncDispose]();
    }
  },
);

Deno.test("isRotated() knows the names of rotation, and no other", () => {
  const yes = {
    "syslog": ["syslog.1", "syslog.12", "syslog-20261122", "syslog.old"],
    "a.log": [
      ...["a.log.0", "a.log-20261122", "a.log.2026-11-22", "a.log-1700000000"],
      ...["a.log-20261122-1700000000", "a.log.20261122-101112"],
      ...["a-20261122.log", "a.2026-11-22.log", "a-20261122-03.log"],
    ],
  };
  const no = {
    "syslog": ["syslog", "syslog2", "syslog.1.gz", "syslog-ng", "syslog.conf"],
    "a.log": [
      ...["a.log", "a-2.log", "a.8080.log", "a2.log", "a.log.bak", "b.log.1"],
      ...["a.log.1.gz", "a-api2.log", "a.log.1~", "a.log.8080x"],
    ],
    ".log": ["-20261122.log"],
  };
  const check = (names: Record<string, string[]>, expected: boolean) => {
    for (const [log, found] of Object.entries(names)) {
      for (const name of found) {
        assertEquals(isRotated(name, log), expected, name);
      }
    }
  };
  check(yes, true);
  check(no, false);
});
