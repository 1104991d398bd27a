import { assert, assertEquals } from "@std/assert";
import {
  command,
  processTest,
  puts,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

processTest(
  "numprocesses.ts counts what ps counts",
  ["ps", "tail"],
  async () => {
    const ps = async () => {
      const args = ["-e", "-o", "s="];
      const { stdout } = await new Deno.Command("ps", { args }).output();
      return new TextDecoder().decode(stdout).trim().split("\n").length;
    };
    const counts = [await ps()];
    const program = new Running(command("collectors/numprocesses.ts"));
    await until(() => program.out.length > 0);
    counts.push(await ps());
    assertEquals((await program.end("SIGTERM")).code, 0);
    counts.push(await ps());
    const series = Map.groupBy(puts(program.out), ({ series }) => series);
    assertEquals(
      [...series.keys()].map((tags) => tags.match(/state=(\w+)/)![1]).sort(),
      [
        "dead",
        "disk_sleep",
        "idle",
        "running",
        "sleeping",
        "stopped",
        "tracing_stop",
        "unknown",
        "zombie",
      ],
    );
    for (const points of series.values()) {
      assertEquals(
        points.length,
        series.values().next().value!.length,
      );
    }
    const sums = [
      ...Map.groupBy(puts(program.out), ({ second }) => second).values(),
    ].map(total);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    assert(
      sums.some((sum) => sum > 0.8 * least && sum < 1.2 * most),
      `${sums} of ${counts}`,
    );
  },
);
