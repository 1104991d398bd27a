/**
 * Writes, checks and reads put lines by one grammar: the part of OpenTSDB's format
 * that OpenTSDB, tcollector, VictoriaMetrics and InfluxDB read alike. It is
 * `put NAME SECONDS VALUE TAG=VALUE ...`, in ASCII.
 *
 * @module
 */

/**
 * Makes the line of a datapoint, without its end.
 *
 * @param name The metric.
 * @param second Seconds since the epoch.
 * @param value The value, a finite number.
 * @param tags The tags, with the host.
 * @returns The line; an empty one is left out.
 */
export type LineFormat = (
  name: string,
  second: number,
  value: number,
  tags: Readonly<Record<string, string>>,
) => string;

/**
 * How a datapoint is written: as OpenTSDB's `put`, as tcollector reads it, or as
 * a function says.
 */
export type PutFormat = "put" | "tcollector" | LineFormat;

const WORD = String.raw`[-\w./]+`; // a name, a tag key, or a tag's value
const UNFIT = /[^\w./-]/u;
const ALL_UNFIT = new RegExp(UNFIT, "gu");
const BLANKS = String.raw`[ \t]+`;
const MAX_TAGS = 8; // OpenTSDB's default limit
const MAX_LINE_BYTES = 1023; // with its newline: under the 1,024 of OpenTSDB and tcollector
const MAX_NUMBER_LENGTH = 327; // of -2.2250738585072014e-308 in plain decimals
const MAX_LONG = 2 ** 63; // the first number beyond a long of Java's
const MAX_HOST_LENGTH = 64; // on Linux

/** The longest put line, without its newline. */
export const MAX_PUT = MAX_LINE_BYTES - 1;

/** A put as all TSDs read it alike. */
const STRICT = new RegExp(
  String.raw`^put ${WORD} \d{10} (?!-[0.]+ )-?\d+(?:\.\d+)?` +
    `(?: ${WORD}=${WORD}){1,${MAX_TAGS}}$`,
);
/** A put as people and other programs write it, or a line for tcollector. */
const LENIENT = new RegExp(
  String.raw`^(?:put${BLANKS})?(${WORD})${BLANKS}(\d{10})${BLANKS}` +
    String.raw`([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)` +
    String.raw`((?:${BLANKS}${WORD}=${WORD})*)[ \t]*$`,
);

/** The datapoint of a put line. */
export interface Put {
  /** The metric. */
  name: string;
  /** The tags as they stand in the line, with the blank before them. */
  tags: string;
  /** Seconds since the epoch. */
  second: number;
  /** The value. */
  value: number;
}

/**
 * Whether a line, without its end, is a put that every TSD reads alike.
 *
 * @param line The line.
 */
export function isPut(line: string): boolean {
  return line.length <= MAX_PUT && STRICT.test(line);
}

/**
 * Reads a put line, with `put` in front or as tcollector wants it.
 *
 * @param line The line, without its end.
 * @returns The datapoint; undefined if the line is not one.
 */
export function parsePut(line: string): Put | undefined {
  if (line.length > MAX_PUT) return undefined;
  const [, name, second, number, tags] = LENIENT.exec(line) ?? [];
  const value = Number(number);
  if (name === undefined || !Number.isFinite(value)) return undefined;
  return { name, tags: tags!, second: Number(second), value };
}

/**
 * Makes a word for a put line from any text: each character that is not allowed
 * becomes `_`, and so does an empty text.
 *
 * @param text The text.
 * @param longest Characters that are kept.
 */
export function toWord(text: string, longest: number): string {
  return text.slice(0, 2 * longest) // a character may be two of JavaScript's
    .replace(ALL_UNFIT, "_").slice(0, longest) || "_";
}

/** Refuses a word that a put line cannot have; returns the others unchanged. */
function checked(word: unknown, kind: string, key = ""): string {
  if (typeof word === "string" && word !== "" && !UNFIT.test(word)) return word;
  const what = `Cannot write a put line as ${kind}${key && ` ${key}`} must be`;
  if (typeof word !== "string") {
    throw new TypeError(`${what} a string: current value is ${word}`);
  }
  const rule =
    `${what} of a-z A-Z 0-9 - _ . / and not empty: current value is ` +
    JSON.stringify(word);
  if (word === "") throw new TypeError(rule);
  const bad = word.search(UNFIT);
  const character = String.fromCodePoint(word.codePointAt(bad)!);
  throw new TypeError(`${rule} with ${JSON.stringify(character)} at ${bad}`);
}

/**
 * Writes a number in plain decimals: exact, without an exponent, and not as `-0`. A
 * whole number of more than 64 bits gets a fraction, as OpenTSDB needs one there.
 */
function decimal(value: number): string {
  const text = String(value);
  const end = Math.abs(value) >= MAX_LONG ? ".0" : "";
  if (!text.includes("e")) return text + end;
  const [, sign, whole, fraction, exponent] = text.match(
    /^(-?)(\d)\.?(\d*)e(.*)$/,
  )! as unknown as string[];
  const shift = Number(exponent);
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction!.padEnd(shift, "0")}${end}`;
}

let name: string | undefined;

/** The machine's name. To ask for it takes longer than all else about a series. */
function machine(): string {
  return name ??= Deno.hostname();
}

/** Writes the lines of one series. */
export class PutLine {
  /** The tags that each line carries. */
  readonly tags: Readonly<Record<string, string>>;
  readonly #name: string;
  readonly #format: PutFormat;
  readonly #end: string;

  /**
   * Checks what is the same in all lines of the series.
   *
   * @param name The metric.
   * @param tags The tags; `host` is the machine's name unless given.
   * @param format The form of a line.
   * @throws {TypeError} If a word holds a character that is not allowed.
   * @throws {RangeError} If there are too many tags, or a line could be too long.
   */
  constructor(name: string, tags: Record<string, string>, format: PutFormat) {
    const bare = format === "tcollector"; // it adds "put" and the host
    const addsHost = !Object.hasOwn(tags, "host");
    const all = addsHost && !bare ? { host: machine(), ...tags } : tags;
    this.tags = { ...all };
    this.#name = name;
    this.#format = format;
    checked(name, "the name");
    const keys = Object.keys(all);
    let text = "";
    for (const key of keys) {
      text += ` ${checked(key, "a tag key")}=${checked(all[key], "tag", key)}`;
    }
    this.#end = text + "\n";
    const count = keys.length + (addsHost && bare ? 1 : 0);
    if (count > MAX_TAGS) {
      throw new RangeError(
        `Cannot write a put line as the tags must be at most ${MAX_TAGS} with host: current value is ${count}`,
      );
    }
    const length = "put  1700000000 ".length + name.length + this.#end.length +
      MAX_NUMBER_LENGTH +
      (addsHost && bare ? " host=".length + MAX_HOST_LENGTH : 0);
    if (length > MAX_LINE_BYTES) {
      throw new RangeError(
        `Cannot write a put line as it must be at most ${MAX_LINE_BYTES} bytes with the longest number: current value is ${length}`,
      );
    }
  }

  /**
   * Writes one line.
   *
   * @param second Seconds since the epoch, of at most 10 digits.
   * @param value A finite number.
   * @returns The line with its newline; nothing where the format leaves it out.
   */
  write(second: number, value: number): string {
    if (typeof this.#format === "function") {
      const line = this.#format(this.#name, second, value, this.tags);
      return line && line + "\n";
    }
    const digits = String(second).padStart(10, "0");
    const head = this.#format === "put" ? "put " : "";
    return `${head}${this.#name} ${digits} ${decimal(value)}${this.#end}`;
  }
}
