import { byFirstWord, type TermNode, withoutSpaces } from "./lexicon/lexicon.ts";
import { specialMask } from "./special-words.ts";
import { WORD } from "./word-class.ts";

/** What stands before a word. */
export const BEFORE = {
  /** a sentence begins */
  SENTENCE: 1,
  /** a clause begins: comma, colon, dash, bracket, bullet */
  CLAUSE: 2,
} as const;

export interface Token {
  /** folded */
  readonly word: string;
  /** classes of the terms that begin here */
  mask: number;
  readonly before: number;
  /** what stands right after it, one character; empty: a space */
  after: string;
  /** inside quotation marks or inline code */
  quoted: boolean;
  /** inside a block of code */
  readonly code: boolean;
}

/** One sentence: its words, and all their classes. */
export interface Sentence {
  readonly tokens: Token[];
  mask: number;
}

/** Words of a sentence; longer: it is cut, and the rest is the next sentence. */
const SENTENCE_TOKENS = 90;
/** Characters of a word, path or the like; a longer one is cut. */
const WORD_CHARACTERS = 256;

const CLOSING: Readonly<Record<string, string>> = {
  '"': '"',
  "“": "”",
  "„": "“",
  "«": "»",
  "「": "」",
  "『": "』",
  "`": "`",
  "‘": "'",
  "'": "'",
};
/** What an ASCII character is to the reader. */
const OTHER = 0;
const WORDS = 1;
const NEWLINE = 2;
const STOPS = 3;
const CLAUSES = 4;
const QUOTES = 5;
const BREAKS = 6;
const PATHS = 7;
const KINDS = asciiKinds();

function asciiKinds(): Uint8Array {
  const kinds = new Uint8Array(128);
  const set = (characters: string, kind: number) => {
    for (const character of characters) kinds[character.charCodeAt(0)] = kind;
  };
  set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", WORDS);
  set("\n", NEWLINE);
  set("!?", STOPS);
  set(",:;()[]{}*>#|-+=", CLAUSES);
  set("\"`'", QUOTES);
  set("\x1e\0", BREAKS);
  set("./~", PATHS);
  return kinds;
}

