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
 * @overload
 * @param {string} id
 * @returns {HTMLElement}
 */
/**
 * The element of a kind with an id.
 *
 * @template {HTMLElement} T
 * @overload
 * @param {string} id
 * @param {new () => T} kind Such as HTMLInputElement.
 * @returns {T}
 */
/**
 * @param {string} id
 * @param {new () => HTMLElement} kind
 */
export function byId(id, kind = HTMLElement) {
  return the(document.getElementById(id), kind, id);
}

/**
 * The element of a kind that a selector finds in another one.
 *
 * @template {HTMLElement} T
 * @param {ParentNode} place
 * @param {string} selector
 * @param {new () => T} kind
 */
export function find(place, selector, kind) {
  return the(place.querySelector(selector), kind, selector);
}

/**
 * @template {HTMLElement} T
 * @param {Element | null} found
 * @param {new () => T} kind
 * @param {string} what
 */
function the(found, kind, what) {
  if (found instanceof kind) return found;
  throw new TypeError(`Cannot find ${what} as ${kind.name}`);
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
 * Downloads a file.
 *
 * @param {Blob} blob
 * @param {string} download The name of the file.
 */
export function save(blob, download) {
  const href = URL.createObjectURL(blob);
  element("a", { href, download }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
