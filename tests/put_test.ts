import { assert } from "@std/assert";
import { isPut } from "../mod.ts";

const LINE = "put a.b 1700000000 1 host=web1";

Deno.test("isPut() accepts lines that every TSD reads alike", () => {
  for (
    const line of [
      LINE,
      "put a-b_c./D 1700000000 -1.50 host=web1 a=b/c",
      "put a 1700000000 0 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8",
      `put ${"a".repeat(998)} 1700000000 1 host=a`,
    ]
  ) assert(isPut(line), line);
});

Deno.test("isPut() refuses any other line", () => {
  for (
    const line of [
      "",
      "version",
      "a.b 1700000000 1 host=web1",
      "put a.b 1700000000 1",
      "put a.b 1700000000 1 host",
      "put a.b 1700000000 1 host=",
      "put a.b 170000000 1 host=web1",
      "put a.b 1700000000000 1 host=web1",
      "put a.b 1700000000 1e3 host=web1",
      "put a.b 1700000000 NaN host=web1",
      "put a.b 1700000000 -0 host=web1",
      "put a.b 1700000000 -0.0 host=web1",
      "put a.b 1700000000 .5 host=web1",
      "put  a.b 1700000000 1 host=web1",
      "put a:b 1700000000 1 host=web1",
      "put ä 1700000000 1 host=web1",
      "put a 1700000000 0 a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8 i=9",
      `put ${"a".repeat(998)} 1700000000 1 host=ab`,
      LINE + "\r",
      LINE + " ",
      LINE + "\0",
      LINE + "\n" + LINE,
    ]
  ) assert(!isPut(line), line);
});
