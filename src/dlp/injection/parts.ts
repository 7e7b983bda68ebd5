import { byFirstWord, withoutSpaces } from "./lexicon/lexicon.ts";
import { foreignWords, latinWords } from "./watch.ts";

/** What is made when the first text is read, one at a time, for whoever wants it made before. */
export const INJECTION_PARTS: readonly (() => void)[] = [
  latinWords,
  foreignWords,
  byFirstWord,
  withoutSpaces,
];
