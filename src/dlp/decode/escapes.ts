import { asciiOf, NO_ASCII } from "../injection/fold.ts";
import { nextInName, pointOfName } from "./character-references.ts";
import { BACKSLASHES, REFERENCE_CHARS } from "./limits.ts";
import {
  byteAt,
  hexPair,
  hexValue,
  isTokenByte,
  MORE,
  type Spelled,
  type Spelling,
  sayByte,
  sayCodePoint,
  TELLS,
} from "./spelling.ts";

const PERCENT = 0x25;
const AMPERSAND = 0x26;
const BACKSLASH = 0x5c;

/**
 * What URLs, JSON, programs, shells and HTML write for a character: `%41`, `%u0041`, `\x41`, `\u0041`, `\u{41}`,
 * `\U00000041`, `\101`, `\/`, `&#65;`, `&#x41;`, `&lowbar;`. Any number of backslashes counts as one: a string inside a
 * string has two or four.
 */
export const ESCAPES: Spelling = {
  encoding: "escapes",
  bit: 1,
  replaceable: true,
  read(text, at, last, spelled) {
    spelled.length = 0;
    spelled.telling = false;
    const lead = text[at];
    if (lead === PERCENT) return percent(text, at, last, spelled);
    return lead === AMPERSAND ? reference(text, at, last, spelled) : backslash(text, at, last, spelled);
  },
  quick(text, at) {
    const lead = text[at];
    const kind = text[at + 1];
    let digits = at + 1;
    if (lead === BACKSLASH && kind === 0x78) digits = at + 2;
    else if (lead === BACKSLASH && kind === 0x75 && text[at + 2] === 0x30 && text[at + 3] === 0x30)
      digits = at + 4;
    else if (lead !== PERCENT) return 0;
    if (digits + 1 >= text.length) return 0;
    const value = hexPair(text[digits] as number, text[digits + 1] as number);
    // beyond ASCII `\u` says two bytes
    if (value > 0xff || (value > 0x7f && digits === at + 4)) return 0;
    return ((digits + 2 - at) << 8) | value | (tells(value) ? TELLS : 0);
  },
};

/** What may begin a look-alike in UTF-8 tells as much as ASCII: it is looked at one level deeper. */
function tells(byte: number): boolean {
  return (byte > 0x20 && byte < 0x7f) || byte >= 0xc2;
}

function tellsPoint(point: number): boolean {
  return point < 0x80 ? tells(point) : asciiOf(point) !== NO_ASCII;
}

function percent(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  const first = text[at + 1];
  if (first === undefined) return last ? 0 : MORE;
  if (first === 0x75 || first === 0x55) return unit(text, at + 2, at, 4, last, spelled);
  const high = hexValue(first);
  if (high === 16) return 0;
  if (text[at + 2] === undefined) return last ? 0 : MORE;
  const low = hexValue(text[at + 2]);
  if (low === 16) return 0;
  sayByte(spelled, high * 16 + low, tells(high * 16 + low));
  return 3;
}

/** `digits` hex digits from `from` on are a code point. */
function unit(
  text: Uint8Array,
  from: number,
  at: number,
  digits: number,
  last: boolean,
  spelled: Spelled,
): number {
  let value = 0;
  for (let i = from; i < from + digits; i++) {
    if (text[i] === undefined) return last ? 0 : MORE;
    const digit = hexValue(text[i]);
    if (digit === 16) return 0;
    value = value * 16 + digit;
  }
  sayCodePoint(spelled, value, tellsPoint(value));
  return from + digits - at;
}

function backslash(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  let next = at + 1;
  while (text[next] === BACKSLASH && next - at < BACKSLASHES) next++;
  const kind = text[next];
  if (kind === undefined) return last ? 0 : MORE;
  switch (kind) {
    case 0x75: // u
      if (text[next + 1] === 0x7b) return braced(text, next + 2, at, last, spelled);
      return utf16(text, next + 1, at, last, spelled);
    case 0x55: // U
      return unit(text, next + 1, at, 8, last, spelled);
    case 0x78: // x
      if (text[next + 1] === 0x7b) return braced(text, next + 2, at, last, spelled);
      return pair(text, next + 1, at, last, spelled);
    case 0x2f: // `\/`, as PHP writes every slash
      sayByte(spelled, kind, true);
      return next + 1 - at;
    case 0x0a:
    case 0x0d:
      return continued(text, next, at, last, spelled);
    default:
  }
  if (kind >= 0x30 && kind <= 0x37) return octal(text, next, at, last, spelled);
  const control = CONTROLS[kind] as number;
  if (control === 0) return 0;
  sayByte(spelled, control, false);
  return next + 1 - at;
}

/** `\n` and so on, by the letter, and the quotes. */
const CONTROLS = new Uint8Array(256);
for (const [i, letter] of Buffer.from("abtnvfr").entries()) CONTROLS[letter] = 7 + i;
for (const quote of [0x22, 0x27, 0x60]) CONTROLS[quote] = quote;

/** A line that ends with a backslash goes on in the next; inside a word it says nothing. */
function continued(text: Uint8Array, end: number, at: number, last: boolean, spelled: Spelled): number {
  const next = text[end] === 0x0d ? end + 2 : end + 1;
  if (text[next] === undefined && !last) return MORE;
  if (text[next - 1] !== 0x0a) return 0;
  spelled.length = 0;
  spelled.telling = isTokenByte(byteAt(text, at - 1, spelled)) && isTokenByte(text[next]);
  return next - at;
}

