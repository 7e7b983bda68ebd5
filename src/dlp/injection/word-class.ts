/**
 * The classes of words that phrases of an injection are made of, one bit each, so that a sentence, a window and a rule
 * are compared with one AND. A word may be in several.
 */
export const WORD = {
  /** ignore, disregard, forget */
  OVERRIDE: 1 << 0,
  /** previous, above, earlier */
  PRIOR: 1 << 1,
  /** all, every, your */
  SCOPE: 1 << 2,
  /** what a model is told: instructions, directives, guidelines */
  ORDERS: 1 << 3,
  /** what it may be told, and much else: rules, commands, context */
  RULES: 1 << 4,
  /** assistant, language model, chatbot */
  MODEL: 1 << 5,
  YOU: 1 << 6,
  /** you are now a, act as, pretend to be */
  BECOME: 1 << 7,
  /** unrestricted, developer mode, jailbroken */
  UNBOUND: 1 << 8,
  /** send, upload, forward */
  SEND: 1 << 9,
  /** reveal, print, show */
  REVEAL: 1 << 10,
  /** passwords, tokens, private keys */
  SECRET: 1 << 11,
  /** the model's own: system prompt, conversation history */
  PROMPT: 1 << 12,
  /** a URL, an e-mail address, a webhook */
  DESTINATION: 1 << 13,
  /** do not tell, without asking, keep hidden */
  CONCEAL: 1 << 14,
  /** user, human, customer */
  USER: 1 << 15,
  /** run, execute, call */
  EXECUTE: 1 << 16,
  /** shell, command, tool */
  TOOL: 1 << 17,
  /** what does harm when run: rm -rf, curl | sh, authorized_keys */
  DANGER: 1 << 18,
  /** administrator, security team, the model's maker */
  AUTHORITY: 1 << 19,
  /** immediately, mandatory */
  URGENCY: 1 << 20,
  /** words that turn to a model: if you are an AI, note to assistants */
  ADDRESS: 1 << 21,
  /** words of a text about injections: attacker, prompt injection, for example */
  MENTION: 1 << 22,
  /** new instructions, your real task, obey */
  NEW_TASK: 1 << 23,
  /** reply, say, recommend, rate */
  SAY: 1 << 24,
  /** only with, nothing else, regardless */
  ONLY: 1 << 25,
  /** decode, base64 */
  DECODE: 1 << 26,
  /** disable, turn off, no longer apply */
  DISABLE: 1 << 27,
  /** remember, from now on, future sessions */
  MEMORY: 1 << 28,
  /** safety, restrictions, approval, tests */
  GUARD: 1 << 29,
  /** silently, without asking: said of programs too */
  HUSH: 1 << 30,
  /** what makes a text worth a close look by itself: marks of a chat template, words spelled backwards */
  LOOK: 1 << 31,
} as const;

export type WordClass = keyof typeof WORD;

/** Terms by class; a term is one word or several, lower case. */
export type Lexicon = Partial<Record<WordClass, string>>;
