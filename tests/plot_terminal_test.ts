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

/** The rows on a terminal of that size. */
function drawn(made: History, columns: number, rows: number, skip = 0) {
  return frame(made, { columns, rows, skip, now: (T + 10) * 1000 });
}

Deno.test("frame() fills the terminal, with a scale for each metric and a row of times", () => {
  const made = history(puts(10, (i) => [
    `a.b ${T + i} ${i === 5 ? 360 : 0} host=x state=run`,
    `a.b ${T + i} 1 host=x state=idle`,
    `c ${T + i} 1 host=x`,
  ]));
  const rows = drawn(made, 80, 24);
  assertEquals(rows.length, 24);
  assert(
    /^a\.b host=x \(state\) +0 to 360 +last +peak +mean +× mean$/.test(
      rows[0]!,
    ),
    rows[0],
  );
  assert(/^idle +[\u2800-\u28ff]+ +1 +1 +1 +1$/.test(rows[1]!), rows[1]);
  const run = rows.findIndex((row) => row.startsWith("run"));
  assert(/ 0 +360 +36 +10$/.test(rows[run]!), rows[run]);
  const c = rows.findIndex((row) => row.startsWith("c "));
  assert(/0 to 1 /.test(rows[c]!), rows[c]);
  assert(rows[c + 1]!.includes("⣿") || rows[c + 1]!.includes("⢸"), rows[c + 1]);
  assert(/^ +\d\d:\d\d:\d\d( +\d\d:\d\d:\d\d)+/.test(rows[22]!), rows[22]);
  assert(rows[23]!.startsWith("3 series to "), rows[23]);
});

Deno.test("frame() shows the same figures as the page where there is room", () => {
  const made = history(
    puts(10, (i) => [`a ${T + i} ${i === 5 ? 95 : 5} host=x`]),
  );
  const [head, row] = drawn(made, 100, 8);
  assert(/last +peak +mean +× mean$/.test(head!), head);
  assert(/ 5 +95 +14 +6\.786$/.test(row!), row);
});

Deno.test("frame() shows all of a replay", () => {
  const made = history(
    puts(7200, (i) => [`a ${T + i} ${i === 60 ? 99 : 1} host=x`]),
    86_400,
  );
  const now = (T + 90_000) * 1000;
  const [, row] = frame(made, { columns: 100, rows: 8, now });
  assert(/ 1 +99 +1\.014 +97\.67$/.test(row!), row);
});

Deno.test("frame() draws one row for each series where there is little room, in natural order, and scrolls", () => {
  const made = history(puts(20, (i) => [`a ${T} ${i} host=web${i}`]));
  const rows = drawn(made, 80, 24);
  assertEquals(rows.length, 24);
  const names = rows.slice(1, 22).map((row) => row.split(" ")[0])
    .filter((name) => name !== ""); // the second row of a chart has no name
  assertEquals(names, Array.from({ length: 20 }, (_, i) => `web${i}`));
  assert(/█ +19 +19 +19 +1$/.test(rows[21]!), rows[21]);
  const few = drawn(made, 80, 11);
  assertEquals(few.length, 11);
  assert(few[10]!.endsWith("rows 1 to 9 of 21, ↑ ↓"), few[10]);
  const scrolled = drawn(made, 80, 11, 99);
  assert(scrolled[8]!.startsWith("web19 "), scrolled[8]);
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
      const lines = drawn(made, columns, rows);
      assert(lines.length <= Math.max(1, rows));
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f]/.test(lines.join("")));
      for (const row of lines) assert(row.length <= Math.max(3, columns), row);
    }
  }
});

