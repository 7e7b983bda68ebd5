import { encodedIn } from "./decode/encoded-in.ts";
import type { KnownIndex } from "./known/known-index.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";
import { KeywordHits } from "./patterns/keyword-search.ts";
import { machine } from "./simd/machine.ts";

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

/**
 * The same of many texts at once, `texts` with a byte between them that is part of nothing. What one text says may make
 * another's no find of a pattern: here every keyword is one.
 */
export function holdNothing(index: KnownIndex, keywords: KeywordIndex | undefined, texts: Buffer): boolean {
  found = false;
  new KnownMatcher(index, onFound).write(texts, true);
  if (found) return false;
  if (keywords?.search) {
    machine().window.set(texts);
    HITS.count = 0;
    keywords.search.search(0, texts.length, HITS);
    if (HITS.count > 0) return false;
  }
  return encodedIn(texts) === undefined;
}

const HITS = new KeywordHits();
