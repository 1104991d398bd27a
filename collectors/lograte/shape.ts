/**
 * {@linkcode Shape}: reads lines of JSON that have the same fields in the same
 * order, as most lines of a program have.
 *
 * @module
 */

/** The fields of a JSON object. */
export type Fields = Record<string, unknown>;

/** The place of a field: its object, and its name. */
export interface Place {
  within: Fields;
  name: string;
}

/** A text without escapes. */
const TEXT = String.raw`"([^"\\\x00-\x1f]*)"`;
/** A truth value, or a number as `String()` writes it. */
const WORD = String.raw`(true|false|0|-?[1-9]\d{0,14}` +
  String.raw`|-?(?:0|[1-9]\d{0,8})\.\d{0,5}[1-9])`;
/** A text, number or truth value that is asked for. */
const WANTED = `(?:${TEXT}|${WORD}|null)`;
/** Any other text, number or truth value. */
const ANY = String.raw`(?:"[^"\\\x00-\x1f]*` +
  String.raw`(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*"` +
  String.raw`|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)`;

/**
 * Reads lines of JSON that have the same fields as a given one. It is an
 * expression that matches only JSON with these fields, and takes a fifth of the
 * time of `JSON.parse` (measured).
 */
export class Shape {
  readonly #expression: RegExp;
  /** Which fields are asked for, in the order of the line. */
  readonly #wanted: number[] = [];

  /**
   * Makes the shape of a line. It is only useful if it can read that line: it
   * cannot if a field is there twice, for example.
   *
   * @param fields What `JSON.parse` makes of the line.
   * @param wanted The places of the fields that are asked for.
   */
  constructor(fields: Fields, wanted: (Place | undefined)[]) {
    const source = (value: unknown): string => {
      if (typeof value !== "object" || value === null) return ANY;
      const isList = Array.isArray(value);
      const members = Object.entries(value).map(([name, member]) => {
        const key = isList ? "" : `${RegExp.escape(JSON.stringify(name))}: ?`;
        const number = wanted.findIndex((place) =>
          place?.within === value && place.name === name
        );
        if (number < 0) return key + source(member);
        this.#wanted.push(number);
        return key + WANTED;
      });
      const [open, close] = isList ? ["\\[", "\\]"] : ["\\{", "\\}"];
      return open + members.join(", ?") + close;
    };
    this.#expression = new RegExp(`^${source(fields)}$`);
  }

  /**
   * Reads a line.
   *
   * @param line The line.
   * @param texts Takes the texts of the fields that are asked for.
   * @returns Whether the line has this shape.
   */
  read(line: string, texts: (string | undefined)[]): boolean {
    const found = this.#expression.exec(line);
    if (found === null) return false;
    texts.fill(undefined);
    const wanted = this.#wanted;
    for (let i = 0; i < wanted.length; i++) {
      texts[wanted[i]!] = found[2 * i + 1] ?? found[2 * i + 2];
    }
    return true;
  }
}
