import { addressedFrom, contextOf, mentionWeight, plain } from "./context.ts";
import type { PhraseClass, Place } from "./finding.ts";
import { markerWeight } from "./markers.ts";
import { LEAST_SHARE, PHRASES, possibleRules, type Shares, sentenceShares } from "./shares.ts";
import { readSentences, type Sentence } from "./tokens.ts";

/** `WARN_WEIGHT` and more is worth a warning, `BLOCK_WEIGHT` and more a block. */
export interface Weight {
  readonly weight: number;
  /** the class that weighed most */
  readonly phrase: PhraseClass;
}

export const WARN_WEIGHT = 1;
export const BLOCK_WEIGHT = 2;

export const NO_WEIGHT: Weight = { weight: 0, phrase: "instruction_override" };

const MARKS = PHRASES.indexOf("role_impersonation");

/** What an order that turns to a model weighs more. */
const ADDRESS_WEIGHT = 0.6;
/** The least that has to be there for that. */
const ADDRESSED_SHARE = 0.5;
/** Sentences whose phrases add up. */
const TOGETHER = 4;
/** What only a program reads was meant for one. */
const UNSEEN_FACTOR = 1.35;
/** Regular expressions of a detector are no orders. */
const PATTERN_MARK = /\/[gimsuy]{1,3}\b|\.\*|\)\?|\(\?:|\\s|\]\+/g;

/** Weighs the phrases of a folded text against how they stand in it. Linear in its length. */
export function gradeText(text: string, place: Place): Weight {
  const sentences = readSentences(text);
  const pattern = place === "visible" && (text.match(PATTERN_MARK)?.length ?? 0) >= 2;
  if (pattern) quoteAll(sentences);
  const mentions = sentences.map((sentence) => mentionWeight(sentence) + (pattern ? 1 : 0));
  const addressed = addressedFrom(sentences);
  const marks = markerWeight(text) * (place === "visible" ? plain(contextOf(mentions, 0), false) : 1);
  const rules = possibleRules(sentences);
  if (rules.length === 0 && marks < LEAST_SHARE) return NO_WEIGHT;
  const shares = sentences.map((sentence, index) =>
    sentenceShares(rules, sentence, contextOf(mentions, index), addressed[index] === true, place),
  );
  let best =
    marks >= LEAST_SHARE ? sum(shares, shares.length, marks, addressed.includes(true), place) : NO_WEIGHT;
  for (let at = 0; at < shares.length; at++) {
    if (shares[at] === undefined) continue;
    const toModel = addressed[at] === true || addressed[at + 1] === true;
    const weight = sum(shares, at, marks, toModel, place);
    if (weight.weight > best.weight) best = weight;
  }
  return best;
}

function quoteAll(sentences: readonly Sentence[]): void {
  for (const { tokens } of sentences) for (const token of tokens) token.quoted = true;
}

/** Adds up the phrase classes of `TOGETHER` sentences from `from` on. */
function sum(
  sentences: readonly (Shares | undefined)[],
  from: number,
  marks: number,
  addressed: boolean,
  place: Place,
): Weight {
  let weight = 0;
  let most = 0;
  let ordered = false;
  let phrase = NO_WEIGHT.phrase;
  const to = Math.min(sentences.length, from + TOGETHER);
  for (let index = 0; index < PHRASES.length; index++) {
    let share = index === MARKS && marks >= LEAST_SHARE ? marks : 0;
    for (let i = from; i < to; i++) {
      const own = sentences[i]?.[index] ?? 0;
      if (own > share) share = own;
    }
    weight += share;
    if (share > most) {
      most = share;
      phrase = PHRASES[index] ?? phrase;
    }
    if (index !== MARKS && share >= ADDRESSED_SHARE) ordered = true;
  }
  if (addressed && ordered) weight += ADDRESS_WEIGHT;
  if (place !== "visible") weight *= UNSEEN_FACTOR;
  return { weight, phrase };
}