function pair(text: Uint8Array, from: number, at: number, last: boolean, spelled: Spelled): number {
  const high = hexValue(text[from]);
  const low = hexValue(text[from + 1]);
  if (text[from] === undefined || (high !== 16 && text[from + 1] === undefined)) return last ? 0 : MORE;
  if (high === 16 || low === 16) return 0;
  sayByte(spelled, high * 16 + low, tells(high * 16 + low));
  return from + 2 - at;
}

/** A code point outside the first 65,536 is two escapes. */
function utf16(text: Uint8Array, from: number, at: number, last: boolean, spelled: Spelled): number {
  const length = unit(text, from, at, 4, last, spelled);
  if (length <= 0 || spelled.length !== 3) return length;
  const high = codeUnit(text, from);
  if (high < 0xd800 || high > 0xdbff) return length;
  const width = from - at;
  const next = at + length;
  for (let i = 0; i < width; i++) {
    if (text[next + i] === undefined) return last ? length : MORE;
    if (text[next + i] !== text[at + i]) return length;
  }
  for (let i = 0; i < 4; i++) if (text[next + width + i] === undefined) return last ? length : MORE;
  const low = codeUnit(text, next + width);
  if (!(low >= 0xdc00 && low <= 0xdfff)) return length;
  const point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  sayCodePoint(spelled, point, tellsPoint(point));
  return length + width + 4;
}

/** NaN or more than 16 bits where the four are no hex digits. */
function codeUnit(text: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexValue(text[i]);
    if (digit === 16) return Number.NaN;
    value = value * 16 + digit;
  }
  return value;
}

function braced(text: Uint8Array, from: number, at: number, last: boolean, spelled: Spelled): number {
  let value = 0;
  for (let i = from; i <= from + REFERENCE_CHARS; i++) {
    const byte = text[i];
    if (byte === undefined) return last ? 0 : MORE;
    if (byte === 0x7d && i > from) {
      sayCodePoint(spelled, value, tellsPoint(value));
      return i + 1 - at;
    }
    const digit = hexValue(byte);
    if (digit === 16 || value > 0x10ffff) return 0;
    value = value * 16 + digit;
  }
  return 0;
}

/** `\101`, and `\0101` where that says something and `\010` doesn't. */
function octal(text: Uint8Array, from: number, at: number, last: boolean, spelled: Spelled): number {
  let value = 0;
  let short = 0;
  let i = from;
  for (; i < from + 4; i++) {
    const byte = text[i];
    if (byte === undefined && !last) return MORE;
    if (byte === undefined || byte < 0x30 || byte > 0x37) break;
    value = value * 8 + byte - 0x30;
    if (i === from + 2) short = value;
  }
  const digits = i - from;
  if (digits < 3) {
    // `\0`, as in UTF-16 written byte by byte
    if (digits !== 1 || value !== 0) return 0;
    sayByte(spelled, 0, false);
    return i - at;
  }
  const long = digits === 4 && short < 0x20 && value >= 0x20 && value < 0x7f;
  const said = long ? value : short;
  if (said > 255) return 0;
  sayByte(spelled, said, tells(said));
  return from + (long ? 4 : 3) - at;
}

/** HTML §13.5: by number, where the semicolon may be missing, or by the name of a character of ASCII. */
function reference(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  if (text[at + 1] === undefined) return last ? 0 : MORE;
  if (text[at + 1] !== 0x23) return named(text, at, last, spelled);
  const hex = text[at + 2] === 0x78 || text[at + 2] === 0x58;
  const from = at + (hex ? 3 : 2);
  let value = 0;
  let i = from;
  for (; ; i++) {
    const byte = text[i];
    if (byte === undefined && !last) return i - from > REFERENCE_CHARS ? 0 : MORE;
    const digit = hexValue(byte);
    if (digit > 9 && !(hex && digit < 16)) break;
    if (i - from > REFERENCE_CHARS) return 0;
    value = Math.min(value * (hex ? 16 : 10) + digit, 0x110000);
  }
  if (i === from || value === 0) return 0;
  // its number goes on in another escape: it is read when that is undone
  if (text[i] === PERCENT || text[i] === BACKSLASH || text[i] === AMPERSAND) return 0;
  sayCodePoint(spelled, value, tellsPoint(value));
  return (text[i] === 0x3b ? i + 1 : i) - at;
}

function named(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  let node = 0;
  let i = at + 1;
  for (; text[i] !== 0x3b; i++) {
    const byte = text[i];
    if (byte === undefined) return last ? 0 : MORE;
    node = nextInName(node, byte);
    if (node === 0) return 0;
  }
  const point = pointOfName(node);
  if (point < 0) return 0;
  // `<`, quotes and spaces end a token, however they are written.
  sayCodePoint(spelled, point, tellsPoint(point) && ENDS[point] !== 1);
  return i + 1 - at;
}

const ENDS = new Uint8Array(256);
for (const point of [0x22, 0x27, 0x3c, 0x3e, 0xa0]) ENDS[point] = 1;
