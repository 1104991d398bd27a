// @ts-check
/// <reference lib="dom" />
/**
 * The colours of charts, light and dark.
 *
 * @module
 */

const THEMES = {
  light: {
    card: "#ffffff",
    text: "#1c2230",
    faint: "#5d6675",
    grid: "#e9ebf0",
    lines: (
      "#3b6fd4 #d9730d #1f8f63 #c2407c #7a5ad6 " +
      "#a67c00 #12889e #d1394b #66707f #71892a"
    ).split(" "),
  },
  dark: {
    card: "#1a1f29",
    text: "#e4e8f0",
    faint: "#98a2b5",
    grid: "#262d39",
    lines: (
      "#6ea0ff #ff9f4a #4fcf9b #ff7ab2 #b39bff " +
      "#e6c04a #4fc4dc #ff7c86 #aab2c0 #b5d05c"
    ).split(" "),
  },
};
const DASHES = [[], [6, 3], [2, 3]];

/** Tells whether the person prefers dark, and when that changes. */
export const darkness = matchMedia("(prefers-color-scheme: dark)");

/** The colours in use. */
export function theme() {
  return darkness.matches ? THEMES.dark : THEMES.light;
}

/**
 * How the line of a series is drawn.
 *
 * @param {number} i Which series of its chart it is.
 * @returns {{ color: string, dash: number[] }}
 */
export function lineStyle(i) {
  const { lines } = theme();
  return {
    color: lines[i % lines.length] ?? "",
    dash: DASHES[Math.floor(i / lines.length) % DASHES.length] ?? [],
  };
}
