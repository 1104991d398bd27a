/** The scripts and the copying that README.md shows, done as it says. */
import { assert, assertEquals } from "@std/assert";
import {
  has,
  processTest,
  puts,
  ROOT,
  Running,
  total,
  until,
} from "./helpers/processes.ts";

const readme = has("true") ? Deno.readTextFileSync(`${ROOT}README.md`) : "";

/** The scripts of a section, in their order. */
function scripts(heading: string): string[] {
  const [, section] = readme.split(`\n${heading}\n`);
  const blocks = section!.split(/^##/m)[0]!.matchAll(
    /^```ts[^\n]*\n(#!.*?)^```$/gms,
  );
  return [...blocks].map(([, script]) => script!);
}

/** Runs commands in the checkout, with `place` as tcollector's folder. */
async function copy(commands: string[], place: string): Promise<void> {
  const offline = `if [ -e .offline ]; then cp -r .offline ${place}; fi`;
  const all = [...commands, offline].join("\n")
    .replaceAll("/opt/tcollector/collectors/enabled", place);
  const shell = new Running(["sh", "-ec", all], { cwd: ROOT });
  assertEquals((await shell.end()).code, 0, shell.err.join("\n"));
}

/** The lines that copy sources to tcollector's folder. */
function copyCommands(): string[] {
  const found = readme.match(/^cp -r mod\.ts .*\ncp collectors\/.*$/m);
  return found![0].split("\n");
}

processTest("README: scripts of one's own run as they stand", [
  "deno",
  "tail",
], async (folder) => {
  const [sources] = copyCommands();
  await copy([sources!], folder);
  await Deno.mkdir(`${folder}/collectors`);
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, "");
  const programs = scripts("## Write your own").map((text, i) => {
    const script = `${folder}/collectors/mine${i}.ts`;
    Deno.writeTextFileSync(script, text.replace("/var/log/auth.log", log));
    Deno.chmodSync(script, 0o755);
    return new Running([script], { cwd: "/" });
  });
  await until(() => programs.every(({ out }) => out.length > 0));
  await Deno.writeTextFile(log, "authentication failure\n");
  await until(() => programs.at(-1)!.out.length > 2, 30); // some seconds of datapoints
  for (const program of programs) {
    assertEquals((await program.end("SIGTERM")).code, 0);
    assertEquals(program.err, []);
    for (const line of program.out) assert(line.startsWith("put "), line);
  }
  const [failures, processes] = programs.map(({ out }) => puts(out));
  assertEquals(total(failures!), 1);
  assert(processes!.every(({ value }) => value > 1));
});

processTest("README: sources that are copied to tcollector's folder run", [
  "deno",
  "tail",
], async (folder) => {
  await Deno.mkdir(`${folder}/0`);
  await copy(copyCommands(), folder);
  const log = `${folder}/auth.log`;
  await Deno.writeTextFile(log, "");
  const script = `${folder}/0/authfailures.ts`;
  const program = new Running([script, log], { cwd: "/" });
  await until(() => program.out.length > 0);
  assertEquals((await program.end("SIGTERM")).code, 0);
  assertEquals(program.err, []);
  for (const line of program.out) {
    assert(/^auth.failures \d{10} 0$/.test(line), line);
  }
});

processTest("README: a collector of many metrics runs as it stands", [
  "deno",
  "tail",
], async (folder) => {
  const [sources] = copyCommands();
  await copy([sources!, `cp -r collectors ${folder}`], folder);
  const log = `${folder}/access.log`;
  await Deno.writeTextFile(log, "");
  const [text] = scripts("### Many metrics of one log");
  const script = `${folder}/collectors/mine.ts`;
  await Deno.writeTextFile(
    script,
    text!.replace("/var/log/nginx/access.log", log),
    { mode: 0o755 },
  );
  const program = new Running([script], { cwd: "/" });
  const names = () => new Set(program.out.map((line) => line.split(" ")[1]));
  await until(() => {
    const line = '"GET / HTTP/1.1" 200 512 0.25\n';
    Deno.writeTextFileSync(log, line, { append: true });
    return names().size > 3;
  });
  assertEquals((await program.end("SIGTERM")).code, 0);
  assertEquals(program.err, []);
  const told = puts(program.out).map(({ series, value }) =>
    `${series.replace(/ host=\S+/, "")} ${value}`
  );
  assert(told.some((text) => /^http.requests status=200 [1-9]/.test(text)));
  assert(told.includes("http.seconds.max 0.25"));
});

processTest("README: the line for a log of one's own hands puts on", [
  "deno",
  "setsid",
  "tail",
], async (folder) => {
  const log = `${folder}/my.log`;
  await Deno.writeTextFile(log, "");
  const line = readme.match(/^\.\/collectors\/.*\/path\/to\/my\.log .*$/m)![0]
    .replace("/path/to/my.log", log)
    .replace("plot.ts", "plot.ts --port=0"); // others may use 8000
  const pipe = new Running(["setsid", "sh", "-c", line], { cwd: ROOT });
  await until(() => pipe.out.length > 0);
  await Deno.writeTextFile(log, "a\nb\n", { append: true });
  await until(() => total(puts(pipe.out)) === 2);
  await new Running(["sh", "-c", `kill -- -${pipe.process.pid}`]).end();
  await pipe.end();
  assert(pipe.out.every((line) => line.startsWith("put my.lines ")));
});
