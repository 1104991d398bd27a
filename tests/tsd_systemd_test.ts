/** The README's unit for systemd is valid, and what it starts works. */
import { assertEquals } from "@std/assert";
import { processTest, ROOT, Running, until } from "./helpers/processes.ts";
import { HttpTsd } from "./helpers/tsds.ts";

/** The first unit in README.md. */
function readmeUnit(): string {
  const readme = Deno.readTextFileSync(`${ROOT}README.md`);
  const blocks = readme.matchAll(/^```ini\n(.*?)^```$/gms);
  const found = [...blocks].map(([, text]) => text!)
    .find((text) => text.includes("\n[Service]\n"));
  if (found === undefined) throw new Error("README.md has no unit of systemd");
  return found;
}

processTest(
  "systemd accepts the README's unit",
  ["systemd-analyze"],
  async (folder) => {
    await Deno.writeTextFile(`${folder}/readme.service`, readmeUnit());
    const args = ["verify", "./readme.service"];
    const verify = new Running(["systemd-analyze", ...args], { cwd: folder });
    const { code } = await verify.end();
    assertEquals([verify.err, code], [[], 0]);
  },
);

processTest(
  "the README's unit counts a log, with the permissions that it grants",
  ["setsid"],
  async (folder) => {
    await using tsd = new HttpTsd();
    const log = `${folder}/access.log`;
    await Deno.writeTextFile(log, "");
    const [, script] = readmeUnit()
      .match(/^ExecStart=\/bin\/sh -c '([^']*)'$/m)!;
    const program = script!.replaceAll("\\\n", " ")
      .replace("--resume", "--timespan 1 --resume") // so that the test is short
      .replaceAll("deno run", `${Deno.execPath()} run`)
      .replaceAll("/var/lib/http-requests", `${folder}/state`)
      .replaceAll("/var/log/nginx/access.log", log)
      .replace(/http:\S+:4242/, `http://127.0.0.1:${tsd.port}`);
    await Deno.mkdir(`${folder}/state`);
    const unit = new Running(["setsid", "sh", "-c", program], { cwd: ROOT });
    const begun = () =>
      [...Deno.readDirSync(`${folder}/state`)]
        .some(({ name }) => name === "place");
    await until(begun, 30);
    const time = new Date().toUTCString().split(" ");
    const [, day, month, year, clock] = time;
    const line = `203.0.113.7 - - [${day}/${month}/${year}:${clock} +0000] ` +
      '"GET / HTTP/1.1" 200 612 "-" "curl/7.88"\n';
    await Deno.writeTextFile(log, line.repeat(7), { append: true });
    const expected = /^put http\.requests \d{10} 7 host=\S+ status=200$/;
    const counted = () => tsd.lines.filter((line) => expected.test(line));
    const signal = (name: string) =>
      new Running(["sh", "-c", `kill -s ${name} -- -${unit.process.pid}`])
        .end();
    try {
      await until(() => counted().length > 0, 60);
      await signal("TERM"); // as systemd does
      await unit.end();
    } finally {
      await signal("KILL");
    }
    assertEquals(counted().length, 1);
  },
);
