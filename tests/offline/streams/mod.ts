/** A stand-in for @std/streams, where JSR does not answer: just what is used. */

/** Options of {@linkcode TextLineStream}. */
export interface TextLineStreamOptions {
  /** Whether a lone `\r` ends a line, too; not in this stand-in. */
  allowCR?: boolean;
}

/** Cuts text into lines, which end with `\n` or `\r\n`. */
export class TextLineStream extends TransformStream<string, string> {
  /** Makes the stream. */
  constructor(_options?: TextLineStreamOptions) {
    let started = "";
    super({
      transform(chunk, controller) {
        const lines = (started + chunk).split("\n");
        started = lines.pop()!;
        for (const line of lines) controller.enqueue(line.replace(/\r$/, ""));
      },
      flush(controller) {
        if (started !== "") controller.enqueue(started.replace(/\r$/, ""));
      },
    });
  }
}
