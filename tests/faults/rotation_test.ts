/** A real rsyslogd under load, whose log the real logrotate rotates. */
import { assertEquals } from "@std/assert";
import { tail } from "../../mod.ts";
import {
  freePort,
  processTest,
  Running,
  sleep,
  until,
} from "../helpers/processes.ts";

processTest("rsyslog and logrotate rotate under load", [
  "rsyslogd",
  "logrotate",
  "tail",
], async (folder) => {
  const log = `${folder}/app.log`;
  await Deno.writeTextFile(log, "");
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/rsyslog.conf`,
    `
global(workDirectory="${folder}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${port}")
template(name="bare" type="string" string="%msg:2:$%\n")
action(type="omfile" file="${log}" template="bare" asyncWriting="off")
`,
  );
  await Deno.writeTextFile(
    `${folder}/logrotate.conf`,
    `
${log} {
  rotate 20
  su root root
  create
  missingok
  compress
  postrotate
    sleep 0.5; kill -HUP $(cat ${folder}/rsyslog.pid)
  endscript
}
`,
  );
  const daemon = new Running([
    ...["rsyslogd", "-n", "-i", `${folder}/rsyslog.pid`],
    ...["-f", `${folder}/rsyslog.conf`],
  ]);
  const connect = () =>
    Deno.connect({ hostname: "127.0.0.1", port }).catch(() => null);
  let connection: Deno.TcpConn | null = null;
  await until(async () => (connection ??= await connect()) !== null);
  const lines: string[] = [];
  const reading = (async () => {
    for await (const line of tail(log)) {
      if (line === "stop") return;
      lines.push(line);
    }
  })();
  await sleep(1000);
  let written = 0;
  const send = async (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) {
      at += await connection!.write(bytes.subarray(at));
    }
  };
  let loading = true;
  const load = (async () => {
    while (loading) {
      let text = "";
      for (let i = 0; i < 50; i++) {
        text += `<13>Nov 22 00:00:00 h app: ${written++}\n`;
      }
      await send(text);
      await sleep(10);
    }
  })();
  for (let i = 0; i < 4; i++) {
    const args = ["-f", "-s", `${folder}/state`, `${folder}/logrotate.conf`];
    const rotation = new Running(["logrotate", ...args]);
    assertEquals((await rotation.end()).code, 0, rotation.err.join("\n"));
    await sleep(300);
  }
  loading = false;
  await load;
  await until(() => lines.length >= written, 20).catch(() => {});
  await send("<13>Nov 22 00:00:00 h app: stop\n");
  await reading;
  connection!.close();
  await daemon.end("SIGTERM");
  const doubled = lines.length - new Set(lines).size;
  console.log(
    `rsyslog, 4 times logrotate: written=${written} stored=${lines.length} lost=${
      written - new Set(lines).size
    } doubled=${doubled}`,
  );
  assertEquals([lines.length, doubled], [written, 0]);
});
