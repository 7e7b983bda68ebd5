import type { PhraseClass, Place } from "./finding.ts";
import { markerWeight } from "./markers.ts";
import { mood } from "./mood.ts";
import { RULES, type Rule, SPAN } from "./rules.ts";
import { readSentences, type Sentence, type Token } from "./tokens.ts";
import { WORD } from "./word-class.ts";

/** 1 and more is worth a warning, `BLOCK_WEIGHT` and more a block. */
export interface Weight {
  readonly weight: number;
  /** the class that weighed most */
  readonly phrase: PhraseClass;
}

export const WARN_WEIGHT = 1;
export const BLOCK_WEIGHT = 2;

export const NO_WEIGHT: Weight = { weight: 0, phrase: "instruction_override" };

/** Smaller shares are chance. */
const LEAST_SHARE = 0.25;
/** What an order that turns to a model weighs more. */
const ADDRESS_WEIGHT = 0.6;
/** Sentences whose phrases add up. */
const TOGETHER = 4;
/** What only a program reads was meant for one. */
const UNSEEN_FACTOR = 1.35;

const STRONG_MENTION = new Set(
  "attack attacks attacker attackers injection injections jailbreak jailbreaks jailbreaking adversarial owasp malicious detector classifier phishing hijack hijacked hijacking vulnerability vulnerabilities researchers guardrails guardrail mitigation mitigations untrusted llm01 атака атаки злоумышленник инъекция angriff attaque ataque attacco 攻击 攻撃 注入 공격".split(
    " ",
  ),
);
const LEADING_UP = new Set(
  "to for any all the dear hey hi hello attention note ai coding automated virtual you and other".split(" "),
);
const MUST = new Set(["must", "should", "shall"]);
const PLURAL_OR_ANY = new Set(["model", "models", "cursor"]);
const NO_ADDRESSEE = new Set(["model", "models", "cursor", "ia", "ki", "ai", "bot"]);

/** Weighs the phrases of a folded text against how they stand in it. Linear in its length. */
export function gradeText(text: string, place: Place): Weight {
  const sentences = readSentences(text);
  if (place === "visible" && (text.match(PATTERN_MARK)?.length ?? 0) >= 2) quoteAll(sentences);
  const mentions = sentences.map(mentionWeight);
  const addressed = addressedFrom(sentences);
  const marks = markerWeight(text) * (place === "visible" ? plain(contextOf(mentions, 0), false) : 1);
  const shares = sentences.map((sentence, index) =>
    sentenceShares(sentence, contextOf(mentions, index), addressed[index] === true, place),
  );
  let best = marks >= LEAST_SHARE ? sum([], marks, addressed.includes(true), place) : NO_WEIGHT;
  for (let at = 0; at < shares.length; at++) {
    if (shares[at] === undefined) continue;
    const weight = sum(
      shares.slice(at, at + TOGETHER),
      marks,
      addressed.slice(at, at + TOGETHER).includes(true),
      place,
    );
    if (weight.weight > best.weight) best = weight;
  }
  return best;
}

/** What each phrase class gives in a sentence; undefined: none does. */
function sentenceShares(
  sentence: Sentence,
  mention: number,
  addressed: boolean,
  place: Place,
): ReadonlyMap<PhraseClass, number> | undefined {
  let found: Map<PhraseClass, number> | undefined;
  for (const rule of RULES) {
    if (rule.addressed && !addressed) continue;
    const share = ruleShare(rule, sentence, mention, place);
    if (share < LEAST_SHARE || share <= (found?.get(rule.phrase) ?? 0)) continue;
    found ??= new Map();
    found.set(rule.phrase, share);
  }
  return found;
}

/** Regular expressions of a detector are no orders. */
const PATTERN_MARK = /\/[gimsuy]{1,3}\b|\.\*|\)\?|\(\?:|\\s|\]\+/g;

function quoteAll(sentences: readonly Sentence[]): void {
  for (const { tokens } of sentences) for (const token of tokens) token.quoted = true;
}

