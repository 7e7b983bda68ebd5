import { isUtf8 } from "node:buffer";
import { MAX_JSON_DEPTH, MAX_JSON_VALUES } from "../limits.ts";

/** A JSON value; objects are Maps, so that no name in them means anything to this program. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

export type JsonResult =
  | { readonly ok: true; readonly value: Json }
  /** `problem`: why not, as the end of a sentence: `is no UTF-8` */
  | { readonly ok: false; readonly problem: string };

/**
 * Reads JSON (RFC 8259) that every parser reads alike: UTF-8 without a byte order mark, no name twice in one object once
 * its escapes are undone, no half of a surrogate pair, nothing behind the value. Never throws; at most `MAX_JSON_DEPTH`
 * levels and `MAX_JSON_VALUES` values.
 */
export function readJson(bytes: Buffer): JsonResult {
  if (!isUtf8(bytes)) return { ok: false, problem: "is no UTF-8" };
  try {
    return { ok: true, value: new Reader(bytes).read() };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return { ok: false, problem: error.message };
  }
}

class JsonFault extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

// RFC 8259 §6
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NUMBER_BYTES = 64;

class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #values = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  read(): Json {
    this.#space();
    const value = this.#value(0);
    this.#space();
    if (this.#at < this.#bytes.length) throw new JsonFault("goes on behind its end");
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_JSON_DEPTH) throw new JsonFault(`is nested deeper than ${MAX_JSON_DEPTH} levels`);
    if (++this.#values > MAX_JSON_VALUES) throw new JsonFault(`has more than ${MAX_JSON_VALUES} values`);
    switch (this.#bytes[this.#at]) {
      case OPEN_OBJECT:
        return this.#object(depth);
      case OPEN_LIST:
        return this.#list(depth);
      case QUOTE:
        return this.#text();
      case 0x74:
        return this.#word("true", true);
      case 0x66:
        return this.#word("false", false);
      case 0x6e:
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, Json>();
    if (this.#opens(CLOSE_OBJECT)) return members;
    do {
      this.#space();
      if (this.#bytes[this.#at] !== QUOTE) throw NO_JSON;
      const name = this.#text();
      if (members.has(name)) throw new JsonFault("has one name twice in one object");
      this.#space();
      if (this.#bytes[this.#at++] !== COLON) throw NO_JSON;
      this.#space();
      members.set(name, this.#value(depth + 1));
    } while (this.#goesOn(CLOSE_OBJECT));
    return members;
  }

  #list(depth: number): readonly Json[] {
    const values: Json[] = [];
    if (this.#opens(CLOSE_LIST)) return values;
    do {
      this.#space();
      values.push(this.#value(depth + 1));
    } while (this.#goesOn(CLOSE_LIST));
    return values;
  }

  /** Steps into a list or object. True: it is empty, and behind. */
  #opens(close: number): boolean {
    this.#at++;
    this.#space();
    if (this.#bytes[this.#at] !== close) return false;
    this.#at++;
    return true;
  }

  /** Behind a value: true at a comma, false behind the end. */
  #goesOn(close: number): boolean {
    this.#space();
    const next = this.#bytes[this.#at++];
    if (next !== COMMA && next !== close) throw NO_JSON;
    return next === COMMA;
  }

  #text(): string {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    let escaped = false;
    let end = start;
    for (let c = bytes[end]; c !== QUOTE; c = bytes[end]) {
      // a control character, or the end of the body
      if (c === undefined || c < 0x20) throw NO_JSON;
      if (c === BACKSLASH) {
        escaped = true;
        end++;
      }
      end++;
    }
    this.#at = end + 1;
    const text = bytes.toString("utf8", start, end);
    return escaped ? unescaped(text) : text;
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    const end = this.#at + word.length;
    if (this.#bytes.toString("latin1", this.#at, end) !== word) throw NO_JSON;
    this.#at = end;
    return value;
  }

  #number(): number {
    const text = this.#bytes.toString("latin1", this.#at, this.#at + NUMBER_BYTES);
    NUMBER.lastIndex = 0;
    const [digits] = NUMBER.exec(text) ?? [];
    if (digits === undefined) throw NO_JSON;
    if (digits.length === NUMBER_BYTES) throw new JsonFault("has a number that is too long");
    this.#at += digits.length;
    return Number(digits);
  }

  #space(): void {
    for (;;) {
      const c = this.#bytes[this.#at];
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#at++;
    }
  }
}

const NO_JSON = new JsonFault("is no JSON");

function unescaped(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(`"${text}"`);
  } catch {
    throw NO_JSON;
  }
  if (typeof value !== "string") throw NO_JSON;
  if (!value.isWellFormed()) throw new JsonFault("holds half of a surrogate pair");
  return value;
}
