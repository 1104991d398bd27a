/**
 * Starts OpenTSDB and HBase on this machine, for as long as a test needs them.
 *
 * Maven brings the jars that pom.xml names. HBase runs in one process, with
 * ZooKeeper and the region server in it, and keeps its data in a temporary
 * folder. With Hadoop's raw local file system HBase's log survives a `kill -9`;
 * Hadoop's usual one holds data in the process before it writes them.
 *
 * Each JVM asks the kernel (`setpriv --pdeathsig`) to be killed when this process
 * dies, so that none outlives a test that was interrupted.
 *
 * @module
 */
import {
  freePort,
  type Put,
  ROOT,
  Running,
  unfit,
  until,
} from "../helpers/processes.ts";
import { seriesOf, Server } from "../helpers/tsds.ts";

const POM = `${ROOT}tests/opentsdb/pom.xml`;
/** Opens the packages that HBase and OpenTSDB use, and Java 17 keeps closed. */
const OPEN = ["lang", "lang.reflect", "nio", "util", "util.concurrent"]
  .flatMap((name) => ["--add-opens", `java.base/java.${name}=ALL-UNNAMED`])
  .concat("--add-opens", "java.base/sun.nio.ch=ALL-UNNAMED")
  .concat("--add-opens", "java.base/jdk.internal.ref=ALL-UNNAMED")
  .concat("--add-exports", "java.base/jdk.internal.misc=ALL-UNNAMED");
/** OpenTSDB's tables and their column families, as in its create_table.sh. */
const TABLES = {
  "tsdb": ["t"],
  "tsdb-uid": ["id", "name"],
  "tsdb-tree": ["t"],
  "tsdb-meta": ["name"],
};
/** The script by which OpenTSDB draws a graph; its jar does not have it. */
const MYGNUPLOT = `#!/bin/sh
out=$1 err=$2
shift 2
exec gnuplot "$@" >"$out" 2>"$err"
`;
/** The classes behind the commands of OpenTSDB's script `tsdb`. */
const TOOLS: Record<string, string[]> = {
  fsck: ["Fsck"],
  mkmetric: ["UidManager", "assign", "metrics"],
  uid: ["UidManager"],
};
/** The plugins of OpenTSDB that its jar does not declare to Java. */
const PLUGINS = {
  "auth.Authentication": "auth.AllowAllAuthenticatingAuthorizer",
  "uid.UniqueIdFilterPlugin": "uid.UniqueIdWhitelistFilter",
};
const START = 90; // seconds for a JVM to be ready on a busy machine

/** The jars of a profile in pom.xml, as a class path. */
async function jars(profile: string): Promise<string> {
  const file = await Deno.makeTempFile();
  const maven = new Running([
    ...["mvn", "-B", "-q", "-f", POM, `-P${profile}`],
    ...["dependency:build-classpath", `-Dmdep.outputFile=${file}`],
  ]);
  const { success } = await maven.end();
  const path = await Deno.readTextFile(file);
  await Deno.remove(file);
  if (success) return path;
  const why = maven.out.find((line) => line.includes("ERROR"));
  throw new Error(
    `Maven cannot get all jars of ${profile}: ${why?.slice(0, 200)}`,
  );
}

/** The class paths of both. */
export type Jars = { hbase: string; opentsdb: string };

/**
 * Finds what OpenTSDB and HBase need on this machine.
 *
 * @returns The jars, or the reason why there are none.
 */
export async function findJars(): Promise<Jars | string> {
  const why = unfit(["java", "mvn", "setpriv", "nc", "tail"]);
  if (why !== undefined) return why;
  try {
    const both = [jars("hbase"), jars("opentsdb")] as const;
    const [hbase, opentsdb] = await Promise.all(both);
    return { hbase, opentsdb };
  } catch (error) {
    return (error as Error).message;
  }
}

/** A configuration file as Hadoop reads it. */
function siteXml(properties: Record<string, string | number>): string {
  const lines = Object.entries(properties).map(([name, value]) =>
    `<property><name>${name}</name><value>${value}</value></property>`
  );
  return `<configuration>\n${lines.join("\n")}\n</configuration>\n`;
}

const LOG4J = `log4j.rootLogger=WARN,stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d %p %c{2}: %m%n
`;
const LOGBACK = `<configuration>
<appender name="stdout" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>%d %level %logger{0}: %msg%n</pattern></encoder>
</appender>
<root level="WARN"><appender-ref ref="stdout"/></root>
</configuration>
`;

