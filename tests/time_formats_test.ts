/**
 * Kinds of logs, and what their times are. It is better to refuse a log than to
 * give it a wrong time. (Long, as each kind has its lines and their times here.)
 */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { LogTime, type LogTimeOptions } from "../mod.ts";
import { random } from "./helpers/random.ts";

function epoch(time: string): number {
  return Date.parse(time) / 1000;
}

/** The times of a whole log, or why it is refused. */
function timesOf(
  lines: string[],
  options: LogTimeOptions = {},
  find: "auto" | RegExp = "auto",
): (string | undefined)[] | string {
  const latest = epoch("2026-07-01T00:00:00Z");
  const time = new LogTime(find, { latest, ...options });
  time.learn(lines);
  if (!time.settle()) return time.doubt!;
  return lines.map((line) => {
    const second = time.at(line);
    return second === undefined
      ? undefined
      : new Date(second * 1000).toISOString().replace(".000Z", "");
  });
}

const UTC: LogTimeOptions = { zone: "UTC" };
const DAY = "2026-06-14T";
const NOON = "2026-06-14T15:16:01";
const BEFORE_EPOCH_TIME = "2026-06-14T13:16:01";

/** Logs of one line each, and their times in UTC. */
const LINES: [line: string, time: string][] = [
  // ISO 8601 and what is like it
  ["2026-06-14T15:16:01Z x", NOON],
  ["2026-06-14T15:16:01z", NOON],
  ["2026-06-14T15:16:01.123456789Z x", NOON],
  ["2026-06-14T17:16:01+02:00 x", NOON],
  ["2026-06-14T17:16:01+0200 x", NOON],
  ["2026-06-14T17:16:01+02 x", NOON],
  ["2026-06-14 10:16:01-05 x", NOON],
  ["2026-06-14 12:16:01 -03 [7] LOG: x", NOON],
  ["2026-06-14 15:16:01 -05 items", NOON],
  ["2026-06-14 15:16:01 +10 points", NOON],
  ["2026-06-14 15:16:01 -0 x", NOON],
  ["2026-06-14 15:16:01,500 INFO x", NOON],
  ["2026-06-14 15:16:01.500 INFO x", NOON],
  ["2026-06-14  15:16:01 x", NOON],
  ["2026-06-14\t15:16:01\tx", NOON],
  ["2026-06-14_15:16:01.12345 x", NOON],
  ["2026-06-14, 15:16:01 x", NOON],
  ["[2026-06-14 15:16:01] x", NOON],
  ["[2026-06-14T15:16:01.123+00:00] x", NOON],
  ["(2026-06-14 15:16:01) x", NOON],
  ['"2026-06-14 15:16:01","x"', NOON],
  ["2026-06-14 03:16:01 PM x", NOON],
  ["2026-06-14 3:16:01pm x", NOON],
  ["2026-06-14 12:16:01 AM x", DAY + "00:16:01"],
  ["2026-06-14 12:16:01 PM x", DAY + "12:16:01"],
  ["2026-06-14 15:16:01 AMOUNT 7", NOON],
  ["2026-06-14 17:16:01 CEST x", NOON],
  ["2026-06-14 16:16:01 CET x", NOON],
  ["2026-06-14 11:16:01.123 EDT [7] LOG: x", NOON],
  ["2026-06-14 10:16:01 EST x", NOON],
  ["2026-06-15 00:16:01 JST x", NOON],
  ["2026-06-14 18:16:01 MSK x", NOON],
  ["2026-06-14 15:16:01 UTC [7] LOG: x", NOON],
  ["2026-06-14 15:16:01 GMT x", NOON],
  ["2026-06-14 17:16:01 GMT+0200 x", NOON],
  ["2026-06-14 15:16:01 INFO x", NOON],
  ["2026-06-14 15:16:01 ESTABLISHED", NOON],
  ["2026-06-14 17:16:01.123 +0200 CEST m=+0.01 x", NOON],
  ["2026/06/14 15:16:01 [error] 7#7: x", NOON],
  ["2026/06/14 15:16:01.123456 main.go:7: x", NOON],
  ["2026.06.14 15:16:01 x", NOON],
  ["2026-06-14-15.16.01.675872 x", NOON],
  ["<34>1 2026-06-14T15:16:01.003Z host su - ID47 - x", NOON],
  ["2026-06-14T15:16:01.123456789Z stdout F 2020-01-01 00:00:00 x", NOON],
  // compact
  ["20260614T151601Z x", NOON],
  ["20260614T171601+0200 x", NOON],
  ["20260614T151601.123Z x", NOON],
  ["20260614 151601 x", NOON],
  ["20260614-151601 x", NOON],
  ["20260614-15:16:01:606|Step|30002312|x", NOON],
  ["20260614-15:16:1:6|Step|30002312|x", NOON],
  ["20260614 15:16:01 x", NOON],
  ["260614 15:16:01 [Note] x", NOON],
  ["260614  3:16:01 [Note] x", DAY + "03:16:01"],
  ["260614 151601 148 INFO x", NOON],
  // with the name of the month
  ["14 Jun 2026 15:16:01.123 x", NOON],
  ["4 Jun 2026 15:16:01 x", "2026-06-04T15:16:01"],
  ["14-Jun-2026 15:16:01.123 INFO x", NOON],
  ["14-JUN-2026 15:16:01 x", NOON],
  ["14-Jun-26 15:16:01 x", NOON],
  ["14/Jun/2026:15:16:01.123 x", NOON],
  ["14/Jun/2026:17:16:01 +0200 x", NOON],
  ["[14/Jun/2026:17:16:01 +0200] GET", NOON],
  ["14 Jun 15:16:01.123 * x", NOON],
  ["7:M 14 Jun 2026 15:16:01.123 * Ready", NOON],
  ["Jun 14, 2026 3:16:01 PM com.example.Main run", NOON],
  ["Jun 14 2026 15:16:01 x", NOON],
  ["Sun Jun 14 2026 17:16:01 GMT+0200 (CEST) x", NOON],
  ["2026 Jun 14 15:16:01 x", NOON],
  ["2026-Jun-14 15:16:01 x", NOON],
  ["Sun Jun 14 15:16:01 2026 x", NOON],
  ["[Sun Jun 14 15:16:01.123456 2026] [core:error] x", NOON],
  ["Sun Jun 14 17:16:01 CEST 2026 x", NOON],
  ["Sun Jun 14 03:16:01 PM UTC 2026 x", NOON],
  ["Sun, 14 Jun 2026 17:16:01 +0200 x", NOON],
  // syslog and klog
  ["Jun 14 15:16:01 host app[7]: x", NOON],
  ["Jun 14  15:16:01 host app[7]: x", NOON],
  ["Jun  4 15:16:01 host app: x", "2026-06-04T15:16:01"],
  ["Jun 4 15:16:01 host app: x", "2026-06-04T15:16:01"],
  ["<34>Jun 14 15:16:01 host su: x", NOON],
  ["Jun 14 15:16:01.123 host app: x", NOON],
  ["Jun 14 17:16:01 CEST: %SYS-5-CONFIG: x", NOON],
  ["Jul 20 15:16:01 host app: x", "2025-07-20T15:16:01"],
  ["I0614 15:16:01.123456       1 main.go:7] x", NOON],
  ["E20260614 15:16:01.123456 1 main.cc:7] x", NOON],
  [
    "Jun 14 15:16:01 lb haproxy[7]: 192.0.2.1:5 [13/Jun/2026:15:16:00.123] x",
    NOON,
  ],
  // web servers
  ['192.0.2.1 - - [14/Jun/2026:17:16:01 +0200] "GET / HTTP/1.1" 200 5', NOON],
  ['192.0.2.1 - a b [14/Jun/2026:17:16:01 +0200] "GET / HTTP/1.1" 200', NOON],
  ['h 192.0.2.1 - - [14/Jun/2026:15:16:01] "GET /" 200', NOON],
  [
    '192.0.2.1 - x[01/Jan/2020:00:00:00 +0000] [14/Jun/2026:15:16:01 +0000] "GET / HTTP/1.1" 200 5',
    NOON,
  ],
  [
    '192.0.2.1 - x [01/Jan/2020:00:00:00 +0000] [14/Jun/2026:15:16:01 +0000] "GET / HTTP/1.1" 200 5',
    NOON,
  ],
  // day first or month first, where one line is enough to know
  ["14.06.2026 15:16:01 x", NOON],
  ["14.06.2026  15:16:01 x", NOON],
  ["14/06/2026 15:16:01 x", NOON],
  ["14-06-2026 15:16:01 x", NOON],
  ["06/14/2026 15:16:01 x", NOON],
  ["6/14/2026 3:16:01 PM x", NOON],
  ["6/14/2026, 3:16:01 PM x", NOON],
  ["17/06/09 20:10:40 INFO x", "2017-06-09T20:10:40"],
  ["26/06/14 15:16:01 INFO x", NOON],
  ["06-14 15:16:01.811  1702  2395 D x", NOON],
  ["[06.14 15:16:01] chrome.exe - x", NOON],
  ["14.06. x 2026-06-14 15:16:01", NOON],
  // epoch
  ["1781442961 x", BEFORE_EPOCH_TIME],
  ["1781442961.750 x", BEFORE_EPOCH_TIME],
  ["1781442961,750 x", BEFORE_EPOCH_TIME],
  ["1781442961999 x", BEFORE_EPOCH_TIME],
  ["1781442961999999 x", BEFORE_EPOCH_TIME],
  ["1781442961999999999 x", BEFORE_EPOCH_TIME],
  ["[1781442961] x", BEFORE_EPOCH_TIME],
  ["type=A msg=audit(1781442961.123:7): x", "2026-06-14T13:16:01"],
  // in fields
  ['{"time":"2026-06-14T15:16:01.123Z","msg":"x"}', NOON],
  ['{"level":30,"time":1781442961999,"pid":1}', BEFORE_EPOCH_TIME],
  ['{"level":"info","ts":1781442961.5}', BEFORE_EPOCH_TIME],
  ['{"@timestamp": "2026-06-14T15:16:01.123Z"}', NOON],
  ['{"msg":"until 2026-01-01T00:00:00Z","time":"2026-06-14T15:16:01Z"}', NOON],
  ['{"until":"2026-01-01T00:00:00Z","time":"2026-06-14T15:16:01Z"}', NOON],
  [
    '{"log":"2020-01-01 00:00:00 x\\n","stream":"stdout","time":"2026-06-14T15:16:01.1Z"}',
    NOON,
  ],
  [
    '{"__MONOTONIC_TIMESTAMP":"1234567890","__REALTIME_TIMESTAMP":"1781442961123456"}',
    BEFORE_EPOCH_TIME,
  ],
  [
    '{"__REALTIME_TIMESTAMP":"1781442961123456","_SOURCE_MONOTONIC_TIMESTAMP":"1234567890","__MONOTONIC_TIMESTAMP":"1234567890"}',
    BEFORE_EPOCH_TIME,
  ],
  ['time="2026-06-14T15:16:01Z" level=info msg="x"', NOON],
  ["level=info ts=2026-06-14T15:16:01.123Z msg=x", NOON],
  ["ts=1781442961.5 msg=x", BEFORE_EPOCH_TIME],
  // in the middle of the line
  ["W 2026-06-14 15:16:01 x", NOON],
  ["app_1  | 2026-06-14T15:16:01Z x", NOON],
  ["id 1234567890 at 2026-06-14T15:16:01Z", NOON],
  ["1234567890 2026-06-14 15:16:01 x", NOON],
  ["Sun 2026-06-14 15:16:01 UTC host app[7]: x", NOON],
  ["a.log.1.2026-05-16_13:53:08 2026-06-14 15:16:01.008 25746 INFO", NOON],
  ["/logs/2026-01-01 00:00:00 2026-06-14 15:16:01 x", NOON],
  [
    "- 1131566461 2005.11.09 host Nov 9 12:01:01 host/host crond[7]: x",
    "2005-11-09T20:01:01",
  ],
  ["- 2005.11.09 host Nov 9 12:01:01 x", "2005-11-09T12:01:01"],
  ["- 1117838570 2005.06.03 R02 x", "refused"],
  [
    "- 1117838570 2005.06.03 R02 2005-06-03-15.42.50.675872 R02 RAS x",
    "2005-06-03T22:42:50",
  ],
  // time of day
  ["15:16:01 x", "2026-06-30T15:16:01"],
  ["15:16:01.123 [main] INFO x", "2026-06-30T15:16:01"],
  ["[15:16:01] x", "2026-06-30T15:16:01"],
  ["3:16:01 PM x", "2026-06-30T15:16:01"],
  // no times
  ["no time at all", "refused"],
  ["[12345.678901] usb 1-1: new device", "refused"],
  ["order 1234567890 done", "refused"],
  ["1234567890 called", "refused"],
  ["5551234567 called", "refused"],
  ['{"id":1234567890}', "refused"],
  ['{"__MONOTONIC_TIMESTAMP":"1234567890"}', "refused"],
  ["x at 15:16:01", "refused"],
  ["from 06-14 15:16:01 on", "refused"],
  ["2026-02-30 10:00:00 x", "refused"],
  ["2026-06-14 25:00:00 x", "refused"],
  ["2026-06-14 15:61:00 x", "refused"],
  ["2026-06-14 15:16:61 x", "refused"],
  ["2026-06-14 13:16:01 PM x", "refused"],
  ["1989-12-31T23:59:59Z x", "refused"],
  ["0001-01-01T00:00:00Z x", "refused"],
  ["2026-06-14 15:16 x", "refused"],
  ["03/04/2026 10:00:00 x", "refused"],
  ["03.04.2026 10:00:00 x", "refused"],
  ["03-04 10:00:00 x", "refused"],
  ["06/07/08 10:00:00 x", "refused"],
  ["2026-06-14 15:16:01 CST x", "refused"],
  ["2026-06-14 15:16:01 IST x", "refused"],
  ["2026-06-14 15:16:01 BST x", "refused"],
];

