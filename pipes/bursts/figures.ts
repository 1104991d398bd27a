/**
 * Measures how bursty a series is.
 *
 * @module
 */

import type { Line } from "../history/bins.js";
import { type Span, spansOf } from "./spans.ts";

/** A second and its value. */
export interface Moment {
  /** Seconds since the epoch. */
  at: number;
  /** The value. */
  value: number;
}

/** What {@linkcode figuresOf} finds. All rates are per second. */
export interface Figures {
  /** How many datapoints there are. */
  datapoints: number;
  /** The seconds over which it is measured. */
  seconds: number;
  /** The second of the first datapoint. */
  from: number;
  /** The second of the last datapoint. */
  to: number;
  /** The seconds from one datapoint to the next. */
  step: number;
  /** All values together: the number of events. */
  sum: number;
  /** The mean of the seconds. */
  mean: number;
  /** The highest datapoint, the first of several, per second. */
  peak: Moment;
  /** The peak divided by the mean; undefined if the mean is not over 0. */
  peakToMean: number | undefined;
  /** Half of the seconds have at most this. */
  median: number;
  /** 99 % of the seconds have at most this. */
  p99: number;
  /** 99.9 % of the seconds have at most this. */
  p999: number;
  /** The 60 seconds in a row with the most events, by their first second. */
  busiestMinute: Moment;
  /** The share of all events that is in the busiest 1 % of the seconds. */
  busiest1Percent: number | undefined;
  /** The variance of the datapoints divided by their mean. */
  dispersion: number | undefined;
  /** The seconds of the longest stretch without an event. */
  longestQuiet: number;
}

/**
 * A percentile: the least value that such a part of all values does not exceed.
 *
 * @param sorted The known values, sorted; all others are 0.
 * @param part From 0 to 1.
 * @param count How many values there are in all.
 */
function percentile(sorted: Float64Array, part: number, count: number): number {
  const rank = Math.max(1, Math.ceil(part * count));
  return sorted[rank - 1 - (count - sorted.length)] ?? 0;
}

/** The highest sum of 60 seconds in a row. */
function busiestMinute(times: Float64Array, values: Float64Array): Moment {
  let best = { at: times[0]!, value: -Infinity };
  let sum = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    sum += values[last]!;
    while (times[first]! <= times[last]! - 60) sum -= values[first++]!;
    if (sum > best.value) best = { at: times[first]!, value: sum };
  }
  return best;
}

/** The seconds of the longest stretch of time without an event. */
function longestQuiet({ times, values, step }: Line, spans: Span[]): number {
  let longest = 0;
  let i = 0;
  for (const { from, to } of spans) {
    let quietFrom = from;
    for (; times[i]! < to; i++) {
      if (values[i] === 0) continue;
      longest = Math.max(longest, times[i]! - quietFrom);
      quietFrom = times[i]! + step;
    }
    longest = Math.max(longest, to - quietFrom);
  }
  return longest;
}

/**
 * Measures how bursty a line is.
 *
 * @param line Its datapoints; at least one.
 * @param flow The time over which a flow is measured: it is 0 there where it has no
 * datapoint. Without it only the datapoints count.
 */
export function figuresOf(line: Line, flow?: Span[]): Figures {
  const { times, values, step } = line;
  const { length } = values;
  let sum = 0;
  let top = 0;
  for (let i = 0; i < length; i++) {
    sum += values[i]!;
    if (values[i]! > values[top]!) top = i;
  }
  const measured = flow?.reduce((all, { from, to }) => all + to - from, 0) ?? 0;
  const count = Math.max(length, Math.round(measured / step));
  const each = sum / count;
  let variance = (count - length) * each ** 2 / count;
  for (const value of values) variance += (value - each) ** 2 / count;
  const sorted = values.toSorted();
  const busiest = sorted.subarray(
    Math.max(0, length - Math.ceil(count / 100)),
  );
  const known = each > 0;
  const least = (part: number) => percentile(sorted, part, count) / step;
  return {
    datapoints: length,
    seconds: count * step,
    from: times[0]!,
    to: times[length - 1]!,
    step,
    sum,
    mean: each / step,
    peak: { at: times[top]!, value: values[top]! / step },
    peakToMean: known ? values[top]! / each : undefined,
    median: least(0.5),
    p99: least(0.99),
    p999: least(0.999),
    busiestMinute: busiestMinute(times, values),
    busiest1Percent: known ? busiest.reduce((a, b) => a + b) / sum : undefined,
    dispersion: known ? variance / each : undefined,
    longestQuiet: longestQuiet(line, flow ?? spansOf(line, () => false)),
  };
}
