/**
 * The formats of times that are known.
 *
 * @module
 */

import { NAMES, ZONE } from "./zones.ts";

/** How times are written. */
export interface Format {
  /** Its name. */
  name: string;
  /** Its expression, without the place where it stands. */
  source: string;
  /**
   * How much one line proves. A `sure` format has words or a shape that nothing else
   * has; a `number` may be anything; the others need more lines that agree.
   */
  proof: "sure" | "some" | "number";
  /** Whether it may stand anywhere, as it includes what marks its place. */
  placed?: boolean;
}

/** What may follow a time after a blank and belong to it. */
export const MORE: RegExp = new RegExp(
  String.raw`[-+]\d\d|[AaPp]\.?[Mm]\b|(?:${NAMES})(?!\w)`,
  "y",
);

/** What follows the time of a request. */
export const PLACED = '] "';

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const MONTH_NAME = `(?<month>${
  [...MONTHS, ...MONTHS.map((name) => name.toUpperCase())].join("|")
})`;
const WEEKDAY = "(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)";
const YEAR = String.raw`(?<year>(?:19|20)\d\d)`;
const YY = String.raw`(?<year>\d\d)`;
const MONTH = String.raw`(?<month>\d\d)`;
const DAY = String.raw`(?<day>\d\d)`;
const M = String.raw`(?<month>\d\d?)`;
const D = String.raw`(?<day>[ \d]?\d)`;
const D_M = String.raw`(?<day>\d\d?)`;
const GAP = String.raw`(?:[T_]|,?[ \t]{1,3})`; // between date and time
const FRACTION = String.raw`(?!\d)(?<fraction>[.,:]\d+)?`;
const CLOCK = String.raw`(?<hour>\d\d?):(?<minute>\d\d):(?<second>\d\d)` +
  FRACTION;
const TIME = CLOCK + String.raw`(?: ?(?<ampm>[AP]\.?M\b\.?|[ap]\.?m\b\.?))?`;
/** A time does not begin here: in a word, a number, or a path. */
const BEGIN = String.raw`(?<![\w.]|\w[-/]|\d:)`;

function format(
  name: string,
  proof: Format["proof"],
  source: string,
): Format {
  return { name, proof, source: BEGIN + source };
}

function numeric(name: string, ...date: string[]): Format {
  const source = date.join(String.raw`[-./]`) + GAP + TIME + ZONE;
  return format(name, "some", source);
}

/** The known formats; if two fit equally well, the first is taken. */
export const FORMATS: Format[] = [
  {
    name: "Common Log Format",
    proof: "sure",
    placed: true,
    source: String.raw`(?<=^|\s)\[(?<day>\d\d)/${MONTH_NAME}/${YEAR}:${CLOCK}` +
      String.raw`${ZONE}(?=${RegExp.escape(PLACED)})`,
  },
  format(
    "ISO 8601",
    "sure",
    `${YEAR}[-/.]${MONTH}[-/.]${DAY}${GAP}${TIME}${ZONE}`,
  ),
  format(
    "ISO 8601 with dots",
    "sure",
    String.raw`${YEAR}-${MONTH}-${DAY}-(?<hour>\d\d)\.(?<minute>\d\d)\.` +
      String.raw`(?<second>\d\d)(?!\d)(?<fraction>\.\d+)?`,
  ),
  format(
    "compact ISO 8601",
    "sure",
    String.raw`${YEAR}${MONTH}${DAY}[T _-](?<hour>\d\d)(?<minute>\d\d)` +
      String.raw`(?<second>\d\d)${FRACTION}${ZONE}(?!\w)`,
  ),
  format(
    "compact date",
    "sure",
    String.raw`${YEAR}${MONTH}${DAY}[T _-](?<hour>\d\d?):(?<minute>\d\d?):` +
      String.raw`(?<second>\d\d?)${FRACTION}${ZONE}`,
  ),
  format(
    "day, month and year",
    "sure",
    String.raw`(?<day>\d?\d)[-/ ]${MONTH_NAME}[-/ ](?<year>(?:19|20)?\d\d)` +
      `(?::|${GAP})${TIME}${ZONE}`,
  ),
  format(
    "month, day and year",
    "sure",
    `(?:${WEEKDAY} )?${MONTH_NAME} ${D},? ${YEAR}${GAP}${TIME}${ZONE}`,
  ),
  format(
    "year, month and day",
    "sure",
    `${YEAR}[- ]${MONTH_NAME}[- ]${D}${GAP}${TIME}${ZONE}`,
  ),
  format(
    "ctime",
    "sure",
    `${WEEKDAY} ${MONTH_NAME} ${D} {1,2}${TIME}${ZONE} ${YEAR}`,
  ),
  format(
    "syslog with a date",
    "sure",
    String.raw`${YEAR}[-./]\d\d[-./]\d\d \S+ ${MONTH_NAME} ${D} ${TIME}${ZONE}`,
  ),
  format("syslog", "sure", `${MONTH_NAME} ${D} {1,2}${TIME}${ZONE}`),
  format(
    "day and month",
    "sure",
    String.raw`(?<day>\d?\d) ${MONTH_NAME} {1,2}${TIME}${ZONE}`,
  ),
  format(
    "klog",
    "sure",
    `[IWEFD]${YEAR}?${MONTH}${DAY} ${CLOCK}`,
  ),
  numeric("day/month/year", D_M, M, YEAR),
  numeric("month/day/year", M, D_M, YEAR),
  numeric("year/month/day", YY, MONTH, DAY),
  numeric("day/month/year", DAY, MONTH, YY),
  numeric("month/day/year", MONTH, DAY, YY),
  numeric("month/day", MONTH, DAY),
  numeric("day/month", DAY, MONTH),
  format(
    "six digits and a time",
    "some",
    `${YY}${MONTH}${DAY} {1,2}${TIME}${ZONE}`,
  ),
  format(
    "six digits twice",
    "some",
    String
      .raw`${YY}${MONTH}${DAY} (?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)` +
      String.raw`(?![\w.])`,
  ),
  format(
    "14 digits",
    "number",
    String.raw`${YEAR}${MONTH}${DAY}(?<hour>\d\d)(?<minute>\d\d)` +
      String.raw`(?<second>\d\d)(?<fraction>[.,]\d+)?(?![\w.])`,
  ),
  format(
    "epoch",
    "number",
    String.raw`(?<epoch>[1-9]\d{9})(?<fraction>(?:\d{3}){1,3}|[.,]\d+)?` +
      String.raw`(?![\w.])`,
  ),
  format("time of day", "some", TIME + ZONE),
];
