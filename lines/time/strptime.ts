/**
 * {@linkcode strptime}: the expression of a format in the letters of `date` and
 * Python.
 *
 * @module
 */

const LETTERS: Record<string, string> = {
  Y: String.raw`(?<year>\d{4})`,
  y: String.raw`(?<year>\d\d)`,
  m: String.raw`(?<month>\d\d?)`,
  b: String.raw`(?<month>[A-Za-z]{3})`,
  B: "(?<month>[A-Za-z]{3,9})",
  h: "(?<month>[A-Za-z]{3})",
  d: String.raw`(?<day>[ \d]?\d)`,
  e: String.raw`(?<day>[ \d]?\d)`,
  H: String.raw`(?<hour>[ \d]?\d)`,
  k: String.raw`(?<hour>[ \d]?\d)`,
  I: String.raw`(?<hour>[ \d]?\d)`,
  l: String.raw`(?<hour>[ \d]?\d)`,
  M: String.raw`(?<minute>\d\d?)`,
  S: String.raw`(?<second>\d\d?)`,
  f: String.raw`(?<fraction>\d+)`,
  p: String.raw`(?<ampm>[AaPp]\.?[Mm]\.?)`,
  z: String.raw`(?<zone>Z|[-+]\d\d(?::?\d\d)?)`,
  Z: "(?<zone>[A-Za-z]{1,5})",
  s: String.raw`(?<epoch>\d{1,10})`,
  a: "[A-Za-z]{3}",
  A: "[A-Za-z]{6,9}",
  n: String.raw`\s+`,
  t: String.raw`\s+`,
  "%": "%",
};
const SHORT: Record<string, string> = {
  F: "%Y-%m-%d",
  D: "%m/%d/%y",
  T: "%H:%M:%S",
  R: "%H:%M",
};

/**
 * Makes an expression of a format in the letters of `strptime`: `%Y` `%y` `%m`
 * `%b` `%B` `%d` `%e` `%H` `%I` `%M` `%S` `%f` (a fraction, of any length) `%p`
 * `%z` `%Z` `%s` (seconds since the epoch) `%a` `%A` `%F` `%D` `%T` `%R` `%n`
 * `%t` `%%`, and `%h` `%k` `%l`, which are `%b` `%H` `%I`. Numbers may lack
 * their leading 0, and a blank stands for one or more.
 *
 * @param format The format.
 * @returns The expression, whose groups are `year`, `month`, `day`, `hour`,
 * `minute`, `second`, `fraction`, `ampm`, `zone`, `epoch`.
 * @throws {SyntaxError} If there is another letter, or one twice.
 */
export function strptime(format: string): RegExp {
  const long = format.replace(/%([FDTR])/g, (_, letter) => SHORT[letter]!);
  const source = long.replace(
    /%(.?)|\s+|[\\^$.*+?()[\]{}|/]/gs,
    (text, letter?: string) => {
      if (letter === undefined) {
        return /\s/.test(text) ? String.raw`\s+` : `\\${text}`;
      }
      if (Object.hasOwn(LETTERS, letter)) return LETTERS[letter]!;
      throw new SyntaxError(
        `Cannot read times as a format must have known letters only: current value is "${text}"`,
      );
    },
  );
  const twice = [...source.matchAll(/\(\?<(\w+)>/g)]
    .map(([, name]) => name)
    .find((name, i, names) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new SyntaxError(
      `Cannot read times as a format must not tell the ${twice} twice: current value is ${
        JSON.stringify(format)
      }`,
    );
  }
  return new RegExp(String.raw`(?<!\w)${source}(?!\d)`);
}
