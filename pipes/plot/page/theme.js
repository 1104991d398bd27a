// @ts-check
/// <reference lib="dom" />
/**
 * The colours of charts, light and dark.
 *
 * @module
 */

/** @typedef {[red: number, green: number, blue: number]} Shade */

// Eight colours that colour-blind people can tell apart, too (as they see them,
// the distance by CIE76 is at least 14). Further lines repeat them, dashed and
// with labels.
const THEMES = {
  light: {
    card: "#ffffff",
    text: "#1c2230",
    faint: "#5d6675",
    grid: "#e9ebf0",
    average: "#c4340c",
    lines: (
      "#2563c9 #d95f02 #0f9d76 #b03a86 #7a4b00 #56aef0 #e8a000 #4a4a55"
    ).split(" "),
    heat: /** @type {Shade[]} */ ([
      [240, 244, 250],
      [158, 202, 225],
      [49, 130, 189],
      [8, 48, 107],
      [60, 0, 60],
    ]),
  },
  dark: {
    card: "#1a1f29",
    text: "#e4e8f0",
    faint: "#98a2b5",
    grid: "#262d39",
    average: "#ff8a5c",
    lines: (
      "#5b9bff #ff8c3b #25c08f #ff8ed0 #a9763a #b5e4ff #ffe07a #858c9c"
    ).split(" "),
    heat: /** @type {Shade[]} */ ([
      [31, 38, 50],
      [29, 79, 122],
      [47, 155, 208],
      [255, 224, 138],
      [255, 255, 255],
    ]),
  },
};
// The colours where the system forces its own on all programs.
const FORCED = { card: "Canvas", text: "CanvasText", faint: "CanvasText" };
const DASHES = [[], [7, 3], [2, 3], [10, 3, 2, 3]];

const darkness = matchMedia("(prefers-color-scheme: dark)");
const force = matchMedia("(forced-colors: active)");

/** Tells when other colours come into use. */
export const choices = [darkness, force];

/** The colours in use. */
export function theme() {
  const own = darkness.matches ? THEMES.dark : THEMES.light;
  return force.matches ? { ...own, ...FORCED } : own;
}

/**
 * Whether a line shares its colour with another one, and needs a label.
 *
 * @param {number} i The number of its style.
 */
export function repeats(i) {
  return force.matches || i >= theme().lines.length;
}

/**
 * The style of a line.
 *
 * @param {number} i The number of its style.
 * @returns {{ color: string, dash: number[] }}
 */
export function lineStyle(i) {
  const { lines } = theme();
  const dash = force.matches ? i : Math.floor(i / lines.length);
  return {
    color: lines[i % lines.length] ?? "",
    dash: DASHES[dash % DASHES.length] ?? [],
  };
}
