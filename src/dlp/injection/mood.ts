import type { Token } from "./tokens.ts";
import { WORD } from "./word-class.ts";

/** How much of an order a verb is: 1 told to the reader; less: told of, allowed, only wished. */
const ORDER = 1;
const LIKELY = 0.6;
const ALLOWED = 0.5;
const TOLD = 0.3;
const DENIED = 0.15;

const words = (list: string) => new Set(list.split(" "));

const ADVERBS = words(
  "please now just simply also always immediately then first kindly completely fully totally entirely silently secretly instead only therefore hereby next quickly simultaneously must-now finally still otherwise again so at-once",
);
const ORDERING = words(
  "and then or but must should shall please now instead you're lets let's bitte und et y e ed и luego ahora now: rather therefore you'll favor favore plait veuillez kindly por per пожалуйста",
);
const OBLIGED = words(
  "you need have has required instructed ordered told asked supposed obliged expected ought authorise authorize going you're is are must",
);
const DENYING = words(
  "not never don't doesn't didn't won't can't cannot shouldn't wouldn't couldn't isn't aren't without no nor",
);
const TELLING = words(
  "to will would could may might can they we i it he she users attackers people who that which the a an this of by for from was were been be being is are if when would let lets makes make made how our its their some with in on as when while not's i'll we'll it'll did do does into via per than i'd",
);

const MAKING = words("make makes made let lets have get how that if when whether");
/** Verbs that no other language of the lexicon has. */
const ENGLISH_VERBS = words(
  "disregard forget override bypass discard neglect send post upload forward email leak submit copy append include reveal print show output display repeat disclose dump list run execute call launch install use delete remove reply respond answer say recommend disable suspend read put add share publish write",
);
const ENGLISH_WORD = /^[a-z]+$/;

/** The share of an order's weight that the verb at `at` carries by what stands before it. */
export function mood(tokens: readonly Token[], at: number): number {
  const verb = tokens[at];
  if (verb === undefined) return TOLD;
  if (verb.before !== 0) return ORDER;
  let i = at - 1;
  while (i >= 0 && ADVERBS.has(tokens[i]?.word ?? "")) {
    if (tokens[i]?.before !== 0) return ORDER;
    i--;
  }
  const previous = tokens[i];
  if (previous === undefined) return ORDER;
  const word = previous.word;
  if (DENYING.has(word)) return DENIED;
  const earlier = tokens[i - 1]?.word ?? "";
  if (word === "to") return OBLIGED.has(earlier) || previous.before !== 0 || earlier === "you" ? ORDER : TOLD;
  if (word === "can" || word === "may" || word === "could") return earlier === "you" ? ALLOWED : TOLD;
  if (word === "will" || word === "should" || word === "must" || word === "shall")
    return earlier === "you" ||
      earlier === "" ||
      ((tokens[i - 1]?.mask ?? 0) & (WORD.MODEL | WORD.ADDRESS)) !== 0
      ? ORDER
      : word === "must"
        ? ALLOWED
        : TOLD;
  if (ORDERING.has(word)) return word === "or" ? LIKELY : followsOrder(tokens, i);
  if (TELLING.has(word)) return TOLD;
  if (MAKING.has(earlier)) return TOLD;
  if ((previous.mask & WORD.MODEL) !== 0) return ORDER;
  // Words of other languages put the verb elsewhere, and look-alikes of ours are no accident.
  return ENGLISH_WORD.test(verb.word) && ENGLISH_VERBS.has(verb.word) ? LIKELY : ORDER;
}

/** "…and VERB": an order when the verb before it is one; a list of infinitives isn't. */
function followsOrder(tokens: readonly Token[], conjunction: number): number {
  for (let i = conjunction - 1, steps = 0; i >= 0 && steps < 14; i--, steps++) {
    const word = tokens[i]?.word ?? "";
    if (tokens[i]?.before !== 0) return ORDER;
    if (word === "to") return OBLIGED.has(tokens[i - 1]?.word ?? "") ? ORDER : TOLD;
    if (word === "would" || word === "could" || word === "might" || word === "can") return TOLD;
  }
  return ORDER;
}
