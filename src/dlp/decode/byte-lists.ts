import { TEXT_BYTES } from "./limits.ts";

/** What a list of bytes is written with, 2: digits and `0x`; 1: what stands between them in programs and dumps. */
export const LIST = new Uint8Array(256);
for (const byte of Buffer.from(" ,:;-.\t\r\n\"'|[](){}")) LIST[byte] = 1;
for (const byte of Buffer.from("0123456789abcdefABCDEFxX")) LIST[byte] = 2;

/** Value of a hex digit; 16: the `x` of `0x`; 17: it stands between numbers. */
const KINDS = new Uint8Array(256).fill(17);
for (const byte of Buffer.from("0123456789abcdefABCDEF"))
  KINDS[byte] = Number.parseInt(String.fromCharCode(byte), 16);
for (const byte of Buffer.from("xX")) KINDS[byte] = 16;

/** One way to read the numbers of a list. What is no byte is a zero byte, so that its neighbours aren't taken for one text. */
class Reading {
  #bytes: Buffer;
  #length = 0;
  #text = 0;
  #longest = 0;

  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  add(byte: number): void {
    this.#bytes[this.#length++] = byte;
    this.#text = byte >= 0x20 ? this.#text + 1 : 0;
    if (this.#text > this.#longest) this.#longest = this.#text;
  }

  /** Undefined: too few in a row are bytes of text for a find. */
  get bytes(): Buffer | undefined {
    return this.#longest >= TEXT_BYTES ? this.#bytes.subarray(0, this.#length) : undefined;
  }
}

/**
 * The bytes that a list of numbers spells, each number by itself: in hex (`67:68`, `0x67, 0x68`, `67 68`) and in decimal
 * (`[103, 104]`). Undefined: too few are bytes of text for a find.
 */
export function byteLists(run: Buffer): {
  readonly hex: Buffer | undefined;
  readonly decimal: Buffer | undefined;
} {
  const room = (run.length >> 1) + 1;
  const hex = new Reading(room);
  const decimal = new Reading(room);
  let digits = 0;
  let high = 0;
  let low = 0;
  let number = 0;
  for (let at = 0; at <= run.length; at++) {
    const kind = at === run.length ? 17 : (KINDS[run[at] as number] as number);
    if (kind < 16) {
      digits++;
      high = low;
      low = kind;
      number = kind < 10 && number < 256 ? number * 10 + kind : 256;
    } else if (kind === 16) {
      // `0x`: its digits follow
      digits = digits === 1 && low === 0 ? 0 : 3;
      number = 256;
    } else if (digits > 0) {
      hex.add(digits === 2 ? high * 16 + low : 0);
      decimal.add(number < 256 && digits < 4 ? number : 0);
      digits = 0;
      number = 0;
    }
  }
  return { hex: hex.bytes, decimal: decimal.bytes };
}
