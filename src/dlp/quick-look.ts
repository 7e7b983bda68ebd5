import { encodedIn } from "./decode/encoded-in.ts";
import type { KnownIndex } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";

let found = false;
const onFound = (): void => {
  found = true;
};

/**
 * True: a scanner would find nothing in this whole text, so that none has to be made: so are nearly all heads. False: it
 * may.
 */
export function holdsNothing(index: KnownIndex, keywords: KeywordIndex | undefined, text: Buffer): boolean {
  found = false;
  new KnownMatcher(index, onFound).write(text, true);
  if (keywords && !found) new PatternMatcher(keywords, onFound).write(text, true);
  return !found && encodedIn(text) === undefined;
}