/** Adds up the phrase classes of neighbouring sentences. */
function sum(
  sentences: readonly (ReadonlyMap<PhraseClass, number> | undefined)[],
  marks: number,
  addressed: boolean,
  place: Place,
): Weight {
  const shares = new Map<PhraseClass, number>();
  if (marks >= LEAST_SHARE) shares.set("role_impersonation", marks);
  for (const sentence of sentences)
    for (const [phrase, share] of sentence ?? [])
      if (share > (shares.get(phrase) ?? 0)) shares.set(phrase, share);
  let weight = 0;
  let most = 0;
  let phrase = NO_WEIGHT.phrase;
  for (const [name, share] of shares) {
    weight += share;
    if (share > most) {
      most = share;
      phrase = name;
    }
  }
  if (addressed && most >= 0.5) weight += ADDRESS_WEIGHT;
  if (place !== "visible") weight *= UNSEEN_FACTOR;
  return { weight, phrase };
}

/** What a rule gives for a sentence: its best place in it. */
function ruleShare(rule: Rule, sentence: Sentence, mention: number, place: Place): number {
  if (rule.verb !== 0 && (sentence.mask & rule.verb) === 0) return 0;
  for (const near of rule.near) if ((sentence.mask & near) === 0) return 0;
  const first = rule.verb !== 0 ? rule.verb : (rule.near[0] ?? 0);
  let best = 0;
  for (const [at, token] of sentence.tokens.entries()) {
    if ((token.mask & first) === 0 || !allNear(rule, sentence.tokens, at)) continue;
    const order = rule.verb !== 0 ? mood(sentence.tokens, at) : 1;
    const context = place === "visible" ? plain(mention, token.quoted || token.code) : 1;
    best = Math.max(best, rule.weight * order * context);
  }
  return best;
}

function allNear(rule: Rule, tokens: readonly Token[], at: number): boolean {
  const from = Math.max(0, at - SPAN / 2);
  const to = Math.min(tokens.length - 1, at + SPAN);
  for (let n = rule.verb !== 0 ? 0 : 1; n < rule.near.length; n++) {
    let found = false;
    for (let i = from; i <= to && !found; i++)
      found = i !== at && ((tokens[i]?.mask ?? 0) & (rule.near[n] ?? 0)) !== 0;
    if (!found) return false;
  }
  return true;
}

/** Words of a text about injections in a sentence: `prompt injection` counts more than `for example`. */
function mentionWeight(sentence: Sentence): number {
  if ((sentence.mask & WORD.MENTION) === 0) return 0;
  let weight = 0;
  for (const { mask, word } of sentence.tokens)
    if ((mask & WORD.MENTION) !== 0) weight += STRONG_MENTION.has(word) ? 2 : 1;
  return weight;
}

function contextOf(mentions: readonly number[], index: number): number {
  const at = (i: number) => mentions[i] ?? 0;
  let far = 0;
  for (let i = index - 3; i > index - 8; i--) far += at(i);
  return at(index) + at(index - 1) + at(index - 2) + at(index + 1) + Math.min(2, far / 2);
}

/** The share of a phrase that is left when it is quoted or talked about. */
function plain(mention: number, quoted: boolean): number {
  if (mention >= 4) return quoted ? 0.12 : 0.35;
  if (mention >= 2) return quoted ? 0.25 : 0.6;
  if (mention >= 1) return quoted ? 0.4 : 0.85;
  return quoted ? 0.6 : 1;
}

/** By sentence: does it, one of the five before it or the next turn to a model? */
function addressedFrom(sentences: readonly Sentence[]): boolean[] {
  const turns = sentences.map(({ mask, tokens }) =>
    (mask & WORD.ADDRESS) !== 0
      ? tokens.some((token) => (token.mask & WORD.ADDRESS) !== 0 && !token.quoted && !token.code)
      : (mask & WORD.MODEL) !== 0 && tokens.some((_token, at) => isVocative(tokens, at)),
  );
  return turns.map((_, index) => turns.slice(Math.max(0, index - 5), index + 2).includes(true));
}

/** `Assistant,`, `To any AI agent:`, `the agent must`. */
function isVocative(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || (token.mask & WORD.MODEL) === 0 || token.quoted || token.code) return false;
  const next = tokens[at + 1];
  if (next !== undefined && MUST.has(next.word) && !PLURAL_OR_ANY.has(token.word)) return true;
  if (!/[,:!—\]]/.test(token.after || " ")) return false;
  if (token.word === "agent" || (NO_ADDRESSEE.has(token.word) && token.after !== ":")) return false;
  let first = at;
  while (
    first > 0 &&
    at - first < 5 &&
    tokens[first]?.before === 0 &&
    LEADING_UP.has(tokens[first - 1]?.word ?? "")
  )
    first--;
  return tokens[first]?.before !== 0;
}
