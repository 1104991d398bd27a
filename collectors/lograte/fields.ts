/**
 * {@linkcode FieldReader}: the fields of lines that are JSON.
 *
 * @module
 */

import type { Texts } from "../../script/mod.ts";
import { type Fields, type Place, Shape } from "./shape.ts";

const MAX_SHAPES = 8;
const MAX_SHAPED = 4096; // characters: a longer line makes no shape
const FIRST = 100; // with so many more unknown shapes than known ones, shapes are of no use

/** Whether a value of JSON has a member of this name. */
function has(value: unknown, name: string): value is Fields {
  return typeof value === "object" && value !== null &&
    Object.prototype.propertyIsEnumerable.call(value, name);
}

/** The text of a field; undefined for an object, a list, null, or no field. */
function textOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "boolean":
      return String(value);
  }
}

/** Finds a field by the names on the way to it, or by the path as one name. */
function find(path: string, fields: Fields): Place | undefined {
  const names = path.split(".");
  const name = names.pop()!;
  let within: unknown = fields;
  for (const name of names) {
    within = has(within, name) ? within[name] : undefined;
  }
  if (has(within, name)) return { within, name };
  return has(fields, path) ? { within: fields, name: path } : undefined;
}

/** Reads the fields of lines; those who read the same line share the work. */
export class FieldReader {
  readonly #paths: string[] = [];
  #line = "";
  #isObject = false;
  #texts: (string | undefined)[] = [];
  /** The shapes of lines; that of the newest line is the first. */
  #shapes: Shape[] = [];
  /** How many lines had a known shape, and how many had not. */
  #known = 0;
  #others = 0;

  /**
   * Asks for a field of all lines to come.
   *
   * @param path The names on the way to it, as in `res.statusCode`; a name may
   * hold dots, as in Elastic's `log.level`.
   * @returns Its place in what {@linkcode FieldReader.read} returns.
   */
  want(path: string): number {
    this.#line = "";
    this.#shapes = [];
    const place = this.#paths.indexOf(path);
    return place < 0 ? this.#paths.push(path) - 1 : place;
  }

  /**
   * Reads a line.
   *
   * @param line The line.
   * @returns The texts of the fields that were asked for, until the next line is
   * read: undefined for one that is not there, or is not a text, number or truth
   * value. Undefined if the line is no JSON object.
   */
  read(line: string): Texts | undefined {
    if (line !== this.#line) {
      this.#line = line;
      this.#isObject = line.startsWith("{") &&
        (this.#match(line) || this.#parse(line));
    }
    return this.#isObject ? this.#texts : undefined;
  }

  #match(line: string): boolean {
    const shapes = this.#shapes;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!;
      if (!shape.read(line, this.#texts)) continue;
      if (i > 0) shapes.unshift(...shapes.splice(i, 1));
      this.#known++;
      return true;
    }
    return false;
  }

  #parse(line: string): boolean {
    let fields: Fields;
    try {
      fields = JSON.parse(line);
    } catch {
      return false; // it is text, or JSON that was cut off
    }
    const places = this.#paths.map((path) => find(path, fields));
    this.#texts = places.map((place) => textOf(place?.within[place.name]));
    this.#learn(line, fields, places);
    return true;
  }

  /** Learns the shape of a line, as long as most lines have a known one. */
  #learn(line: string, fields: Fields, places: (Place | undefined)[]): void {
    if (++this.#others > this.#known + FIRST) this.#shapes = [];
    else if (this.#shapes.length < MAX_SHAPES && line.length <= MAX_SHAPED) {
      const shape = new Shape(fields, places);
      if (shape.read(line, this.#texts)) this.#shapes.unshift(shape);
    }
  }
}
