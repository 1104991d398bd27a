// @ts-check
/**
 * The styles of the lines of a chart: a line keeps its style while it is drawn.
 *
 * @module
 */

/** The styles by the keys of lines; each is a number from 0. */
export class Styles {
  /** @type {Map<string, number>} */
  #styles = new Map();

  /**
   * Gives a style to each line that has none, and frees those of lines that are gone.
   *
   * @param {Iterable<string>} drawn The keys of the lines.
   */
  give(drawn) {
    const keys = new Set(drawn);
    for (const key of this.#styles.keys()) {
      if (!keys.has(key)) this.#styles.delete(key);
    }
    const taken = new Set(this.#styles.values());
    for (const key of keys) {
      if (this.#styles.has(key)) continue;
      let style = 0;
      while (taken.has(style)) style++;
      taken.add(style);
      this.#styles.set(key, style);
    }
  }

  /** @param {string} key */
  of(key) {
    return this.#styles.get(key);
  }
}
