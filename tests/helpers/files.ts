/** What tests that read whole files share. */
import { run } from "./processes.ts";

/** Compresses a text. */
export async function gzip(text: string): Promise<Uint8Array> {
  const zipped = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(zipped).arrayBuffer());
}

/**
 * How far a process has read a file, in bytes; undefined if the process does not
 * hold it open. Another process looks, as Deno needs all permissions for `/proc`.
 */
export async function positionIn(
  path: string,
  pid: number,
): Promise<number | undefined> {
  const find =
    'cd "/proc/$0" && find fd -lname "$1" -printf "fdinfo/%f\\n" | xargs -r cat';
  const { out } = await run(["sh", "-c", find, `${pid}`, path]);
  const position = out[0]?.match(/^pos:\s*(\d+)/)?.[1];
  return position === undefined ? undefined : Number(position);
}
