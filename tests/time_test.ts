import { assertEquals, assertThrows } from "@std/assert";
import { LogTime, type LogTimeOptions } from "../mod.ts";

const BERLIN = { zone: "Europe/Berlin" };
const NEW_YORK = { zone: "America/New_York" };

/** The times of lines, written as ISO 8601. */
function times(
  lines: string[],
  options: LogTimeOptions = {},
  format: "auto" | RegExp = "auto",
): (string | undefined)[] {
  const time = new LogTime(format, { latest: epoch("2026-07-01"), ...options });
  return lines.map((line) => {
    const second = time.at(line);
    if (second === undefined) return undefined;
    return Temporal.Instant.fromEpochMilliseconds(second * 1000).toString();
  });
}

function epoch(time: string): number {
  return Date.parse(time) / 1000;
}

const LINES = {
  "2026-06-14T13:16:01Z host app": "2026-06-14T13:16:01Z",
  "2026-06-14T15:16:01.999+02:00 host app": "2026-06-14T13:16:01Z",
  "2026-06-14 15:16:01,500 INFO": "2026-06-14T13:16:01Z",
  "2026-06-14 09:16:01 -0400 x": "2026-06-14T13:16:01Z",
  "2026-06-14 13:16:01.123 UTC [7] LOG:": "2026-06-14T13:16:01Z",
  "2026-06-14T18:46:01+05:30": "2026-06-14T13:16:01Z",
  "<34>1 2003-10-11T22:14:15.003Z host su": "2003-10-11T22:14:15Z",
  "Jun 14 15:16:01 host app": "2026-06-14T13:16:01Z",
  "<34>Jun  4 15:16:01 host su": "2026-06-04T13:16:01Z",
  '::1 - - [14/Jun/2026:15:16:01 +0200] "GET': "2026-06-14T13:16:01Z",
  "[Sun Dec 04 04:47:44 2005] [notice]": "2005-12-04T03:47:44Z",
  "[Fri Sep 09 10:42:29.902022 2011] [core]": "2011-09-09T08:42:29Z",
  "2026/06/14 15:16:01 [error] 7#7": "2026-06-14T13:16:01Z",
  "I0614 15:16:01.123456       1 main.go": "2026-06-14T13:16:01Z",
  "E20260614 15:16:01.123456 1 main.cc": "2026-06-14T13:16:01Z",
  "1781442961 x": "2026-06-14T13:16:01Z",
  "1781442961.750 x": "2026-06-14T13:16:01Z",
  "1781442961999 x": "2026-06-14T13:16:01Z",
  '{"level":"info","ts":1781442961.5}': "2026-06-14T13:16:01Z",
  '{"time":"2026-06-14T13:16:01Z"}': "2026-06-14T13:16:01Z",
  "id 1234567890 at 2026-06-14T13:16:01Z": "2026-06-14T13:16:01Z",
  "2026-12-31T23:59:60Z leap second": "2027-01-01T00:00:00Z",
  "Feb 29 12:00:00 host": "2024-02-29T11:00:00Z",
};

Deno.test("LogTime.at() reads the known formats", () => {
  for (const [line, time] of Object.entries(LINES)) {
    assertEquals(times([line], BERLIN), [time], line);
  }
});

Deno.test("LogTime.at() takes the time of the line before for a line without one", () => {
  const lines = [
    "no time yet",
    "Jun 14 15:16:01 host java: Exception",
    "    at Main, not on Jan 02 03:04:05",
    "2026-02-30 10:00:00 is no day",
    "0001-01-01T00:00:00Z is no time of a log",
    "Jun 14 15:16:02 host java: retry at 2030-01-01T00:00:00Z",
  ];
  const first = "2026-06-14T13:16:01Z";
  const found = times(lines, BERLIN);
  const second = "2026-06-14T13:16:02Z";
  assertEquals(found, [undefined, first, first, first, first, second]);
});

Deno.test("LogTime.at() goes on when the format changes", () => {
  assertEquals(
    times(["Jun 14 15:16:01 h", "2026-06-14T15:16:02+02:00 h"], BERLIN),
    ["2026-06-14T13:16:01Z", "2026-06-14T13:16:02Z"],
  );
});

Deno.test("LogTime.at() tells apart times that start alike", () => {
  assertEquals(
    times(["1781442961 a", "1781442962000 a", "1781442961"], BERLIN),
    ["2026-06-14T13:16:01Z", "2026-06-14T13:16:02Z", "2026-06-14T13:16:01Z"],
  );
});

Deno.test("LogTime.at() finds the group time", () => {
  const lines = [
    "Jan 01 00:00:00 t=2026-06-14T15:16:01 x",
    "t=2026-06-14T15:16:02",
  ];
  assertEquals(times(lines, BERLIN, /t=(?<time>\S+)/g), [
    "2026-06-14T13:16:01Z",
    "2026-06-14T13:16:02Z",
  ]);
});

