import { BROUGHT_VALUE_BYTES, FIELD_NAME_BYTES } from "../limits.ts";
import type { FieldJudge, FieldReader } from "./field-judge.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a byte outside strings is. */
const OTHER = 0;
const SPACE = 1;
const OPENS = 2;
const CLOSES = 3;
const COMMA = 4;
const COLON = 5;
const LITERAL = 6;

const KIND = new Uint8Array(256);
for (const [kind, characters] of [
  // NUL and byte order marks: of UTF-16 and UTF-32, which some parsers tell by them
  [SPACE, "\0\t\n\r \xef\xbb\xbf\xfe\xff"],
  [OPENS, "{["],
  [CLOSES, "}]"],
  [COMMA, ","],
  [COLON, ":"],
  // NaN and Infinity are no JSON, but what some write and read
  [LITERAL, "-+.0123456789EINaefilnrstuy"],
] as const)
  for (const character of characters) KIND[character.charCodeAt(0)] = kind;

/** A value that is no credential, by its first character: `null`, `false`, `true`. */
const CONSTANT = new Set(Buffer.from("nft"));

type State =
  /** outside of strings */
  | "between"
  | "string"
  /** behind a backslash in a string */
  | "escape"
  /** it can't be read as JSON any more */
  | "lost";

/** Reads the members of JSON objects at the top: of one, or of several in one body. */
export class JsonMembers implements FieldReader {
  readonly #judge: FieldJudge;
  readonly #unclear: () => void;
  #state: State = "between";
  #depth = 0;
  /** at depth 1 of an object: a name comes next */
  #nameNext = false;
  /** at depth 1: a value comes next, which is wanted */
  #wanted = false;
  #object = false;
  /** the string being read; undefined: of no interest */
  #text: string | undefined;
  #room = 0;
  /** the last name, until its colon */
  #name: string | undefined;

  /** `unclear`: from here on it can't be said what is a name. */
  constructor(judge: FieldJudge, unclear: () => void) {
    this.#judge = judge;
    this.#unclear = unclear;
  }

  get holds(): boolean {
    return this.#wanted && this.#text !== undefined;
  }

  write(bytes: Buffer): void {
    const length = bytes.length;
    let at = 0;
    while (at < length) {
      if (this.#state === "string") at = this.#readString(bytes, at);
      else if (this.#state === "escape") {
        this.#keep(bytes, at, at + 1);
        // Of UTF-16 the character that is escaped comes later.
        if (bytes[at] !== 0) this.#state = "string";
        at++;
      } else if (this.#state === "between") at = this.#readBetween(bytes, at);
      else return;
    }
  }

  end(): void {}

  #readString(bytes: Buffer, at: number): number {
    let end = at;
    const { length } = bytes;
    while (end < length && bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end++;
    if (end > at) this.#keep(bytes, at, end);
    if (end === length) return end;
    if (bytes[end] === BACKSLASH) {
      this.#keep(bytes, end, end + 1);
      this.#state = "escape";
    } else this.#stringEnds();
    return end + 1;
  }

  #keep(bytes: Buffer, at: number, end: number): void {
    if (this.#text === undefined) return;
    if (this.#wanted && !this.#judge.compares) {
      this.#value(undefined);
      return;
    }
    if (this.#text.length + end - at > this.#room) {
      if (this.#wanted) this.#value(undefined);
      this.#text = undefined;
      return;
    }
    this.#text += bytes.toString("latin1", at, end);
  }

  #stringEnds(): void {
    this.#state = "between";
    const text = this.#text;
    this.#text = undefined;
    if (this.#wanted) {
      if (text !== undefined && text !== "") this.#value(unescaped(text));
      this.#wanted = false;
    } else if (text !== undefined) this.#name = unescaped(text);
  }

  #value(value: string | undefined): void {
    this.#wanted = false;
    this.#text = undefined;
    this.#judge.value(value);
  }

  #readBetween(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) {
        this.#stringBegins();
        return at + 1;
      }
      const kind = KIND[byte];
      if (kind === SPACE || (kind === LITERAL && !this.#wanted)) continue;
      if (kind === OTHER) {
        this.#state = "lost";
        this.#unclear();
        return bytes.length;
      }
      this.#structure(kind ?? OTHER, byte);
    }
    return bytes.length;
  }

  #stringBegins(): void {
    this.#state = "string";
    const name = this.#depth === 1 && this.#nameNext;
    this.#room = name ? FIELD_NAME_BYTES : BROUGHT_VALUE_BYTES;
    this.#text = name || this.#wanted ? "" : undefined;
    this.#nameNext = false;
  }

  #structure(kind: number, byte: number): void {
    if (this.#wanted && kind !== COMMA && kind !== CLOSES) {
      if (CONSTANT.has(byte)) this.#wanted = false;
      else this.#value(undefined);
    }
    if (kind === OPENS) {
      this.#depth++;
      if (this.#depth === 1) this.#nameNext = this.#object = byte === OPENING_BRACE;
    } else if (kind === CLOSES) {
      this.#depth = Math.max(0, this.#depth - 1);
      if (this.#depth === 0) this.#nameNext = this.#wanted = false;
    } else if (kind === COMMA && this.#depth === 1) {
      this.#nameNext = this.#object;
      this.#wanted = false;
    } else if (kind === COLON && this.#depth === 1 && this.#name !== undefined) {
      this.#wanted = this.#judge.name(this.#name);
      this.#name = undefined;
    }
  }
}

const OPENING_BRACE = 0x7b;

/** The inside of a JSON string, latin1 of UTF-8, its escapes undone; NULs are UTF-16's. Unchanged where it is none. */
function unescaped(text: string): string {
  const plain = text.replaceAll("\0", "");
  if (!plain.includes("\\")) return plain;
  try {
    const bytes = Buffer.from(plain, "latin1");
    const value: unknown = JSON.parse(`"${bytes.toString("utf8")}"`);
    return Buffer.from(String(value), "utf8").toString("latin1");
  } catch {
    return plain;
  }
}
