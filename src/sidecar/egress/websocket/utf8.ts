import { isUtf8 } from "node:buffer";

const EMPTY = Buffer.alloc(0);

/** Checks a text that comes in pieces for being UTF-8 (RFC 6455 §8.1). */
export class Utf8Check {
  /** the beginning of a character, at most 3 bytes */
  #carry: Buffer = EMPTY;

  /** False: it is not, whatever follows. */
  write(bytes: Buffer): boolean {
    const text = this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]);
    const whole = text.length - openBytes(text);
    this.#carry = whole === text.length ? EMPTY : Buffer.from(text.subarray(whole));
    return isUtf8(text.subarray(0, whole));
  }

  /** The text ends here; false: inside a character. */
  end(): boolean {
    const whole = this.#carry.length === 0;
    this.#carry = EMPTY;
    return whole;
  }
}

/** Bytes at the end that only begin a character. */
function openBytes(text: Buffer): number {
  for (let back = 1; back <= 3 && back <= text.length; back++) {
    const byte = text[text.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needs > back && mayBegin(byte, text[text.length - back + 1]) ? back : 0;
  }
  return 0;
}

/** Whether a character may begin so (RFC 3629 §4): not overlong, no surrogate, not beyond U+10FFFF. */
function mayBegin(first: number, second: number | undefined): boolean {
  if (first < 0xc2 || first > 0xf4) return false;
  if (second === undefined) return true;
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second < 0xa0;
  if (first === 0xf0) return second >= 0x90;
  return first !== 0xf4 || second < 0x90;
}
