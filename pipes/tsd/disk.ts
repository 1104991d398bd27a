/**
 * Keeps the lines of a spool on disk, in SQLite, which is a part of Deno. They
 * survive the death of this program and of the machine: each batch is on the disk
 * before it is sent. Compared with files of our own, which would write fewer
 * bytes, it takes 1.3 to 1.5 times the CPU time (measured).
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { Batch, Store } from "./spool.ts";

const FILE = "tsd.spool"; // and tsd.spool-wal, SQLite's log of what is new
const SCHEMA = `
  pragma locking_mode = exclusive;
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table if not exists batch (
    id integer primary key autoincrement,
    text text not null,
    lines integer not null,
    sum integer not null
  );
  begin immediate; commit`; // takes the lock
const FIND = `
  select id as key, lines, length(text) as length, sum from batch order by id`;
const CORRUPT = /malformed|not a database|no such column/;

/** Options of {@linkcode DiskStore}. */
export interface DiskStoreOptions {
  /** Says something to the user. */
  say: (message: string) => void;
}

/** A batch that an earlier program has left. */
interface Found {
  key: number;
  lines: number;
  length: number;
}

/** A batch that the disk did not take. */
interface InMemory {
  text: string;
}

/** Keeps lines on disk, in one file that no other program can use meanwhile. */
export class DiskStore implements Store {
  readonly found: Found[];
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;
  readonly #say: (message: string) => void;
  readonly #said = new Set<string>();

  /**
   * Opens the spool of a folder, or makes one.
   *
   * @param folder The folder; it is made if it is not there.
   * @param options What takes the messages.
   * @throws {Error} If another program uses it, or it cannot be written.
   */
  constructor(folder: string, { say }: DiskStoreOptions) {
    this.#say = say;
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    [this.#database, this.found] = opened(`${folder}/${FILE}`, say);
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#insert = prepare(
      "insert into batch(text, lines, sum) values (?,?,?)",
    );
    this.#select = prepare("select text, sum from batch where id = ?");
    this.#delete = prepare("delete from batch where id = ?");
  }

  put({ text, lines }: Batch): number | InMemory {
    try {
      return Number(this.#insert.run(text, lines, crc32(text)).lastInsertRowid);
    } catch (error) {
      this.#failed("keep puts on disk, they are in memory", error);
      return { text };
    }
  }

  get(key: number | InMemory): string | undefined {
    if (typeof key === "object") return key.text;
    try {
      const row = this.#select.get(key) as
        | { text: string; sum: number }
        | undefined;
      if (row && crc32(row.text) === row.sum) return row.text;
      this.#failed("read a batch of the spool", new Error("it is damaged"));
    } catch (error) {
      this.#failed("read a batch of the spool", error);
    }
    return undefined;
  }

  delete(key: number | InMemory): void {
    try {
      if (typeof key === "number") this.#delete.run(key);
    } catch (error) {
      this.#failed("remove from the spool what was sent", error);
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  #failed(what: string, error: unknown): void {
    const message = `cannot ${what}: ${(error as Error).message}`;
    if (!this.#said.has(message)) this.#say(message);
    this.#said.add(message);
  }
}

/** Opens a file; a damaged one is kept under another name. */
function opened(
  path: string,
  say: (message: string) => void,
): [DatabaseSync, Found[]] {
  const database = new DatabaseSync(path);
  try {
    database.exec(SCHEMA);
    return [database, database.prepare(FIND).all() as unknown as Found[]];
  } catch (error) {
    database.close();
    const { message } = error as Error;
    if (/locked/.test(message)) {
      throw new Error(`another program uses ${path}`);
    }
    if (!CORRUPT.test(message)) throw error;
    const aside = `${path}.${Date.now()}`;
    for (const end of ["", "-wal"]) {
      try {
        Deno.renameSync(path + end, aside + end);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    say(`cannot read the spool: ${message}: it is now ${aside}`);
    return opened(path, say);
  }
}
