/**
 * The zones of times in logs: an offset, or an abbreviation that means the same
 * offset all over the world.
 *
 * @module
 */

const HOUR = 3600; // s

/** Hours ahead of UTC, by the abbreviations of only one zone. */
const NAMED: Record<string, number> = {
  ...{
    Z: 0,
    UTC: 0,
    GMT: 0,
    WET: 0,
    WEST: 1,
    CET: 1,
    CEST: 2,
    EET: 2,
    EEST: 3,
  },
  ...{
    SAST: 2,
    MSK: 3,
    PKT: 5,
    WIB: 7,
    HKT: 8,
    SGT: 8,
    AWST: 8,
    JST: 9,
    KST: 9,
  },
  ...{ ACST: 9.5, ACDT: 10.5, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13 },
  ...{ EST: -5, EDT: -4, MDT: -6, PDT: -7, AKST: -9, AKDT: -8, HST: -10 },
};

/** Hours ahead of UTC, by the abbreviations of several zones. */
const AMBIGUOUS: Record<string, number[]> = {
  ...{ CST: [-6, -5, 8], CDT: [-5, -4], MST: [-7, 6.5], PST: [-8, 8] },
  ...{ IST: [5.5, 2, 1], BST: [1, 6, 11], AST: [-4, 3], ADT: [-3, 4] },
};

/** An expression of all these names. */
export const NAMES: string = [...Object.keys(NAMED), ...Object.keys(AMBIGUOUS)]
  .join("|");

/**
 * The expression of a zone after a time. Two digits are a zone only if they touch
 * the time or stand before a bracket, as PostgreSQL writes them: a time may also
 * be followed by "-05 items".
 */
export const ZONE =
  String.raw`(?: ?(?<zone>(?:(?:UTC|GMT)?[-+]\d\d:?\d\d|${NAMES})(?!\w)` +
  String.raw`|(?<=\d)[-+]\d\d(?![\w:.])|[-+]\d\d(?= \[)))?`;

/** Whether a name means several zones. */
export function isAmbiguous(zone: string): boolean {
  return Object.hasOwn(AMBIGUOUS, zone);
}

/**
 * By how much a zone may be ahead of UTC.
 *
 * @param zone An offset, or a name.
 * @returns Seconds: several for an ambiguous name, none for an unknown one.
 */
export function offsetsOf(zone: string): number[] {
  const [, sign, hours, minutes = "0"] =
    /([-+])(\d\d)(?::?(\d\d))?$/.exec(zone) ?? [];
  if (sign !== undefined) {
    const offset = Number(hours) * HOUR + Number(minutes) * 60;
    return [sign === "-" ? -offset : offset];
  }
  const name = zone.toUpperCase();
  const found = AMBIGUOUS[name] ?? (name in NAMED ? [NAMED[name]!] : []);
  return found.map((hours) => hours * HOUR);
}
