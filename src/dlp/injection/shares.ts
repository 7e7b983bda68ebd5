import { plain } from "./context.ts";
import type { PhraseClass, Place } from "./finding.ts";
import { mood } from "./mood.ts";
import { RULES, type Rule, SPAN } from "./rules.ts";
import type { Sentence, Token } from "./tokens.ts";

/** The phrase classes that rules have, in the order of their shares. */
export const PHRASES: readonly PhraseClass[] = [
  ...new Set(RULES.map(({ phrase }) => phrase)),
  "role_impersonation",
];

/** What each of `PHRASES` gives. */
export type Shares = Float64Array;

const PLACED = RULES.map((rule) => ({
  rule,
  phrase: PHRASES.indexOf(rule.phrase),
  first: rule.verb || (rule.near[0] ?? 0),
}));

/** Smaller shares are chance. */
export const LEAST_SHARE = 0.25;

export type PlacedRule = (typeof PLACED)[number];

/** The rules whose words are all somewhere in a text. */
export function possibleRules(sentences: readonly Sentence[]): readonly PlacedRule[] {
  let mask = 0;
  for (const sentence of sentences) mask |= sentence.mask;
  return PLACED.filter(({ rule, first }) => (mask & first) !== 0 && hasAll(rule, mask));
}

/** What each phrase class gives in a sentence; undefined: none does. */
export function sentenceShares(
  rules: readonly PlacedRule[],
  sentence: Sentence,
  mention: number,
  addressed: boolean,
  place: Place,
): Shares | undefined {
  let found: Shares | undefined;
  for (let i = 0; i < rules.length; i++) {
    const { rule, phrase, first } = rules[i] as PlacedRule;
    if ((sentence.mask & first) === 0 || (rule.addressed && !addressed) || !hasAll(rule, sentence.mask))
      continue;
    const share = ruleShare(rule, first, sentence.tokens, mention, place);
    if (share < LEAST_SHARE) continue;
    found ??= new Float64Array(PHRASES.length);
    if (share > (found[phrase] as number)) found[phrase] = share;
  }
  return found;
}

function hasAll({ near }: Rule, mask: number): boolean {
  for (let i = 0; i < near.length; i++) if ((mask & (near[i] as number)) === 0) return false;
  return true;
}

/** What a rule gives for a sentence: its best place in it. */
function ruleShare(
  rule: Rule,
  first: number,
  tokens: readonly Token[],
  mention: number,
  place: Place,
): number {
  let best = 0;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as Token;
    if ((token.mask & first) === 0 || !allNear(rule, tokens, at)) continue;
    const context = place === "visible" ? plain(mention, token.quoted || token.code) : 1;
    if (rule.weight * context <= best) continue;
    const order = rule.verb !== 0 ? mood(tokens, at) : 1;
    best = Math.max(best, rule.weight * order * context);
  }
  return best;
}

function allNear({ near, verb }: Rule, tokens: readonly Token[], at: number): boolean {
  const from = Math.max(0, at - SPAN / 2);
  const to = Math.min(tokens.length - 1, at + SPAN);
  for (let n = verb !== 0 ? 0 : 1; n < near.length; n++) {
    const classes = near[n] as number;
    let found = false;
    for (let i = from; i <= to && !found; i++)
      found = i !== at && ((tokens[i] as Token).mask & classes) !== 0;
    if (!found) return false;
  }
  return true;
}
