/** A stand-in for @std/assert, where JSR does not answer: just what is used. */
import { strict as node } from "node:assert";
import { isDeepStrictEqual } from "node:util";

/** Asserts that a value is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  node.ok(value, message);
}

/** Whether two values are deeply equal. */
export function equal(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b);
}

/** Asserts that two values are deeply equal. */
export function assertEquals<T>(
  actual: T,
  expected: T,
  message?: string,
): void {
  node.deepStrictEqual(actual, expected, message);
}

/** Asserts that a text matches an expression. */
export function assertMatch(
  actual: string,
  expected: RegExp,
  message?: string,
): void {
  node.match(actual, expected, message);
}

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

function check<E extends Error>(
  error: unknown,
  errorClass: ErrorClass<E>,
  includes: string,
): E {
  node.ok(error instanceof errorClass, `Not of the expected class: ${error}`);
  node.ok(
    error.message.includes(includes),
    `"${error.message}" does not include "${includes}"`,
  );
  return error;
}

/** Asserts that a function throws such an error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  includes = "",
): E {
  try {
    fn();
  } catch (error) {
    return check(error, errorClass, includes);
  }
  throw new node.AssertionError({ message: "Expected function to throw" });
}

/** Asserts that a promise rejects with such an error. */
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  includes = "",
): Promise<E> {
  try {
    await fn();
  } catch (error) {
    return check(error, errorClass, includes);
  }
  throw new node.AssertionError({ message: "Expected function to reject" });
}