const CLAUSE = /[,:;()[\]{}–—*>#|\-，、：；（）•·=+]/;
const STOP = /[.!?。！？…]/;
const WORD_CHARACTER = /[\p{L}\p{N}\p{M}_']/u;
const URL_AHEAD = /^(?:https?|ftp|wss?):\/\/[^\s"'<>)\]]{2,}/;
/** What may stand before an opening mark that looks like its closing one. */
const OPENS = /[\s([{:>,=*_—-]/;
/** What stands before a string that is a name or a value of JSON. */
const JSON_BEFORE = /["\d\]}]\s{0,3}[:,]\s{0,3}$|\{\s{0,3}$/;
/** What follows a full stop that ends a sentence. */
const ENDS = /[\s"'”’`)\]»*_<]/;
const LINE_STARTS = new Set(Array.from("-*#>|=", (character) => character.charCodeAt(0)));
const NUMBERED = /^\d+[.)]\s/;
const PIPED_SHELL = /^\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/;

/** Splits a folded text into sentences of classified words. Linear in its length. */
export function readSentences(text: string): Sentence[] {
  const reader = new SentenceReader(text);
  return reader.read();
}

class SentenceReader {
  readonly #text: string;
  readonly #sentences: Sentence[] = [];
  #tokens: Token[] = [];
  #before: number = BEFORE.SENTENCE;
  #code = false;
  /** closing mark of the quotation that is open, and its words so far */
  #closing = "";
  #quoted: Token[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): Sentence[] {
    const text = this.#text;
    for (let at = 0; at < text.length; ) {
      const code = text.charCodeAt(at);
      const kind = code < 128 ? (KINDS[code] as number) : OTHER;
      if (kind === WORDS) at = this.#word(at);
      else if (code < 128) at = this.#ascii(at, kind);
      else if (isDense(code)) at = this.#dense(at);
      else if (WORD_CHARACTER.test(text[at] ?? "")) at = this.#word(at);
      else at = this.#mark(at, text[at] ?? "");
    }
    this.#endSentence();
    return this.#sentences;
  }

  #ascii(at: number, kind: number): number {
    const text = this.#text;
    if (kind === PATHS) {
      const next = text.charCodeAt(at + 1);
      const begins = !isWord(text.charCodeAt(at - 1)) && (next === 0x2f || isWord(next));
      return begins ? this.#word(at) : this.#mark(at, text[at] ?? "");
    }
    if (kind === NEWLINE) return this.#newline(at);
    if (kind === OTHER && text.charCodeAt(at) === 0x20) return at + 1;
    return this.#mark(at, text[at] ?? "");
  }

  #newline(at: number): number {
    const text = this.#text;
    this.#after("\n");
    let next = at + 1;
    while (text[next] === " " || text[next] === "\t" || text[next] === "\r") next++;
    const following = text.charCodeAt(next);
    if (following === 0x0a) this.#endQuotation(false);
    if (
      following === 0x0a ||
      (following < 128 && LINE_STARTS.has(following)) ||
      NUMBERED.test(text.slice(next, next + 5))
    )
      this.#endSentence();
    return next;
  }

  #after(character: string): void {
    const last = this.#tokens[this.#tokens.length - 1];
    if (last?.after === "") last.after = character;
  }

  /** Quotation marks, the ends of sentences and clauses, fences. */
  #mark(at: number, character: string): number {
    const text = this.#text;
    this.#after(character);
    if (character === "\x1e" || character === "\0") {
      this.#endSentence();
      this.#endQuotation(false);
      return at + 1;
    }
    if (text.startsWith("```", at) || text.startsWith("~~~", at)) {
      this.#endSentence();
      this.#code = !this.#code;
      return at + 3;
    }
    if (character === this.#closing) {
      this.#endQuotation(true);
      return at + 1;
    }
    const closing = CLOSING[character];
    if (closing !== undefined) {
      if (this.#closing === "" && this.#opens(at, character, closing)) {
        this.#closing = closing;
        this.#quoted = [];
        this.#before |= BEFORE.CLAUSE;
      }
      return at + 1;
    }
    if (STOP.test(character)) {
      if (matches(ENDS, text[at + 1]) || character > "\x7f") this.#endSentence();
      return at + 1;
    }
    if (CLAUSE.test(character)) this.#before |= BEFORE.CLAUSE;
    if (character === "|" && PIPED_SHELL.test(text.slice(at, at + 24))) this.#add("|", WORD.DANGER);
    return at + 1;
  }

  /** A mark that opens a quotation, not a string of JSON. */
  #opens(at: number, character: string, closing: string): boolean {
    if (closing !== character) return true;
    if (!matches(OPENS, this.#text[at - 1])) return false;
    return character !== '"' || !JSON_BEFORE.test(this.#text.slice(Math.max(0, at - 8), at));
  }

  #word(at: number): number {
    const text = this.#text;
    let end = at;
    let joined = text.charCodeAt(at) < 128 && KINDS[text.charCodeAt(at)] === PATHS;
    let plain = true;
    for (end = at + 1; end < text.length && end - at < WORD_CHARACTERS; ) {
      const code = text.charCodeAt(end);
      if (isWord(code)) end++;
      else if (code === 0x27) {
        plain = false;
        end++;
      } else if (isJoiner(code) && isWord(text.charCodeAt(end + 1))) {
        joined = true;
        end += 2;
      } else if ((code === 0x2f || code === 0x2e) && text.charCodeAt(end - 1) === 0x7e) end++;
      else if (code === 0x3a && text.startsWith("://", end)) return this.#url(at);
      else if (code > 127 && !isDense(code) && WORD_CHARACTER.test(text[end] ?? "")) end++;
      else break;
    }
    let run = text.slice(at, end);
    // a quotation closes here: 'word'
    if (!plain && run.endsWith("'")) {
      run = run.slice(0, -1);
      if (this.#closing === "'") end--;
    }
    const special = joined || run.includes("_") ? specialMask(run) : 0;
    if (special !== 0 || !joined) this.#add(run, special);
    else for (const part of run.split(/[-./@~:+=&]+/)) if (part !== "") this.#add(part, 0);
    return end;
  }

  #url(at: number): number {
    const url = URL_AHEAD.exec(this.#text.slice(at, at + 512))?.[0] ?? this.#text.slice(at, at + 1);
    this.#add(url, WORD.DESTINATION);
    return at + url.length;
  }

  /** The longest term at `at`, or one character. */
  #dense(at: number): number {
    const { masks, longest } = withoutSpaces();
    for (let length = Math.min(longest, this.#text.length - at); length > 0; length--) {
      const mask = masks.get(this.#text.slice(at, at + length));
      if (mask === undefined) continue;
      this.#add(this.#text.slice(at, at + length), mask);
      return at + length;
    }
    return at + 1;
  }

  #add(word: string, mask: number): void {
    if (this.#tokens.length >= SENTENCE_TOKENS) this.#endSentence();
    const token: Token = { word, mask, before: this.#before, after: "", quoted: false, code: this.#code };
    this.#before = 0;
    this.#tokens.push(token);
    if (this.#closing !== "") this.#quoted.push(token);
  }

  #endQuotation(closed: boolean): void {
    if (closed) for (const token of this.#quoted) token.quoted = true;
    this.#closing = "";
    this.#quoted = [];
  }

  #endSentence(): void {
    this.#before = BEFORE.SENTENCE;
    if (this.#tokens.length === 0) return;
    const tokens = this.#tokens;
    this.#tokens = [];
    let mask = 0;
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i] as Token;
      token.mask |= termsAt(tokens, i);
      mask |= token.mask;
    }
    this.#sentences.push({ tokens, mask });
  }
}

/** A text's end and a break are as good as a space. */
function matches(pattern: RegExp, character: string | undefined): boolean {
  return character === undefined || character === "\x1e" || pattern.test(character);
}

function isWord(code: number): boolean {
  return code < 128 ? KINDS[code] === WORDS : false;
}

function isJoiner(code: number): boolean {
  // - . / : @ ~ + = &
  return (
    (code >= 0x2d && code <= 0x2f) ||
    code === 0x3a ||
    code === 0x40 ||
    code === 0x7e ||
    code === 0x2b ||
    code === 0x3d ||
    code === 0x26
  );
}

/** Scripts without spaces: kana, Han, Hangul. */
function isDense(code: number): boolean {
  return (
    (code >= 0x3040 && code <= 0x30ff) ||
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0xac00 && code <= 0xd7af)
  );
}

/** Classes of all terms that begin at a word. */
function termsAt(tokens: readonly Token[], at: number): number {
  let mask = 0;
  let level: ReadonlyMap<string, TermNode> | undefined = byFirstWord();
  for (let i = at; level !== undefined; i++) {
    const node: TermNode | undefined = level.get(tokens[i]?.word ?? "");
    if (node === undefined) break;
    mask |= node.mask;
    level = node.next;
  }
  return mask;
}
