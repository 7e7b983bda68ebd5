import { EncodedTexts } from "./decode/encoded-texts.ts";
import { DEPTH } from "./decode/limits.ts";
import type { KnownIndex } from "./known/known-index.ts";
import { SLICE_BYTES } from "./known/limits.ts";
import { KnownMatcher } from "./known/matcher.ts";
import { mayHoldKnown } from "./known/may-hold.ts";
import { type KeywordIndex, PatternMatcher } from "./pattern-matcher.ts";
import { KeywordHits, type KeywordSearch } from "./patterns/keyword-search.ts";
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
  if (mayHoldKnown(index, text)) new KnownMatcher(index, onFound).write(text, true);
  if (!found && keywords?.search && mayHoldKeyword(keywords.search, text))
    new PatternMatcher(keywords, onFound).write(text, true);
  return !found && saysNothing(index, keywords, text, 0);
}

/**
 * The same of many texts at once, `texts` with a byte between them that is part of nothing. What one text says may make
 * another's no find of a pattern: here every keyword is one.
 */
export function holdNothing(index: KnownIndex, keywords: KeywordIndex | undefined, texts: Buffer): boolean {
  return !mayHold(index, keywords, texts) && saysNothing(index, keywords, texts, 0);
}

function mayHold(index: KnownIndex, keywords: KeywordIndex | undefined, texts: Buffer): boolean {
  found = false;
  new KnownMatcher(index, onFound).write(texts, true);
  if (found) return true;
  return keywords?.search !== undefined && mayHoldKeyword(keywords.search, texts);
}

/** Most texts have no keyword, and no matcher has to be made for them. */
function mayHoldKeyword(search: KeywordSearch, text: Buffer): boolean {
  if (text.length > SLICE_BYTES) return true;
  machine().window.set(text);
  HITS.count = 0;
  search.search(0, text.length, HITS);
  return HITS.count > 0;
}

/** Whether what is encoded in a text, `depth` encodings deep, says nothing. */
function saysNothing(
  index: KnownIndex,
  keywords: KeywordIndex | undefined,
  text: Buffer,
  depth: number,
): boolean {
  ENCODED[depth] ??= new EncodedTexts();
  const inside = ENCODED[depth].in(text);
  if (inside === undefined) return false;
  if (inside.length === 0) return true;
  if (mayHold(index, keywords, inside)) return false;
  return depth + 1 === DEPTH || saysNothing(index, keywords, inside, depth + 1);
}

/** One for each depth: what one says is read by the next. */
const ENCODED: EncodedTexts[] = [];
const HITS = new KeywordHits();