/** The command of a JVM, which ends with this process at the latest. */
function java(classPath: string, memory: number, args: string[]): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL", "java", `-Xmx${memory}m`],
    ...["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", ...OPEN],
    ...["-cp", classPath, ...args],
  ];
}

/** Waits until a URL answers with 200, or its JVM has ended. */
async function answer(url: string, jvm: Running): Promise<void> {
  let ended = false;
  jvm.process.status.then(() => ended = true);
  const answers = async () => {
    if (ended) throw new Error(`Ended: ${[...jvm.out, ...jvm.err].join("\n")}`);
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
  await until(answers, START, url);
}

/** Ends a JVM, which may have ended by itself. */
async function end(jvm: Running | undefined): Promise<void> {
  await jvm?.end("SIGKILL").catch(() => {});
}

/** An HBase with OpenTSDB's tables. */
export class HBase implements AsyncDisposable {
  readonly folder: string;
  readonly jars: Jars;
  readonly zookeeper: number = freePort();
  readonly #conf: string;
  #jvm: Running | undefined;

  private constructor(folder: string, jars: Jars) {
    this.folder = folder;
    this.jars = jars;
    this.#conf = `${folder}/conf`;
  }

  /**
   * Starts HBase and makes OpenTSDB's tables.
   *
   * @param jars What {@linkcode findJars} has found.
   * @returns HBase, ready for TSDs.
   */
  static async start(jars: Jars): Promise<HBase> {
    const hbase = new HBase(await Deno.makeTempDir(), jars);
    try {
      await hbase.#configure();
      hbase.run();
      await hbase.#makeTables();
    } catch (error) {
      await hbase[Symbol.asyncDispose]();
      throw error;
    }
    return hbase;
  }

  async #configure(): Promise<void> {
    await Deno.mkdir(this.#conf);
    await Deno.writeTextFile(`${this.#conf}/log4j.properties`, LOG4J);
    await Deno.writeTextFile(`${this.#conf}/logback.xml`, LOGBACK);
    const script = `${this.#conf}/mygnuplot.sh`;
    await Deno.writeTextFile(script, MYGNUPLOT, { mode: 0o755 });
    const services = `${this.#conf}/META-INF/services`;
    await Deno.mkdir(services, { recursive: true });
    for (const [service, plugin] of Object.entries(PLUGINS)) {
      const file = `${services}/net.opentsdb.${service}`;
      await Deno.writeTextFile(file, `net.opentsdb.${plugin}\n`);
    }
    const properties = {
      "hbase.rootdir": `file://${this.folder}/hbase`,
      "hbase.tmp.dir": `${this.folder}/tmp`,
      "hbase.wal.provider": "filesystem",
      "fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
      "hbase.zookeeper.quorum": "127.0.0.1",
      "hbase.zookeeper.property.clientPort": this.zookeeper,
      "hbase.zookeeper.property.dataDir": `${this.folder}/zookeeper`,
      "hbase.localcluster.assign.random.ports": true,
      "hbase.master.hostname": "localhost",
      "hbase.master.ipc.address": "127.0.0.1",
      "hbase.master.info.port": -1,
      "hbase.master.wait.on.regionservers.maxtostart": 1, // else it waits 4.5 s
      "hbase.regionserver.hostname": "localhost",
      "hbase.regionserver.ipc.address": "127.0.0.1",
      "hbase.regionserver.info.port": -1,
      "hbase.regionserver.msginterval": 100, // ms
    };
    const text = Object.entries(properties)
      .map(([name, value]) => [name, String(value)]);
    const site = siteXml(Object.fromEntries(text));
    await Deno.writeTextFile(`${this.#conf}/hbase-site.xml`, site);
  }

  /** Runs HBase; after a kill it goes on with the same data. */
  run(): void {
    const main = "org.apache.hadoop.hbase.master.HMaster";
    const path = `${this.#conf}:${this.jars.hbase}`;
    this.#jvm = new Running(java(path, 512, [main, "start"]));
  }

  /** Kills HBase by SIGKILL, as a power cut ends it. */
  async kill(): Promise<void> {
    await end(this.#jvm);
    this.#jvm = undefined;
  }

  /** Makes the tables by HBase's REST server, as its shell needs 60 MB of JRuby. */
  async #makeTables(): Promise<void> {
    const port = freePort();
    const main = "org.apache.hadoop.hbase.rest.RESTServer";
    const args = [main, "start", "-p", `${port}`, "--infoport", "-1"];
    const path = `${this.#conf}:${this.jars.hbase}`;
    const rest = new Running(java(path, 128, args));
    try {
      const url = `http://127.0.0.1:${port}/`;
      await answer(url, rest);
      for (const [table, families] of Object.entries(TABLES)) {
        const response = await fetch(`${url}${table}/schema`, {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({
            name: table,
            ColumnSchema: families.map((name) => ({
              name,
              BLOOMFILTER: "ROW",
              DATA_BLOCK_ENCODING: "DIFF",
            })),
          }),
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`No table ${table}: ${text}`);
      }
    } finally {
      await end(rest);
    }
  }

  /**
   * Runs a command of OpenTSDB's script `tsdb`.
   *
   * @param command The command with its arguments, without options.
   * @param options What stands before the arguments.
   * @returns Its status, and what it printed.
   */
  async tsdb(
    command: string,
    ...options: string[]
  ): Promise<{ code: number; text: string }> {
    const [name, ...args] = command.split(" ");
    const [tool, ...first] = TOOLS[name!] ?? [];
    if (tool === undefined) throw new Error(`No tool of OpenTSDB: ${command}`);
    const jvm = new Running(java(this.classPath, 128, [
      `net.opentsdb.tools.${tool}`,
      `--zkquorum=127.0.0.1:${this.zookeeper}`,
      ...options,
      ...first,
      ...args,
    ]));
    const { code } = await jvm.end();
    return { code, text: [...jvm.out, ...jvm.err].join("\n") };
  }

  /** The class path of OpenTSDB. */
  get classPath(): string {
    return `${this.#conf}:${this.jars.opentsdb}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** One series in the answer to a query. */
interface Series {
  metric: string;
  tags: Record<string, string>;
  dps: Record<string, number>;
}

/** Lets a TSD make a metric when its first put comes. */
export const AUTO_CREATE = { "tsd.core.auto_create_metrics": "true" };

/** A TSD of OpenTSDB, with telnet and HTTP at one port. */
export class OpenTsdb extends Server {
  override readonly http = this.port;
  override readonly puts = this.port;
  readonly url = `http://127.0.0.1:${this.port}`;
  readonly #hbase: HBase;
  readonly #settings: Record<string, string>;

  /**
   * Configures the TSD.
   *
   * @param hbase Where it stores the datapoints.
   * @param settings The settings that differ from the defaults.
   */
  constructor(hbase: HBase, settings: Record<string, string> = {}) {
    super(hbase.folder);
    this.#hbase = hbase;
    this.#settings = settings;
  }

  override command(): string[] {
    const folder = `${this.folder}/tsd-${this.port}`;
    Deno.mkdirSync(folder, { recursive: true });
    const settings = {
      "tsd.network.bind": "127.0.0.1",
      "tsd.network.port": this.port,
      "tsd.http.staticroot": folder,
      "tsd.http.cachedir": folder,
      "tsd.storage.hbase.zk_quorum": `127.0.0.1:${this.#hbase.zookeeper}`,
      ...this.#settings,
    };
    const lines = Object.entries(settings).map((entry) => entry.join(" = "));
    Deno.writeTextFileSync(`${folder}/opentsdb.conf`, lines.join("\n"));
    return java(this.#hbase.classPath, 256, [
      "net.opentsdb.tools.TSDMain",
      `--config=${folder}/opentsdb.conf`,
    ]);
  }

  override async ready(): Promise<void> {
    const answers = () =>
      this.get("/api/version", {}).then(() => true, () => false);
    await until(answers, START, "the TSD's /api/version");
  }

  /**
   * Reads the stored datapoints.
   *
   * @param metric A metric; all of them if not given.
   */
  override async stored(metric = ""): Promise<Put[]> {
    const query = { type: "metrics", q: metric, max: "1000" };
    const names: string[] = JSON.parse(await this.get("/api/suggest", query));
    const found = [];
    for (const name of names) {
      if (metric === "" || name === metric) {
        found.push(await this.#series(name));
      }
    }
    return found.flat(2);
  }

  async #series(metric: string): Promise<Put[][]> {
    const query = { start: "1", m: `none:${metric}` };
    const answer = JSON.parse(await this.get("/api/query", query));
    if (answer.error) throw new Error(answer.error.message);
    return (answer as Series[]).map(({ metric, tags, dps }) =>
      Object.entries(dps).map(([second, value]) => ({
        series: seriesOf(metric, tags),
        second: Number(second),
        value,
      }))
    );
  }
}
