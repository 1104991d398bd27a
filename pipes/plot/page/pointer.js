// @ts-check
/// <reference lib="dom" />
/**
 * The mouse, a finger or a pen on a picture: it points at a second, or drags
 * across a time.
 *
 * @module
 */

import { element } from "./dom.js";

const DRAG = 5; // pixels: a longer movement is a drag

/**
 * @typedef {object} PointerHearer What is told, in pixels.
 * @property {(x: number | undefined, y: number) => void} point
 * @property {(from: number, to: number) => void} drag
 * @property {() => void} twice
 */

/**
 * Follows a pointer on a picture.
 *
 * @param {HTMLElement} over
 * @param {PointerHearer} hearer
 * @returns {() => void} Points again where the pointer rests: what is under it may
 * be another second now, or another line.
 */
export function followPointer(over, hearer) {
  const selection = element("div", { className: "selection", hidden: true });
  over.append(selection);
  /** @type {number | undefined} */
  let begun;
  /** @type {PointerEvent | undefined} */
  let latest;
  const where = (/** @type {PointerEvent} */ event) => {
    const box = over.getBoundingClientRect();
    const x = event.clientX - box.left;
    return {
      x: Math.max(0, Math.min(box.width - 1, x)),
      y: event.clientY - box.top,
    };
  };
  const point = (/** @type {PointerEvent} */ event) => {
    latest = event;
    const { x, y } = where(event);
    hearer.point(x, y);
    return x;
  };
  over.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    begun = point(event);
  });
  over.addEventListener("pointermove", (event) => {
    const x = point(event);
    if (begun === undefined) return;
    selection.hidden = Math.abs(x - begun) < DRAG;
    selection.style.left = `${Math.min(x, begun)}px`;
    selection.style.width = `${Math.abs(x - begun)}px`;
  });
  const end = (/** @type {PointerEvent} */ event) => {
    const from = begun;
    begun = undefined;
    if (selection.hidden || from === undefined) return;
    selection.hidden = true;
    if (event.type !== "pointerup") return;
    const { x } = where(event);
    hearer.drag(Math.min(from, x), Math.max(from, x));
  };
  over.addEventListener("pointerup", end);
  over.addEventListener("pointercancel", end);
  over.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") hearer.point(undefined, 0);
  });
  over.addEventListener("dblclick", () => hearer.twice());
  return () => {
    if (latest) point(latest);
  };
}
