/**
 * Draws the graph of a line in characters, each for two values, and the times below
 * it.
 *
 * @module
 */

import { clock, pad, width as widthOf } from "./text.ts";

const BARS = " ▁▂▃▄▅▆▇█";
const BRAILLE = 0x2800;
const DOTS = [[0x40, 0x04, 0x02, 0x01], [0x80, 0x20, 0x10, 0x08]]; // bottom up
const TICK = 14; // columns of the time axis for each of its labels

/** The values between which a graph is drawn. */
export interface Scale {
  /** The value at the bottom. */
  low: number;
  /** The value at the top. */
  high: number;
}

/** The level of a value, from 1 to a number of levels; 0 if there is no value. */
function level(value: number, { low, high }: Scale, count: number): number {
  if (Number.isNaN(value)) return 0;
  return 1 + Math.round((value - low) / (high - low || 1) * (count - 1));
}

function sparkline(values: Float64Array, scale: Scale): string {
  const pairs = Array.from({ length: values.length >> 1 }, (_, i) => {
    const known = [values[2 * i]!, values[2 * i + 1]!].filter((n) => !isNaN(n));
    return known.length > 0 ? Math.max(...known) : NaN;
  });
  return pairs.map((value) => BARS[level(value, scale, 8)]).join("");
}

function braille(values: Float64Array, scale: Scale, height: number): string[] {
  const tops = Array.from(values, (value) => level(value, scale, 4 * height));
  return Array.from({ length: height }, (_, row) => {
    const floor = 4 * (height - 1 - row);
    return Array.from({ length: tops.length >> 1 }, (_, column) => {
      let dots = 0;
      for (const side of [0, 1]) {
        const top = tops[2 * column + side]! - floor;
        for (let i = 0; i < Math.min(4, top); i++) dots |= DOTS[side]![i]!;
      }
      return String.fromCharCode(BRAILLE + dots);
    }).join("");
  });
}

/**
 * Draws a line.
 *
 * @param values The values; NaN where there is none.
 * @param scale The scale, which all lines of a metric share.
 * @param height How many rows it takes; a sparkline takes one.
 * @returns The rows, from the top.
 */
export function graph(
  values: Float64Array,
  scale: Scale,
  height: number,
): string[] {
  return height > 1
    ? braille(values, scale, height)
    : [sparkline(values, scale)];
}

/**
 * Writes the times below a graph.
 *
 * @param from The second at the left.
 * @param size The seconds of a value.
 * @param width The columns of the graph.
 */
export function axis(from: number, size: number, width: number): string {
  let text = "";
  for (let column = 0;; column += TICK) {
    const time = clock(from + column * 2 * size);
    if (column + widthOf(time) > width) return text;
    text = pad(text, column) + time;
  }
}
