/**
 * The fields of lines that are JSON.
 *
 * @module
 */

/** What a line holds that is a JSON object. */
export type Fields = Record<string, unknown>;

/** Reads the fields of lines; several readers of one line share the work. */
export class FieldReader {
  #line = "";
  #fields: Fields | undefined;

  /**
   * Reads a line.
   *
   * @param line The line.
   * @returns Its fields; undefined if it is no JSON object.
   */
  read(line: string): Fields | undefined {
    if (line === this.#line) return this.#fields;
    this.#line = line;
    this.#fields = undefined;
    if (!line.startsWith("{")) return undefined;
    try {
      this.#fields = JSON.parse(line) as Fields;
    } catch {
      // It is text, or it was cut.
    }
    return this.#fields;
  }
}

/**
 * Makes what finds a field.
 *
 * @param path The names on the way to it, as in `res.statusCode`; a name may
 * hold dots, as in Elastic's `log.level`.
 * @returns A function: the field's text, undefined if there is none or it is
 * not a text, number or truth value.
 */
export function fieldAt(
  path: string,
): (fields: Fields) => string | undefined {
  const names = path.split(".");
  return (fields) => {
    let value: unknown = fields;
    for (const name of names) {
      value = (value as Fields | null | undefined)?.[name];
    }
    if (value === undefined && names.length > 1) value = fields[path];
    switch (typeof value) {
      case "string":
        return value;
      case "number":
      case "boolean":
        return String(value);
    }
  };
}
