/** lograte.ts --resume, as its tests start it. */
import { command } from "./processes.ts";

const OPTIONS = ["--metric", "m", "--tag", "host=h", "--time", "auto"];

/** The command of the script, with a state in a folder that it may write. */
export function resumed(folder: string, ...args: string[]): string[] {
  const late = args.includes("--lateness") ? [] : ["--lateness", "1"];
  const [deno, run, ...rest] = command(
    "collectors/lograte.ts",
    ...OPTIONS,
    ...late,
  );
  const state = ["--resume", `${folder}/state`, "--timespan", "1", ...args];
  return [deno!, run!, `--allow-write=${folder}`, ...rest, ...state];
}
