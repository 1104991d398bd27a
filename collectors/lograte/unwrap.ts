/**
 * Takes off what containers wrap around a line: Docker's json-file log and the
 * CRI log of Kubernetes.
 *
 * ```txt
 * {"log":"GET / 200\n","stream":"stdout","time":"2026-06-14T13:16:01.5Z"}
 * 2026-06-14T13:16:01.5Z stdout F GET / 200
 * ```
 *
 * @module
 */

/** A line in a wrapping. */
interface Wrapped {
  /** The line, or a piece of it. */
  text: string;
  /** Whether more of the line follows. */
  more: boolean;
  /** Which of the program's streams it came from. */
  stream: string;
  /** When it was written. */
  time: string;
}

const CRI = /^(\S+Z|\S+[-+]\d\d:\d\d) (stdout|stderr) ([FP])\S* /;
const DOCKER_TIME = '"time":"'; // its last field; quotes in others are escaped
const DOCKER_PIECE = 4096; // characters: the fewest in a piece of 16 KiB
const MAX_LINE = 1024 * 1024; // characters of a joined line

/** Takes the wrapping off a line; undefined if it has none. */
function unwrap(line: string): Wrapped | undefined {
  if (line.startsWith("{")) return fromDocker(line);
  const found = CRI.exec(line);
  if (found === null) return undefined;
  const [head, time, stream, tag] = found as unknown as string[];
  const text = line.slice(head!.length);
  return { text, more: tag === "P", stream: stream!, time: time! };
}

function fromDocker(line: string): Wrapped | undefined {
  try {
    const { log, stream = "", time = "" } = JSON.parse(line);
    if (typeof log !== "string") return undefined;
    if (log.endsWith("\n")) {
      return { text: log.slice(0, -1), more: false, stream, time };
    }
    return { text: log, more: log.length >= DOCKER_PIECE, stream, time };
  } catch {
    return undefined;
  }
}

/**
 * The text of a line without its wrapping, which may be a piece of a line.
 *
 * @param line The line, wrapped or not.
 */
export function unwrapped(line: string): string {
  return unwrap(line)?.text ?? line;
}

/**
 * When a wrapped line was written.
 *
 * @param line The line, wrapped.
 * @returns The time as it is written there, with the character after it; the
 * whole line if it is not wrapped.
 */
export function wrappedTime(line: string): string {
  if (!line.startsWith("{")) {
    const time = CRI.exec(line)?.[1];
    return time === undefined ? line : `${time} `;
  }
  const start = line.lastIndexOf(DOCKER_TIME) + DOCKER_TIME.length;
  if (start < DOCKER_TIME.length) return line;
  return line.slice(start, line.indexOf('"', start) + 1);
}

/** Takes the wrapping off the lines of one log, and joins those that were cut. */
export class Unwrapper {
  /** The line of each stream whose end is still to come. */
  readonly #begun = new Map<string, string>();

  /** Whether a line has begun whose end is still to come. */
  get isWithin(): boolean {
    return this.#begun.size > 0;
  }

  /**
   * Takes the next line.
   *
   * @param line The line, wrapped or not.
   * @returns The program's line; undefined if more of it follows.
   */
  next(line: string): string | undefined {
    const wrapped = unwrap(line);
    if (wrapped === undefined) return line;
    const { text, more, stream } = wrapped;
    const whole = (this.#begun.get(stream) ?? "") + text;
    if (more) {
      this.#begun.set(stream, whole.slice(0, MAX_LINE));
      return undefined;
    }
    if (whole !== text) this.#begun.delete(stream);
    return whole.endsWith("\r") ? whole.slice(0, -1) : whole;
  }
}