processTest(
  "plot.ts --tty redraws in place, scrolls, and leaves the last frame",
  ["script", "mkfifo"],
  async (folder) => {
    const plot = command("pipes/plot.ts", "--tty").join(" ");
    const lines = puts(30, (i) => [`put a ${T} ${i} host=web${i}`]);
    await Deno.writeTextFile(`${folder}/puts`, lines.join("\n") + "\n");
    await Deno.writeTextFile(
      `${folder}/run`,
      `stty cols 70 rows 12; mkfifo ${folder}/go
      (cat ${folder}/puts; cat ${folder}/go) | ${plot}`,
    );
    const args = ["-qec", `sh ${folder}/run`, "/dev/null"];
    const run = new Running(["script", ...args], { stdin: "piped" });
    const keys = run.process.stdin.getWriter();
    const seen = (text: string) =>
      until(() => run.out.join("\n").includes(text), 60, text);
    await seen("rows 1 to 9 of 31");
    await keys.write(new TextEncoder().encode("\x1b[B"));
    await seen("rows 2 to 10 of 31");
    await keys.write(new TextEncoder().encode("\x1b[F"));
    await seen("rows 23 to 31 of 31");
    await Deno.writeTextFile(`${folder}/go`, `put a ${T + 1} 77 host=web29\n`);
    assertEquals((await run.end()).code, 0);
    await keys.close().catch(() => {});
    const all = run.out.join("\n");
    const left = all.split("\x1b[J").at(-1)!;
    assert(/web29 .* 77 +77/.test(left), left);
    // Even kill -9 must leave a terminal with its cursor, on its own screen.
    assert(!all.includes("\x1b[?25l") && !all.includes("\x1b[?1049h"), all);
  },
);

processTest(
  "plot.ts --tty gives the terminal back at Ctrl-Z, and draws again at fg",
  ["script", "bash", "stty", "mkfifo"],
  async (folder) => {
    const plot = command("pipes/plot.ts", "--tty").join(" ");
    const lines = puts(30, (i) => [`put a ${T} ${i} host=web${i}`]);
    await Deno.writeTextFile(`${folder}/puts`, lines.join("\n") + "\n");
    const shell = "bash --norc --noprofile -i";
    const run = new Running(["script", "-qec", shell, "/dev/null"], {
      stdin: "piped",
    });
    const keys = run.process.stdin.getWriter();
    let read = 0; // how much of the output was matched
    const type = async (text: string, answer: RegExp) => {
      await keys.write(new TextEncoder().encode(text));
      let found = "";
      await until(
        () => {
          const all = run.out.join("\n");
          const [match] = all.slice(read).match(answer) ?? [];
          if (match === undefined) return false;
          read += all.slice(read).search(answer) + match.length;
          found = match;
          return true;
        },
        60,
        `${answer}`,
      );
      return found;
    };
    const ready = `stty cols 70 rows 12; PROMPT_COMMAND='echo idle'`;
    await type(`${ready}; mkfifo ${folder}/go\n`, /idle\r?$/m);
    const input = `(cat ${folder}/puts; cat ${folder}/go)`;
    await type(`${input} | ${plot}\n`, /rows 1 to 9 of 31/);
    await type("\x1b[B", /rows 2 to 10 of 31/);
    await type("\x1a", /Stopped/);
    const modes = await type("stty -a; echo done\n", /speed[^]*iexten[^]*done/);
    assert(/[^-]icanon[^]*[^-]echo /.test(modes), modes);
    const all = run.out.join("\n");
    assert(!all.includes("\x1b[?25l") && !all.includes("\x1b[?1049h"), all);
    await type("fg\n", /rows 2 to 10 of 31/);
    await type("\x1b[B", /rows 3 to 11 of 31/); // keys need no Enter again
    await Deno.writeTextFile(`${folder}/go`, `put a ${T + 1} 77 host=web29\n`);
    await type("", /idle\r?$/m);
    await keys.write(new TextEncoder().encode("exit\n"));
    await run.end();
    await keys.close().catch(() => {});
  },
);

processTest(
  "plot.ts --tty draws whole frames on a terminal that does not block",
  ["script", "perl"],
  async (folder) => {
    const lines = Array.from(
      { length: 30 },
      (_, i) => `put a ${T} 1 host=h${i}`,
    );
    await Deno.writeTextFile(`${folder}/puts`, lines.join("\n") + "\n");
    // Another program may have set the terminal so; it does not take a frame at once.
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
    const series = all.split("\x1b[J").map((frame) =>
      frame.match(/^h\d+ /gm)?.length ?? 0 // 0 before the first put
    );
    assertEquals(series.at(-1), 30);
    assertEquals(series.filter((count) => count !== 0 && count !== 30), []);
  },
);
