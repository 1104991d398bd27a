/** Choices by chance; the same for the same seed. */

/** A source of numbers from 0 to below 1. */
export type Chance = () => number;

/** A number in a range. */
export function between(chance: Chance, from: number, to: number): number {
  return from + (to - from) * chance();
}

/** Chooses `n` different members of a list. */
export function choose<T>(chance: Chance, all: readonly T[], n: number): T[] {
  const left = [...all];
  return Array.from(
    { length: Math.min(n, left.length) },
    () => left.splice(Math.floor(chance() * left.length), 1)[0]!,
  );
}
