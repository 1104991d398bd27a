/**
 * The live picture of the demo.
 *
 * @module
 */
import { command, Running, until } from "../../tests/helpers/processes.ts";

/** A running plot.ts that reads its stdin. */
export interface Picture {
  plot: Running;
  /** Undefined where there is no picture, as the npm registry does not answer. */
  address: string | undefined;
}

/** Starts the live picture at a port, or at a free one if that is in use. */
export async function startPicture(port: number): Promise<Picture> {
  const program = command("pipes/plot.ts", `--port=${port}`);
  const plot = new Running(program, { stdin: "piped", stdout: "null" });
  const ended = plot.end();
  const address = () => plot.err.join("\n").match(/http:\S+/)?.[0];
  await Promise.race([ended, until(() => address() !== undefined)]);
  const inUse = plot.err.some((line) => line.includes("the port is in use"));
  return inUse ? await startPicture(0) : { plot, address: address() };
}
