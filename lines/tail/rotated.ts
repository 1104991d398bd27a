/**
 * The names that rotation gives to a log.
 *
 * @module
 */

const DATE = String.raw`\d{4}-?\d\d-?\d\d(?:[-._T:]?\d+)*`;
const AFTER = new RegExp(
  String.raw`^(?:\.\d{1,4}|[-._]${DATE}|[-.]\d{10}|\.old)$`,
);
const BETWEEN = new RegExp(`^[-._]${DATE}$`);

/**
 * Whether a file has a name that rotation gives to a log: `log.1`, `log.old`,
 * `log-20261122`, or `app-20261122.log` for `app.log`. Only that: `worker-2.log`
 * is another log than `worker.log`.
 *
 * @param name The name of a file in the folder of the log.
 * @param log The name of the log.
 */
export function isRotated(name: string, log: string): boolean {
  if (name.startsWith(log)) return AFTER.test(name.slice(log.length));
  const dot = log.lastIndexOf(".");
  if (dot <= 0) return false;
  const [stem, ending] = [log.slice(0, dot), log.slice(dot)];
  return name.startsWith(stem) && name.endsWith(ending) &&
    BETWEEN.test(name.slice(stem.length, -ending.length));
}
