import { isAscii } from "node:buffer";
import { EncodedRuns } from "./encoded-runs.ts";
import type { Channel } from "./extract/extractor.ts";
import { type LetterWords, runLetters } from "./letter-automaton.ts";
import { SLICE_BYTES } from "./limits.ts";
import { extractorFor, type TextKind } from "./text-kind.ts";
import { latinWords } from "./watch.ts";

let quiet = true;
const onFound = (): void => {
  quiet = false;
};
/** For one text after the other: the end of a text leaves nothing behind. */
const runs = new EncodedRuns(onFound);

/**
 * True: an `InjectionScanner` would find nothing in this whole answer, so that none has to be made: it is short, in ASCII,
 * and has none of the words that are watched for, encoded or not. Most short answers are so.
 */
export function saysNothing(kind: TextKind, answer: Buffer): boolean {
  if (answer.length > SLICE_BYTES) return false;
  const words = latinWords();
  if (kind === "text") return isQuiet(words, answer);
  const seen = new Set<Channel>();
  let says = false;
  const outlet = (channel: Channel, text: Buffer): void => {
    // What is said in two pieces may be one word.
    says ||= seen.has(channel) || !isQuiet(words, text);
    seen.add(channel);
  };
  const extractor = extractorFor(kind);
  extractor.write(answer, outlet);
  extractor.end(outlet);
  return !says;
}

function isQuiet({ automaton }: LetterWords, text: Buffer): boolean {
  if (!isAscii(text)) return false;
  quiet = true;
  runLetters(automaton, text, 0, onFound);
  if (!quiet) return false;
  runs.write(text);
  runs.end();
  return quiet;
}
