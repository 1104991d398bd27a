/**
 * What the scripts of this repository share: their command line, what they say
 * on stderr, their stdout, their child processes. It is documented for those
 * who read the scripts, and may change with any version: a collector of your
 * own needs `mod.ts` alone.
 *
 * @module
 */

export { lastPutsWritten, putsWritten, writePuts } from "./autodump.ts";
export { Backoff } from "./backoff.ts";
export { bounded, foresee, givenUp, takeAll } from "./bounded.ts";
export { builtin, type Builtins } from "./builtin.ts";
export { outputOf } from "./child.ts";
export { copied, type Texts, TextTree } from "../counter/text_tree.ts";
export { UNDER_TCOLLECTOR } from "../counter/options.ts";
export type { LineFormat, PutFormat } from "../counter/put.ts";
export {
  type Collector,
  type CollectorOptions,
  FORMAT,
  FORMAT_USAGE,
  runCollector,
  Unsupported,
} from "./collector.ts";
export {
  accepted,
  choice,
  commandLine,
  duration,
  flag,
  list,
  type Option,
  type Options,
  pairs,
  refuse,
  regularExpression,
  size,
  text,
  textOrNothing,
  wholeNumber,
} from "./command_line.ts";
export {
  allSaid,
  complain,
  complainSync,
  counted,
  fail,
  messageOf,
  programName,
  systemReason,
  withoutCode,
} from "./complain.ts";
export { fromJsr } from "./from_jsr.ts";
export { type LastWords, lastWords } from "./last_words.ts";
export { LineWriter, type Output, writeAll } from "./output.ts";
export { type PassedOn, passOn } from "./pass_on.ts";
export { progressBar } from "./progress_bar.ts";
export { countSelf, type Self, type SelfCounters } from "./self.ts";
export { Screen, type Size, terminalOutput } from "./screen.ts";
export { sleep, turn, within } from "./wait.ts";
