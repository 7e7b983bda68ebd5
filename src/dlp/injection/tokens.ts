import { DENSE_LENGTH, DENSE_TERMS, type TermNode, WORD_TERMS } from "./lexicon/lexicon.ts";
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
const CLAUSE = /[,:;()[\]{}–—*>#|\-，、：；（）•·=+]/;
const STOP = /[.!?。！？…]/;
const WORD_CHARACTER = /[\p{L}\p{N}\p{M}_']/u;
const JOINED = /[-./@~:+=&]/;
const DENSE_SCRIPT = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/;
const URL_AHEAD = /^(?:https?|ftp|wss?):\/\/[^\s"'<>)\]]{2,}/;
const EMAIL = /^[\w.+-]+@[\w-]+\.[\w.-]+$/;
const ADDRESS = /^(?:\d{1,3}\.){3}\d{1,3}$/;
const PIPED_SHELL = /^\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/;
const SECRET_FILE =
  /(?:^|\/)(?:\.env|\.ssh|\.aws|\.netrc|id_rsa|id_ed25519|mcp\.json|hosts\.yml|auth\.json)(?:$|[./])|^\/etc\/(?:shadow|passwd)$/;
const SECRET_NAME = /_(?:token|key|secret|password)$/;
const HARMFUL_CALL = /^(?:delete|drop|transfer|wipe|destroy|purge)_[a-z_]+$/;

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
  /** closing mark of the quotation that is open, and where it began */
  #closing = "";
  #quoted: Token[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): Sentence[] {
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const character = text[at] ?? "";
      if (DENSE_SCRIPT.test(character)) at = this.#dense(at);
      else if (
        WORD_CHARACTER.test(character) ||
        ((character === "." || character === "~" || character === "/") && this.#pathAt(at))
      )
        at = this.#word(at);
      else at = this.#mark(at, character);
    }
    this.#endSentence();
    return this.#sentences;
  }

  #pathAt(at: number): boolean {
    const next = this.#text[at + 1] ?? "";
    const before = this.#text[at - 1] ?? " ";
    return !WORD_CHARACTER.test(before) && (next === "/" || WORD_CHARACTER.test(next));
  }

  /** Quotation marks, the ends of sentences and clauses, fences. */
  #mark(at: number, character: string): number {
    const text = this.#text;
    const last = this.#tokens.at(-1);
    if (last?.after === "") last.after = character;
    if (character === "\x1e" || character === "\0") {
      this.#endSentence();
      this.#endQuotation(false);
      return at + 1;
    }
    if (character === "\n") {
      let next = at + 1;
      while (text[next] === " " || text[next] === "\t" || text[next] === "\r") next++;
      const following = text[next] ?? "";
      if (following === "\n") this.#endQuotation(false);
      if (following === "\n" || /[-*#>|=]/.test(following) || /^\d+[.)]\s/.test(text.slice(next, next + 5)))
        this.#endSentence();
      return next;
    }
    if (text.startsWith("```", at) || text.startsWith("~~~", at)) {
      this.#endSentence();
      this.#code = !this.#code;
      return at + 3;
    }
    if (this.#closing !== "" && character === this.#closing) {
      this.#endQuotation(true);
      return at + 1;
    }
    const closing = CLOSING[character];
    if (closing !== undefined && this.#closing === "") {
      const before = text[at - 1] ?? " ";
      if (
        character === '"' || character === "'" || character === "`" ? /[\s([{:>,=*_—-]/.test(before) : true
      ) {
        this.#closing = closing;
        this.#quoted = [];
        this.#before |= BEFORE.CLAUSE;
      }
      return at + 1;
    }
    if (STOP.test(character)) {
      const next = text[at + 1] ?? " ";
      if (/[\s"'”’`)\]»*_<]/.test(next) || /[。！？]/.test(character)) this.#endSentence();
      return at + 1;
    }
    if (CLAUSE.test(character)) this.#before |= BEFORE.CLAUSE;
    if (character === "|" && PIPED_SHELL.test(text.slice(at, at + 24))) this.#add("|", WORD.DANGER);
    return at + 1;
  }

  #word(at: number): number {
    const text = this.#text;
    if (text.charCodeAt(at) < 0x78 && /[hfw]/.test(text[at] ?? "")) {
      const url = URL_AHEAD.exec(text.slice(at, at + 512))?.[0];
      if (url !== undefined) {
        this.#add(url, WORD.DESTINATION);
        return at + url.length;
      }
    }
    let end = at + 1;
    while (end < text.length && end - at < 256) {
      const character = text[end] ?? "";
      if (DENSE_SCRIPT.test(character)) break;
      if (WORD_CHARACTER.test(character)) end++;
      else if (JOINED.test(character) && WORD_CHARACTER.test(text[end + 1] ?? "")) end += 2;
      else if ((character === "/" || character === ".") && text[end - 1] === "~") end++;
      else break;
    }
    let run = text.slice(at, end);
    // a quotation closes here: 'word'
    if (run.endsWith("'")) {
      run = run.slice(0, -1);
      if (this.#closing === "'") end--;
    }
    const special = specialMask(run);
    if (special !== 0) this.#add(run, special);
    else for (const part of run.split(/[-./@~:+=&]+/)) if (part !== "") this.#add(part, 0);
    return Math.max(end, at + 1);
  }

  /** The longest term at `at`, or one character. */
  #dense(at: number): number {
    for (let length = Math.min(DENSE_LENGTH, this.#text.length - at); length > 0; length--) {
      const mask = DENSE_TERMS.get(this.#text.slice(at, at + length));
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
      const token = tokens[i];
      if (token === undefined) continue;
      token.mask |= termsAt(tokens, i);
      mask |= token.mask;
    }
    this.#sentences.push({ tokens, mask });
  }
}

/** Classes of all terms that begin at a word. */
function termsAt(tokens: readonly Token[], at: number): number {
  let mask = 0;
  let level: Map<string, TermNode> | undefined = WORD_TERMS as Map<string, TermNode>;
  for (let i = at; level !== undefined; i++) {
    const node: TermNode | undefined = level.get(tokens[i]?.word ?? "");
    if (node === undefined) break;
    mask |= node.mask;
    level = node.next;
  }
  return mask;
}

function specialMask(run: string): number {
  if (EMAIL.test(run) || ADDRESS.test(run)) return WORD.DESTINATION;
  if (SECRET_FILE.test(run)) return WORD.SECRET | WORD.DANGER;
  if (SECRET_NAME.test(run)) return WORD.SECRET;
  if (HARMFUL_CALL.test(run)) return WORD.DANGER;
  return 0;
}
