/** A stand-in for @std/cli, where JSR does not answer: just what is used. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const NONE = /\p{Mn}|\p{Me}|\p{Cf}|\p{Cc}/u;

/** How many columns of a terminal a text takes. */
export function unicodeWidth(str: string): number {
  let width = 0;
  for (const letter of str) {
    width += NONE.test(letter) ? 0 : WIDE.test(letter) ? 2 : 1;
  }
  return width;
}
