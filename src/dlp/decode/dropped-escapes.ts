import { ESCAPES } from "./escapes.ts";
import { DENSE_PIECE_BYTES, REFERENCE_CHARS, SEPARATOR_COUNT } from "./limits.ts";
import { byteAt, hexValue, isTokenByte, MORE, type Spelled, type Spelling } from "./spelling.ts";

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const AMPERSAND = 0x26;
const HASH = 0x23;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const LESS = 0x3c;
const EQUALS = 0x3d;
const GREATER = 0x3e;

/** Pieces of a few characters that have to follow, each with escapes behind it; natural text seldom has so many. */
const DENSE_COUNT = 2;

/**
 * Escapes, references and tags that say nothing that counts: `s\u0001e\u0001c`, `s&nbsp;e&nbsp;c`, `s<br>e<br>c`. They are
 * taken out whole, for written out they leave letters and digits between those of a secret. Only where few characters stand
 * between them, again and again.
 */
export const DROPPED_ESCAPES: Spelling = {
  encoding: "escaped separators",
  bit: 16,
  replaceable: true,
  read(text, at, last, spelled) {
    const length = lengthOf(text, at, last, spelled);
    if (length <= 0) return length;
    // Of several in a row the first one tells.
    const first =
      !spelled.inside &&
      isTokenByte(byteAt(text, at - 1, spelled)) &&
      byteAt(text, at - length, spelled) !== text[at];
    const dense = first ? isDense(text, at + length, last, spelled) : 0;
    spelled.length = 0;
    spelled.telling = dense === 1;
    return dense === MORE ? MORE : length;
  },
};

/**
 * Whether what begins at `at` may be the first of several in a row, behind a character of a token: few are, and only of
 * those anything more has to be read. Of what `text` alone doesn't show it says that it may.
 */
export function mayTell(text: Uint8Array, at: number): boolean {
  if (at === 0) return true;
  if (!isTokenByte(text[at - 1])) return false;
  if (at + 2 >= text.length) return true;
  const lead = text[at];
  const second = text[at + 1];
  if (lead === PERCENT) return second === 0x75 || second === 0x55 || text[at - 3] !== PERCENT;
  return lead !== BACKSLASH || second !== 0x78 || text[at + 2] === BRACE || text[at - 4] !== BACKSLASH;
}

/** 1: a few characters of tokens follow, with escapes behind them, more than once; 0: other text does. */
function isDense(text: Uint8Array, from: number, last: boolean, spelled: Spelled): number {
  let at = from;
  for (let pieces = 0; ; pieces++) {
    for (let count = pieces === 0 ? 1 : 0; BEGINS[text[at] as number] === 1; count++) {
      if (count === SEPARATOR_COUNT) return 1;
      const length = lengthOf(text, at, last, spelled);
      if (length <= 0) return length;
      at += length;
    }
    if (pieces === DENSE_COUNT) return 1;
    const limit = at + DENSE_PIECE_BYTES;
    const start = at;
    while (at < limit && isTokenByte(text[at])) at++;
    if (text[at] === undefined) return last ? 0 : MORE;
    if (at === start || BEGINS[text[at] as number] !== 1) return 0;
  }
}

/** 1: an escape, a reference or a tag may begin with it. */
const BEGINS = new Uint8Array(256);
for (const byte of Buffer.from("%&<=\\")) BEGINS[byte] = 1;

/** Bytes that it takes; of an escape what it says is in `spelled`. */
function lengthOf(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number {
  const lead = text[at];
  spelled.length = 0;
  if (lead === LESS) return tag(text, at, last);
  if (lead === EQUALS) return quoted(text, at, last);
  if (lead === AMPERSAND && text[at + 1] !== HASH) return reference(text, at, last);
  const length = ESCAPES.read(text, at, last, spelled);
  return length === 0 && lead === AMPERSAND ? reference(text, at, last) : length;
}

/** A tag without attributes, and a comment of one word: `<br>`, `</b>`, `<br />`, `<!---->`. */
function tag(text: Uint8Array, at: number, last: boolean): number {
  const first = text[at + 1];
  let i = first === SLASH || first === 0x21 ? at + 2 : at + 1;
  const limit = i + REFERENCE_CHARS;
  while (i < limit && isTokenByte(text[i])) i++;
  if (text[i] === 0x20) i++;
  if (text[i] === SLASH) i++;
  if (text[i] === undefined) return last ? 0 : MORE;
  return text[i] === GREATER ? i + 1 - at : 0;
}

/** `=20`, as quoted-printable has it (RFC 2045 §6.7). */
function quoted(text: Uint8Array, at: number, last: boolean): number {
  for (let i = at + 1; i < at + 3; i++) {
    const digit = text[i];
    if (digit === undefined) return last ? 0 : MORE;
    // it has no small ones
    if (hexValue(digit) === 16 || digit >= 0x61) return 0;
  }
  return 3;
}

/** Of any name or number: `&hellip;`, `&#0;`. */
function reference(text: Uint8Array, at: number, last: boolean): number {
  let i = text[at + 1] === HASH ? at + 2 : at + 1;
  const limit = i + REFERENCE_CHARS;
  while (i < limit && isTokenByte(text[i])) i++;
  if (text[i] === undefined) return last ? 0 : MORE;
  return text[i] === SEMICOLON && i > at + 1 ? i + 1 - at : 0;
}