Deno.test("LogTime tells the second of a line, or refuses the log", () => {
  for (const [line, expected] of LINES) {
    const found = timesOf([line], UTC);
    if (expected !== "refused") assertEquals(found, [expected], line);
    else assertEquals(typeof found, "string", `${line}: ${found}`);
  }
});

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** A line in each of the formats, for a date. */
const SPELLED: Record<string, (date: Date, i: number) => string> = {
  "month-day": (d) => `${iso(d).slice(5, 10)} ${clock(d)}.811  1702 D x`,
  "month.day in brackets": (d) =>
    `[${iso(d).slice(5, 10).replace("-", ".")} ${clock(d)}] chrome.exe - x`,
  "two-digit year with slashes": (d) =>
    `${iso(d).slice(2, 10).replaceAll("-", "/")} ${clock(d)} INFO x`,
  "six digits twice": (d) =>
    `${sixDigits(d)} ${clock(d).replaceAll(":", "")} 148 INFO x`,
  "six digits and a time": (d) => `${sixDigits(d)} ${clock(d)} [Note] x`,
  "compact date": (d, i) =>
    `${iso(d).slice(0, 10).replaceAll("-", "")}-${clock(d)}:${i}|Step|x`,
  "compact ISO 8601": (d) =>
    `${iso(d).slice(0, 19).replaceAll(/[-:]/g, "")}Z x`,
  "day.month.year": (d) =>
    `${two(d.getUTCDate())}.${two(d.getUTCMonth() + 1)}.2026 ${clock(d)} x`,
  "month/day/year": (d) =>
    `${two(d.getUTCMonth() + 1)}/${two(d.getUTCDate())}/2026 ${clock(d)} x`,
  "month/day/year with AM and PM": (d) =>
    `${d.getUTCMonth() + 1}/${d.getUTCDate()}/2026 ${
      d.getUTCHours() % 12 || 12
    }${clock(d).slice(2)} ${d.getUTCHours() < 12 ? "AM" : "PM"} x`,
  "day, month's name, year": (d) =>
    `${d.getUTCDate()} Jun 2026 ${clock(d)}.123 * x`,
  "the same with slashes": (d) =>
    `${d.getUTCDate()}/Jun/2026:${clock(d)}.123 x`,
  "epoch, microseconds": (d, i) => `${+d / 1000}${two(i % 100)}4567 x`,
  "epoch, nanoseconds": (d, i) => `${+d / 1000}${two(i % 100)}4567890 x`,
  "time of day": (d) => `${clock(d)}.123 [main] INFO x`,
  "a year beside a time without one": (d) =>
    `- ${+d / 1000} ${iso(d).slice(0, 10).replaceAll("-", ".")} dn228 ` +
    `Jun ${d.getUTCDate()} ${clock(d)} dn228/dn228 crond[7]: x`,
};

