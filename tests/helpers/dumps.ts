/** The programs in `fixtures/dumps.ts`, and what their puts must be. */
import { assertEquals } from "@std/assert";
import { puts, ROOT, Running } from "./processes.ts";

/** Starts one of the programs in fixtures/dumps.ts. */
export function dumps(kind: string, size = 0, { timespan = 2 } = {}): Running {
  const script = ROOT + "tests/fixtures/dumps.ts";
  const args = [kind, `${size}`, "pulse", `${timespan}`];
  return new Running(
    [Deno.execPath(), "run", "--allow-run=tail", script, ...args],
  );
}

/** Asserts that each series has one datapoint for each second, in order. */
export function assertWhole(lines: string[]): void {
  const last = new Map<string, number>();
  for (const { series, second } of puts(lines)) {
    const expected = (last.get(series) ?? second - 1) + 1;
    assertEquals(second, expected, `${series} at ${second}`);
    last.set(series, second);
  }
}
