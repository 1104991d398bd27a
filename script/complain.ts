/**
 * Writes messages on stderr: one line at a time, with the name of the script.
 *
 * @module
 */

/**
 * The message of something that was thrown.
 *
 * @param error Anything.
 * @returns The message of an error; anything else as text.
 */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Takes the number and the call of the system off a message.
 *
 * @param message Such as `Connection refused (os error 111)`.
 * @returns Such as `Connection refused`.
 */
export function withoutCode(message: string): string {
  return message.replace(/ \(os error .*/s, "");
}

/**
 * Why a system call failed, for a message that has the path already.
 *
 * @param error What it threw.
 * @returns Such as `no such file or directory`.
 */
export function systemReason(error: unknown): string {
  return withoutCode(messageOf(error)).toLowerCase();
}

/**
 * A number of things, in words.
 *
 * @param number How many there are.
 * @param thing What one of them is called.
 * @returns Such as `1 line` or `2 lines`.
 */
export function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** The name of the script that was started. */
export function programName(): string {
  return Deno.mainModule.split("/").at(-1)!;
}

function line(message: string): Uint8Array {
  return new TextEncoder().encode(`${programName()}: ${message}\n`);
}

/** Resolves when the last message is written, and so all before it. */
let saying: Promise<void> = Promise.resolve();

async function say(message: string): Promise<void> {
  try {
    await Deno.stderr.write(line(message));
  } catch {
    // There is no place for the message.
  }
}

/**
 * Says something on stderr while the work goes on, also when stderr is a pipe
 * that nobody reads. If stderr takes nothing, the program goes on without.
 *
 * @param message What there is to say.
 * @returns Resolves when it was said; never rejects.
 */
export function complain(message: string): Promise<void> {
  return saying = say(message);
}

/**
 * Waits for what {@linkcode complain} is still saying: an exit would cut it off.
 *
 * @returns Resolves when all is said; never rejects.
 */
export function allSaid(): Promise<void> {
  return saying;
}

/**
 * Says something on stderr before the program does anything else. For what is
 * said just before the end. (`console.error` would not do: measured, it ends
 * the program when the disk that stderr leads to is full.)
 *
 * @param message What there is to say.
 */
export function complainSync(message: string): void {
  try {
    Deno.stderr.writeSync(line(message));
  } catch {
    // There is no place for the message.
  }
}

/**
 * Ends the program with one line on stderr. Under tcollector, status 13 says
 * "do not run me on this host".
 *
 * @param message What is wrong.
 * @param status The exit status.
 */
export function fail(message: string, status: number): never {
  complainSync(message);
  Deno.exit(status);
}
