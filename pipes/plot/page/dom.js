// @ts-check
/// <reference lib="dom" />
/**
 * Elements of the page.
 *
 * @module
 */

/**
 * The element with an id.
 *
 * @param {string} id
 * @returns {any} Its kind is known where it is used.
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [properties]
 * @param {(Node | string)[]} children Strings become text, never markup.
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/**
 * Changes the text of an element if it differs.
 *
 * @param {HTMLElement | undefined} place
 * @param {string} text
 */
export function fill(place, text) {
  if (place && place.textContent !== text) place.textContent = text;
}

/**
 * Hands a file to the person, as a download.
 *
 * @param {Blob} blob
 * @param {string} download The name of the file.
 */
export function save(blob, download) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
