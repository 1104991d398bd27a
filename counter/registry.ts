/**
 * All counters alive: what `autodump()` without arguments dumps.
 *
 * @module
 */

import type { MetricCounter } from "../counter.ts";

/** Every counter that was made and not closed; the last dump takes it out. */
export const alive: Set<MetricCounter> = new Set();
