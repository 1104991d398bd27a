/** A collector of 10,000 series, each of whose values is known before. */
import { autodump, MetricCounter, runEveryNSeconds } from "../../mod.ts";

export const SERIES = 10_000;

/** The value of a series in a second. */
export function foretold(series: number, second: number): number {
  return (series * 31 + second) % 1000 + 1;
}

async function main(): Promise<void> {
  const counters = Array.from(
    { length: SERIES },
    (_, i) =>
      new MetricCounter("bench.series", {
        tags: { host: "web1", series: String(i) },
        allowedLateness: 1,
      }),
  );
  await using _ = autodump();
  await runEveryNSeconds(1, () => {
    const second = Math.floor(Date.now() / 1000);
    for (const [i, counter] of counters.entries()) {
      counter.add(foretold(i, second), second);
    }
    console.error(`second ${second}`);
  });
}

if (import.meta.main) await main();
