// @ts-check
/**
 * The points of one series, and how series are laid side by side for drawing.
 * The same file runs in the pipes and in the page of plot.ts.
 *
 * @module
 */

const RECENT = 64; // deltas of which the step is learned

/**
 * One series: its points, oldest first, of the last `keep` seconds before its
 * newest. All seconds are whole, so there are at most `keep` + 1 points.
 */
export class Series {
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #from = 0;
  #to = 0;
  #step = 0;

  /**
   * @param {number} id What the page calls it.
   * @param {string} name The metric.
   * @param {string} tags As `key=value`, by key, separated by spaces.
   * @param {number} keep Seconds before the newest point that are kept.
   */
  constructor(id, name, tags, keep) {
    this.id = id;
    this.name = name;
    this.tags = tags;
    this.keep = keep;
  }

  /** Seconds since the epoch, oldest first; a view that the next `add` ends. */
  get times() {
    return this.#times.subarray(this.#from, this.#to);
  }

  /** The values at {@linkcode times}. */
  get values() {
    return this.#values.subarray(this.#from, this.#to);
  }

  /** How many points there are. */
  get length() {
    return this.#to - this.#from;
  }

  /** The newest second; -Infinity without any point. */
  get newest() {
    return this.length > 0 ? Number(this.#times[this.#to - 1]) : -Infinity;
  }

  /** The oldest second; Infinity without any point. */
  get oldest() {
    return this.length > 0 ? Number(this.#times[this.#from]) : Infinity;
  }

  /**
   * The seconds between two points, learned from the newest ones: the lower
   * quartile, so that neither gaps nor a hasty point count.
   */
  get step() {
    if (this.#step === 0) {
      const times = this.times.subarray(-RECENT - 1);
      const deltas = times.slice(1).map((time, i) => time - Number(times[i]));
      this.#step = deltas.sort()[deltas.length >> 2] ?? 1;
    }
    return this.#step;
  }

  /**
   * Puts a point in its place. The later of two values of a second stays. A
   * point too old to be kept means that the clock, or a replay, went back: the
   * series starts afresh with it.
   *
   * @param {number} second
   * @param {number} value
   */
  add(second, value) {
    this.#step = 0;
    if (second < this.newest - this.keep) this.#from = this.#to;
    let i = second > this.newest ? this.#to : this.#from + this.indexOf(second);
    if (i < this.#to && this.#times[i] === second) {
      this.#values[i] = value;
      return;
    }
    if (this.#to === this.#times.length) i -= this.#makeRoom();
    this.#times.copyWithin(i + 1, i, this.#to);
    this.#values.copyWithin(i + 1, i, this.#to);
    this.#times[i] = second;
    this.#values[i] = value;
    this.#to++;
    this.#trim();
  }

  /** @param {number} keep Seconds before the newest point that are kept now. */
  shorten(keep) {
    this.keep = keep;
    this.#trim();
    this.#makeRoom();
  }

  #trim() {
    const oldest = this.newest - this.keep;
    while (Number(this.#times[this.#from]) < oldest) this.#from++;
  }

  /** Moves the points to the front, of a larger array if need be. */
  #makeRoom() {
    const moved = this.#from;
    const size = 16 + Math.ceil(1.5 * this.length);
    const [times, values] = [this.times, this.values];
    this.#times = new Float64Array(size);
    this.#values = new Float64Array(size);
    this.#times.set(times);
    this.#values.set(values);
    this.#to -= moved;
    this.#from = 0;
    return moved;
  }

  /**
   * The index of the first point at a second or after it.
   *
   * @param {number} second
   */
  indexOf(second) {
    let [low, high] = [this.#from, this.#to];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (Number(this.#times[middle]) < second) low = middle + 1;
      else high = middle;
    }
    return low - this.#from;
  }

  /**
   * What was reported for just this second, and the change per second since
   * the point before.
   *
   * @param {number} second
   * @returns {{ value: number | undefined, rate: number | undefined }}
   */
  at(second) {
    const i = this.#from + this.indexOf(second);
    if (i >= this.#to || this.#times[i] !== second) {
      return { value: undefined, rate: undefined };
    }
    const value = Number(this.#values[i]);
    if (i === this.#from) return { value, rate: undefined };
    const since = second - Number(this.#times[i - 1]);
    return { value, rate: (value - Number(this.#values[i - 1])) / since };
  }

  /**
   * The highest value from one second to another; undefined without a point.
   *
   * @param {number} from
   * @param {number} to
   * @returns {number | undefined}
   */
  peak(from, to) {
    const values = this.values.subarray(
      this.indexOf(from),
      this.indexOf(to + 1),
    );
    let peak = -Infinity;
    for (const value of values) if (value > peak) peak = value;
    return values.length > 0 ? peak : undefined;
  }
}

/**
 * Both lists in one, ascending, each second once; `a` itself if it has all.
 *
 * @param {Float64Array<ArrayBuffer>} a
 * @param {Float64Array<ArrayBuffer>} b
 */
function union(a, b) {
  let missing = 0;
  for (let i = 0, j = 0; j < b.length; j++) {
    while (Number(a[i]) < Number(b[j])) i++;
    if (a[i] !== b[j]) missing++;
  }
  if (missing === 0) return a;
  const all = new Float64Array(a.length + missing);
  for (let i = 0, j = 0, n = 0; n < all.length; n++) {
    const x = a[i] ?? Infinity;
    const y = b[j] ?? Infinity;
    if (x <= y) i++;
    if (y <= x) j++;
    all[n] = Math.min(x, y);
  }
  return all;
}

/**
 * Lays series side by side: one list of seconds, and for each series what it
 * has there. `null` breaks a line, where a series was silent for longer than
 * its step; `undefined` does not, as the second is another series' one.
 *
 * @param {Series[]} list
 * @param {number} from The first second wanted; the point before it comes, too.
 * @param {number} to The last second wanted; the point after it comes, too.
 * @returns {{
 *   data: [Float64Array, ...(number | null | undefined)[][]],
 *   lone: number[][],
 * }} What to draw, and for each series the indices of points without a line.
 */
export function align(list, from, to) {
  const parts = list.map((series) => {
    const begin = Math.max(0, series.indexOf(from) - 1);
    const end = series.indexOf(to + 1) + 1;
    const times = series.times.subarray(begin, end);
    const values = series.values.subarray(begin, end);
    const step = series.step * 1.5;
    const breaks = [];
    for (let i = 1; i < times.length; i++) {
      const before = Number(times[i - 1]);
      if (Number(times[i]) - before > step) breaks.push(before + 1);
    }
    return { times, values, breaks: Float64Array.from(breaks) };
  });
  let seconds = new Float64Array(0);
  for (const { times, breaks } of parts) {
    seconds = union(union(seconds, times), breaks);
  }
  /** @type {number[][]} */
  const lone = [];
  const columns = parts.map(({ times, values, breaks }) => {
    /** @type {(number | null | undefined)[]} */
    const column = new Array(seconds.length).fill(undefined);
    const alone = [];
    let [i, j] = [0, 0];
    let [run, latest] = [0, 0]; // points of the line so far, and its last one
    let broken = false;
    for (let k = 0; k < seconds.length; k++) {
      if (i < times.length && seconds[k] === times[i]) {
        column[k] = values[i++];
        latest = k;
        run++;
        broken = false;
      } else if (j < breaks.length && seconds[k] === breaks[j]) {
        if (run === 1) alone.push(latest);
        run = 0;
        j++;
        broken = true;
      }
      if (broken) column[k] = null;
    }
    if (run === 1) alone.push(latest);
    lone.push(alone);
    return column;
  });
  return { data: [seconds, ...columns], lone };
}
