/**
 * The time over which series are measured: that of their datapoints, and for a flow
 * also the time in which it was silent because nothing happened.
 *
 * @module
 */

import type { Line } from "../history/bins.js";

const SILENCE = 60; // seconds: a shorter one can come from a late sender

/** A stretch of time: from its first second up to the second after its last. */
export interface Span {
  /** Its first second. */
  from: number;
  /** The second after its last. */
  to: number;
}

/**
 * The time in which a line has datapoints, or has only fallen silent.
 *
 * @param line At least one datapoint.
 * @param isQuiet Whether it was only quiet after a value after which there is no
 * datapoint: otherwise nothing is known of that time.
 * @returns The spans, oldest first.
 */
export function spansOf(
  { times, values, step }: Line,
  isQuiet: (value: number) => boolean,
): Span[] {
  const spans: Span[] = [];
  let from = times[0]!;
  for (let i = 0; i < times.length; i++) {
    const end = times[i]! + step;
    const next = times[i + 1] ?? Infinity;
    if (next < end + step / 2) continue;
    if (next < Infinity && isQuiet(values[i]!)) continue;
    spans.push({ from, to: end });
    from = next;
  }
  return spans;
}

/** The seconds that a time has in common with spans. */
function common(spans: Span[], time: Span): number {
  return spans.reduce((all, { from, to }) => {
    const both = Math.min(to, time.to) - Math.max(from, time.from);
    return all + Math.max(0, both);
  }, 0);
}

/** Whether a value means that nothing happened. */
function isZero(value: number): boolean {
  return value === 0;
}

/**
 * The time in which the events of a flow were counted.
 *
 * A put does not tell whether it is of a flow. A counter of a flow reports quiet
 * seconds as 0, and falls silent only after many of them; so these are the series
 * of which one has a 0, none a negative value, and none falls silent after another
 * value while others go on. If all fall silent at once after another value, nobody
 * counted, and that time is left out.
 *
 * @param list All series of a metric.
 * @param total All of them added up.
 * @returns The spans, or `undefined` if it is not a flow.
 */
export function countedIn(list: Line[], total: Line): Span[] | undefined {
  const { step } = total;
  const spans = spansOf(total, isZero);
  const end = spans.at(-1)!.to;
  let zeros = false;
  for (const line of list) {
    if (line.times.length > 1 && line.step !== step) return undefined;
    if (line.values.some((value) => value < 0)) return undefined;
    zeros ||= line.values.includes(0);
    const own = spansOf(line, isZero);
    const goesOn = own.some(({ to }, i) => {
      if (i === own.length - 1 && line.values.at(-1) === 0) return false;
      return common(spans, { from: to, to: own[i + 1]?.from ?? end }) > SILENCE;
    });
    if (goesOn) return undefined;
  }
  return zeros ? spans : undefined;
}
