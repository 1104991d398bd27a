import { assertEquals } from "@std/assert";
import { command, processTest, Running, until } from "./helpers/processes.ts";

/** A journalctl that notes its arguments, and prints one entry. */
const JOURNALCTL = `#!/bin/sh
echo "$*" >> "\${0%/*}/calls"
echo "2026-06-14T15:16:01+0200 web1 sshd[7]: authentication failure"
case $1 in --follow) exec /bin/sleep 100 ;; esac
`;

processTest(
  "lograte.ts --journal follows the entries of a unit from now on, or all",
  ["sleep"],
  async (folder) => {
    const units = { all: "", one: "ssh.service" };
    await Promise.all(
      Object.entries(units).map(async ([name, unit]) => {
        const path = `${folder}/${name}`;
        await Deno.mkdir(path);
        await Deno.writeTextFile(`${path}/journalctl`, JOURNALCTL, {
          mode: 0o755,
        });
        const program = new Running(
          command(
            "collectors/lograte.ts",
            ...["--metric", name, unit ? `--journal=${unit}` : "--journal"],
          ),
          { env: { PATH: path } },
        );
        await until(() => program.out.some((line) => / 1 host=/.test(line)));
        assertEquals((await program.end("SIGTERM")).code, 0);
        const calls = await Deno.readTextFile(`${path}/calls`);
        assertEquals(calls.trimEnd().split("\n"), [
          "--quiet --lines=1",
          "--follow --lines=0 --output=short-iso" +
          (unit && ` --unit=${unit}`),
        ]);
      }),
    );
  },
);
