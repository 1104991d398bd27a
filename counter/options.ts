/**
 * The options of a counter, and what they must be.
 *
 * @module
 */

import type { PutFormat } from "./put.ts";

/** Options of {@linkcode MetricCounter}. */
export interface MetricCounterOptions {
  /**
   * Whole seconds that a counter holds; `autodump` dumps it that often.
   *
   * @default {15}
   */
  timespan?: number;
  /**
   * Whole seconds that one datapoint covers; a divisor of `timespan`.
   *
   * @default {1}
   */
  granularity?: number;
  /**
   * Tags of every datapoint. `host` is the machine's name unless given here.
   *
   * @default {{}}
   */
  tags?: Record<string, string>;
  /**
   * What the counter counts, where that should be known before its first event:
   * a stock reports nothing before its first `set`. Otherwise a counter is a flow
   * until `set` is called.
   *
   * @default {"flow"}
   */
  kind?: "flow" | "stock";
  /**
   * The form of a line, or a function that makes lines of your own. The default
   * is `tcollector` where the main script lies in a folder whose name is a
   * number, as in tcollector's `collectors/0`.
   *
   * @default {"put"}
   */
  format?: PutFormat | undefined;
  /**
   * Makes one value of a bucket's cells, oldest first, in place of the sum (a
   * flow) or the last level set (a stock). Gets the seconds that have a value.
   */
  reduce?: (cells: number[]) => number;
  /**
   * Seconds for which a bucket is held back after its end, so that late events
   * find it open.
   *
   * @default {0}
   */
  allowedLateness?: number;
  /**
   * Seconds of 0 that a flow reports after its last other value, at most; then
   * it pauses until the next one.
   *
   * @default {Infinity}
   */
  maxGap?: number;
  /**
   * The time now, in milliseconds since the epoch.
   *
   * @default {Date.now}
   */
  clock?: () => number;
}

/** Whether the main script lies in a folder as those of tcollector are. */
export const UNDER_TCOLLECTOR: boolean = /\/\d+\/[^/]+$/.test(Deno.mainModule);

/** The message that refuses an option. */
function refusal(rule: string, value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : value;
  return `Cannot make a MetricCounter as ${rule}: current value is ${text}`;
}

function checkSeconds(name: string, value: unknown): void {
  if (Number.isSafeInteger(value) && value as number >= 1) return;
  const rule = "must be a whole number of seconds, 1 or more";
  throw new RangeError(refusal(`${name} ${rule}`, value));
}

/** All options; those that may be left out are undefined. */
type Complete =
  & Required<Omit<MetricCounterOptions, "format" | "kind" | "reduce">>
  & {
    format: PutFormat;
    kind: MetricCounterOptions["kind"] | undefined;
    reduce: MetricCounterOptions["reduce"] | undefined;
  };

/**
 * Checks the options of a counter and fills in the defaults.
 *
 * @param options What differs from the defaults.
 * @returns All options.
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function complete(options: MetricCounterOptions): Complete {
  const {
    timespan = 15,
    granularity = 1,
    tags = {},
    kind,
    format = UNDER_TCOLLECTOR ? "tcollector" : "put",
    reduce,
    allowedLateness = 0,
    maxGap = Infinity,
    clock = Date.now,
  } = options;
  checkSeconds("timespan", timespan);
  checkSeconds("granularity", granularity);
  if (timespan % granularity !== 0) {
    throw new RangeError(
      refusal(`granularity must divide timespan ${timespan}`, granularity),
    );
  }
  if (!Number.isFinite(allowedLateness) || allowedLateness < 0) {
    throw new RangeError(
      refusal("allowedLateness must be 0 seconds or more", allowedLateness),
    );
  }
  if (!(maxGap >= 0)) {
    throw new RangeError(refusal("maxGap must be 0 seconds or more", maxGap));
  }
  if (kind !== undefined && kind !== "flow" && kind !== "stock") {
    throw new TypeError(refusal('kind must be "flow" or "stock"', kind));
  }
  if (
    format !== "put" && format !== "tcollector" && typeof format !== "function"
  ) {
    throw new TypeError(
      refusal('format must be "put", "tcollector" or a function', format),
    );
  }
  if (reduce !== undefined && typeof reduce !== "function") {
    throw new TypeError(refusal("reduce must be a function", reduce));
  }
  if (typeof clock !== "function") {
    throw new TypeError(refusal("clock must be a function", clock));
  }
  return {
    timespan,
    granularity,
    tags,
    kind,
    format,
    reduce,
    allowedLateness,
    maxGap,
    clock,
  };
}
