import { assert, assertEquals } from "@std/assert";
import { has, processTest, sleep, until } from "./helpers/processes.ts";
import { deploy, Tcollector, wrap } from "./helpers/tcollector.ts";

processTest("tcollector refuses no line of any collector", [
  "tail",
], async (folder) => {
  const log = `${folder}/some.log`;
  await Deno.writeTextFile(log, "");
  const collectors = await deploy(folder);
  await wrap(folder, "authfailures", log);
  await wrap(
    folder,
    "lograte",
    `--metric log.lines --match '(?<what>authentication|other)' --timespan 1 ${log}`,
  );
  await Deno.writeTextFile(`${collectors}/unfit.sh`, "#!/bin/sh\nexit 13\n", {
    mode: 0o755,
  });
  await Deno.writeTextFile(
    `${collectors}/no-run-bit.sh`,
    "#!/bin/sh\necho no\n",
  );

  const tcollector = new Tcollector(`${folder}/collectors`);
  const sent = (words: string) =>
    tcollector.sent.some((p) => p.includes(words));
  await until(() => sent("auth.failures"));
  await Deno.writeTextFile(log, "authentication failure\n".repeat(101), {
    append: true,
  });
  await until(async () => {
    await Deno.writeTextFile(log, "other\n", { append: true });
    return sent("what=other"); // by then lograte.ts reads, too
  });
  await sleep(1000); // so that the last lines are read
  const ms = await tcollector.stop();

  assertEquals(tcollector.refused, []);
  assertEquals(tcollector.warnings, []);
  const names = new Set(tcollector.sent.map((put) => put.split(" ")[1]));
  assertEquals([...names].sort(), [
    "auth.failures",
    "log.lines",
    "metriccounter.late", // of lograte.ts, lest it be killed while its log is quiet
    "metriccounter.lines",
    "proc.num_processes",
    "proc.uptime.idle",
    "proc.uptime.since_boot",
    ...has("sar") ? ["sar.cpu.util"] : [],
  ]);
  const counted = (put: string) => / auth.failures \d+ 101 /.test(put);
  assertEquals(tcollector.sent.filter(counted).length, 1);
  assert(ms < 5000, `ended after ${ms} ms`); // after 5 s tcollector sends SIGKILL
  const status = (name: string) =>
    tcollector.collectors.find(({ path }) => path.endsWith(name))?.status;
  assertEquals(status("unfit.sh")!.code, 13);
  assertEquals(status("numprocesses.js")!.code, 0);
  assertEquals(status("no-run-bit.sh"), undefined);
});

processTest(
  "the double of tcollector refuses what tcollector refuses",
  ["sh"],
  async (folder) => {
    const collectors = `${folder}/collectors/0`;
    await Deno.mkdir(collectors, { recursive: true });
    const lines = [
      "m 1700000000 1",
      "m 1700000000 2", // the same second
      "m 1699999999 2", // an earlier one
      "m 1700000001 1", // a repeated value
      "put m 1700000002 1",
      "m 1700000002 1 tag=ü",
      `m 1700000002 1 tag=${"v".repeat(1024)}`,
    ];
    const script = `#!/bin/sh\ncat <<'E'\n${lines.join("\n")}\nE\n`;
    await Deno.writeTextFile(`${collectors}/bad.sh`, script, { mode: 0o755 });
    const tcollector = new Tcollector(`${folder}/collectors`);
    await until(() => tcollector.refused.length === 5);
    await tcollector.stop();
    assertEquals(tcollector.sent, ["put m 1700000000 1 host=double"]);
    assertEquals(tcollector.deduped, 1);
    assertEquals(
      tcollector.refused.map((line) => line.split(":")[0]),
      [
        "out of order",
        "out of order",
        "not the grammar",
        "not ASCII",
        "too long",
      ],
    );
  },
);
