import type { PhraseClass } from "./finding.ts";
import { WORD } from "./word-class.ts";

const W = WORD;

/** A phrase: words of these classes near each other in one sentence. */
export interface Rule {
  readonly phrase: PhraseClass;
  /** what it adds: 1 is worth a warning, 2 a block */
  readonly weight: number;
  /** the order's verb: counts in full only when it is an order, not told of, denied or permitted; 0: there is none */
  readonly verb: number;
  /** each must stand within `SPAN` words of the verb, or of the first of them */
  readonly near: readonly number[];
  /** counts only where the text turns to a model */
  readonly addressed: boolean;
}

function rule(phrase: PhraseClass, weight: number, verb: number, ...near: number[]): Rule {
  return { phrase, weight, verb, near, addressed: false };
}

function ifAddressed(phrase: PhraseClass, weight: number, verb: number, ...near: number[]): Rule {
  return { phrase, weight, verb, near, addressed: true };
}

/** Of the rules of one phrase class that a text meets, the one that weighs most counts. */
export const RULES: readonly Rule[] = [
  rule("instruction_override", 2.3, W.OVERRIDE, W.PRIOR | W.YOU, W.ORDERS),
  rule("instruction_override", 1.9, W.OVERRIDE, W.SCOPE, W.ORDERS),
  rule("instruction_override", 2.1, W.OVERRIDE, W.PROMPT),
  rule("instruction_override", 0.9, W.OVERRIDE, W.ORDERS),
  rule("instruction_override", 0.9, W.OVERRIDE, W.PRIOR, W.RULES),
  rule("instruction_override", 2, W.OVERRIDE, W.PRIOR, W.SAY | W.REVEAL, W.ONLY),
  rule("instruction_override", 0.9, W.OVERRIDE, W.YOU, W.RULES),
  rule("instruction_override", 0.7, W.OVERRIDE, W.PRIOR),
  rule("instruction_override", 0.7, W.OVERRIDE, W.USER),
  rule("instruction_override", 1.3, W.OVERRIDE, W.USER, W.SAY | W.REVEAL),
  rule("instruction_override", 1.2, W.OVERRIDE, W.GUARD, W.YOU),
  rule("instruction_override", 1.2, W.OVERRIDE, W.RULES | W.PRIOR, W.SAY | W.REVEAL),
  rule("instruction_override", 1.5, 0, W.ORDERS | W.PROMPT, W.DISABLE, W.PRIOR | W.YOU),
  rule("instruction_override", 1.2, 0, W.PROMPT, W.DISABLE | W.OVERRIDE),
  rule("task_replacement", 0.7, 0, W.NEW_TASK),
  rule("instruction_override", 1.9, W.OVERRIDE, W.NEW_TASK),
  ifAddressed("instruction_override", 1.4, W.OVERRIDE, W.RULES | W.USER | W.ORDERS | W.GUARD | W.PRIOR),
  rule("persona_change", 2.2, W.BECOME, W.UNBOUND),
  rule("persona_change", 0.9, 0, W.UNBOUND, W.YOU | W.MODEL),
  rule("persona_change", 0.7, W.BECOME, W.MODEL),
  rule("persona_change", 0.4, W.BECOME),
  rule("persona_change", 0.5, 0, W.UNBOUND),
  rule("prompt_disclosure", 1.8, W.REVEAL, W.PROMPT),
  rule("exfiltration", 1.4, W.SEND | W.REVEAL, W.SECRET, W.DESTINATION, W.DANGER | W.USER | W.MODEL),
  rule("exfiltration", 0.9, W.SEND, W.SECRET, W.DESTINATION),
  rule("exfiltration", 1.4, W.SEND, W.PROMPT, W.DESTINATION),
  rule("exfiltration", 0.6, W.REVEAL | W.SEND, W.SECRET, W.SCOPE),
  rule("exfiltration", 0.7, W.REVEAL, W.SECRET),
  rule("exfiltration", 0.4, W.SEND, W.SECRET),
  rule("exfiltration", 0.7, W.SEND, W.USER, W.DESTINATION),
  ifAddressed("exfiltration", 1.2, W.SEND | W.REVEAL, W.SECRET | W.PROMPT),
  ifAddressed("exfiltration", 0.8, W.SEND | W.REVEAL, W.DESTINATION),
  rule("concealment", 1.3, 0, W.CONCEAL, W.USER),
  rule("concealment", 0.9, 0, W.CONCEAL),
  rule("concealment", 0.6, 0, W.HUSH, W.USER | W.CONCEAL),
  rule("concealment", 1, 0, W.HUSH, W.EXECUTE | W.SEND, W.DANGER),
  rule("concealment", 0.5, 0, W.HUSH, W.EXECUTE | W.SEND, W.DESTINATION | W.SECRET | W.AUTHORITY),
  ifAddressed("concealment", 1.4, 0, W.CONCEAL | W.HUSH),
  rule("tool_coercion", 1.05, W.EXECUTE, W.DANGER, W.YOU),
  rule("tool_coercion", 0.7, W.EXECUTE, W.DANGER, W.URGENCY | W.AUTHORITY | W.HUSH),
  rule("tool_coercion", 0.5, W.EXECUTE | W.DISABLE, W.DANGER),
  ifAddressed("tool_coercion", 1.4, W.EXECUTE | W.SEND | W.DISABLE, W.DANGER),
  ifAddressed("tool_coercion", 0.6, W.EXECUTE, W.TOOL, W.URGENCY | W.AUTHORITY | W.DESTINATION),
  rule("credential_request", 0.9, W.SAY, W.USER, W.SECRET),
  rule("credential_request", 1.3, W.SAY, W.USER, W.SECRET, W.DESTINATION),
  rule("credential_request", 0.8, W.SAY, W.SECRET, W.DESTINATION),
  rule("fake_authority", 0.9, 0, W.AUTHORITY, W.GUARD | W.ORDERS, W.DISABLE | W.OVERRIDE),
  rule("fake_authority", 0.4, 0, W.AUTHORITY, W.MODEL),
  rule("fake_authority", 0.3, 0, W.AUTHORITY),
  rule("fake_authority", 0.3, 0, W.URGENCY, W.MODEL, W.EXECUTE | W.SAY | W.SEND),
  rule("output_manipulation", 0.5, W.SAY, W.ONLY),
  ifAddressed("output_manipulation", 1.3, W.SAY, W.ONLY | W.USER),
  ifAddressed("output_manipulation", 0.4, W.SAY),
  rule("encoded_instruction", 1.8, W.DECODE, W.EXECUTE | W.NEW_TASK, W.ORDERS | W.DANGER | W.NEW_TASK),
  rule("encoded_instruction", 0.4, W.DECODE, W.EXECUTE),
  rule("persistence", 1.1, 0, W.MEMORY, W.USER | W.CONCEAL | W.HUSH | W.MODEL, W.SCOPE | W.ONLY),
  rule("persistence", 1, 0, W.MEMORY, W.SEND | W.EXECUTE, W.DESTINATION | W.HUSH | W.CONCEAL | W.DANGER),
  rule("persistence", 0.5, 0, W.MEMORY),
  rule("guard_removal", 0.8, W.DISABLE, W.GUARD, W.YOU | W.USER | W.MODEL | W.AUTHORITY),
  rule("guard_removal", 0.5, 0, W.DISABLE, W.GUARD),
  ifAddressed("guard_removal", 1.4, W.DISABLE, W.GUARD),
];

