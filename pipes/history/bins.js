// @ts-check
/**
 * Divides the time of a line into parts, as a line has more seconds than a picture
 * has pixels: each part has the highest second in it, and the mean.
 *
 * @module
 */

/**
 * The points of a line, oldest first: those of a series, or of several as one.
 *
 * @typedef {object} Line
 * @property {Float64Array} times Seconds since the epoch.
 * @property {Float64Array} values The values that were reported for the `step`
 * seconds from each time on.
 * @property {number} step Seconds from one point to the next.
 */

/**
 * The parts of a time.
 *
 * @typedef {object} Parts
 * @property {number} from The first second.
 * @property {number} to The last second.
 * @property {number} size How many seconds a part has; it begins at a multiple of it.
 */

/**
 * A line in parts of the time.
 *
 * @typedef {object} Bins
 * @property {Float64Array} max The highest value in each part; NaN without any.
 * @property {Float64Array} at The second of that value.
 * @property {Float64Array} sum All values of the part added up.
 * @property {Float64Array} count How many there are.
 */

const SIZES = [1, 2, 3, 5, 10, 15, 20, 30]
  .flatMap((n) => [n, n * 60])
  .concat([1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192].map((n) => n * 3600))
  .sort((a, b) => a - b);

/**
 * The size of parts, in seconds, so that there are at most so many.
 *
 * @param {number} seconds
 * @param {number} most
 */
export function sizeFor(seconds, most) {
  const least = seconds / Math.max(1, most);
  return SIZES.find((size) => size >= least) ?? Math.ceil(least);
}

/**
 * The second with which the first part begins.
 *
 * @param {Parts} parts
 */
export function firstOf({ from, size }) {
  return Math.floor(from / size) * size;
}

/**
 * The index of the first point at a second or after it.
 *
 * @param {Float64Array} times
 * @param {number} second
 */
export function indexIn(times, second) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(times[middle]) < second) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The second with which a point's time ends: that of the next point, unless the
 * line was silent in between.
 *
 * @param {Float64Array} times Those of a line; a series makes them at each call.
 * @param {number} step
 * @param {number} i
 */
function endOf(times, step, i) {
  const [time, next] = [Number(times[i]), Number(times[i + 1])];
  return next - time <= 1.5 * step ? next : time + step;
}

/**
 * Divides a line into parts. A point counts for all of its step, and so for each
 * part in it; for the mean it counts once.
 *
 * @param {Line} line
 * @param {Parts} parts
 * @returns {Bins}
 */
export function binsOf(line, parts) {
  const { from, to, size } = parts;
  const { times, values, step } = line;
  const first = firstOf(parts);
  const length = Math.floor((to - first) / size) + 1;
  const max = new Float64Array(length).fill(NaN);
  const at = new Float64Array(length);
  const sum = new Float64Array(length);
  const count = new Float64Array(length);
  let [bin, next] = [0, first + size]; // the second with which it ends
  for (let i = Math.max(0, indexIn(times, from) - 1); i < times.length; i++) {
    const time = Number(times[i]);
    if (time > to) break;
    const value = Number(values[i]);
    const end = Math.min(endOf(times, step, i), to + 1);
    if (end <= from) continue;
    while (next <= time) {
      bin++;
      next += size;
    }
    for (let k = bin, begin = next - size; begin < end; k++, begin += size) {
      if (Number(max[k]) >= value) continue;
      max[k] = value;
      at[k] = time;
    }
    if (time < from) continue;
    sum[bin] = Number(sum[bin]) + value;
    count[bin] = Number(count[bin]) + 1;
  }
  return { max, at, sum, count };
}

/**
 * The figures of a line in a time.
 *
 * @param {Bins} bins
 * @returns {{ sum: number, mean: number, peak: number, at: number }} NaN where
 * there is no point.
 */
export function figuresOf({ max, at, sum, count }) {
  let [all, points, top] = [0, 0, -1];
  for (let i = 0; i < max.length; i++) {
    all += Number(sum[i]);
    points += Number(count[i]);
    if (Number.isNaN(max[i])) continue;
    if (top < 0 || Number(max[i]) > Number(max[top])) top = i;
  }
  const [peak, second] = [max[top] ?? NaN, at[top] ?? NaN];
  return { sum: all, mean: all / points, peak, at: second };
}

/** @typedef {"sum" | "max" | "mean"} How How several lines become one. */

/**
 * Makes one line of several, for each second. A line counts in a second if it has a
 * point there, or one whose step includes it.
 *
 * @param {Line[]} lines
 * @param {How} how
 * @param {{ from: number, to: number }} range
 * @returns {Line}
 */
export function combine(lines, how, range) {
  const grid = new Grid(lines, range);
  for (const line of lines) grid.add(line, how);
  return grid.line(how);
}

/**
 * Stacks lines: each has the sum of those before it added.
 *
 * @param {Line[]} lines
 * @param {{ from: number, to: number }} range
 * @returns {Line[]}
 */
export function stack(lines, range) {
  const grid = new Grid(lines, range);
  return lines.map((line) => {
    grid.add(line, "sum");
    return grid.line("sum");
  });
}

/** A value for each step of a time. */
class Grid {
  #first;
  #step;
  #values;
  #counts;

  /**
   * @param {Line[]} lines Those to come.
   * @param {{ from: number, to: number }} range
   */
  constructor(lines, { from, to }) {
    this.#step = Math.min(...lines.map(({ step }) => step)) || 1;
    this.#first = firstOf({ from, to, size: this.#step });
    const length = Math.floor((to - this.#first) / this.#step) + 1;
    this.#values = new Float64Array(length);
    this.#counts = new Float64Array(length);
  }

  /**
   * @param {Line} line
   * @param {How} how
   */
  add(line, how) {
    const { times, values } = line;
    const own = line.step;
    const [first, step] = [this.#first, this.#step];
    const { length } = this.#values;
    let i = Math.max(0, indexIn(times, first) - 1);
    for (; i < times.length; i++) {
      const time = Number(times[i]);
      const begin = Math.max(0, Math.floor((time - first) / step));
      if (begin >= length) break;
      const end = Math.min(
        length,
        Math.ceil((endOf(times, own, i) - first) / step),
      );
      const value = Number(values[i]);
      for (let k = begin; k < end; k++) {
        const before = Number(this.#values[k]);
        const known = Number(this.#counts[k]);
        this.#values[k] = how === "max" && known > 0
          ? Math.max(before, value)
          : before + value;
        this.#counts[k] = known + 1;
      }
    }
  }

  /**
   * @param {How} how
   * @returns {Line}
   */
  line(how) {
    const known = this.#counts.reduce(
      (sum, count) => sum + Number(count > 0),
      0,
    );
    const times = new Float64Array(known);
    const values = new Float64Array(known);
    let i = 0;
    for (let k = 0; k < this.#counts.length; k++) {
      const count = Number(this.#counts[k]);
      if (count === 0) continue;
      times[i] = this.#first + k * this.#step;
      const value = Number(this.#values[k]);
      values[i++] = how === "mean" ? value / count : value;
    }
    return { times, values, step: this.#step };
  }
}
