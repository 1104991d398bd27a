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
  ["ps", "head"],
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

processTest(
  "numprocesses.ts knows the state of a process with any name",
  ["cp", "head", "sleep"],
  async (folder) => {
    const named = `${folder}/a) Z 1\n(b) R`; // 15 characters at most
    const cp = 'cp "$(command -v sleep)" "$0"';
    await new Running(["sh", "-c", cp, named]).end();
    const sleeper = new Running([named, "1000"]);
    sleeper.process.kill("SIGSTOP");
    const program = new Running(command("collectors/numprocesses.ts"));
    await until(() => program.out.some((line) => /=stopped/.test(line)));
    assertEquals((await program.end("SIGTERM")).code, 0);
    const stopped = puts(program.out)
      .filter(({ series }) => series.includes("state=stopped"));
    for (const { value } of stopped) assert(value >= 1, `${value} stopped`);
    await sleeper.end("SIGKILL");
  },
);
