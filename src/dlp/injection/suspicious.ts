import { INVISIBLE_RUN } from "./limits.ts";

/** Bytes of one block have characters that may stand for our letters, or that show nothing. */
export function hasDisguise(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte < 0xc9) continue;
    // CJK and kana, accented Latin of the second block and combining marks: nothing of ours
    if ((byte >= 0xe3 && byte <= 0xee) || byte === 0xcc || byte === 0xcd) continue;
    if (byte !== 0xe2) return true;
    const second = i + 1 < to ? (bytes[i + 1] as number) : 0x80;
    const third = i + 2 < to ? (bytes[i + 2] as number) : 0x8b;
    // U+2000 to U+206F: only what is invisible; then letter-like and enclosed ones
    if (second === 0x80 && ((third >= 0x8b && third <= 0x8f) || (third >= 0xaa && third <= 0xae)))
      return true;
    if (second === 0x81 && third >= 0xa0) return true;
    if (
      second === 0x82 ||
      second === 0x84 ||
      second === 0x85 ||
      second === 0x92 ||
      second === 0x93 ||
      second === 0xb1
    )
      return true;
  }
  return false;
}

/** Counts invisible characters in a row. */
export class InvisibleRun {
  #length = 0;

  /** True at the character that makes the run one to look at. */
  add(codePoint: number): boolean {
    if (!isInvisible(codePoint)) {
      this.#length = 0;
      return false;
    }
    this.#length++;
    return this.#length % INVISIBLE_RUN === 0;
  }
}

function isInvisible(codePoint: number): boolean {
  return (
    (codePoint >= 0xe0000 && codePoint <= 0xe0fff) ||
    (codePoint >= 0xfe00 && codePoint <= 0xfe0f) ||
    (codePoint >= 0x200b && codePoint <= 0x200f) ||
    (codePoint >= 0x202a && codePoint <= 0x202e) ||
    (codePoint >= 0x2060 && codePoint <= 0x206f) ||
    codePoint === 0xfeff ||
    codePoint === 0x3164
  );
}
