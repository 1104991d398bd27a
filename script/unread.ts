/**
 * The logs that are waited for, which autodump has to know about.
 *
 * @module
 */

/**
 * One entry for each log that is followed and was never read yet. While there
 * is one, a flow that has counted nothing is not reported: its 0 would be about
 * a log that nobody reads.
 */
export const unread: Set<unknown> = new Set();
