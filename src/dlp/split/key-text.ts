import { encodedIn } from "../decode/encoded-in.ts";
import type { KnownIndex } from "../known/known-index.ts";
import { KnownMatcher } from "../known/matcher.ts";
import { SYMBOLS } from "../known/symbols.ts";
import { SPLIT_TEXT_CHARS } from "./limits.ts";

/** Letters and digits before a value that are looked at with it: the widest spelling needs 96 for a find. */
const BEFORE_SYMBOLS = 128;
/** Characters of an encoded run before a value that are looked at with it: more than the shortest run has, and than ten bytes take. */
const BEFORE_RUN = 24;
const FIRST_BYTES = 128;

/**
 * The values of one key, put one behind the other. With each only the end of the text is looked at: nearly always that
 * shows that there is nothing to be found, and the whole is not read.
 */
export class KeyText {
  readonly #index: KnownIndex;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;
  /** where what is looked at begins, and how many symbols stand from there on */
  #from = 0;
  #symbols = 0;
  /** compressed data goes on in an encoded run */
  #compressed = false;
  /** the last value, the request it came with, and when that was, in milliseconds */
  last = "";
  request = 0;
  at = 0;

  constructor(index: KnownIndex) {
    this.#index = index;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /**
   * Adds a value, latin1. Where something may come of it, where in `bytes` it begins; else undefined.
   */
  add(value: string): number | undefined {
    this.#makeRoom(value.length);
    const from = this.#length;
    this.#length += this.#bytes.write(value, from, "latin1");
    let kinds = 0;
    let symbols = 0;
    for (let i = from; i < this.#length; i++) {
      const byte = this.#bytes[i] as number;
      if (SYMBOLS[byte] !== 0) symbols++;
      kinds |= KINDS[byte] as number;
    }
    this.#advance(symbols);
    const went = this.#compressed;
    const encoded = this.#encoded(from);
    this.#compressed = encoded === "compressed" || (went && (kinds & END) === 0);
    return encoded !== undefined || went || this.#holdsSecret() ? from : undefined;
  }

  /**
   * A run that says something does so in the value, or up to `BEFORE_RUN` before it, unless it was told with an earlier
   * value. Where a run may go on over line ends it is looked at from its beginning.
   */
  #encoded(from: number): ReturnType<typeof encodedIn> {
    const start = Math.max(0, from - BEFORE_RUN);
    let kinds = 0;
    for (let i = start; i < this.#length; i++) kinds |= KINDS[this.#bytes[i] as number] as number;
    const encoded = encodedIn(this.#bytes.subarray((kinds & GAP) === 0 ? start : 0, this.#length));
    // compressed data as they stand may have begun anywhere before
    return encoded ?? ((kinds & BINARY) === 0 ? undefined : "else");
  }

  #holdsSecret(): boolean {
    found = false;
    new KnownMatcher(this.#index, onFound).write(this.#bytes.subarray(this.#from, this.#length), true);
    return found;
  }

  /** Keeps `BEFORE_SYMBOLS` before the value, which has `added`. */
  #advance(added: number): void {
    this.#symbols += added;
    for (; this.#symbols > BEFORE_SYMBOLS + added; this.#from++)
      if (SYMBOLS[this.#bytes[this.#from] as number] !== 0) this.#symbols--;
  }

  #makeRoom(wanted: number): void {
    const bytes = this.#bytes;
    if (this.#length + wanted <= bytes.length) return;
    if (bytes.length < SPLIT_TEXT_CHARS) {
      this.#bytes = Buffer.allocUnsafe(Math.min(SPLIT_TEXT_CHARS, bytes.length * 4));
      bytes.copy(this.#bytes, 0, 0, this.#length);
      return;
    }
    const gone = this.#length - SPLIT_TEXT_CHARS / 4;
    bytes.copyWithin(0, gone, this.#length);
    this.#length -= gone;
    this.#from = Math.max(0, this.#from - gone);
    this.#symbols = 0;
    for (let i = this.#from; i < this.#length; i++) if (SYMBOLS[bytes[i] as number] !== 0) this.#symbols++;
  }
}

let found = false;
const onFound = (): void => {
  found = true;
};

/** What a byte does to a run of base64 or hex: it is of it (0), may be a line end in it, or ends it. */
const GAP = 1;
const END = 2;
const KINDS = new Uint8Array(256).fill(END);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"))
  KINDS[byte] = 0;
for (const byte of Buffer.from("\\\r\n")) KINDS[byte] = GAP;
/** and what no text in ASCII has */
const BINARY = 4;
for (let byte = 0; byte < 256; byte++)
  if (byte >= 0x7f || (byte < 0x20 && ![0x09, 0x0a, 0x0d].includes(byte))) KINDS[byte] = END | BINARY;
