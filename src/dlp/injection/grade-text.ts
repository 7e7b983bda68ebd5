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
/** What only a program reads was meant for one. */
const UNSEEN_FACTOR = 1.35;

const STRONG_MENTION = new Set(
  "attack attacks attacker attackers injection injections jailbreak jailbreaks jailbreaking adversarial owasp malicious detector classifier phishing hijack hijacked hijacking vulnerability vulnerabilities researchers guardrails guardrail mitigation mitigations untrusted llm01 атака атаки злоумышленник инъекция angriff attaque ataque attacco 攻击 攻撃 注入 공격".split(
    " ",
  ),
);
const NOT_VOCATIVE = new Set("the an a our your as of with by is this that and in my his her their or any".split(" "));
const GREETING = new Set("dear hey hi hello attention to for note".split(" "));
const NO_ADDRESSEE = new Set(["model", "models", "cursor", "ia", "ki", "ai", "bot"]);

/** Weighs the phrases of a folded text against how they stand in it. Linear in its length. */
export function gradeText(text: string, place: Place): Weight {
  const sentences = readSentences(text);
  const shares = new Map<PhraseClass, number>();
  const addressed = firstAddressed(sentences);
  const mentions = sentences.map(mentionWeight);
  for (const [index, sentence] of sentences.entries()) {
    // an order may stand a sentence before the words that say to whom it is
    const toModel = addressed >= 0 && index >= addressed - 1;
    for (const rule of RULES) {
      if (rule.addressed && !toModel) continue;
      const share = ruleShare(rule, sentence, contextOf(mentions, index), place);
      if (share >= LEAST_SHARE && share > (shares.get(rule.phrase) ?? 0)) shares.set(rule.phrase, share);
    }
  }
  const marks = markerWeight(text) * (place === "visible" ? plain(contextOf(mentions, 0), false) : 1);
  if (marks >= LEAST_SHARE) shares.set("role_impersonation", marks);
  return sum(shares, addressed >= 0, place);
}

function sum(shares: ReadonlyMap<PhraseClass, number>, addressed: boolean, place: Place): Weight {
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
  if (addressed && most >= 0.4) weight += ADDRESS_WEIGHT;
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
    for (let i = from; i <= to && !found; i++) found = i !== at && ((tokens[i]?.mask ?? 0) & (rule.near[n] ?? 0)) !== 0;
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
  return at(index) + at(index - 1) + (at(index - 2) + at(index - 3) + at(index + 1)) / 2;
}

/** The share of a phrase that is left when it is quoted or talked about. */
function plain(mention: number, quoted: boolean): number {
  if (mention >= 4) return quoted ? 0.12 : 0.35;
  if (mention >= 2) return quoted ? 0.25 : 0.6;
  if (mention >= 1) return quoted ? 0.4 : 0.85;
  return quoted ? 0.6 : 1;
}

/** The first sentence that turns to a model; -1: none does. */
function firstAddressed(sentences: readonly Sentence[]): number {
  return sentences.findIndex(({ mask, tokens }) => {
    if ((mask & WORD.ADDRESS) !== 0) return true;
    return (mask & WORD.MODEL) !== 0 && tokens.some((_token, at) => isVocative(tokens, at));
  });
}

function isVocative(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined || (token.mask & WORD.MODEL) === 0 || token.quoted || token.code) return false;
  const before = tokens[at - 1]?.word ?? "";
  const next = tokens[at + 1]?.word ?? "";
  if (GREETING.has(before) && before !== "to" && before !== "for") return true;
  if (NO_ADDRESSEE.has(token.word) && token.after !== ":") return false;
  if (next === "must" || next === "should" || next === "shall") return true;
  return token.before !== 0 && !NOT_VOCATIVE.has(before) && /[,:!—]/.test(token.after || " ");
}
