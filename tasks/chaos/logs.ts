/**
 * Logs that grow and are rotated, and that sometimes end within a line; and a
 * ledger of what was written into them.
 */
import { sleep } from "../../script/mod.ts";
import { Running } from "../../tests/helpers/processes.ts";
import { between, type Chance } from "./chance.ts";

const STATUSES = [200, 200, 200, 304, 404, 500];
const BURST = 3000; // lines
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** What lograte.ts is to count in a line of these logs. */
export const MATCH = "app=(?<app>\\w+) .*status=(?<status>\\d+)";

/** How many lines were written, by tags and second. */
export type Ledger = Map<string, number>;

/** The key of the ledger. */
export function keyOf(tags: Record<string, string>, second: number): string {
  return `app=${tags.app} status=${tags.status} ${second}`;
}

/** How the lines of an application begin. */
const HEADS: Record<string, (now: Date) => string> = {
  web: (now) => {
    const two = (n: number) => String(n).padStart(2, "0");
    const day = [
      two(now.getUTCDate()),
      MONTHS[now.getUTCMonth()],
      now.getUTCFullYear(),
    ].join("/");
    const time = now.toISOString().slice(11, 19);
    return `203.0.113.7 - - [${day}:${time} +0000]`;
  },
  db: (now) => now.toISOString(),
};

/** Logs of two applications. */
export class Logs {
  readonly paths: string[];
  readonly ledger: Ledger = new Map();
  lines = 0;
  rotations = 0;
  readonly #folder: string;
  readonly #chance: Chance;
  readonly #note: (what: string) => void;
  readonly #stale = new Set<string>();
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(
    folder: string,
    chance: Chance,
    note: (what: string) => void,
  ) {
    this.#note = note;
    this.#folder = folder;
    this.#chance = chance;
    this.paths = Object.keys(HEADS).map((app) => this.#path(app));
    for (const path of this.paths) Deno.writeTextFileSync(path, "");
    Deno.writeTextFileSync(
      `${folder}/logrotate.conf`,
      `${
        this.paths.join(" ")
      } {\nrotate 100\ncreate\ncompress\ndelaycompress\n}\n`,
      { mode: 0o644 },
    );
  }

  start(): void {
    const writing = Object.keys(HEADS).map((app) => this.#write(app));
    this.#running = Promise.all([...writing, this.#rotate()]);
  }

  /** Resolves once the last line is whole. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #path(app: string): string {
    return `${this.#folder}/${app}.log`;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #write(app: string): Promise<void> {
    const path = this.#path(app);
    const encoder = new TextEncoder();
    const open = () => Deno.openSync(path, { append: true, create: true });
    let file = open();
    while (!this.#stopped) {
      const dice = this.#chance();
      const text = encoder.encode(this.#compose(app, dice < 0.005));
      const cut = dice > 0.9
        ? Math.floor(this.#chance() * text.length)
        : text.length;
      file.writeSync(text.subarray(0, cut));
      if (cut < text.length) {
        await sleep(between(this.#chance, 1, 300));
        file.writeSync(text.subarray(cut));
      }
      await sleep(between(this.#chance, 10, 150));
      if (!this.#stale.delete(app)) continue;
      file.close();
      file = open();
    }
    file.close();
  }

  /** Makes lines of this second; one without a time belongs to the line before. */
  #compose(app: string, burst: boolean): string {
    const now = new Date();
    const second = Math.floor(now.getTime() / 1000);
    const head = HEADS[app]!(now);
    const lines = burst ? BURST : Math.ceil(between(this.#chance, 0, 8));
    let text = "";
    for (let i = 0; i < lines; i++) {
      const place = Math.floor(this.#chance() * STATUSES.length);
      const status = String(STATUSES[place]);
      const begin = i > 0 && this.#chance() < 0.1 ? "  then" : head;
      text += `${begin} app=${app} "GET /${i}" status=${status}\n`;
      if (this.#chance() < 0.1) text += `${head} app=${app} something else\n`;
      const key = keyOf({ app, status }, second);
      this.ledger.set(key, (this.ledger.get(key) ?? 0) + 1);
    }
    this.lines += lines;
    return text;
  }

  /** Rotates by logrotate; the writers go on in the old file for a moment. */
  async #rotate(): Promise<void> {
    while (true) {
      await sleep(between(this.#chance, 5000, 9000), this.#stop.signal);
      if (this.#stopped) return;
      const args = ["-f", "-s", "logrotate.state", "logrotate.conf"];
      const options = { cwd: this.#folder };
      const rotation = new Running(["logrotate", ...args], options);
      const { code } = await rotation.end();
      if (code !== 0) throw new Error(rotation.err.join("\n"));
      this.rotations++;
      this.#note("rotated");
      await sleep(between(this.#chance, 0, 500));
      for (const app of Object.keys(HEADS)) this.#stale.add(app);
    }
  }
}
