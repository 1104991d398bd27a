/**
 * Follows logs through `tail` and other programs through their stdout, without
 * losing or doubling a line when a log is rotated or a program dies.
 *
 * @module
 */

/** Options of {@linkcode tail} and {@linkcode follow}. */
export interface LineOptions {
  /** Only lines that contain this text, or that this expression matches. */
  match?: string | RegExp;
}

/** Options of {@linkcode follow}. */
export interface FollowOptions extends LineOptions {
  /** Variables of the program's environment that differ from this one's. */
  env?: Record<string, string>;
}

const MAX_LINE = 1024 * 1024; // characters; the rest of a longer line is cut
const GRACE = 30_000; // ms of silence after which a rotated file is left
const MAX_FILES = 32; // rotated files that are still read, at most
const MIN_BACKOFF = 1000; // ms
const MAX_BACKOFF = 60_000; // ms
const COARSE = 20; // ms by which the times of files are behind the clock
const LOOK = 1000; // ms between looks at the path, where nothing tells

function line(message: string): Uint8Array {
  const program = Deno.mainModule.split("/").at(-1);
  return new TextEncoder().encode(`${program}: ${message}\n`);
}

/**
 * Says something on stderr, in one line, under the script's name. Where stderr
 * takes nothing (measured: `console.error` on a full disk ends the program),
 * goes on without.
 *
 * @param message What there is to say.
 */
export function complain(message: string): void {
  try {
    Deno.stderr.writeSync(line(message));
  } catch {
    // There is nowhere to say it.
  }
}

/** The same while work goes on: stderr may be the very pipe that stalls. */
export async function complainAside(message: string): Promise<void> {
  try {
    await Deno.stderr.write(line(message));
  } catch {
    // There is nowhere to say it.
  }
}

/**
 * Waits.
 *
 * @param ms Milliseconds.
 * @param signal Ends the wait before.
 * @returns Resolves when it is over; never rejects.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener("abort", wake);
  });
}

const children = new Set<Deno.ChildProcess>();

function end(child: Deno.ChildProcess): void {
  try {
    child.kill();
  } catch {
    // It has ended already.
  }
}

addEventListener("unload", () => children.forEach(end));

/** Starts a program that ends with this one, but not by the same signal. */
export function spawn(
  command: string,
  args: string[],
  options: Pick<Deno.CommandOptions, "stdout" | "stderr" | "env">,
): Deno.ChildProcess {
  const all = { args, stdin: "null", detached: true, ...options } as const;
  const child = new Deno.Command(command, all).spawn();
  children.add(child);
  child.status.then(() => children.delete(child));
  return child;
}

/** A program that is there may fail to start: too many open files, say. */
function unlessMissing(error: unknown): true {
  const { NotCapable, NotFound } = Deno.errors;
  if (error instanceof NotCapable || error instanceof NotFound) throw error;
  complainAside(`${error}`);
  return true;
}

/** Waits between the starts of a program that dies: 1 s at first, then more. */
class Backoff {
  #wait = MIN_BACKOFF;
  #started = 0;

  started(): void {
    this.#started = performance.now();
  }

  async ended(what: string, signal: AbortSignal): Promise<void> {
    if (performance.now() - this.#started > MAX_BACKOFF) {
      this.#wait = MIN_BACKOFF;
    }
    complainAside(`${what} ended; starting it again in ${this.#wait / 1000} s`);
    await sleep(this.#wait, signal);
    this.#wait = Math.min(2 * this.#wait, MAX_BACKOFF);
  }
}

/** Cuts chunks into lines and keeps the started one for the next chunk. */
class LineCutter {
  readonly #decoder = new TextDecoder();
  readonly #match: string | RegExp | undefined;
  #started = "";
  #cutting = false;

  constructor(match: string | RegExp | undefined) {
    this.#match = match instanceof RegExp
      ? new RegExp(match, match.flags.replace(/[gy]/g, "")) // no lastIndex
      : match;
  }

