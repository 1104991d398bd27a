// @ts-check
/// <reference lib="dom" />
/**
 * The picture of a chart: its lines, drawn by uPlot.
 *
 * @module
 */

import { compact } from "./figures.js";
import { lineStyle, theme } from "./theme.js";

/** @import uPlot from "npm:uplot@1.6.32/dist/uPlot.d.ts" */
/** @typedef {uPlot} Plot */
/** @typedef {typeof globalThis & { uPlot: typeof uPlot }} WithPlot */

const UPlot = /** @type {WithPlot} */ (globalThis).uPlot;
const MAX_MARKED = 40; // lines with a mark each at the cursor
const INCREMENTS = [1, 2, 5, 10, 15, 30].flatMap((n) => [n, n * 60])
  .concat([1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192].map((n) => n * 3600))
  .concat([30, 90, 365, 1825, 3650].map((n) => n * 86_400))
  .sort((a, b) => a - b);
const STAMPS = [
  [86_400, "{YYYY}-{MM}-{DD}", null, null, null, null, null, null, 1],
  [60, "{HH}:{mm}", ...Array(7).fill(null)],
  [1, "{HH}:{mm}:{ss}", ...Array(7).fill(null)],
].map((row) => {
  if (row[0] === 86_400) return row;
  const day = "\n{YYYY}-{MM}-{DD}";
  return [row[0], row[1], day, null, day, null, null, null, 1];
});

/**
 * What is drawn, and whom the picture tells what the person does.
 *
 * @typedef {object} LinesOptions
 * @property {number[]} styles Which style each line has.
 * @property {boolean} lit Whether the line at the cursor is lit up.
 * @property {(line: number) => number[] | undefined} lone The indices of a
 * line's points that no line leads to.
 * @property {(second: number | undefined) => void} read A second is read.
 * @property {(line: number | undefined) => void} near A line is near.
 * @property {(range: [number, number]) => void} zoom A time is selected.
 * @property {() => void} follow The zoom is left.
 */

/**
 * Makes a picture that has no data yet.
 *
 * @param {HTMLElement} place
 * @param {LinesOptions} options
 * @returns {Plot}
 */
export function drawLines(place, options) {
  const { styles, lit } = options;
  const { faint, grid, card } = theme();
  /** @type {uPlot.Axis} */
  const axis = {
    stroke: faint,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 5 },
    font: "12px system-ui, sans-serif",
  };
  const many = styles.length;
  const plot = new UPlot(
    {
      width: place.clientWidth,
      height: place.clientHeight,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      focus: { alpha: 0.2 },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false },
        focus: { prox: lit && many > 1 ? 24 : -1 },
        points: many > MAX_MARKED
          ? { show: false }
          : { size: 8, width: 2, stroke: card },
        bind: { dblclick: () => () => (options.follow(), null) },
      },
      scales: { x: { time: true, auto: false } },
      axes: [
        { ...axis, incrs: INCREMENTS, values: STAMPS, space: 70, size: 44 },
        { ...axis, size: 58, values: (_, all) => all.map(compact) },
      ],
      series: [
        {},
        ...styles.map((style, i) => {
          const { color, dash } = lineStyle(style);
          return {
            stroke: color,
            width: 1.5,
            dash,
            ...many === 1 ? { fill: color + "20" } : {},
            points: {
              size: 4,
              width: 0,
              fill: color,
              filter: (
                /** @type {Plot} */ _plot,
                /** @type {number} */ _line,
                /** @type {boolean} */ show,
              ) => show ? null : options.lone(i) ?? null,
            },
          };
        }),
      ],
      hooks: {
        setCursor: [(plot) => {
          const { idx, left = -1 } = plot.cursor;
          if (left < 0 || !plot.over.matches(":hover")) return;
          options.read(typeof idx === "number" ? plot.data[0][idx] : undefined);
        }],
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width <= 0) return;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          options.zoom([
            plot.posToVal(left, "x"),
            plot.posToVal(left + width, "x"),
          ]);
        }],
        setSeries: [(_, i) => options.near(i === null ? undefined : i - 1)],
      },
    },
    [[], ...styles.map(() => [])],
    place,
  );
  plot.over.addEventListener("mouseleave", () => options.read(undefined));
  return plot;
}