Deno.test("LogTime.at() infers the year, also over New Year", () => {
  const lines = [
    "Dec 30 12:00:00 h",
    "Dec 31 23:59:59 h",
    "Jan  1 00:00:01 h",
    "Dec 31 23:59:58 h is late",
    "Jan  1 00:00:02 h",
  ];
  assertEquals(times(lines, { zone: "UTC", latest: epoch("2027-01-02") }), [
    "2026-12-30T12:00:00Z",
    "2026-12-31T23:59:59Z",
    "2027-01-01T00:00:01Z",
    "2026-12-31T23:59:58Z",
    "2027-01-01T00:00:02Z",
  ]);
});

Deno.test("LogTime.at() puts the first line at most a day after latest", () => {
  const zone = "UTC";
  const latest = epoch("2026-06-14T15:00:00Z");
  assertEquals(
    [times(["Jun 15 14:00:00 h"], { zone, latest })],
    [["2026-06-15T14:00:00Z"]],
  );
  assertEquals(
    [times(["Jun 15 16:00:00 h"], { zone, latest })],
    [["2025-06-15T16:00:00Z"]],
  );
});

Deno.test("LogTime.at() infers the year near the clock", () => {
  for (
    const [now, line, time] of [
      ["2027-01-01T00:00:00", "Dec 31 23:59:59 h", "2026-12-31T23:59:59Z"],
      ["2026-12-31T23:59:59", "Jan  1 00:00:00 h", "2027-01-01T00:00:00Z"],
      ["2026-03-01T00:00:00", "Feb 29 23:59:59 h", "2024-02-29T23:59:59Z"],
      ["2028-02-29T00:00:00", "Feb 29 23:59:59 h", "2028-02-29T23:59:59Z"],
    ] as const
  ) {
    const near = () => epoch(`${now}Z`);
    assertEquals(times([line], { zone: "UTC", near }), [time]);
  }
});

Deno.test("LogTime.at() goes on when clocks are set forward", () => {
  assertEquals(
    times(["2026-03-29 01:59:59 x", "2026-03-29 03:00:00 x"], BERLIN),
    ["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"],
  );
  assertEquals(
    times(["Mar  8 01:59:59 x", "Mar  8 03:00:00 x"], NEW_YORK),
    ["2026-03-08T06:59:59Z", "2026-03-08T07:00:00Z"],
  );
  assertEquals(times(["2026-03-29 02:30:00 is none"], BERLIN), [
    "2026-03-29T01:30:00Z",
  ]);
});

Deno.test("LogTime.at() goes on when clocks are set back", () => {
  assertEquals(
    times([
      "2026-10-25 01:59:59 x",
      "2026-10-25 02:30:00 x",
      "2026-10-25 02:59:59 x",
      "2026-10-25 02:00:00 x, an hour later",
      "2026-10-25 02:59:58 x is late",
      "2026-10-25 02:00:01 x",
      "2026-10-25 02:30:00 x",
      "2026-10-25 03:00:00 x",
    ], BERLIN),
    [
      "2026-10-24T23:59:59Z",
      "2026-10-25T00:30:00Z",
      "2026-10-25T00:59:59Z",
      "2026-10-25T01:00:00Z",
      "2026-10-25T00:59:58Z",
      "2026-10-25T01:00:01Z",
      "2026-10-25T01:30:00Z",
      "2026-10-25T02:00:00Z",
    ],
  );
  assertEquals(
    times(["Nov  1 01:59:59 x", "Nov  1 01:00:00 x", "Nov  1 02:00:00 x"], {
      ...NEW_YORK,
      latest: epoch("2026-12-01"),
    }),
    ["2026-11-01T05:59:59Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"],
  );
});

Deno.test("LogTime.at() takes the time near the clock in an hour that comes twice", () => {
  for (const now of ["2026-10-25T00:30:05Z", "2026-10-25T01:30:05Z"]) {
    const near = () => epoch(now);
    assertEquals(times(["2026-10-25 02:30:00 x"], { ...BERLIN, near }), [
      now.replace("05Z", "00Z"),
    ]);
  }
});

Deno.test("LogTime.at() reads a day of seconds as Temporal does", () => {
  for (const day of ["2026-03-29", "2026-10-25", "2026-12-31"]) {
    const time = new LogTime("auto", BERLIN);
    const start = Temporal.PlainDate.from(day).toZonedDateTime("Europe/Berlin");
    const first = start.epochMilliseconds / 1000;
    const last = start.add({ days: 1 }).epochMilliseconds / 1000;
    for (let second = first; second < last; second += 47) {
      const local = Temporal.Instant.fromEpochMilliseconds(second * 1000)
        .toZonedDateTimeISO("Europe/Berlin").toPlainDateTime();
      assertEquals(time.at(`${local} x`), second);
    }
  }
});

Deno.test("LogTime() refuses an unknown zone, and an expression without a group time", () => {
  for (const zone of ["Europe/Nowhere", "", "25:00", "CET-1"]) {
    assertThrows(() => new LogTime("auto", { zone }), RangeError, "zone must");
  }
  assertThrows(() => new LogTime(/(x)/), SyntaxError, 'a group "time"');
  assertThrows(() => new LogTime(/(?<at>x)/), SyntaxError, 'a group "time"');
});