  /** The wanted lines that end in this chunk. */
  push(chunk: Uint8Array): string[] {
    return this.#cut(this.#decoder.decode(chunk, { stream: true }));
  }

  /** The wanted line that has no end. */
  end(): string[] {
    return this.#started === "" ? [] : this.#cut("\n");
  }

  #cut(text: string): string[] {
    if (this.#cutting) {
      const next = text.indexOf("\n") + 1;
      if (next === 0) return [];
      this.#cutting = false;
      text = text.slice(next);
    }
    const first = text.indexOf("\n") + 1;
    const last = text.lastIndexOf("\n") + 1;
    let lines: string[] = [];
    if (first === 0) {
      this.#started += text;
    } else {
      // The started line by itself, as joining it to the chunk copies the chunk:
      // measured, half as long again.
      lines = this.#wanted(this.#started + text.slice(0, first))
        .concat(this.#wanted(text.slice(first, last)));
      this.#started = text.slice(last);
    }
    if (this.#started.length > MAX_LINE) {
      this.#cutting = true;
      lines.push(...this.#wanted(this.#started.slice(0, MAX_LINE) + "\n"));
      this.#started = "";
    }
    return lines;
  }

  #wanted(text: string): string[] {
    const match = this.#match;
    if (typeof match === "string") return linesWith(match, text);
    const lines = text.split("\n");
    lines.pop();
    const whole = lines.map(tidy);
    return match ? whole.filter((line) => match.test(line)) : whole;
  }
}

function tidy(line: string): string {
  if (line.length > MAX_LINE) line = line.slice(0, MAX_LINE);
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/**
 * Looks for the text in the whole chunk and cuts only the lines it is in:
 * measured, three times as fast as cutting all lines and asking each.
 */
function linesWith(match: string, text: string): string[] {
  const lines: string[] = [];
  for (let hit = text.indexOf(match); hit >= 0 && hit < text.length;) {
    const end = text.indexOf("\n", hit);
    if (end < 0) break;
    lines.push(tidy(text.slice(text.lastIndexOf("\n", hit - 1) + 1, end)));
    hit = text.indexOf(match, end + 1);
  }
  return lines;
}

/** One file, whatever it is called by now. */
interface LogFile {
  id: string;
  /** Bytes read. */
  offset: number;
  lines: LineCutter;
  /** When it was last written or rotated. */
  active: number;
  rotated: boolean;
  reader?: Deno.ChildProcess;
  left?: boolean;
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return null;
  }
}

/** Says which file it is; the birth time tells a reused inode. */
function identity(info: Deno.FileInfo): string {
  return `${info.dev}:${info.ino}:${info.birthtime?.getTime()}`;
}

/**
 * Follows the files that a path leads to, one after the other. Each is read by
 * a `tail -f` of its own, which goes on when the file is renamed, until its
 * writer has let go of it; another tail, `-F`, only tells when to look.
 */
class PathTail {
  readonly #path: string;
  /** Where the path led to last, links resolved: there it is rotated. */
  #real: string;
  readonly #options: LineOptions;
  readonly #stop = new AbortController();
  readonly #files = new Map<string, LogFile>();
  readonly #batches: string[][] = [];
  #current: LogFile | undefined;
  #looked = Date.now();
  #filled = Promise.withResolvers<void>();
  #emptied = Promise.withResolvers<void>();
  #error: unknown;
  readonly #tasks = new Set<Promise<void>>();

  constructor(path: string, options: LineOptions) {
    this.#real = this.#path = path.startsWith("/") ? path : `./${path}`;
    this.#options = options;
  }

