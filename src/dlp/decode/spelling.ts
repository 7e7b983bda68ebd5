/** A way to spell characters by others that a reader undoes: escapes, look-alikes. Pure, the same for every text. */
export interface Spelling {
  /** as findings name it */
  readonly encoding: string;
  /** the bit that `LEADS` has for each byte at which something may begin that is spelled so */
  readonly bit: number;
  /** whether replacing what spells a secret takes it out */
  readonly replaceable: boolean;
  /**
   * Reads what is spelled at `at`, a byte of its leads: bytes it takes, with what they say in `spelled`; 0: nothing is
   * spelled there; `MORE`: only more bytes can tell, never with `last`.
   */
  read(text: Uint8Array, at: number, last: boolean, spelled: Spelled): number;
  /**
   * The same of what texts have thousands of in a row: the byte that is said, with the bytes that it takes times 256, and
   * `TELLS`; 0: it has to be read.
   */
  readonly quick?: (text: Uint8Array, at: number) => number;
}

/** Of `quick`: what is said may stand in a token. */
export const TELLS = 0x10000;

/** What was read; used again for the next one. */
export interface Spelled {
  /** at most as many bytes as were read */
  readonly bytes: Uint8Array;
  length: number;
  /** it may stand in a token: what is around it is worth reading */
  telling: boolean;
  /** something telling stands close before it: whether this tells, too, is of no interest yet */
  inside: boolean;
  /** what stands in front of the text */
  before: Uint8Array;
}

/** Only more bytes can tell. */
export const MORE = -1;

export function newSpelled(): Spelled {
  return { bytes: new Uint8Array(8), length: 0, telling: false, inside: false, before: new Uint8Array(0) };
}

/** One byte is what was read. */
export function sayByte(spelled: Spelled, byte: number, telling: boolean): void {
  spelled.bytes[0] = byte;
  spelled.length = 1;
  spelled.telling = telling;
}

/** A code point in UTF-8 is what was read; one of none says nothing. */
export function sayCodePoint(spelled: Spelled, point: number, telling: boolean): void {
  const { bytes } = spelled;
  spelled.telling = telling;
  if (point < 0x80) {
    bytes[0] = point;
    spelled.length = 1;
  } else if (point < 0x800) {
    bytes[0] = 0xc0 | (point >> 6);
    bytes[1] = 0x80 | (point & 63);
    spelled.length = 2;
  } else if (point < 0x10000) {
    bytes[0] = 0xe0 | (point >> 12);
    bytes[1] = 0x80 | ((point >> 6) & 63);
    bytes[2] = 0x80 | (point & 63);
    spelled.length = 3;
  } else if (point < 0x110000) {
    bytes[0] = 0xf0 | (point >> 18);
    bytes[1] = 0x80 | ((point >> 12) & 63);
    bytes[2] = 0x80 | ((point >> 6) & 63);
    bytes[3] = 0x80 | (point & 63);
    spelled.length = 4;
  } else spelled.length = 0;
}

/** The byte at `at`, which may be negative: then it is of what stands in front of the text. Undefined: there is none. */
export function byteAt(text: Uint8Array, at: number, { before }: Spelled): number | undefined {
  return at < 0 ? before[before.length + at] : text[at];
}

/** Letters, digits, `_` and `-`: what tokens are made of. */
export function isTokenByte(byte: number | undefined): boolean {
  return byte !== undefined && TOKEN[byte] === 1;
}

const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"))
  TOKEN[byte] = 1;

/** The value of a hex digit; 16: it is none. */
export function hexValue(byte: number | undefined): number {
  return byte === undefined ? 16 : (HEX[byte] ?? 16);
}

/** The byte that two hex digits spell; more than 255: they are none. */
export function hexPair(high: number, low: number): number {
  return ((HEX[high] as number) << 4) | (HEX[low] as number) | (((HEX[low] as number) & 16) << 4);
}

const HEX = new Uint8Array(256).fill(16);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}