function iso(date: Date): string {
  return date.toISOString();
}

function clock(date: Date): string {
  return iso(date).slice(11, 19);
}

function sixDigits(date: Date): string {
  return iso(date).slice(2, 10).replaceAll("-", "");
}

Deno.test("LogTime.at() is right second by second in each format", () => {
  const lines = 1000;
  for (const [name, spell] of Object.entries(SPELLED)) {
    let at = epoch("2026-06-14T11:50:00Z");
    const dates = Array.from({ length: lines }, (_, i) => {
      at += i === 500 ? 43_000 : (i * 7919 % 5) % 3; // past noon and midnight
      return new Date(at * 1000);
    });
    const found = timesOf(dates.map(spell), { ...UTC, latest: at + 7 });
    assertEquals(found, dates.map((date) => iso(date).slice(0, 19)), name);
  }
});

/** Logs, with its time before each line; a blank is the time of the line before. */
const LOGS: Record<string, string> = {
  "access and error log in one pipe": `
2026-06-14T15:16:01 2026/06/14 15:16:01 [error] 7#7: *1 open() failed
2026-06-14T15:16:02 192.0.2.1 - - [14/Jun/2026:15:16:02 +0000] "GET / HTTP/1.1" 200 5
2026-06-14T15:16:03 192.0.2.1 - - [14/Jun/2026:15:16:03 +0000] "GET / HTTP/1.1" 200 5
2026-06-14T15:16:03 2026/06/14 15:16:03 [error] 7#7: *1 open() failed
2026-06-14T15:16:04 192.0.2.1 - - [14/Jun/2026:15:16:04 +0000] "GET / HTTP/1.1" 200 5`,
  "a panic among JSON lines": `
2026-06-14T15:16:01 {"time":"2026-06-14T15:16:01Z"}
2026-06-14T15:16:02 {"time":"2026-06-14T15:16:02Z"}
2026-06-14T15:16:03 2026/06/14 15:16:03 http: panic serving
                    goroutine 7 [running]:
2026-06-14T15:16:04 {"time":"2026-06-14T15:16:04Z"}`,
  "two places in the middle of lines": `
2026-06-14T15:16:01 a 2026-06-14 15:16:01 x
2026-06-14T15:16:02 a 2026-06-14 15:16:02 x
2026-06-14T15:16:02 b c 14/Jun/2026:15:16:02 x
2026-06-14T15:16:03 a 2026-06-14 15:16:03 x
2026-06-14T15:16:04 b c 14/Jun/2026:15:16:04 x
2026-06-14T15:16:05 b c 14/Jun/2026:15:16:05 x`,
  "a stack trace with dates": `
2026-06-14T15:16:01 2026-06-14 15:16:01,500 ERROR x
                    Caused by: expired at 2026-01-01 00:00:00
                        at Main, not on Jan 02 03:04:05
                    Caused by: expired at 2026-01-01 00:00:00
2026-06-14T15:16:02 2026-06-14 15:16:02,500 INFO x`,
  "a date in most messages": `
2026-06-14T15:16:01 Jun 14 15:16:01 h a: until 2026-06-20T00:00:00Z
2026-06-14T15:16:02 Jun 14 15:16:02 h a: until 2026-06-20T00:00:00Z`,
  "a constant date before the time": `
2026-06-14T15:16:01 boot 2026-06-01T00:00:00Z at 2026-06-14T15:16:01Z
2026-06-14T15:16:02 boot 2026-06-01T00:00:00Z at 2026-06-14T15:16:02Z
2026-06-14T15:16:03 boot 2026-06-01T00:00:00Z at 2026-06-14T15:16:03Z
2026-06-14T15:16:04 boot 2026-06-01T00:00:00Z at 2026-06-14T15:16:04Z
2026-06-14T15:16:05 boot 2026-06-01T00:00:00Z at 2026-06-14T15:16:05Z`,
  "an offset-like text in some lines": `
2026-06-14T15:16:01 2026-06-14 15:16:01 -05 items
2026-06-14T15:16:01 2026-06-14 15:16:01 +05 items
2026-06-14T15:16:02 2026-06-14 15:16:02 moved`,
  "a bogus time far ahead": `
2026-06-14T15:16:01 2026-06-14 15:16:01 x
                    2099-01-01 00:00:00 x
2026-06-14T15:16:02 2026-06-14 15:16:02 x`,
  "a bogus date in a log without years": `
2026-06-14T15:16:01 Jun 14 15:16:01 x
2025-12-31T00:00:00 Dec 31 00:00:00 x
2026-06-14T15:16:02 Jun 14 15:16:02 x`,
  "a day that only comes first": `
2026-04-03T10:00:00 03.04.2026 10:00:00 x
2026-04-13T10:00:00 13.04.2026 10:00:00 x`,
  "a day that only comes second": `
2026-03-04T10:00:00 03/04/2026 10:00:00 x
2026-03-13T10:00:00 03/13/2026 10:00:00 x`,
  "a day that changes at midnight": `
2026-04-03T23:59:59 03.04.2026 23:59:59 x
2026-04-04T00:00:01 04.04.2026 00:00:01 x`,
  "a month that would change at midnight": `
2026-03-04T23:59:59 03/04 23:59:59 x
2026-03-05T00:00:01 03/05 00:00:01 x`,
  "the log's last change tells the day": `
2026-06-30T23:59:59 2026-06-30T23:59:59Z x`,
  "days and months that are equal": `
2026-06-06T10:00:00 06/06/2026 10:00:00 x
2026-06-06T10:00:01 06/06/2026 10:00:01 x`,
  "two-digit years": `
2026-06-14T23:59:59 260614 23:59:59 x
2026-06-15T00:00:00 260615  0:00:00 x`,
  "months and days without years over New Year": `
2025-12-31T23:59:59 12-31 23:59:59.999  1702  2395 D x
2026-01-01T00:00:00 01-01 00:00:00.001  1702  2395 D x`,
  "a time of day over two midnights": `
2026-06-28T15:16:01 15:16:01.123 [main] INFO x
2026-06-28T23:59:59 23:59:59.999 [main] INFO x
                    java.lang.Exception: x
2026-06-29T00:00:00 00:00:00.000 [main] INFO x
2026-06-28T23:59:59 23:59:59.999 [main] INFO late
2026-06-29T00:00:01 00:00:01.000 [main] INFO x
2026-06-29T18:00:00 18:00:00.000 [main] INFO x
2026-06-30T09:00:00 09:00:00.000 [main] INFO x`,
  "a time of day out of order": `
2026-06-30T15:16:05 15:16:05 x
2026-06-30T15:16:03 15:16:03 x
2026-06-30T15:16:06 15:16:06 x`,
  "some JSON lines among others": `
2026-06-14T15:16:01 2026-06-14 15:16:01 x
2026-06-14T15:16:02 {"a":1,"time":"2026-06-14T15:16:02Z"}
2026-06-14T15:16:03 2026-06-14 15:16:03 x
2026-06-14T15:16:04 2026-06-14 15:16:04 x`,
  "epochs out of order in the middle of many lines": Array.from(
    { length: 30 },
    (_, i) => {
      const at = 1_077_804_742 + i * i * 37 % 1000 * 60;
      const time = new Date(at * 1000).toISOString().slice(0, 19);
      return `\n${time} ${i} node-2 unix.hw state ${at} 1 x`;
    },
  ).join(""),
  "a clear time in a log with a log of another host": `
2026-06-14T15:16:01 Jun 14 15:16:01 h x
2026-06-14T15:16:02 2026-06-14T17:16:02+02:00 h x
2026-06-14T15:16:03 Jun 14 15:16:03 h x`,
};

