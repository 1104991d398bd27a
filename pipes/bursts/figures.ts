/**
 * How bursty a series is, in figures.
 *
 * @module
 */

/** A second, and what happened in it. */
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
  /** The second of the first of them. */
  from: number;
  /** The second of the last of them. */
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
  /** The seconds of the longest stretch of zeros. */
  longestQuiet: number;
}

/** The least value that so great a part of sorted values is not over. */
function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]!;
}

/** The most that any 60 seconds in a row have. */
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

/** The seconds of the longest run of zeros that no gap breaks. */
function longestQuiet(
  times: Float64Array,
  values: Float64Array,
  step: number,
): number {
  let longest = 0;
  let run = 0;
  for (let i = 0; i < times.length; i++) {
    const gap = times[i]! - (times[i - 1] ?? times[i]!) > 1.5 * step;
    run = values[i] !== 0 ? 0 : gap ? 1 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest * step;
}

/**
 * Finds how bursty a series is.
 *
 * @param times Seconds since the epoch, oldest first; at least one.
 * @param values What happened in the `step` seconds from each of them.
 * @param step The seconds from one datapoint to the next.
 */
export function figuresOf(
  times: Float64Array,
  values: Float64Array,
  step: number,
): Figures {
  const { length } = values;
  let sum = 0;
  let top = 0;
  for (let i = 0; i < length; i++) {
    sum += values[i]!;
    if (values[i]! > values[top]!) top = i;
  }
  const each = sum / length;
  let variance = 0;
  for (const value of values) variance += (value - each) ** 2 / length;
  const sorted = values.toSorted();
  const busiest = sorted.subarray(length - Math.ceil(length / 100));
  const known = each > 0;
  return {
    datapoints: length,
    from: times[0]!,
    to: times[length - 1]!,
    step,
    sum,
    mean: each / step,
    peak: { at: times[top]!, value: values[top]! / step },
    peakToMean: known ? values[top]! / each : undefined,
    median: percentile(sorted, 0.5) / step,
    p99: percentile(sorted, 0.99) / step,
    p999: percentile(sorted, 0.999) / step,
    busiestMinute: busiestMinute(times, values),
    busiest1Percent: known ? busiest.reduce((a, b) => a + b) / sum : undefined,
    dispersion: known ? variance / each : undefined,
    longestQuiet: longestQuiet(times, values, step),
  };
}
