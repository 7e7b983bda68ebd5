import { buildLetters, type LetterWords, type Word } from "./letter-automaton.ts";
import { foreignTerms, latinTerms } from "./lexicon/lexicon.ts";
import { ANCHORS } from "./rules.ts";
import { WORD } from "./word-class.ts";

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
export function latinTriggers(): LetterWords {
  const words = new Words();
  for (const { text, mask } of latinTerms()) {
    if ((mask & ANCHORS) === 0 || NOT_RARE.has(text) || /\d/.test(text)) continue;
    words.add(symbolsOf(text, LETTER_CLASSES).subarray(0, TERM_SYMBOLS), mask);
    // with its accents, and without
    if (!isAscii(text))
      words.add(symbolsOf(unaccented(text), LETTER_CLASSES).subarray(0, TERM_SYMBOLS), mask);
  }
  for (const text of LOOK_TERMS) words.add(symbolsOf(text, LETTER_CLASSES), WORD.LOOK, 1);
  return buildLetters(words.all, LETTER_CLASSES);
}

/** Words of other scripts, byte by byte; ASCII is passed over. */
export function foreignTriggers(): LetterWords {
  const classes = new Uint8Array(256);
  // Several bytes share a class: what is found by chance is read closely, and nothing comes of it.
  for (let byte = 0x80; byte < 0x100; byte++) classes[byte] = (byte % 31) + 1;
  const words = new Words();
  for (const { text, mask } of foreignTerms()) {
    if ((mask & ANCHORS) === 0) continue;
    for (const form of [text, text.charAt(0).toUpperCase() + text.slice(1), text.toUpperCase()])
      words.add(symbolsOf(form, classes).subarray(0, 2 * TERM_SYMBOLS), mask);
  }
  return buildLetters(words.all, classes);
}

/** Words that are spelled alike are one. */
class Words {
  readonly #words = new Map<string, { symbols: Uint8Array; mask: number }>();

  get all(): readonly Word[] {
    return [...this.#words.values()];
  }

  add(symbols: Uint8Array, mask: number, least = LEAST_SYMBOLS): void {
    if (symbols.length < least) return;
    const key = String.fromCharCode(...symbols);
    const known = this.#words.get(key);
    if (known) known.mask |= mask;
    else this.#words.set(key, { symbols, mask });
  }
}

function symbolsOf(text: string, classes: Uint8Array): Uint8Array {
  const bytes = Buffer.from(text, "utf8");
  let length = 0;
  for (const byte of bytes) {
    const symbol = classes[byte] as number;
    if (symbol !== 0) bytes[length++] = symbol;
  }
  return bytes.subarray(0, length);
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text, "utf8") === text.length;
}

function unaccented(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
}
