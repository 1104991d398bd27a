/**
 * Stores the same metrics in a real OpenTSDB in both ways, as raw puts and
 * through a real tcollector, and draws the graphs that OpenTSDB itself makes
 * with gnuplot, for `/q?…&png`.
 *
 * @module
 */
import { puts, Running } from "../../tests/helpers/processes.ts";
import { deploy, wrap } from "../../tests/helpers/tcollector.ts";
import { tsd } from "../../tests/helpers/tsds.ts";
import {
  AUTO_CREATE,
  findJars,
  HBase,
  OpenTsdb,
} from "../../tests/opentsdb/launch.ts";

/** The parameters that are the same for each graph. */
const LOOKS = "yrange=[0:]&key=out+center+top+horiz+width+8&wxh=900x300&png";

/** An OpenTSDB that is started for these pictures. */
export class BothWays implements AsyncDisposable {
  readonly #hbase: HBase;
  readonly #tsd: OpenTsdb;

  private constructor(hbase: HBase, tsd: OpenTsdb) {
    this.#hbase = hbase;
    this.#tsd = tsd;
  }

  /** Starts OpenTSDB. */
  static async start(): Promise<BothWays> {
    const jars = await findJars();
    if (typeof jars === "string") throw new Error(`No OpenTSDB: ${jars}`);
    const hbase = await HBase.start(jars);
    return new BothWays(hbase, await new OpenTsdb(hbase, AUTO_CREATE).start());
  }

  /**
   * Starts tcollector, which runs our collectors and sends to OpenTSDB.
   *
   * @param tcollector The folder of its clone.
   * @param log The log that authfailures.ts reads.
   */
  async tcollector(tcollector: string, log: string): Promise<Running> {
    const folder = this.#hbase.folder;
    await deploy(folder);
    await wrap(folder, "authfailures", log);
    return new Running([
      ...["python3", `${tcollector}/tcollector.py`],
      ...[
        "-H",
        "127.0.0.1",
        "-p",
        `${this.#tsd.port}`,
        "-t",
        "host=tcollector",
      ],
      ...["-c", `${folder}/collectors`, "--no-tcollector-stats"],
      ...["--pidfile", `${folder}/pid`, "--logfile", `${folder}/log`],
    ]);
  }

  /** Stores puts. */
  async store(lines: string[]): Promise<void> {
    const pipe = tsd("--timeout", "90", this.#tsd.url);
    await pipe.write(lines);
    await pipe.close();
    await pipe.end();
  }

  /** The stored datapoints of a metric, as puts. */
  async stored(metric: string): Promise<string[]> {
    const found = await this.#tsd.stored(metric);
    return found.map(({ series, second, value }) => {
      const [name, ...tags] = series.split(" ");
      return ["put", name, second, value, ...tags].join(" ");
    });
  }

  /**
   * Saves graphs of the time in which tcollector was sending.
   *
   * @param queries The queries, by the names of the files.
   * @param folder The folder for the files.
   */
  async draw(queries: Record<string, string>, folder: string): Promise<void> {
    const seconds = puts(await this.stored("auth.failures"))
      .filter(({ series }) => series.includes("host=tcollector"))
      .map(({ second }) => second);
    const start = seconds.reduce((a, b) => Math.min(a, b));
    const end = seconds.reduce((a, b) => Math.max(a, b));
    for (const [name, query] of Object.entries(queries)) {
      const url =
        `${this.#tsd.url}/q?start=${start}&end=${end}&${query}&${LOOKS}`;
      console.log(url);
      const path = `${folder}/${name}.png`;
      await Deno.writeFile(path, await (await fetch(url)).bytes());
      console.log(path);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tsd[Symbol.asyncDispose]();
    await this.#hbase[Symbol.asyncDispose]();
  }
}
