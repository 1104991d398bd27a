/** The demo in a terminal. */
import { assert, assertEquals } from "@std/assert";
import { processTest, ROOT, Running, until } from "../helpers/processes.ts";

processTest(
  "The picture of the demo stays until Ctrl-C when it runs in a terminal",
  ["script"],
  async () => {
    const demo = `'${Deno.execPath()}' run -q -P=demo tasks/demo.ts`;
    const program = new Running(["script", "-qec", demo, "/dev/null"], {
      cwd: ROOT,
      stdin: "piped",
    });
    const stays = /The picture stays at (\S+) until Ctrl-C\./;
    await until(() => stays.test(program.out.join("\n")));
    const [, address] = program.out.join("\n").match(stays)!;
    assert((await (await fetch(address!)).text()).includes("<title>"));
    const keyboard = program.process.stdin.getWriter();
    await keyboard.write(new TextEncoder().encode("\x03"));
    await program.end();
    const gone = await fetch(address!).then(() => false, () => true);
    assertEquals(gone, true, "plot.ts goes on without the demo");
  },
);
