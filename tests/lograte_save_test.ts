import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { lograte, SCRIPT } from "./helpers/lograte.ts";
import { processTest, ROOT, Running, until } from "./helpers/processes.ts";
import { assertRefused } from "./helpers/refusals.ts";
import { Tcollector } from "./helpers/tcollector.ts";

const LOG = ["200 512 0.5", "200 512 0.25", "500 512 8"]
  .map((end) => `[14/Jun/2026:13:16:01 +0000] "GET / HTTP/1.1" ${end}\n`).join(
    "",
  );

processTest(
  "lograte.ts --save writes a collector that tcollector runs",
  ["tail"],
  async (folder) => {
    const log = `${folder}/access.log`;
    const script = `${folder}/0/web`;
    await Deno.mkdir(`${folder}/0`);
    await Deno.writeTextFile(log, "");
    const args = [
      ...["--metric", "http.seconds", "--timespan", "1", "--value", "s"],
      ...["--match", String.raw`" (?<status>\d{3}) .* (?<s>[\d./]+)$`],
      ...["--stats", "count,max", "--tag", "kind=a", log, "--save", script],
    ];
    const saved = await lograte(...args);
    assertEquals([saved.code, saved.out, saved.err], [0, [], []]);
    const text = await Deno.readTextFile(script);
    const [first, second, ...rest] = text.split("\n");
    assertMatch(
      first!,
      new RegExp(
        "^#!/usr/bin/env -S /\\S+ run -q --v8-flags=\\S+ --allow-run=tail " +
          // Where the path of Deno is long, the folders do not fit into the line.
          `--allow-read(=${folder})? --allow-sys=hostname --config=\\S+$`,
      ),
    );
    assertEquals(second, `import { lograte } from "file://${ROOT}${SCRIPT}";`);
    assertEquals(
      rest.join("\n"),
      `
await lograte(["${log}"], [{
  metric: "http.seconds",
  match: /" (?<status>\\d{3}) .* (?<s>[\\d./]+)$/,
  value: "s",
  stats: ["count", "max"],
  tags: { kind: "a" },
}], { timespan: 1 });
`,
    );
    const tcollector = new Tcollector(folder);
    try {
      await until(async () => {
        await Deno.writeTextFile(log, LOG, { append: true });
        return tcollector.sent.length > 4;
      }, 20);
      assertEquals(tcollector.refused, []);
      assert(
        tcollector.sent.some((line) =>
          /^put http\.seconds\.max \d{10} 8 kind=a status=500 host=\S+$/.test(
            line,
          )
        ),
        tcollector.sent.join("\n"),
      );
    } finally {
      await tcollector.stop();
    }
    assertEquals(tcollector.warnings, []);
    assertEquals(tcollector.collectors[0]!.status?.code, 0);
  },
);

processTest(
  "lograte.ts --save does not overwrite a file",
  [],
  async (folder) => {
    const file = `${folder}/mine`;
    await Deno.writeTextFile(file, "mine");
    const { code, err } = await lograte("--metric", "m", file, "--save", file);
    assertEquals([code, await Deno.readTextFile(file)], [1, "mine"]);
    assertMatch(err.join(), /^lograte.ts: cannot write \S+mine: .*exists/);
  },
);

processTest(
  "lograte.ts --save refuses what cannot be saved",
  [],
  async (folder) => {
    const save = ["--metric", "m", "--save", `${folder}/script`];
    const log = `${folder}/log`;
    assertRefused([...save, "-"], /with -: a script has no stdin/);
    assertRefused([...save, "--replay", log], /--save .* with --replay/);
    const { code, err } = await lograte(...save, "--tag", "a=b c", log);
    assertEquals([code, err.length], [2, 1]);
    assertMatch(err[0]!, /tag a must be/);
    assertThrows(() => Deno.statSync(`${folder}/script`), Deno.errors.NotFound);
  },
);

processTest(
  "lograte.ts --save imports by a relative path in its own checkout",
  ["tail"],
  async () => {
    const folder = await Deno.makeTempDir({ dir: ROOT, prefix: ".saved" });
    try {
      const script = `${folder}/it's "new"`;
      const log = `${folder}/a,b c.log`;
      await Deno.writeTextFile(log, "");
      await lograte("--metric", "m", "--tag", "host=h", log, "--save", script);
      const text = await Deno.readTextFile(script);
      assertMatch(
        text,
        /^import { lograte } from "\.\.\/collectors\/lograte\.ts";$/m,
      );
      const program = new Running([script]);
      try {
        await until(() => program.out.length > 0);
      } finally {
        program.process.kill("SIGTERM");
      }
      assertEquals([(await program.end()).code, program.err], [0, []]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

processTest(
  "lograte.ts --save grants the permissions that patterns and a state need",
  [],
  async (folder) => {
    const script = `${folder}/script`;
    const first = async (...args: string[]) => {
      const { err } = await lograte("--metric", "m", "--save", script, ...args);
      assertEquals(err, []);
      const text = await Deno.readTextFile(script);
      await Deno.remove(script);
      return text;
    };
    const logs = `${folder}/pods/*/*.log`;
    const state = ["--time", "auto", "--resume", `${folder}/state/m`];
    const plain = await first(logs);
    assert(plain.includes(` --allow-read=${folder}/pods --allow-sys`), plain);
    const resumed = await first(...state, `${folder}/logs/app.log`);
    const read = `--allow-read(=${folder}/logs,${folder}/state)?`; // left out if it does not fit
    assertMatch(resumed, new RegExp(` ${read} --allow-write=${folder}/state `));
    await Deno.mkdir(`${folder}/pods/a`, { recursive: true });
    await Deno.writeTextFile(`${folder}/0.log`, "");
    await Deno.symlink(`${folder}/0.log`, `${folder}/pods/a/0.log`);
    assert((await first(logs)).includes(" --allow-read=/ "));
    const many = Array.from(
      { length: 9 },
      (_, i) => `/var/log/application-${i}/x`,
    );
    assert((await first(...many)).includes(" --allow-read --allow-sys"));
  },
);
