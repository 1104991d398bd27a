/** TimedLogs in a collector of one's own. */
import { assert, assertEquals } from "@std/assert";
import { isFile, processTest } from "./helpers/processes.ts";
import { busy, count, prepare, write } from "./helpers/timed_logs.ts";

processTest(
  "TimedLogs goes on where it was, with the same values",
  [],
  async (folder) => {
    const now = prepare(folder);
    const first = count(folder, (told, _, logs) => {
      if (busy(told).has(now + 5)) logs.stop();
    });
    write(folder, now, now + 10);
    const before = await first;
    write(folder, now + 10, now + 20);
    const after = await count(folder, (told, _, logs) => {
      if (busy(told).has(now + 17)) logs.stop();
    });
    const all = busy([...before, ...after]);
    for (let second = now; second < now + 18; second++) {
      assertEquals(all.get(second), 1);
    }
    assert(after.some(({ second }) => second === now)); // it is reported again
  },
);

processTest(
  "TimedLogs goes on in a log whose path is written in another way",
  [],
  async (folder) => {
    const now = prepare(folder);
    write(folder, now - 90, now - 80); // it begins after these lines
    const first = count(folder, (told, _, logs) => {
      if (busy(told).has(now + 5)) logs.stop();
    });
    write(folder, now, now + 10);
    await first;
    const late: number[] = [];
    const path = `${folder}/./log`;
    await count(
      folder,
      (told, _, logs) => {
        late.push(logs.late);
        if (busy(told).has(now + 7)) logs.stop();
      },
      undefined,
      path,
    );
    assertEquals(Math.max(...late), 0);
  },
);

processTest(
  "TimedLogs leaves out again a line that came late before a restart",
  [],
  async (folder) => {
    const now = prepare(folder);
    const late: number[] = [];
    let wasWritten = false;
    const before = await count(folder, (told, _, logs) => {
      late[0] = logs.late;
      if (!busy(told).has(now - 1)) return;
      if (!wasWritten) write(folder, now - 1, now); // its second was already reported
      wasWritten = true;
      if (logs.late > 0) logs.stop();
    }, () => write(folder, now - 1, now));
    const after = await count(folder, (told, _, logs) => {
      late[1] = logs.late;
      if (busy(told).has(now - 1)) logs.stop();
    });
    assertEquals(busy([...before, ...after]), new Map([[now - 1, 1]]));
    assertEquals(late, [2, 0]); // late lines are counted once
  },
);

processTest(
  "TimedLogs goes on with the copy of a log that it saw truncated",
  [],
  async (folder) => {
    const now = prepare(folder);
    const log = `${folder}/log`;
    const before = await count(folder, async (told, _, logs) => {
      const seconds = busy(told);
      if (seconds.has(now + 7)) return logs.stop();
      if (!seconds.has(now + 3) || isFile(`${log}.1`)) return;
      await Deno.copyFile(log, `${log}.1`);
      await Deno.truncate(log);
      write(folder, now + 5, now + 9);
    }, () => write(folder, now, now + 5));
    const after = await count(folder, (told, _, logs) => {
      if (busy(told).has(now + 3)) logs.stop();
    });
    const all = busy([...before, ...after]);
    assertEquals(
      [...all.keys()],
      Array.from({ length: 8 }, (_, i) => now + i),
    );
    assert(after.some(({ second, value }) => second === now && value === 1));
  },
);
