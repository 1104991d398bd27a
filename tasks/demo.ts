/**
 * Shows the main job on a machine that has no log and no TSD: writes a log with
 * bursts, runs the real collector on it, and shows its puts as they come, here
 * and in the live picture. At the end it compares, for each second, what was
 * written with what was reported.
 */
import { startPicture } from "./demo/picture.ts";
import {
  command,
  puts,
  Running,
  sleep,
  until,
} from "../tests/helpers/processes.ts";

const SECONDS = 14;
const PORT = 8000; // of the live picture; another one where it is in use
const FAILURE = (port: number) =>
  `web1 sshd[1]: pam_unix(sshd:auth): authentication failure; rhost=203.0.113.${
    port % 256
  }\n`;

const folder = await Deno.makeTempDir();
const log = `${folder}/auth.log`;
const written = new Map<number, number>();

/** Writes lines in the first half of a second, so that they are read in it. */
async function burst(lines: number): Promise<void> {
  await until(() => Date.now() % 1000 > 100 && Date.now() % 1000 < 500);
  const second = Math.floor(Date.now() / 1000);
  let text = "web1 sshd[1]: Accepted publickey for root\n";
  for (let i = 0; i < lines; i++) text += FAILURE(i);
  await Deno.writeTextFile(log, text, { append: true });
  written.set(second, lines);
  await until(() => Math.floor(Date.now() / 1000) > second);
}

/** Prints puts as they come, and hands them on to the picture. */
async function show(collector: Running, ended: { value: boolean }) {
  const writer = plot.process.stdin.getWriter();
  for (let i = 0; !ended.value || i < collector.out.length;) {
    if (i < collector.out.length) {
      const line = collector.out[i++]!;
      console.log(line);
      await writer.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
    } else await sleep(50);
  }
  await writer.close().catch(() => {});
}

const { plot, address } = await startPicture(PORT);
console.log(
  address
    ? `\nThe picture is at ${address}\n`
    : `\nThere is no picture. ${plot.err.at(-1)}\n`,
);
await Deno.writeTextFile(log, "");
console.log(`$ ./collectors/authfailures.ts ${log} | ./pipes/plot.ts`);
const collector = new Running(command("collectors/authfailures.ts", log));
const ended = { value: false };
const shown = show(collector, ended);
try {
  await until(() => collector.out.length > 0); // by then it has read for a second
  for (let i = 0; i < SECONDS; i++) await burst([0, 1, 20, 3000, 50][i % 5]!);
  await collector.end("SIGTERM");
} finally {
  ended.value = true;
  await shown;
  await Deno.remove(folder, { recursive: true });
}

const reported = new Map(puts(collector.out).map((p) => [p.second, p.value]));
let differences = 0;
console.log("\nsecond      written  reported");
for (const second of new Set([...reported.keys(), ...written.keys()])) {
  const [w, r] = [written.get(second) ?? 0, reported.get(second) ?? 0];
  const difference = w === r ? "" : "  <- differs";
  if (difference) differences++;
  console.log(
    `${second}${`${w}`.padStart(9)}${`${r}`.padStart(10)}${difference}`,
  );
}
for (const line of collector.err) console.error(line);
console.log(
  differences === 0
    ? "Every second was reported as it was written."
    : `${differences} seconds differ.`,
);
if (address && Deno.stdin.isTerminal() && Deno.stdout.isTerminal()) {
  console.log(`The picture stays at ${address} until Ctrl-C.`);
  await plot.process.status;
} else {
  await plot.end("SIGTERM");
}
Deno.exit(differences === 0 ? 0 : 1);
