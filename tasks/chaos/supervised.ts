/** Programs that are started again whenever they end. */
import { sleep, within } from "../../script/mod.ts";
import { quoted, until } from "../../tests/helpers/processes.ts";
import { find, tree } from "../bench/process.ts";
import { between, type Chance } from "./chance.ts";

const PAUSE = [50, 1500] as const; // ms until a program is started again
const PATIENCE = 60_000; // ms that a program may take to end after SIGTERM

/** A process that may be killed. */
export interface Victim {
  name: string;
  /** The id of the process, if it runs. */
  pid(): number | undefined;
}

/** A program, or several in a pipe, which are started again as by systemd. */
export class Supervised {
  readonly name: string;
  /** How often it was started. */
  starts = 0;
  /** What went wrong without a kill. */
  readonly failures: string[] = [];
  readonly #script: string;
  readonly #chance: Chance;
  readonly #note: (what: string) => void;
  readonly #stop = new AbortController();
  #child: Deno.ChildProcess | undefined;
  #running: Promise<void>;

  /**
   * Starts the programs.
   *
   * @param name Their name in messages.
   * @param programs The command of each program, left to right.
   * @param options The file for stderr, a source of chance, and what notes events.
   */
  constructor(
    name: string,
    programs: string[][],
    { stderr, chance, note }: {
      stderr: string;
      chance: Chance;
      note: (what: string) => void;
    },
  ) {
    this.name = name;
    this.#chance = chance;
    this.#note = note;
    const pipe = programs.map(quoted).join(" | ");
    this.#script = `exec 2>>${quoted([stderr])}; ${pipe}`;
    this.#running = this.#run();
  }

  /** The program whose path ends so, as a victim. */
  victim(path: string, name = this.name): Victim {
    return { name, pid: () => this.#child && find(this.#child.pid, path) };
  }

  /** Sends SIGTERM to the program whose path ends so; waits until all have ended. */
  async end(path: string): Promise<void> {
    const { pid } = this.victim(path);
    await until(() => pid() !== undefined).catch(() => {});
    this.#stop.abort();
    const found = pid();
    if (found !== undefined) Deno.kill(found, "SIGTERM");
    const ended = this.#running.then(() => true);
    if (await within(PATIENCE, ended)) return;
    this.failures.push(`${this.name} does not end`);
    this.kill();
    await this.#running;
  }

  /** Kills all programs, and starts none again. */
  kill(): void {
    this.#stop.abort();
    for (const pid of this.#child ? tree(this.#child.pid) : []) kill(pid);
  }

  async #run(): Promise<void> {
    const [least, most] = PAUSE;
    while (!this.#stop.signal.aborted) {
      this.starts++;
      this.#note(`start ${this.name}`);
      this.#child = new Deno.Command("sh", {
        args: ["-c", this.#script],
        stdin: "null",
        stdout: "null",
      }).spawn();
      const { code } = await this.#child.status;
      this.#note(`${this.name} has ended with ${code}`);
      this.#child = undefined;
      await sleep(between(this.#chance, least, most), this.#stop.signal);
    }
  }
}

/** Kills a process; returns false if it has already ended. */
export function kill(pid: number): boolean {
  try {
    Deno.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}
