import { assert } from "@std/assert";
import { startPicture } from "../tasks/demo/picture.ts";
import { processTest } from "./helpers/processes.ts";

processTest(
  "The demo draws at another port when its own is in use",
  [],
  async () => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const { plot, address } = await startPicture(port);
    assert(address, plot.err.join("\n"));
    assert(Number(new URL(address).port) !== port);
    assert((await (await fetch(address)).text()).includes("<title>"));
    await plot.end("SIGTERM");
  },
);
