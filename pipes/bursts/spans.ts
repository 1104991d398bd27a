/**
 * The time over which series are measured: that of their datapoints, and for a
 * flow also the time in which it was silent as nothing happened.
 *
 * @module
 */

import type { Line } from "../history/bins.js";

const SILENCE = 60; // seconds: a shorter silence may come from a late sender

/** A length of time. */
export interface Span {
  /** Its first second. */
  from: number;
  /** The second after its last. */
  to: number;
}

/**
 * The time in which a line has datapoints, or was only silent.
 *
 * @param line At least one datapoint.
 * @param isQuiet Whether a silence after this value means that nothing happened;
 * otherwise nothing is known of that time.
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

/** How many seconds a time has in common with spans. */
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
 * A put does not say whether it belongs to a flow. A counter of a flow reports a
 * quiet second as 0, and becomes silent only after many of them. So a metric is a
 * flow if one of its series has a 0, none has a negative value, and none becomes
 * silent after another value than 0 while others go on. If all become silent at
 * once after another value, nobody counted, and that time is left out.
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
