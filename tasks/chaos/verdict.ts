/** Compares what a TSD has stored with the ledger. */
import type { Put } from "../../tests/helpers/processes.ts";
import { keyOf, type Ledger } from "./logs.ts";

/** The differences between the ledger and what one way has stored. */
export interface Verdict {
  /** How many lines are missing. */
  lost: number;
  /** The seconds of a series that have another value than in the ledger. */
  wrong: string[];
  /** The seconds of a series that have more than one value. */
  torn: string[];
}

/** Whether there are no differences. */
export function isRight({ lost, wrong, torn }: Verdict): boolean {
  return lost === 0 && wrong.length === 0 && torn.length === 0;
}

/** Compares the datapoints of one way; a datapoint of 0 may be missing. */
export function judge(ledger: Ledger, stored: Put[]): Verdict {
  const found = new Map<string, Set<number>>();
  for (const { series, second, value } of stored) {
    const [, ...tags] = series.split(" ");
    const pairs = tags.map((tag) => tag.split("="));
    const key = keyOf(Object.fromEntries(pairs), second);
    found.set(key, (found.get(key) ?? new Set()).add(value));
  }
  const verdict: Verdict = { lost: 0, wrong: [], torn: [] };
  for (const key of new Set([...ledger.keys(), ...found.keys()])) {
    const expected = ledger.get(key) ?? 0;
    const values = [...found.get(key) ?? [0]];
    verdict.lost += Math.max(0, expected - Math.max(...values));
    const what = `${key}: written ${expected}, stored ${values.join(" and ")}`;
    if (values.length > 1) verdict.torn.push(what);
    else if (values[0] !== expected) verdict.wrong.push(what);
  }
  return verdict;
}