Deno.test("LogTime finds the format from several lines", () => {
  for (const [name, log] of Object.entries(LOGS)) {
    const rows = log.slice(1).split("\n");
    const times: string[] = [];
    for (const row of rows) {
      const time = row.slice(0, 19).trim();
      times.push(time || times.at(-1)!);
    }
    const lines = rows.map((row) => row.slice(20));
    assertEquals(timesOf(lines, UTC), times, name);
  }
});

Deno.test("LogTime refuses numbers that only look like times", () => {
  const ids = (step: (i: number) => number) =>
    Array.from({ length: 100 }, (_, i) => `${1_234_567_890 + step(i)}`);
  for (
    const numbers of [
      ids((i) => i),
      ids(() => 0),
      ids((i) => i * 7 % 100 * 90_000_000),
    ]
  ) {
    for (const [before, after] of [["order ", " done"], ["", " done"]]) {
      const lines = numbers.map((number) => before + number + after);
      assertEquals(typeof timesOf(lines, UTC), "string", lines[1]);
    }
  }
});

Deno.test("LogTime says why it refuses a log", () => {
  for (
    const [line, doubt] of [
      ["nothing here", /"nothing here" have no time in a known format/],
      ["03/04/2026 10:00:00 x", /day\/month\/year or month\/day\/year/],
      ["03/04/2026 10:00:00 x", /2026-04-03, 2026-03-04/],
      ["2026-06-14 15:16:01 CST x", /CST is the name of several zones/],
    ] as const
  ) {
    const found = timesOf([line], UTC);
    assert(typeof found === "string");
    assertMatch(found, doubt);
  }
  assertEquals(timesOf([], UTC), "it has no lines");
});

