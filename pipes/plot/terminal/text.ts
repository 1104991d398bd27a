/**
 * Writes values and labels so that they fit into the columns of a terminal.
 *
 * @module
 */

import { fromJsr } from "../../../script/mod.ts";

const { unicodeWidth } = await fromJsr(import("@std/cli/unicode-width"));

/** How many columns a figure has. */
export const WIDE = 8;

/** How many columns a text takes. */
export function width(text: string): number {
  return unicodeWidth(text);
}

/** A value in about 8 characters; exact up to 7 digits. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  const digits = String(value);
  if (digits.length < WIDE) return digits;
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-3) return value.toExponential(1);
  if (size < 1e6) return String(Number(value.toPrecision(5)));
  const power = Math.floor(Math.log10(size) / 3);
  const scaled = value / 1000 ** power;
  return Number(scaled.toPrecision(4)) + ["", "k", "M", "G", "T"][power]!;
}

/** A value with four digits. */
export function rough(value: number): number {
  return Number(value.toPrecision(4));
}

/** Text without control characters, cut to some columns. */
export function cut(text: string, columns: number): string {
  const clean = text.replace(/\p{C}/gu, "?");
  if (width(clean) <= columns) return clean;
  let kept = "";
  for (const letter of clean) {
    if (width(kept + letter) >= columns) break;
    kept += letter;
  }
  return columns > 0 ? kept + "…" : "";
}

/** Text with spaces after it, up to some columns. */
export function pad(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/** The time of day of a second. */
export function clock(second: number): string {
  return new Date(second * 1000).toTimeString().slice(0, 8);
}
