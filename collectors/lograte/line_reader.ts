/**
 * {@linkcode LineReader}: takes tags and a value from a line, by a rule.
 *
 * @module
 */

import { bounded, type Texts } from "../../script/mod.ts";
import type { FieldReader } from "./fields.ts";
import type { LogRule } from "./rule_counter.ts";

const NOTHING: Texts = [];

/** A named group of an expression. */
interface Group {
  name: string;
  /** Its index in the match; 0 if several groups have this name. */
  place: number;
}

/** A character class, an escaped character, or the start of a capturing group. */
const PART = /\\.|\[(?:\\.|[^\]\\])*\]|\((?!\?)|\(\?<(?![=!])([^>]+)>/gs;

/**
 * The named groups of an expression.
 *
 * @param expression The expression.
 */
export function groupsOf(expression: RegExp | undefined): Group[] {
  const groups: Group[] = [];
  let place = 0;
  for (const [part, name] of expression?.source.matchAll(PART) ?? []) {
    if (!part.startsWith("(")) continue;
    place++;
    if (name === undefined) continue;
    const twice = groups.find((group) => group.name === name);
    if (twice) twice.place = 0;
    else groups.push({ name, place });
  }
  return groups;
}

/** The expression without the flags by which it goes on after the last match. */
export function anew(expression: RegExp | undefined): RegExp | undefined {
  return expression &&
    new RegExp(expression, expression.flags.replace(/[gy]/g, ""));
}

/** Leaves out the names of groups: with them it takes a third longer (measured). */
function withoutNames(expression: RegExp): RegExp {
  const isByName = ({ place }: Group) => place === 0;
  if (/\\k</.test(expression.source) || groupsOf(expression).some(isByName)) {
    return expression;
  }
  const source = expression.source
    .replaceAll(PART, (part, name) => name === undefined ? part : "(");
  return new RegExp(source, expression.flags);
}

function textOf(found: RegExpExecArray, { name, place }: Group) {
  return place > 0 ? found[place] : found.groups?.[name];
}

/** Reads lines by a rule: whether they count, their tags, their value. */
export class LineReader {
  /** The keys of the tags that come from lines. */
  readonly labels: string[];
  /** The tags of the line that was read last, in the order of `labels`. */
  readonly texts: (string | undefined)[] = [];
  /** The value of that line: 1 if none is asked for, NaN if it is not a number. */
  value = 1;
  /** Lines without the field of JSON that holds the value. */
  withoutValue = 0;

  readonly #match: RegExp | undefined;
  readonly #except: RegExp | undefined;
  readonly #groups: Group[];
  /** The places of the tags that come from fields. */
  readonly #fields: number[];
  readonly #valueGroup: Group | undefined;
  readonly #valueField: number | undefined;

  /**
   * Makes a reader.
   *
   * @param rule What is read.
   * @param given The keys of the tags that do not come from the line.
   * @param fields What reads the fields of lines, where they are JSON.
   * @throws {SyntaxError} If the value can come neither from a group nor a field.
   */
  constructor(rule: LogRule, given: string[], fields?: FieldReader) {
    const { value } = rule;
    this.#match = rule.match && bounded(withoutNames(anew(rule.match)!));
    this.#except = rule.except && bounded(anew(rule.except)!);
    const groups = groupsOf(rule.match);
    this.#groups = groups.filter(({ name }) => name !== value);
    this.#valueGroup = groups.find(({ name }) => name === value);
    const { labels = {} } = rule;
    const paths = fields ? Object.entries(labels) : [];
    this.#fields = paths.map(([, path]) => fields!.want(path));
    this.labels = [
      ...given,
      ...this.#groups.map(({ name }) => name),
      ...paths.map(([label]) => label),
    ];
    if (value === undefined || this.#valueGroup) return;
    if (fields === undefined) {
      throw new SyntaxError(
        `Cannot add a value as --match must have its group: current value is ${
          JSON.stringify(value)
        }`,
      );
    }
    this.#valueField = fields.want(value);
  }

  /**
   * Reads a line.
   *
   * @param line The line.
   * @param given The values of the tags that do not come from the line.
   * @param fields The texts of its fields, if it is JSON.
   * @returns Whether it counts.
   */
  read(
    line: string,
    given: Texts = NOTHING,
    fields: Texts = NOTHING,
  ): boolean {
    const { texts } = this;
    let at = 0;
    for (let i = 0; i < given.length; i++) texts[at++] = given[i];
    if (this.#match !== undefined) {
      const found = this.#match.exec(line);
      if (found === null) return false;
      for (const group of this.#groups) texts[at++] = textOf(found, group);
      if (this.#valueGroup) {
        this.value = numberOf(textOf(found, this.#valueGroup));
      }
    }
    if (this.#except?.test(line)) return false;
    for (const place of this.#fields) texts[at++] = fields[place];
    if (this.#valueField !== undefined) {
      const text = fields[this.#valueField];
      if (text === undefined) {
        this.withoutValue++; // other lines of the log may be without it
        return false;
      }
      this.value = numberOf(text);
    }
    return true;
  }
}

function numberOf(text: string | undefined): number {
  const number = Number(text);
  return number === 0 && text!.trim() === "" ? NaN : number;
}