Deno.test("LogTime takes the abbreviation of several zones for the given zone, if that has it", () => {
  const line = "2026-01-14 15:16:01 CST x";
  for (
    const [zone, time] of [
      ["Asia/Shanghai", "2026-01-14T07:16:01"],
      ["America/Chicago", "2026-01-14T21:16:01"],
    ] as const
  ) {
    assertEquals(timesOf([line], { zone }), [time]);
  }
  const found = timesOf([line], { zone: "Europe/Berlin" });
  assertMatch(`${found}`, /CST is the name/);
});

Deno.test("LogTime.learn() asks for lines until it is known which number is the day", () => {
  const time = new LogTime("auto", { ...UTC, latest: epoch("2026-12-01") });
  const lines = (day: string) =>
    Array.from({ length: 250 }, () => `${day}.2026 10:00:00 x`);
  assertEquals(time.learn(lines("03.04")), false);
  assertEquals(time.learn(lines("04.04")), true); // the number that has changed is the day
  assertEquals(time.settle(), true);
  assertEquals(time.at(lines("03.04")[0]!), epoch("2026-04-03T10:00:00Z"));
});

Deno.test("LogTime.learn() goes on when the first lines have no times", () => {
  const time = new LogTime("auto", UTC);
  assertEquals(time.learn(Array(500).fill("a banner")), false);
  assertEquals(time.learn(Array(300).fill("2026-06-14T15:16:01Z x")), true);
  assertEquals(time.at("2026-06-14T15:16:01Z x"), epoch(`${NOON}Z`));
});

