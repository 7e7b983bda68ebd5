import type { Sentence, Token } from "./tokens.ts";
import { WORD } from "./word-class.ts";

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

/** Words of a text about injections in a sentence: `prompt injection` counts more than `for example`. */
export function mentionWeight(sentence: Sentence): number {
  if ((sentence.mask & WORD.MENTION) === 0) return 0;
  let weight = 0;
  for (const { mask, word } of sentence.tokens)
    if ((mask & WORD.MENTION) !== 0) weight += STRONG_MENTION.has(word) ? 2 : 1;
  return weight;
}

export function contextOf(mentions: readonly number[], index: number): number {
  const at = (i: number) => mentions[i] ?? 0;
  let far = 0;
  for (let i = index - 3; i > index - 8; i--) far += at(i);
  return at(index) + at(index - 1) + at(index - 2) + at(index + 1) + Math.min(2, far / 2);
}

/** The share of a phrase that is left when it is quoted or talked about. */
export function plain(mention: number, quoted: boolean): number {
  if (mention >= 4) return quoted ? 0.1 : 0.35;
  if (mention >= 2) return quoted ? 0.18 : 0.6;
  if (mention >= 1) return quoted ? 0.35 : 0.85;
  return quoted ? 0.55 : 1;
}
/** By sentence: does it, one of the five before it or the next turn to a model? */
export function addressedFrom(sentences: readonly Sentence[]): boolean[] {
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
  if (
    (token.word === "agent" && !((tokens[at - 1]?.mask ?? 0) & WORD.MODEL)) ||
    (NO_ADDRESSEE.has(token.word) && token.after !== ":")
  )
    return false;
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
