/** A page that is open for long: whether it still draws, and its memory. */
import { type Section, target } from "./table.ts";
import { cells, COLUMNS, type Figures, WatchedPage } from "./watched.ts";
import { CHROMIUM } from "../../tests/helpers/browser.ts";
import { has } from "../../tests/helpers/processes.ts";

const LOAD = { series: 20, charts: 1 };
const MINUTE = 60; // seconds

/** What was seen in a minute. */
interface Minute extends Figures {
  /** Seconds that were fed. */
  fed: number;
}

function row(minute: Minute, i: number): string[] {
  const drawn = `${minute.delays.length} of ${minute.fed}`;
  return [String(i + 1), drawn, ...cells(minute)];
}

/** Measures for each minute what a page of 20 series needs, and whether it draws. */
export async function benchOpen(
  seconds: number,
  progress: (text: string) => void,
): Promise<Section> {
  const title = `Page: open for ${seconds} s, ${LOAD.series} series`;
  if (!has(CHROMIUM)) {
    const why = "not measured: there is no chromium";
    const one = target("seconds drawn", "at least", 95, " %", undefined, why);
    return { title, targets: [one] };
  }
  const minutes: Minute[] = [];
  await WatchedPage.of(LOAD, async (watched) => {
    for (let rest = seconds; rest > 0; rest -= MINUTE) {
      const fed = Math.min(MINUTE, rest);
      minutes.push({ ...await watched.figures(fed), fed });
      progress(row(minutes.at(-1)!, minutes.length - 1).join("  "));
    }
  });
  const drawn = minutes.reduce((sum, { delays }) => sum + delays.length, 0);
  const targets = [
    target("seconds drawn", "at least", 95, " %", 100 * drawn / seconds),
    target(
      "longest task",
      "at most",
      200,
      " ms",
      Math.max(...minutes.map(({ longest }) => longest)),
    ),
  ];
  return {
    title,
    table: [["minute", "seconds drawn", ...COLUMNS], ...minutes.map(row)],
    figures: minutes,
    targets,
  };
}
