/**
 * OpenTSDB's own graphs, which gnuplot draws for `/q?…&png`.
 *
 * @module
 */
import { command, puts, Running } from "../../tests/helpers/processes.ts";
import {
  AUTO_CREATE,
  findJars,
  HBase,
  OpenTsdb,
} from "../../tests/opentsdb/launch.ts";

/** Stores puts in OpenTSDB, and saves a graph of each query in a folder. */
export async function graphs(
  lines: string[],
  queries: Record<string, string>,
  folder: string,
): Promise<void> {
  const jars = await findJars();
  if (typeof jars === "string") {
    console.log(`no graphs of OpenTSDB: ${jars}`);
    return;
  }
  await using hbase = await HBase.start(jars);
  await using tsd = await new OpenTsdb(hbase, AUTO_CREATE).start();
  const pipe = new Running(
    command("pipes/tsd.ts", "--timeout", "90", tsd.url),
    { stdin: "piped" },
  );
  await ReadableStream.from([lines.join("\n") + "\n"])
    .pipeThrough(new TextEncoderStream()).pipeTo(pipe.process.stdin);
  await pipe.end();
  const seconds = puts(lines).map(({ second }) => second);
  const start = seconds.reduce((a, b) => Math.min(a, b));
  const end = seconds.reduce((a, b) => Math.max(a, b));
  for (const [name, query] of Object.entries(queries)) {
    const url = `${tsd.url}/q?start=${start}&end=${end}&${query}` +
      "&yrange=[0:]&key=out+center+top+horiz&wxh=900x300&png";
    console.log(url);
    const path = `${folder}/${name}.png`;
    await Deno.writeFile(path, await (await fetch(url)).bytes());
    console.log(path);
  }
}
