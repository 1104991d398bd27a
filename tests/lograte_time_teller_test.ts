import { assertEquals, assertMatch } from "@std/assert";
import { TimeTeller } from "../collectors/lograte/time_teller.ts";
import { LogTime } from "../mod.ts";

const START = 1_781_442_961; // 2026-06-14T13:16:01Z

/** What is said of a log whose lines are so many seconds ahead of the clock. */
function said(aheads: (number | undefined)[], every = 5): string[] {
  let now = START;
  const near = () => now;
  const all: string[] = [];
  const reader = new LogTime("auto", { zone: "UTC", near });
  const time = new TimeTeller("a.log", reader, near, (text) => all.push(text));
  for (const ahead of aheads) {
    const line = ahead === undefined ? "  at y" : isoOf(now + ahead);
    if (time.knows([line])) time.at(line);
    time.say();
    now += every;
  }
  return all;
}

function isoOf(second: number): string {
  return new Date(second * 1000).toISOString();
}

Deno.test("TimeTeller.say() says once that a log's clock is wrong by hours", () => {
  const [taken, ahead, ...more] = said([7200, 7201, 7199, 7200]);
  assertMatch(taken!, /^a\.log: took "2026-06-14T15:16:01.000Z" for /);
  assertMatch(ahead!, /^a\.log: its times are 2 hours ahead of .*\(--zone\)/);
  assertEquals(more, []);
  const [, behind] = said([-19_800, -19_800]);
  assertMatch(behind!, /5\.5 hours behind the clock/);
});

Deno.test("TimeTeller.say() does not take late lines or a backlog for a wrong clock", () => {
  for (
    const aheads of [
      [0, -30, 30, -1100],
      [-7200, -7000, -6000, -300, 0, 0], // a backlog that is read
      [0, -7200, 0, -7200], // a line from elsewhere
      [-7200, undefined, undefined, undefined], // a long stack trace
    ]
  ) {
    assertEquals(said(aheads).length, 1, `${aheads}`);
  }
  assertEquals(said(Array(10).fill(-7200), 0).length, 1); // all within a second
});

Deno.test("TimeTeller.knows() says once that times are not known", () => {
  const all = said([undefined, undefined, 0]);
  assertEquals(all.length, 2);
  assertMatch(all[0]!, /the times of a\.log are not known: .* --time-format/);
  assertMatch(all[1]!, /^a\.log: took /);
});