  async *batches(): AsyncGenerator<string[]> {
    const info = statOrNull(this.#path);
    if (info) this.#follow(info, info.size);
    this.#run(this.#detect());
    const timer = setInterval(() => this.#look(), LOOK);
    try {
      while (true) {
        while (this.#batches.length > 0) yield this.#batches.shift()!;
        this.#emptied.resolve();
        await this.#filled.promise;
        this.#filled = Promise.withResolvers();
        if (this.#error) throw this.#error;
      }
    } finally {
      clearInterval(timer);
      this.#stop.abort();
      this.#emptied.resolve();
      for (const { reader } of this.#files.values()) if (reader) end(reader);
      await Promise.all(this.#tasks);
    }
  }

  /** Runs a part of the work; when it fails, so does the iteration. */
  #run(task: Promise<void>): void {
    const caught: Promise<void> = task.catch((error) => {
      this.#error = error;
      this.#filled.resolve();
    }).finally(() => this.#tasks.delete(caught));
    this.#tasks.add(caught);
  }

  /** Hands lines over; waits while the last ones are not taken. */
  async #hand(lines: string[]): Promise<void> {
    if (lines.length === 0) return;
    this.#batches.push(lines);
    this.#filled.resolve();
    if (this.#batches.length === 1) this.#emptied = Promise.withResolvers();
    else if (!this.#stop.signal.aborted) await this.#emptied.promise;
  }

  /** Runs the tail that says on stderr, at once, what becomes of the path. */
  async #detect(): Promise<void> {
    const args = ["-F", "-n", "0", `--pid=${Deno.pid}`, "--", this.#path];
    const run = async () => {
      const child = spawn("tail", args, { stdout: "null", stderr: "piped" });
      const stop = () => end(child);
      this.#stop.signal.addEventListener("abort", stop);
      for await (const _ of child.stderr) this.#look();
      this.#stop.signal.removeEventListener("abort", stop);
    };
    while (!this.#stop.signal.aborted) {
      await run().catch(unlessMissing);
      await sleep(MIN_BACKOFF, this.#stop.signal);
    }
  }

  /** Takes to the file that the path leads to now. */
  #follow(info: Deno.FileInfo, offset: number): void {
    this.#current = this.#open(info, offset);
    try {
      this.#real = Deno.realPathSync(this.#path);
    } catch {
      // It has moved on already: the next look sees where to.
    }
  }

  /** Sees whether the path leads to another file now. */
  #look(): void {
    const since = this.#looked;
    this.#looked = Date.now();
    const info = statOrNull(this.#path);
    const id = info ? identity(info) : undefined;
    if (id === undefined || id !== this.#current?.id) {
      if (this.#current) this.#rotated(this.#current);
      this.#openMissed(since);
      this.#current = undefined;
      if (info) this.#follow(info, 0);
    } else if (info!.size < this.#current!.offset) {
      this.#current!.offset = 0; // truncated: its tail has begun again, too
    }
    this.#leaveSilent();
  }

  #rotated(file: LogFile): void {
    file.rotated = true;
    file.active = Date.now();
  }

  /** Opens what came to the path and was rotated since the last look. */
  #openMissed(since: number): void {
    for (const [name, info] of this.#siblings()) {
      if (this.#files.has(identity(info))) continue;
      // A copy that keeps its time, as gunzip makes one, was not at the path.
      const [born = 0, written = 0] = [info.birthtime, info.mtime]
        .map((date) => date?.getTime());
      if (Math.min(born, written) < since - COARSE) continue;
      if (isRotated(name, this.#real)) this.#rotated(this.#open(info, 0));
    }
  }

  *#siblings(): Generator<[string, Deno.FileInfo]> {
    const folder = this.#real.slice(0, this.#real.lastIndexOf("/") + 1);
    try {
      for (const entry of Deno.readDirSync(folder)) {
        const info = entry.isFile ? statOrNull(folder + entry.name) : null;
        if (info) yield [folder + entry.name, info];
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      // The folder is gone, or cannot be listed: the path may come back.
    }
  }

  #leaveSilent(): void {
    const rotated = [...this.#files.values()]
      .filter((file) => file.rotated && !file.left)
      .sort((a, b) => b.active - a.active);
    for (const [i, file] of rotated.entries()) {
      if (i < MAX_FILES && Date.now() - file.active < GRACE) continue;
      file.left = true;
      if (file.reader) end(file.reader);
    }
    // Files that are left are remembered, should they come back: some of them.
    for (const [id, file] of this.#files) {
      if (this.#files.size <= 2 * MAX_FILES) break;
      if (file.left) this.#files.delete(id);
    }
  }

  #open(info: Deno.FileInfo, offset: number): LogFile {
    const id = identity(info);
    const known = this.#files.get(id);
    const file = known ?? {
      id,
      offset,
      lines: new LineCutter(this.#options.match),
      active: Date.now(),
      rotated: false,
    };
    this.#files.set(id, file);
    file.rotated = false;
    if (!known || known.left) {
      file.left = false;
      this.#run(this.#read(file));
    }
    return file;
  }

  /** Reads a file until it is left. */
  async #read(file: LogFile): Promise<void> {
    const backoff = new Backoff();
    while (true) {
      const name = this.#nameOf(file);
      if (name === undefined) break; // deleted
      backoff.started();
      const opened = await this.#readOnce(file, name).catch(unlessMissing);
      if (file.left || this.#stop.signal.aborted) break;
      if (opened) {
        await backoff.ended(`tail of ${this.#path}`, this.#stop.signal);
      }
    }
    file.left = true;
    await this.#hand(file.lines.end());
  }

  #nameOf(file: LogFile): string | undefined {
    const info = statOrNull(this.#path);
    if (info && identity(info) === file.id) return this.#path;
    for (const [name, info] of this.#siblings()) {
      if (identity(info) === file.id) return name;
    }
  }

  /** Runs one `tail -f`; false if the name had moved on to another file. */
  async #readOnce(file: LogFile, name: string): Promise<boolean> {
    const size = statOrNull(name)?.size ?? 0;
    if (size < file.offset) file.offset = 0; // truncated while none was reading
    const args = ["-f", "-v", "-c", `+${file.offset + 1}`, "--", name];
    const reader = spawn("tail", args, { stdout: "piped", stderr: "null" });
    file.reader = reader;
    // tail writes the header once it has opened the file: if the name is still
    // this file's then, so is what follows.
    let header = new TextEncoder().encode(`==> ${name} <==\n`).length;
    for await (const chunk of reader.stdout) {
      const bytes = chunk.subarray(header);
      if (header > 0) {
        header = Math.max(0, header - chunk.length);
        if (header > 0) continue;
        const info = statOrNull(name);
        if (!info || identity(info) !== file.id) {
          end(reader);
          return false;
        }
      }
      file.offset += bytes.length;
      file.active = Date.now();
      await this.#hand(file.lines.push(bytes));
    }
    return true;
  }
}

/** Lines one by one: measured, a third of what an async generator takes. */
class Singly implements AsyncIterableIterator<string> {
  readonly #batches: AsyncGenerator<string[]>;
  #batch: string[] = [];
  #taken = 0;

  constructor(batches: AsyncGenerator<string[]>) {
    this.#batches = batches;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<string>> {
    const value = this.#batch[this.#taken++];
    if (value === undefined) return this.#nextBatch();
    return Promise.resolve({ value, done: false });
  }

  async return(): Promise<IteratorResult<string>> {
    await this.#batches.return(undefined);
    return { value: undefined, done: true };
  }

  async #nextBatch(): Promise<IteratorResult<string>> {
    const { value, done } = await this.#batches.next();
    if (done) return { value: undefined, done };
    this.#batch = value;
    this.#taken = 0;
    return this.next();
  }
}

/** Whether a name is one that rotation gives to a path: log.1, log-20261122. */
function isRotated(name: string, path: string): boolean {
  const [, stem, ending] = path.match(/^(.*?)(\.[^./]*)?$/s) as unknown as [
    string,
    string,
    string?,
  ];
  const added = name.startsWith(path)
    ? name.slice(path.length)
    : ending && name.startsWith(stem) && name.endsWith(ending)
    ? name.slice(stem.length, -ending.length)
    : "";
  return /^[-._](\d[-\d.:T]*|old)$/.test(added);
}

/** Whether a log is there that this process may read. */
export function isReadable(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return !Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** Whether this host has a journal that this process may read. */
export function hasJournal(): boolean {
  try {
    const args = ["--quiet", "--lines=1"];
    const { stdout } = new Deno.Command("journalctl", { args }).outputSync();
    return stdout.length > 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * The lines appended to a file from now on, each as soon as it is written. The
 * file may be missing yet, renamed, recreated, or truncated: what its writer
 * still puts into a renamed file is read, too, until that has been silent for
 * 30 s.
 *
 * Lines come without their end. A line beyond 1 MiB is cut there. Only what a
 * truncation takes away before it could be read is lost, and a file that is
 * renamed and deleted before a `tail` could open it. A `tail` that dies is
 * started again where it ended, after 1 s to 60 s.
 *
 * @param path The file. Needs the permissions to read its folder and to run
 * `tail`, which has to be that of GNU.
 * @param options Which lines are wanted.
 * @returns The lines, without end; ending the iteration ends its processes.
 *
 * @example
 * ```ts ignore
 * import { tail } from "@metriccounter/metriccounter";
 *
 * for await (const line of tail("/var/log/syslog", { match: /oom|panic/ })) {
 *   console.log(line);
 * }
 * ```
 */
export function tail(
  path: string,
  options: LineOptions = {},
): AsyncIterableIterator<string> {
  return new Singly(tailBatches(path, options));
}

/**
 * What {@linkcode tail} yields, many lines at once: measured, waiting for
 * each line takes 0.2 µs.
 *
 * @param path The file, as for `tail`.
 * @param options Which lines are wanted.
 * @returns Fresh arrays of lines, without end.
 */
export function tailBatches(
  path: string,
  options: LineOptions = {},
): AsyncGenerator<string[]> {
  return new PathTail(path, options).batches();
}

/**
 * Cuts bytes into lines, such as those of a file or of stdin.
 *
 * @param chunks UTF-8, in pieces of any size.
 * @param options Which lines are wanted.
 * @returns A fresh array for each piece; the last line needs no end.
 */
export async function* lineBatches(
  chunks: AsyncIterable<Uint8Array>,
  options: LineOptions = {},
): AsyncGenerator<string[]> {
  const lines = new LineCutter(options.match);
  for await (const chunk of chunks) yield lines.push(chunk);
  yield lines.end();
}

/**
 * The lines that a program prints which does not end, such as `journalctl -f`.
 * When it does end it is started again, after 1 s to 60 s.
 *
 * @param command The program; needs the permission to run it.
 * @param args Its arguments.
 * @param options Which lines are wanted, and its environment.
 * @returns The lines, without end; ending the iteration ends the program.
 * @throws {Deno.errors.NotFound} If there is no such program.
 *
 * @example
 * ```ts ignore
 * import { follow } from "@metriccounter/metriccounter";
 *
 * for await (const line of follow("journalctl", ["-f", "-n", "0"])) {
 *   console.log(line);
 * }
 * ```
 */
export async function* follow(
  command: string,
  args: string[],
  options: FollowOptions = {},
): AsyncGenerator<string> {
  const { env = {}, ...wanted } = options;
  const pipes = { stdout: "piped", stderr: "inherit" } as const;
  const stop = new AbortController();
  const backoff = new Backoff();
  while (true) {
    backoff.started();
    const child = spawn(command, args, { ...pipes, env });
    try {
      for await (const lines of lineBatches(child.stdout, wanted)) yield* lines;
    } finally {
      end(child);
    }
    await backoff.ended([command, ...args].join(" "), stop.signal);
  }
}
