import { bitsOfBoth } from "../byte-pairs.ts";

/** Bytes that are looked at together. */
export const SIEVED_BYTES = 4096;

const COPIED = new Uint8Array(SIEVED_BYTES);
const WORDS = new Uint32Array(COPIED.buffer);

/** Seven bits for each of up to four classes, with a one added to each. */
const EACH = 0x01_01_01_01;
const OVER = 0x80_80_80_80;

/**
 * Tells which of up to four classes of bytes may have a run in a block, in one pass and without a branch: words of which
 * all bytes are of a class are counted in a row.
 */
export class ClassSieve {
  /** by two bytes read as one number: a bit for each class that both are of */
  readonly #both: Uint8Array;
  /** by such bits: seven bits for each of the classes */
  readonly #marks: Int32Array;
  /** what a count lacks to a bit over those seven when there are words enough */
  readonly #enough: number;

  /** `tables`: not 0 for the bytes of the class. `leasts`: bytes of its shortest run, 11 to 500. */
  constructor(tables: readonly Uint8Array[], leasts: readonly number[]) {
    const bits = new Uint8Array(256);
    for (const [number, table] of tables.entries())
      for (const [byte, is] of table.entries())
        if (is !== 0) bits[byte] = (bits[byte] as number) | (1 << number);
    this.#both = bitsOfBoth(bits);
    this.#marks = new Int32Array(16).map((_, bits) =>
      [0, 1, 2, 3].reduce((marks, number) => marks | (((bits >> number) & 1) * (0x7f << (8 * number))), 0),
    );
    // so many words every run has whole, wherever it begins
    this.#enough = leasts.reduce(
      (enough, least, number) => enough | ((128 - ((least - 3) >> 2)) << (8 * number)),
      0,
    );
  }

  /** A bit for each class that may have a run in `bytes`, `SIEVED_BYTES` at the most. Of others none is whole in them. */
  look(bytes: Uint8Array): number {
    COPIED.set(bytes);
    const both = this.#both;
    const marks = this.#marks;
    const enough = this.#enough;
    const words = bytes.length >> 2;
    let counts = 0;
    let over = 0;
    for (let i = 0; i < words; i++) {
      const word = WORDS[i] as number;
      const bits = (both[word & 0xffff] as number) & (both[word >>> 16] as number);
      counts = (counts + EACH) & (marks[bits] as number);
      over |= counts + enough;
    }
    over &= OVER;
    return ((over >>> 7) & 1) | ((over >>> 14) & 2) | ((over >>> 21) & 4) | ((over >>> 28) & 8);
  }
}