Deno.test("LogTime.learn() gives up after 10,000 lines", () => {
  const time = new LogTime("auto", UTC);
  assertEquals(time.learn(Array(9999).fill("x")), false);
  assertEquals(time.learn(["x"]), true);
  assertEquals(time.settle(), false);
  assertMatch(time.doubt!, /no time in a known format/);
});

Deno.test("LogTime trusts a log that is ahead of its last change, and says so", () => {
  const time = new LogTime("auto", { ...UTC, latest: epoch("2020-01-01") });
  assertEquals(time.at("2026-06-14T15:16:01Z x"), epoch(`${NOON}Z`));
  assertMatch(time.taken[0]!.how, /after the log's last change/);
  const number = new LogTime("auto", { ...UTC, latest: epoch("2020-01-01") });
  assertEquals(number.at("1781442961 x"), undefined);
});

Deno.test("LogTime.at() tells the day from the month, and finds the date, by the clock", () => {
  const near = () => epoch("2026-04-03T10:00:05Z");
  for (
    const [line, time] of [
      ["03/04/2026 10:00:00 x", "2026-04-03T10:00:00"],
      ["04/03 10:00:00 x", "2026-04-03T10:00:00"],
      ["10:00:04 x", "2026-04-03T10:00:04"],
      ["23:59:59 x", "2026-04-02T23:59:59"],
    ] as const
  ) {
    const reader = new LogTime("auto", { ...UTC, near });
    assertEquals(reader.at(line), epoch(`${time}Z`), line);
  }
});

Deno.test("LogTime.at() knows the day around midnight by the clock", () => {
  let now = "2026-06-14T23:59:59Z";
  const time = new LogTime("auto", { ...UTC, near: () => epoch(now) });
  assertEquals(time.at("23:59:58 x"), epoch("2026-06-14T23:59:58Z"));
  now = "2026-06-15T00:00:01Z";
  assertEquals(time.at("23:59:59 x"), epoch("2026-06-14T23:59:59Z"));
  assertEquals(time.at("00:00:01 x"), epoch("2026-06-15T00:00:01Z"));
  now = "2026-06-16T00:00:01Z";
  assertEquals(time.at("00:00:01 x"), epoch("2026-06-16T00:00:01Z"));
});

Deno.test("LogTime.at() tells apart times that differ in their ends", () => {
  const lines = [
    "2026-10-25 02:30:00 +0200 x",
    "2026-10-25 02:30:00 +0100 x",
    "2026-10-25 02:30:00 +0100 y",
    "2026-10-25 2:30:00 AM x",
    "2026-10-25 2:30:00 PM x",
    "2026-10-25 2:30:00.999 PM x",
  ];
  assertEquals(timesOf(lines, { ...UTC, latest: epoch("2026-12-01") }), [
    "2026-10-25T00:30:00",
    "2026-10-25T01:30:00",
    "2026-10-25T01:30:00",
    "2026-10-25T02:30:00",
    "2026-10-25T14:30:00",
    "2026-10-25T14:30:00",
  ]);
});

/** Lines that look alike, though their times differ. */
const ALIKE = [
  [
    "2026-06-14 15:16:01 x",
    "2026-06-14 15:16:01.25 x",
    "2026-06-14 15:16:01.250 +0000 x",
    "2026-06-14 15:16:01 +0200 x",
    "2026-06-14 15:16:01 +0100 x",
    "2026-06-14 15:16:01.5 +0100 x",
    "2026-06-14 15:16:01",
    "2026-06-14 5:16:01 PM x",
    "2026-06-14 5:16:01 AM x",
    "2026-06-14 5:16:01.7 AM x",
    "2026-06-14 15:16:011 x",
    "  at 2026-06-14 15:16:02",
  ],
  [
    '1 - - [14/Jun/2026:15:16:01 +0000] "GET /" 200',
    '192.0.2.1 - - [14/Jun/2026:15:16:01 +0000] "GET /" 200',
    '192.0.2.1 - x y [14/Jun/2026:15:16:01 +0000] "GET /" 200',
    '1 - - [14/Jun/2026:15:16:01 +0200] "GET /" 200',
    '1 - - [14/Jun/2026:15:16:02 +0000] "GET /" 200',
    '1 - x14/Jun/2026:15:16:01 +0000] "- - [14/Jun/2026:15:16:03 +0000] "GET',
    '1 - x[14/Jun/2026:15:16:01 +0000] [14/Jun/2026:15:16:04 +0000] "GET /"',
    'GET [14/Jun/2026:15:16:01 +0000] x] "GET /" 200',
  ],
  [
    "1781442961 x",
    "1781442961.5 x",
    "1781442961999 x",
    "17814429612 x",
    "1781442962 x",
    "1781442961",
  ],
  [
    '{"time":1781442961500,"n":1}',
    '{"n":1,"time":1781442961700}',
    '{"time":1781442962500,"n":1781442961}',
    '{"t":1781442961500,"time":1781442963000}',
  ],
];

Deno.test("LogTime.at() reads each line as if it had read no line before", () => {
  const chance = random(7);
  const next = (n: number) => Math.floor(chance() * n);
  for (const alike of ALIKE) {
    const lines = Array.from({ length: 3000 }, () => alike[next(alike.length)]!)
      .flatMap((line) => Array<string>(1 + next(6)).fill(line));
    const latest = epoch("2026-07-01T00:00:00Z");
    // Of a text that an expression finds, nothing is kept for the next line.
    const readers = (["auto", /^(?<time>.*)$/] as const).map((find) =>
      new LogTime(find, { ...UTC, latest })
    );
    for (const reader of readers) {
      reader.learn(lines);
      reader.settle();
    }
    const [again, alone] = readers.map((reader) =>
      lines.map((line) => reader.at(line))
    );
    for (const [i, line] of lines.entries()) {
      const before = lines.slice(Math.max(0, i - 5), i).join("\n");
      assertEquals(again![i], alone![i], `${before}\n${line}`);
    }
    assertEquals(readers[0]!.unread, readers[1]!.unread);
  }
});

Deno.test("LogTime.unread counts the lines that take an earlier time", () => {
  const time = new LogTime("auto", UTC);
  const first = "2026-06-14T15:16:01Z x";
  for (const line of [first, "x", first, "2026-02-30T00:00:00Z"]) time.at(line);
  assertEquals(time.unread, 2);
  time.rewind();
  assertEquals([time.unread, time.at("x")], [0, undefined]);
});

Deno.test("LogTime.taken says what was taken for the time", () => {
  const latest = epoch("2026-07-01T00:00:00Z");
  const taken = (line: string, options: LogTimeOptions = {}) => {
    const time = new LogTime("auto", { ...UTC, latest, ...options });
    time.at(line);
    return time.taken;
  };
  assertEquals(taken("Jun 14 15:16:01 h x"), [
    {
      text: "Jun 14 15:16:01",
      second: epoch(`${NOON}Z`),
      how:
        "syslog at the start of the line, zone UTC, year by the log's last change",
    },
  ]);
  assertEquals(taken('{"time":1781442961500}'), [
    {
      text: '"time":1781442961500',
      second: 1_781_442_961,
      how: "epoch in the field time",
    },
  ]);
  const near = () => latest;
  assertEquals(taken("23:59:59 h x", { near }), [
    {
      text: "23:59:59",
      second: epoch("2026-06-30T23:59:59Z"),
      how: "time of day at the start of the line, zone UTC, day by the clock",
    },
  ]);
  assertEquals(taken("no time"), []);
});

Deno.test("LogTime reads a format that it is told", () => {
  for (
    const [format, line, time] of [
      ["%d.%m.%Y %H:%M:%S", "x 03.04.2026 10:00:00 y", "2026-04-03T10:00:00"],
      ["%d.%m.%Y %H:%M:%S", "3.4.2026  9:00:00", "2026-04-03T09:00:00"],
      ["%m/%d/%y %I:%M:%S %p", "04/03/26 10:00:00 pm", "2026-04-03T22:00:00"],
      ["%Y%m%d%H%M%S", "20260403100000", "2026-04-03T10:00:00"],
      ["%H:%M:%S.%f %d %b %Y", "10:00:00.5 03 Apr 2026", "2026-04-03T10:00:00"],
      [
        "%e %B %Y, %T %z",
        "3 April 2026, 12:00:00 +0200",
        "2026-04-03T10:00:00",
      ],
      [
        "%a %b %e %T %Z %Y",
        "Fri Apr  3 12:00:00 CEST 2026",
        "2026-04-03T10:00:00",
      ],
      ["%A, %d-%h-%y %k:%M", "Friday, 03-APR-26 10:00", "2026-04-03T10:00:00"],
      ["%D %T", "04/03/26 10:00:00", "2026-04-03T10:00:00"],
      ["%F%t%R%n%%", "2026-04-03\t10:00 %", "2026-04-03T10:00:00"],
      ["%y%m%d %R", "990403 10:00", "1999-04-03T10:00:00"],
      ["[%s]", "[1775210400]", "2026-04-03T10:00:00"],
      ["at %l %p %M (%S) %m.%d", "at 10 AM 00 (07) 4.3", "2026-04-03T10:00:07"],
      ["%H|%M|%S", "10|00|07", "2026-06-30T10:00:07"],
      ["%m-%d %T", "04-03 10:00:00", "2026-04-03T10:00:00"],
    ] as const
  ) {
    assertEquals(timesOf([line], { ...UTC, format }), [time], format);
  }
});

Deno.test("LogTime finds a format that it is told only at the edges of words and numbers", () => {
  const lines = ["id1775210400 x", "17752104001 x", "id7 1775210400 x"];
  assertEquals(
    timesOf(lines, { ...UTC, format: "%s" }),
    [undefined, undefined, "2026-04-03T10:00:00"],
  );
});

Deno.test("LogTime does not take a date for a time that the calendar does not have", () => {
  for (const zone of ["Z", "+02:00", ""]) {
    const lines = [
      `2026-06-14T13:16:01${zone} x`,
      `2026-06-31T13:16:01${zone} x`,
    ];
    const [first, second] = timesOf(lines, UTC);
    assertEquals(second, first, zone);
  }
});

Deno.test("LogTime reads a format that it is told where an expression finds the time", () => {
  const options = { ...UTC, format: "%d.%m.%Y %H:%M" };
  assertEquals(
    timesOf(
      ["01.01.2026 00:00 t=03.04.2026 10:00"],
      options,
      /t=(?<time>.*)/,
    ),
    ["2026-04-03T10:00:00"],
  );
});

Deno.test("LogTime reads the parts that an expression finds", () => {
  const parts =
    /d=(?<day>\d+) m=(?<month>\w+) y=(?<year>\d+) (?<hour>\d+)h(?<minute>\d+)(?:m(?<second>\d+))?(?<ampm>[ap]m)?(?: (?<zone>\S+))?/;
  for (
    const [line, time] of [
      ["d=3 m=4 y=2026 10h00", "2026-04-03T10:00:00"],
      ["d=3 m=apr y=26 10h00m07", "2026-04-03T10:00:07"],
      ["d=3 m=April y=2026 10h00m07pm", "2026-04-03T22:00:07"],
      ["d=3 m=04 y=2026 10h00m07 +02:00", "2026-04-03T08:00:07"],
    ] as const
  ) {
    assertEquals(timesOf([line], UTC, parts), [time], line);
  }
  assertEquals(timesOf(["x 1781442961999 y"], UTC, /x (?<epoch>\d{10})/), [
    BEFORE_EPOCH_TIME,
  ]);
});

Deno.test("LogTime() refuses formats that do not tell a time", () => {
  for (
    const [format, message] of [
      ["%d.%m.%Y %Q", 'current value is "%Q"'],
      ["%d.%m.%Y %-H", 'current value is "%-"'],
      ["%d.%m.%Y %H:%M %", 'current value is "%"'],
      ["%d.%m.%Y", "at least the hour and the minute"],
      ["%d %d %H:%M", "must not tell the day twice"],
    ] as const
  ) {
    assertThrows(() => new LogTime("auto", { format }), SyntaxError, message);
  }
  assertThrows(() => new LogTime(/(?<day>x)/), SyntaxError, 'a group "time"');
});
