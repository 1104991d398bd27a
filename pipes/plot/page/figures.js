// @ts-check
/**
 * How times and values are written.
 *
 * @module
 */

/**
 * The time of day.
 *
 * @param {number} second
 */
export function clock(second) {
  return new Date(second * 1000).toTimeString().slice(0, 8);
}

/** @param {number} second */
export function day(second) {
  const date = new Date(second * 1000);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())]
    .join("-");
}

/**
 * The time of day, with the date if that is not today.
 *
 * @param {number} second
 */
export function stamp(second) {
  const today = day(second) === day(Date.now() / 1000);
  return today ? clock(second) : `${day(second)} ${clock(second)}`;
}

/**
 * An exact value, with separators of thousands.
 *
 * @param {number | undefined} value
 */
export function exact(value) {
  if (value === undefined) return "–";
  const [, sign, whole, rest] = String(value).match(/^(-?)(\d+)(.*)$/) ?? [];
  if (whole === undefined) return String(value);
  return (sign ? "−" : "") + whole.replace(/\B(?=(\d{3})+$)/g, ",") + rest;
}

const short = new Intl.NumberFormat("en", {
  notation: "compact",
  maximumSignificantDigits: 5,
});

/**
 * A value in few characters, for an axis.
 *
 * @param {number} value
 */
export function compact(value) {
  return short.format(value);
}

/**
 * A value with four digits, with separators of thousands.
 *
 * @param {number} value
 */
export function rough(value) {
  return Number.isNaN(value) ? "–" : exact(Number(value.toPrecision(4)));
}

/**
 * A length of time: 45 s, 15 min, 3 h.
 *
 * @param {number} seconds
 */
export function spanOf(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
