/** What tests that follow a log share: its writer and its reader. */
import { assertEquals } from "@std/assert";
import { tail } from "../../mod.ts";
import { until } from "./processes.ts";

const STOP = "stop";

/** Writes numbered lines into a file, also when that gets another name. */
export class Writer {
  readonly written: string[];
  readonly #file: Deno.FsFile;

  constructor(path: string, written: string[]) {
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.written = written;
  }

  /** Adds lines in one write. */
  write(count = 1): void {
    let text = "";
    for (let i = 0; i < count; i++) {
      const line = `line ${this.written.length}`;
      this.written.push(line);
      text += line + "\n";
    }
    this.#file.writeSync(new TextEncoder().encode(text));
  }

  /** Truncates its file, as copytruncate does. */
  truncate(): void {
    this.#file.truncateSync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Reads lines in this process until one says stop. */
export class Reader {
  readonly lines: string[] = [];
  readonly #ended: Promise<void>;

  constructor(source: AsyncIterable<string>) {
    this.#ended = this.#read(source);
  }

  async #read(source: AsyncIterable<string>): Promise<void> {
    for await (const line of source) {
      if (line === STOP) return;
      this.lines.push(line);
    }
  }

  /** Resolves once it has read all that was written. */
  async readAll(written: string[]): Promise<void> {
    const all = () => this.lines.length >= written.length;
    await until(all).catch(() => this.compare("not in time", written));
  }

  /** Makes it read to the end of a log, and stop there. */
  async stop(log: string): Promise<void> {
    await Deno.writeTextFile(log, STOP + "\n", { append: true });
    await this.#ended;
  }

  /** Asserts that each line was read once, and prints the numbers. */
  compare(what: string, written: string[]): void {
    const came = new Set(this.lines);
    const lost = written.filter((line) => !came.has(line)).length;
    const doubled = this.lines.length - came.size;
    console.log(
      `${what}: written=${written.length} read=${this.lines.length} ` +
        `lost=${lost} doubled=${doubled}`,
    );
    assertEquals({ lost, doubled }, { lost: 0, doubled: 0 });
    assertEquals(this.lines.length, written.length);
  }
}

/** Starts to read a log, which is made if need be; returns once lines arrive. */
export async function read(log: string): Promise<Reader> {
  const written: string[] = [];
  using writer = new Writer(log, written);
  const reader = new Reader(tail(log));
  await until(() => {
    writer.write();
    return reader.lines.length > 0;
  });
  await until(() => reader.lines.length === written.length);
  reader.lines.length = 0;
  return reader;
}