/** Words from a phrase's verb, or its first word, to another of its words; half of it backwards. */
export const SPAN = 12;

/** Classes that are looked for in every byte: what is rare enough. The others are looked for beside these. */
export const ANCHORS =
  W.OVERRIDE |
  W.PRIOR |
  W.ORDERS |
  W.MODEL |
  W.UNBOUND |
  W.SECRET |
  W.PROMPT |
  W.CONCEAL |
  W.HUSH |
  W.USER |
  W.DANGER |
  W.AUTHORITY |
  W.ADDRESS |
  W.NEW_TASK |
  W.DECODE |
  W.DISABLE |
  W.MEMORY |
  W.GUARD |
  W.LOOK;

/**
 * What must come together before a stretch of text is read closely: each list holds classes of which one must be there.
 * Made so that whatever can weigh 1 meets one of them.
 */
export const TRIGGERS: readonly (readonly number[])[] = [
  [
    W.LOOK |
      W.PROMPT |
      W.UNBOUND |
      W.NEW_TASK |
      W.CONCEAL |
      W.HUSH |
      W.ADDRESS |
      W.MODEL |
      W.DANGER |
      W.MEMORY,
  ],
  [W.HUSH, W.USER | W.SECRET | W.OVERRIDE | W.AUTHORITY | W.GUARD],
  [W.OVERRIDE, W.PRIOR | W.ORDERS | W.USER | W.GUARD | W.AUTHORITY],
  [W.ORDERS | W.GUARD | W.AUTHORITY, W.DISABLE],
  [W.SECRET, W.USER | W.AUTHORITY],
  [W.DECODE, W.ORDERS],
];
