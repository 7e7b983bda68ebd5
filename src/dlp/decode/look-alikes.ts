import { asciiOf, INVISIBLE_ASCII, NO_ASCII } from "../injection/fold.ts";
import { byteAt, isTokenByte, MORE, type Spelled, type Spelling, sayByte } from "./spelling.ts";

/** Letters of other alphabets that resemble ours tell only beside one of ours: otherwise they are a language. */
const COMPATIBLE_FROM = 0x2000;

/**
 * Characters that look like ASCII, in UTF-8: full-width, styled and enclosed ones, letters of other alphabets, with marks
 * and with what shows nothing in between; and the zeros that UTF-16 has between the bytes of ASCII.
 */
export const LOOK_ALIKES: Spelling = {
  encoding: "folded",
  bit: 4,
  replaceable: false,
  read(text, at, last, spelled) {
    spelled.length = 0;
    spelled.telling = false;
    if (text[at] === 0) return zero(text, at, last, spelled);
    const length = lengthOf(text[at] as number);
    // the character, and what stands behind it
    if (text[at + length + ASIDE - 1] === undefined && !last) return isUtf8(text, at, length) ? MORE : 0;
    if (at + length > text.length || !isUtf8(text, at, length)) return 0;
    const point = codePointAt(text, at, length);
    const ascii = asciiOf(point);
    if (ascii === NO_ASCII) return 0;
    if (ascii === INVISIBLE_ASCII) {
      spelled.telling = isInToken(text, at, length, spelled);
      return length;
    }
    // accents alone are a language, too
    const telling =
      point >= 0x250 && isTokenByte(ascii) && (isCompatible(point) || isInToken(text, at, length, spelled));
    sayByte(spelled, ascii, telling);
    return length;
  },
};

/** Characters on one side that have to be a token's where those of the other side are not. */
const ASIDE = 3;

/** Whether it stands between characters of tokens, or behind or before three. Of random bytes few do. */
function isInToken(text: Uint8Array, at: number, length: number, spelled: Spelled): boolean {
  const before = tokenBytes(text, at - 1, -1, spelled);
  const behind = tokenBytes(text, at + length, 1, spelled);
  return (before > 0 && behind > 0) || before === ASIDE || behind === ASIDE;
}

function tokenBytes(text: Uint8Array, from: number, step: number, spelled: Spelled): number {
  let count = 0;
  while (count < ASIDE && isTokenByte(byteAt(text, from + count * step, spelled))) count++;
  return count;
}

/** Cherokee is below the line, what stands beyond it is the same letter in another style. */
function isCompatible(point: number): boolean {
  return point >= COMPATIBLE_FROM && !(point >= 0xa640 && point < 0xac00);
}

/** Tag characters (Unicode §23.9): ASCII that shows nothing. */
export const TAGS: Spelling = {
  encoding: "tag characters",
  bit: 8,
  replaceable: false,
  read(text, at, last, spelled) {
    spelled.length = 0;
    spelled.telling = false;
    if (text[at + 3] === undefined && !last) return isUtf8(text, at, 4) ? MORE : 0;
    const block = text[at + 2];
    if (text[at + 1] !== 0xa0 || (block !== 0x80 && block !== 0x81)) return 0;
    const byte = ((block & 1) << 6) | ((text[at + 3] ?? 0) & 63);
    if (byte < 0x20 || byte > 0x7e) return 0;
    sayByte(spelled, byte, isTokenByte(byte));
    return 4;
  },
};

/** A zero byte that UTF-16 has says nothing. It tells where two such characters stand side by side. */
function zero(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  if (text[at + 2] === undefined && !last) return MORE;
  spelled.telling =
    text[at + 2] === 0 && isTokenByte(text[at + 1]) && isTokenByte(byteAt(text, at - 1, spelled));
  return 1;
}

function lengthOf(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** Whether what there is of it are the bytes of one character. */
function isUtf8(text: Uint8Array, at: number, length: number): boolean {
  for (let i = at + 1; i < at + length; i++) {
    const byte = text[i];
    if (byte === undefined) return true;
    if ((byte & 0xc0) !== 0x80) return false;
  }
  return true;
}

function codePointAt(text: Uint8Array, at: number, length: number): number {
  let point = (text[at] as number) & (0x7f >> length);
  for (let i = at + 1; i < at + length; i++) point = (point << 6) | ((text[i] as number) & 63);
  return point;
}
