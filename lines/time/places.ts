/**
 * Where in a line its time stands.
 *
 * @module
 */

/** Where in a line a time stands. */
export interface Place {
  /** Its name. */
  name: string;
  /** The expression of what stands before the time. */
  source: string;
  /** Whether that is the name of a field. */
  isField?: boolean;
  /** How likely a time there is the time of the line; the best rank is 0. */
  rank: number;
}

const LOOSE = 100; // the rank of a place where many messages have some date

/** At the start of a line, also behind the priority of syslog, or a bracket. */
export const START: Place = {
  name: "at the start of the line",
  source: String.raw`^(?:<\d{1,3}>(?:1 )?)?[^\w\s]?`,
  rank: 0,
};

/** The place of a format that includes what marks its place. */
export const ANYWHERE: Place = { name: "in brackets", source: "", rank: 0 };

/** The fields of JSON lines and the like that hold the time of the line. */
const FIELDS = [
  ...["time", "timestamp", "@timestamp", "ts", "@t", "t", "datetime", "date"],
  ...["asctime", "eventTime", "event_time", "timeMillis", "epochSecond"],
  ...["time_local", "time_iso8601", "logtime", "__REALTIME_TIMESTAMP"],
  "msg=audit(",
];

/** What may stand between `key=` and a value. */
const OPENED = String.raw`["'[(]?`;

const AT_START = new RegExp(`${START.source}$`);
const JSON_FIELD = /(?<!\\)"([^"\\]+)"\s*:\s*"?$/;
const KEY = new RegExp(String.raw`(?:^|[\s,{])([\w.@-]+)=(\w+\()?${OPENED}$`);
const WORD = /(?:^|[\s,;|])[^\w\s]{0,2}$/;

function field(name: string, source: string): Place {
  const rank = FIELDS.indexOf(name) + 1;
  const where = `in the field ${name}`;
  return { name: where, source, isField: true, rank: rank || LOOSE };
}

/** Whether a place says by itself that this is the time of the line. */
export function isFirm(place: Place): boolean {
  return place.rank < LOOSE;
}

/**
 * Where an index of a line is.
 *
 * @param line The line.
 * @param index The index.
 * @returns The place; undefined if no time is expected in such a one.
 */
export function placeOf(line: string, index: number): Place | undefined {
  const before = line.slice(0, index);
  if (AT_START.test(before)) return START;
  const [, json] = JSON_FIELD.exec(before) ?? [];
  if (json !== undefined) {
    const key = RegExp.escape(json);
    return field(json, String.raw`(?<!\\)"${key}"\s*:\s*"?`);
  }
  const [, key, call] = KEY.exec(before) ?? [];
  if (key !== undefined) {
    const name = call === undefined ? key : `${key}=${call}`;
    const opening = RegExp.escape(call === undefined ? `${key}=` : name);
    return field(name, String.raw`(?:^|[\s,{])${opening}${OPENED}`);
  }
  if (!WORD.test(before)) return undefined;
  const words = before.split(/[\s,;|]+/).slice(0, -1)
    .filter((word) => word !== "").length;
  return {
    name: `in word ${words + 1}`,
    source: String.raw`^[\s,;|]*(?:[^\s,;|]+[\s,;|]+){${words}}[^\w\s]{0,2}`,
    rank: LOOSE + words,
  };
}
