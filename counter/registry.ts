/**
 * All counters alive: what `autodump()` without arguments dumps.
 *
 * @module
 */

import type { MetricCounter } from "../counter.ts";

/** Every counter that was made; its last dump after `close()` removes it. */
export const alive: Set<MetricCounter> = new Set();
