import { buildAutomaton } from "../automaton.ts";
import { type LetterAutomaton, packAutomaton } from "./letter-automaton.ts";
import { FOREIGN_TERMS, LATIN_TERMS, type Term } from "./lexicon/lexicon.ts";
import { ANCHORS } from "./rules.ts";
import { WORD } from "./word-class.ts";

/** Words that are looked for in every byte, and their classes by output state. */
export interface TriggerWords {
  readonly automaton: LetterAutomaton;
  /** index: `state - firstOutput` */
  readonly masks: Int32Array;
}

/** Symbols of a term that are looked for: enough to be rare, so that the table stays small. */
const TERM_SYMBOLS = 14;
/** Shorter ones are everywhere. */
const LEAST_SYMBOLS = 5;

/** Marks of templates and turns, and words that were enciphered or turned round: each is worth a look. */
const LOOK_TERMS = [
  "<|im_start",
  "<|system",
  "<|user",
  "<|assist",
  "<|start_h",
  "<|eot",
  "<|end",
  "<start_of_turn",
  "[inst]",
  "[/inst]",
  "<<sys",
  "<system",
  "</system",
  "[system",
  "</tool_result",
  "</function_res",
  "<function_c",
  "tofunctionsshell",
  "tofunctionsbash",
  "endofdocument",
  "endofuserin",
  "human:",
  "assistant:",
  "system:",
  "agent:",
  "agents:",
  "bots:",
  "llm:",
  "|bash",
  "|sudobash",
  "curlhttp",
  "curlssl",
  "curlfssl",
  "wgethttp",
  "idrsa",
  "id_ed25519",
  "sshid",
  "awscredentials",
  "etcpasswd",
  "etcshadow",
  "envfile",
  "delete_repo",
  // rot13
  "vafgehpgvbaf",
  "cerivbhf",
  "qvfertneq",
  "cnffjbeqf",
  "flfgrzcebzcg",
  // backwards
  "snoitcurtsni",
  "suoiverp",
  "dragersid",
  "drowssap",
  "tpmorpmetsys",
];

/** Terms that are everywhere in ordinary text. */
const NOT_RARE = new Set([
  "before",
  "original",
  "initial",
  "existing",
  "former",
  "operator",
  "reader",
  "the reader",
  "the client",
  "customer",
  "users",
  "cursor",
  "agent",
  "agents",
  "model",
  "models",
  "token",
  "tokens",
  "all files",
  "secret",
  "cookies",
  "google",
  "microsoft",
  "credit card",
  "não conte",
  "in the background without",
  "debug mode",
  "with force",
]);

const LEET: Readonly<Record<string, string>> = {
  0: "o",
  1: "i",
  3: "e",
  4: "a",
  5: "s",
  7: "t",
  "@": "a",
  $: "s",
};
/** Marks that count as symbols; every other byte that is no letter is passed over. */
const MARKS = "[|<:]";

/** Classes 1 to 26: letters, digits that stand for them too. */
export const LETTER_CLASSES = letterClasses();

function letterClasses(): Uint8Array {
  const classes = new Uint8Array(256);
  for (let letter = 0; letter < 26; letter++) {
    classes[0x41 + letter] = letter + 1;
    classes[0x61 + letter] = letter + 1;
  }
  for (const [digit, letter] of Object.entries(LEET))
    classes[digit.charCodeAt(0)] = classes[letter.charCodeAt(0)] ?? 0;
  for (let mark = 0; mark < MARKS.length; mark++) classes[MARKS.charCodeAt(mark)] = 27 + mark;
  return classes;
}

/** Words of Latin script, whatever stands between their letters; accented letters are passed over. */
export function latinTriggers(): TriggerWords {
  const symbols = (text: string) =>
    Uint8Array.from(Buffer.from(text, "utf8"), (byte) => LETTER_CLASSES[byte] ?? 0).filter(
      (symbol) => symbol !== 0,
    );
  const words = new Map<string, { literal: Uint8Array; mask: number }>();
  const add = ({ text, mask }: Term) => {
    const literal = symbols(text).subarray(0, TERM_SYMBOLS);
    if (literal.length >= LEAST_SYMBOLS) merge(words, literal, mask);
  };
  for (const { text, mask } of LATIN_TERMS) {
    if ((mask & ANCHORS) === 0 || NOT_RARE.has(text) || /\d/.test(text)) continue;
    // with and without its accents
    add({ text, mask });
    add({ text: text.normalize("NFKD").replaceAll(/\p{M}/gu, ""), mask });
  }
  for (const text of LOOK_TERMS) merge(words, symbols(text), WORD.LOOK);
  return build(words, LETTER_CLASSES);
}

/** Words of other scripts, byte by byte; ASCII is passed over. */
export function foreignTriggers(): TriggerWords {
  const classes = new Uint8Array(256);
  // Several bytes share a class: what is found by chance is read closely, and nothing comes of it.
  for (let byte = 0x80; byte < 0x100; byte++) classes[byte] = (byte % 31) + 1;
  const words = new Map<string, { literal: Uint8Array; mask: number }>();
  for (const { text, mask } of FOREIGN_TERMS) {
    if ((mask & ANCHORS) === 0) continue;
    for (const form of [text, text.charAt(0).toUpperCase() + text.slice(1), text.toUpperCase()]) {
      const bytes = Buffer.from(form, "utf8").filter((byte) => byte >= 0x80);
      const literal = Uint8Array.from(bytes, (byte) => classes[byte] ?? 0).subarray(0, 2 * TERM_SYMBOLS);
      if (literal.length >= LEAST_SYMBOLS) merge(words, literal, mask);
    }
  }
  return build(words, classes);
}

function merge(
  words: Map<string, { literal: Uint8Array; mask: number }>,
  literal: Uint8Array,
  mask: number,
): void {
  const key = literal.join();
  words.set(key, { literal, mask: (words.get(key)?.mask ?? 0) | mask });
}

function build(
  words: ReadonlyMap<string, { literal: Uint8Array; mask: number }>,
  classes: Uint8Array,
): TriggerWords {
  const list = [...words.values()];
  const automaton = buildAutomaton(
    list.map(({ literal }) => literal),
    classes,
    true,
  );
  const masks = Int32Array.from(automaton.outputs, (outputs) =>
    outputs.reduce((mask, word) => mask | (list[word]?.mask ?? 0), 0),
  );
  return { automaton: packAutomaton(automaton), masks };
}
