/** The state that TimedLogs keeps in a file. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StateError, TimedLogs } from "../mod.ts";
import { processTest, sleep, until } from "./helpers/processes.ts";
import { busy, count, prepare, write } from "./helpers/timed_logs.ts";

processTest(
  "TimedLogs writes its state before a report and after it",
  [],
  async (folder) => {
    const now = prepare(folder);
    let tellings = 0;
    const counting = count(folder, async (told, lines, logs) => {
      const text = await Deno.readTextFile(`${folder}/state/log`);
      const { from, reported } = JSON.parse(text.split("\n")[1]!);
      assert(reported > lines.at(-1)!.second);
      assert(from <= lines[0]!.second);
      if (++tellings === 2 && busy(told).size > 0) logs.stop();
      else write(folder, now + 10 * tellings, now + 10 * tellings + 5);
    });
    write(folder, now, now + 5);
    await counting;
    assertEquals(tellings, 2);
  },
);

processTest(
  "TimedLogs reports nothing while its state cannot be written",
  [],
  async (folder) => {
    const now = prepare(folder);
    let isFree = true;
    const counting = count(folder, (told, lines, logs) => {
      assert(isFree || busy(lines).size === 0);
      if (busy(told).has(now + 3)) logs.stop();
    }, async () => {
      // A folder of this name keeps the next state from being written.
      const inTheWay = `${folder}/state/log.new`;
      await until(() => Deno.mkdir(inTheWay).then(() => true, () => false));
      isFree = false;
      write(folder, now, now + 5);
      await sleep(2500); // by then it would have reported
      isFree = true;
      await Deno.remove(inTheWay);
    });
    assertEquals(busy(await counting).size, 4);
  },
);

processTest(
  "TimedLogs refuses a state with other options, and one that is in use",
  [],
  async (folder) => {
    const log = `${folder}/log`;
    const state = `${folder}/state`;
    Deno.writeTextFileSync(log, "");
    const one = new TimedLogs([log], { state });
    const other = new TimedLogs([log], { state });
    const nothing = { counters: [], of: () => ({ count() {} }) };
    const running = one.run(nothing);
    one.stop();
    await running;
    await assertRejects(
      () => other.run(nothing),
      StateError,
      "another process",
    );
    assertThrows(
      () => new TimedLogs([log], { state, lateness: 1 }),
      StateError,
      "lateness was 15, not 1",
    );
  },
);
