import { WORD } from "./bytes.ts";
import { BOUNDARY, END } from "./steps.ts";

function isWord(bytes: Uint8Array, at: number): boolean {
  return WORD[bytes[at] as number] === 1;
}

/** Whether the text may end, or a word, at `at`. `length`: where the text ends. */
export function holdsAfter(kind: number, bytes: Uint8Array, length: number, at: number): boolean {
  if (kind === END) return at === length;
  return kind === BOUNDARY && isWord(bytes, at - 1) !== (at < length && isWord(bytes, at));
}

/** Whether the text may begin, or a word, at `at`. `first`: where the text begins. */
export function holdsBefore(kind: number, bytes: Uint8Array, at: number, first: number): boolean {
  if (at === first) return kind !== END;
  if (kind !== BOUNDARY) return false;
  return isWord(bytes, at - 1) !== isWord(bytes, at) || isEscapeEnd(bytes, at);
}

/** `\n`, `\x3d`, `\u003d`, `%3D` before a token end in a letter or digit, and are no part of its word. */
function isEscapeEnd(bytes: Uint8Array, at: number): boolean {
  if (bytes[at - 2] === BACKSLASH) return LETTERS[bytes[at - 1] as number] === 1;
  if (bytes[at - 3] === PERCENT) return areDigits(bytes, at - 2, at);
  if (bytes[at - 4] === BACKSLASH && bytes[at - 3] === 0x78) return areDigits(bytes, at - 2, at);
  return bytes[at - 6] === BACKSLASH && bytes[at - 5] === 0x75 && areDigits(bytes, at - 4, at);
}

const BACKSLASH = 0x5c;
const PERCENT = 0x25;
/** what may stand behind a backslash as a whole escape */
const LETTERS = new Uint8Array(256);
for (const byte of Buffer.from("bfnrtv")) LETTERS[byte] = 1;
const HEX_DIGITS = new Uint8Array(256);
for (const byte of Buffer.from("0123456789ABCDEFabcdef")) HEX_DIGITS[byte] = 1;

function areDigits(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (HEX_DIGITS[bytes[at] as number] !== 1) return false;
  return true;
}
