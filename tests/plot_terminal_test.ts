import { assert, assertEquals } from "@std/assert";
import { History } from "../pipes/history.ts";
import { frame } from "../pipes/plot/terminal.ts";
import { encode, puts, T } from "./helpers/plot.ts";
import { command, processTest, Running, until } from "./helpers/processes.ts";

function history(lines: string[], keep = 3600, maxSeries = 1000) {
  const made = new History({ keep, maxSeries });
  made.push(encode(lines));
  return made;
}

Deno.test("frame() draws braille charts while there is room", () => {
  const made = history(puts(10, (i) => [`a.b ${T + i} ${i} host=x`]));
  const rows = frame(made, { columns: 60, rows: 24 });
  assertEquals(rows.length, 7); // a title, five of the chart, and the notes
  assert(/^a\.b host=x +9 peak +9$/.test(rows[0]!), rows[0]);
  assertEquals(rows.slice(1, 6).map((row) => row.length), Array(5).fill(60));
  assert(rows.slice(1, 6).join("").includes("⣿"));
  assert(rows[6]!.startsWith("1 series, 5 min to "));
});

Deno.test("frame() draws sparklines where it is tight, then leaves series out", () => {
  const made = history(
    puts(20, (i) => [`a ${T} ${i} host=${String(i).padStart(2, "0")}`]),
  );
  const rows = frame(made, { columns: 80, rows: 24 });
  assertEquals(rows.length, 21);
  assert(rows.every((row) => row.length <= 80));
  assert(/^a host=19 .*█ .*19 peak +19$/.test(rows[19]!), rows[19]);
  const few = frame(made, { columns: 80, rows: 11 });
  assertEquals(few.length, 11);
  assertEquals(few[9], "and 11 more");
});

Deno.test("frame() fits any size, and holds no control character", () => {
  const made = history([
    `${"n".repeat(300)} ${T} 123456789.125 host=${"x".repeat(300)}`,
    `a ${T} -1e-9 host=x`,
    "\x1b[2Jgone\x07 漢字漢字",
  ]);
  made.end(0);
  for (let columns = 0; columns < 120; columns += 7) {
    for (let rows = 0; rows < 20; rows++) {
      const drawn = frame(made, { columns, rows });
      assert(drawn.length <= Math.max(1, rows));
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f]/.test(drawn.join("")));
      if (columns < 40) continue;
      for (const row of drawn) assert(row.length <= columns, row);
    }
  }
});

processTest("plot.ts --tty redraws in place, and leaves the last frame", [
  "script",
], async (folder) => {
  const lines = [1, 2].map((i) => `put a.b ${T + i} ${i * 11} host=x`);
  const plot = command("pipes/plot.ts", "--tty").join(" ");
  const shell = `stty cols 70 rows 12
    (echo ${lines[0]}
     until [ -e ${folder}/seen ]; do sleep 0.1; done
     echo ${lines[1]}) | ${plot}`;
  await Deno.writeTextFile(`${folder}/run`, shell);
  const args = ["-qec", `sh ${folder}/run`, "/dev/null"];
  const run = new Running(["script", ...args]);
  const framesOf = (text: string) => text.split("\x1b[H");
  const shown = / 11 .*peak.* 11/;
  await until(() => {
    const frames = framesOf(run.out.join("\n"));
    return frames.length > 4 && shown.test(frames.at(-1)!);
  });
  await Deno.writeTextFile(`${folder}/seen`, "");
  const { code } = await run.end();
  const all = run.out.join("\n");
  assertEquals(code, 0, all);
  const [before, ...frames] = framesOf(all);
  assert(before!.endsWith("\x1b[?1049h\x1b[?25l"), before);
  assert(frames.some((frame) => shown.test(frame)), all);
  const [last, left] = frames.at(-1)!.split("\x1b[?25h\x1b[?1049l");
  assert(last!.endsWith("\x1b[J"), last);
  assert(/a\.b.* 22 .*peak.* 22/.test(left!), left);
});

processTest(
  "plot.ts --tty draws whole frames on a terminal that does not block",
  ["script", "perl"],
  async (folder) => {
    const lines = Array.from(
      { length: 30 },
      (_, i) => `put a ${T} 1 host=h${i}`,
    );
    await Deno.writeTextFile(`${folder}/puts`, lines.join("\n") + "\n");
    // Whoever shares the terminal may have set it so; a frame is then too much.
    const nonblocking = "use Fcntl; fcntl(STDOUT, F_SETFL, O_NONBLOCK | " +
      "fcntl(STDOUT, F_GETFL, 0)) or die; exec @ARGV";
    const plot = command("pipes/plot.ts", "--tty").join(" ");
    const shell = `stty cols 200 rows 60
      (cat ${folder}/puts; sleep 1) | perl -e '${nonblocking}' ${plot}`;
    await Deno.writeTextFile(`${folder}/run`, shell);
    const args = ["-qec", `sh ${folder}/run`, "/dev/null"];
    const run = new Running(["script", ...args]);
    const { code } = await run.end();
    const all = run.out.join("\n");
    assertEquals(code, 0, all.slice(-500));
    const left = all.split("\x1b[?1049l").at(-1)!;
    assertEquals(left.match(/host=h\d+/g)?.length, 30);
  },
);
