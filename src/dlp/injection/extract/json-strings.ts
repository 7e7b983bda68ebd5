import { JSON_DEPTH, SLICE_BYTES } from "../limits.ts";
import { type Extractor, type Outlet, Piece } from "./extractor.ts";
import { NAME_BEGIN, nameBehind, namesText } from "./text-field-names.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Depth for which room is made at once; few texts are deeper. */
const USUAL_DEPTH = 32;
/** What one slice says, of whichever text: both are empty again when it has been read. */
const VISIBLE = new Piece(SLICE_BYTES + 64);
const ASIDE = new Piece(SLICE_BYTES + 64);
const SIMPLE: Readonly<Record<string, number>> = { n: 0x0a, t: 0x20, r: 0x0a, b: 0x20, f: 0x20 };

/**
 * The strings of JSON texts, unescaped (RFC 8259): those of text fields go to `visible` as one text, all else goes to
 * `aside`. Tolerant: what is no JSON is read as text beside it.
 */
export class JsonStrings implements Extractor {
  readonly #visible = VISIBLE;
  readonly #aside = ASIDE;
  #inString = false;
  /** an escape that is not complete yet, without its backslash */
  #escape: string | undefined;
  /** the first half of a surrogate pair */
  #high = 0;
  /** 1: object */
  #levels = new Uint8Array(USUAL_DEPTH);
  #depth = 0;
  #expectsName = false;
  #isName = false;
  /** of the last name, as `nameBehind` */
  #name = NAME_BEGIN;
  #isText = false;
  #hadText = false;

  write(slice: Buffer, outlet: Outlet): void {
    for (let i = 0; i < slice.length; ) i = this.#inString ? this.#string(slice, i) : this.#outside(slice, i);
    this.#visible.flush("visible", outlet);
    this.#aside.flush("aside", outlet);
  }

  boundary(): void {
    this.#inString = false;
    this.#escape = undefined;
    this.#depth = 0;
    this.#expectsName = false;
    this.#hadText = false;
  }

  end(): void {
    // what was read has been handed on
  }

  #outside(slice: Buffer, from: number): number {
    for (let i = from; i < slice.length; i++) {
      const byte = slice[i] as number;
      switch (byte) {
        case QUOTE:
          this.#begin();
          return i + 1;
        case 0x7b: // {
        case 0x5b: // [
          this.#enter(byte === 0x7b);
          this.#expectsName = byte === 0x7b;
          break;
        case 0x7d: // }
        case 0x5d: // ]
          if (this.#depth > 0) this.#depth--;
          this.#expectsName = false;
          if (this.#depth === 0) this.#hadText = false;
          this.#aside.push(0x1e);
          break;
        case 0x2c: // ,
          this.#expectsName =
            this.#depth > 0 && this.#depth <= JSON_DEPTH && this.#levels[this.#depth - 1] === 1;
          break;
        case 0x3a: // :
          this.#expectsName = false;
          break;
        default:
          this.#aside.push(byte);
      }
    }
    return slice.length;
  }

  #enter(object: boolean): void {
    if (this.#depth === this.#levels.length && this.#depth < JSON_DEPTH) {
      const deeper = new Uint8Array(JSON_DEPTH);
      deeper.set(this.#levels);
      this.#levels = deeper;
    }
    if (this.#depth < JSON_DEPTH) this.#levels[this.#depth] = object ? 1 : 0;
    this.#depth++;
  }

  #begin(): void {
    this.#inString = true;
    this.#isName = this.#expectsName;
    this.#isText = !this.#isName && namesText(this.#name);
    if (this.#isName) this.#name = NAME_BEGIN;
    if (this.#isText && this.#hadText) this.#visible.push(0x1e);
    if (this.#isText) this.#hadText = true;
  }

  #string(slice: Buffer, from: number): number {
    const piece = this.#isText ? this.#visible : this.#aside;
    if (this.#escape !== undefined) {
      this.#escaped(slice[from] as number, piece);
      return from + 1;
    }
    const to = piece.literal(slice, from);
    if (this.#isName) this.#name = nameBehind(slice, from, to, this.#name);
    if (to === slice.length) return to;
    if (slice[to] === BACKSLASH) this.#escape = "";
    else {
      this.#inString = false;
      this.#expectsName = false;
      if (!this.#isText) this.#aside.push(0x1e);
    }
    return to + 1;
  }

  #escaped(byte: number, piece: Piece): void {
    const sequence = (this.#escape ?? "") + String.fromCharCode(byte);
    if (sequence[0] === "u" && sequence.length < 5) {
      this.#escape = sequence;
      return;
    }
    this.#escape = undefined;
    if (sequence[0] !== "u") {
      piece.push(SIMPLE[sequence] ?? byte);
      return;
    }
    const unit = Number.parseInt(sequence.slice(1), 16);
    if (Number.isNaN(unit)) piece.text(sequence);
    else if (unit >= 0xd800 && unit < 0xdc00) this.#high = unit;
    else if (unit >= 0xdc00 && unit < 0xe000) {
      if (this.#high !== 0) piece.text(String.fromCharCode(this.#high, unit));
      this.#high = 0;
    } else piece.text(unit === 0x1e || unit === 0 ? " " : String.fromCharCode(unit));
  }
}
