/** The tables and targets of the benchmark. */

/** The values of several runs. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spread(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)! };
}

/** A target, and what was measured. */
export interface Target {
  what: string;
  target: string;
  measured: string;
  /** Undefined where it could not be measured. */
  met: boolean | undefined;
}

/** What a part of the benchmark found. */
export interface Section {
  title: string;
  /** The rows of its table, the heads of the columns first. */
  table?: string[][];
  /** The figures behind the table. */
  figures?: unknown;
  targets: Target[];
}

/** Makes a target of at most or at least `limit`. */
export function target(
  what: string,
  bound: "at most" | "at least",
  limit: number,
  unit: string,
  measured: number | undefined,
  why = "not measured: see the install line",
): Target {
  const met = measured === undefined
    ? undefined
    : bound === "at most"
    ? measured <= limit
    : measured >= limit;
  return {
    what,
    target: `${bound} ${limit}${unit}`,
    measured: measured === undefined ? why : `${number(measured)}${unit}`,
    met,
  };
}

/** Writes a number with three digits, or with all digits before the point. */
export function number(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value)
    ? Math.round(value).toLocaleString("en-US")
    : String(Number(value.toPrecision(3)));
}

export function megabytes(bytes: number): number {
  return bytes / 1e6;
}

/** Writes columns, the first one flush left, the others flush right. */
export function format(rows: string[][]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
    ).join("  ").trimEnd()
  ).join("\n");
}
