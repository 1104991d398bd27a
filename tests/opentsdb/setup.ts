/**
 * The HBase and the TSD that the tests of a file share, and how they send puts.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Put } from "../helpers/processes.ts";
import { compare, type Piped } from "../helpers/tsds.ts";
import { AUTO_CREATE, findJars, HBase, OpenTsdb } from "./launch.ts";

const jars = await findJars();
const missing = typeof jars === "string" ? ` (ignored: ${jars})` : "";
export let hbase: HBase;
/** A TSD that makes a metric when its first put comes. */
export let open: OpenTsdb;

/** A test that uses the one HBase of this file. */
export function opentsdbTest(
  name: string,
  fn: (folder: string) => Promise<void>,
) {
  Deno.test({
    name: name + missing,
    ignore: missing !== "",
    // The JVMs go on from one test to the next.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test.beforeAll(async () => {
  if (typeof jars === "string") return;
  hbase = await HBase.start(jars);
  open = new OpenTsdb(hbase, AUTO_CREATE);
  await open.start();
});

Deno.test.afterAll(async () => {
  await open?.[Symbol.asyncDispose]();
  await hbase?.[Symbol.asyncDispose]();
});

/** Puts with another host, so that no other test has the same series. */
export function from(host: string, lines: string[]): string[] {
  return lines.map((line) => line.replace(/ host=\S+/, ` host=${host}`));
}

/** Writes all lines into a pipe, and asserts that it ends without a message. */
export async function deliver(pipe: Piped, lines: string[]): Promise<void> {
  await pipe.write(lines);
  await pipe.close();
  const { code } = await pipe.end();
  assertEquals([code, ...pipe.err], [0]);
}

/** The stored datapoints of a host. */
export async function storedFrom(host: string): Promise<Put[]> {
  const tag = `host=${host}`;
  const found = await open.stored();
  return found.filter(({ series }) => series.split(" ").includes(tag));
}

/** Compares what is stored of a host with what was written. */
export async function compareFrom(
  host: string,
  lines: string[],
): Promise<void> {
  await compare(`${host} into OpenTSDB`, lines, () => storedFrom(host));
}

/** The ways of tsd.ts to a TSD, each for a host of its own. */
export const WAYS = {
  telnet: ({ port }: OpenTsdb) => `127.0.0.1:${port}`,
  http: ({ url }: OpenTsdb) => url,
};
