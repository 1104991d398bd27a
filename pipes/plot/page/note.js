// @ts-check
/// <reference lib="dom" />
/**
 * The note above a picture: what its points, its thick lines and its colours mean.
 *
 * @module
 */

import { element } from "./dom.js";

/** @import { Scene } from "./picture.js" */

/**
 * Writes the note.
 *
 * @param {Scene} scene
 * @param {string} common The tags that all lines have.
 * @returns {(string | Node)[]}
 */
export function noteOf({ size, means, averaged, lines, heat }, common) {
  const notes = [common];
  const part = heat ? "cell" : "point";
  if (means) notes.push(`each ${part} is the mean of ${size} s`);
  else if (size > 1) notes.push(`each ${part} is the highest of ${size} s`);
  const averages = lines.filter(({ average }) => average).length;
  if (averages > 0) {
    const all = averages < lines.length ? " of all together" : "";
    notes.push(`thick line: the mean of ${averaged} s${all}`);
  }
  const key = heat?.key().map(({ label, color }) => {
    const swatch = element("i");
    swatch.style.background = color;
    return element("span", { className: "shade" }, swatch, label);
  });
  const text = notes.filter((note) => note !== "").join(" · ");
  return key ? [`${text} `, ...key] : [text];
}
