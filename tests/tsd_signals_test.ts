/** How signals end the program tsd.ts. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  command,
  Ledger,
  processTest,
  puts,
  quoted,
  Running,
  sleep,
  until,
} from "./helpers/processes.ts";
import { compare, FakeTsd, generate, take, tsd } from "./helpers/tsds.ts";

processTest(
  "tsd.ts: sends the last second when Ctrl-C ends both sides of the pipe",
  ["sh", "setsid", "tail", "tee"],
  async (folder) => {
    await using server = new FakeTsd();
    const log = `${folder}/auth.log`;
    Deno.writeTextFileSync(log, "");
    const pipeline = new Running([
      "setsid",
      "sh",
      "-c",
      `echo $$ > '${folder}/pid'; trap : INT; ${
        quoted(command("collectors/authfailures.ts", log))
      } |
        tee -i '${folder}/out' |
        ${quoted(command("pipes/tsd.ts", `127.0.0.1:${server.port}`))}`,
    ]);
    await until(() => server.lines.length > 0, 20, "the first datapoint");
    await new Ledger().write(log, 3);
    const group = Deno.readTextFileSync(`${folder}/pid`).trim();
    await new Deno.Command("sh", {
      args: ["-c", 'kill -s INT -- -"$0"', group],
    })
      .output();
    await pipeline.end();
    assertEquals(pipeline.err, []);
    const written = Deno.readTextFileSync(`${folder}/out`).trim().split("\n");
    assert(puts(written).some(({ value }) => value > 0));
    await compare("Ctrl-C", written, () => puts(server.lines));
  },
);

processTest(
  "tsd.ts: ends at once at a second signal, and says what was not delivered",
  [],
  async () => {
    await using stalled = new FakeTsd({ reads: false });
    const pipe = tsd("--timeout", "60", stalled.port);
    pipe.write(take(generate(), 400_000)).catch(() => {}); // it does not take all of them
    await until(() => stalled.connections > 0);
    pipe.process.kill("SIGTERM");
    let ended = false;
    pipe.process.status.then(() => ended = true);
    await sleep(200);
    assert(!ended);
    const { code } = await pipe.end("SIGINT");
    assertEquals(code, 1);
    assertMatch(
      pipe.err.join("\n"),
      /^tsd\.ts: could not deliver \d+ datapoints, of which \d+ may have arrived$/m,
    );
  },
);

processTest(
  "tsd.ts: ends at a signal though its input goes on, and sends what came",
  [],
  async () => {
    await using server = new FakeTsd();
    const pipe = tsd(server.port);
    const generator = generate();
    await pipe.write(take(generator, 10));
    await until(() => server.lines.length === 10);
    pipe.process.kill("SIGTERM");
    await pipe.write(take(generator, 10)); // what the left side writes when it ends
    await until(() => server.lines.length === 20);
    assertEquals((await pipe.end()).code, 0); // its stdin is still open
    assertEquals(pipe.err, []);
  },
);
