/** Bits that the table decides at once; longer codes are followed bit by bit. */
const TABLE_BITS = 10;
const MAX_BITS = 15;
/** where the symbols of each length begin, while a code is built */
const OFFSETS = new Uint16Array(MAX_BITS + 2);

/** The bits of `hold` that are the index of `table`. */
export const TABLE_MASK = (1 << TABLE_BITS) - 1;

/** A canonical Huffman code (RFC 1951 §3.2.2). */
export class HuffmanCode {
  /** index: the next bits; a symbol times 16 and the length of its code, 0 where that is longer */
  readonly table = new Uint16Array(1 << TABLE_BITS);
  readonly #counts = new Uint16Array(MAX_BITS + 1);
  readonly #symbols: Uint16Array;

  /** `most`: symbols of the largest alphabet */
  constructor(most: number) {
    this.#symbols = new Uint16Array(most);
  }

  /** The lengths of the codes of symbols 0 and up; 0: none. False: there is no such code. */
  build(lengths: Uint8Array, from: number, count: number): boolean {
    const counts = this.#counts.fill(0);
    for (let i = 0; i < count; i++)
      counts[lengths[from + i] as number] = (counts[lengths[from + i] as number] as number) + 1;
    counts[0] = 0;
    let left = 1;
    let used = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      left = left * 2 - (counts[length] as number);
      used += counts[length] as number;
      if (left < 0) return false;
    }
    // only a code of one symbol may be incomplete
    if (left > 0 && used > 1) return false;
    const offsets = OFFSETS;
    offsets[1] = 0;
    for (let length = 1; length <= MAX_BITS; length++)
      offsets[length + 1] = (offsets[length] as number) + (counts[length] as number);
    for (let i = 0; i < count; i++) {
      const length = lengths[from + i] as number;
      if (length === 0) continue;
      const place = offsets[length] as number;
      this.#symbols[place] = i;
      offsets[length] = place + 1;
    }
    this.#fill();
    return true;
  }

  /** Of one bit first, then twice as long with each bit more: what shorter codes decide is the same in both halves. */
  #fill(): void {
    const { table } = this;
    table[0] = 0;
    let code = 0;
    let index = 0;
    for (let length = 1; length <= TABLE_BITS; length++) {
      const half = 1 << (length - 1);
      if (half > 16) table.copyWithin(half, 0, half);
      else for (let at = 0; at < half; at++) table[half + at] = table[at] as number;
      const count = this.#counts[length] as number;
      for (let i = 0; i < count; i++, code++)
        table[(REVERSED[code] as number) >> (TABLE_BITS - length)] =
          ((this.#symbols[index++] as number) << 4) | length;
      code <<= 1;
    }
  }

  /**
   * The symbol that begins in the lowest of `bits` bits of `hold`, times 16, and the length of its code; 0: it needs more
   * bits than there are; -1: no symbol has such a code.
   */
  read(hold: number, bits: number): number {
    const entry = this.table[hold & TABLE_MASK] as number;
    if (entry !== 0) return (entry & 15) <= bits ? entry : 0;
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS; length++) {
      if (length > bits) return 0;
      code |= (hold >> (length - 1)) & 1;
      const count = this.#counts[length] as number;
      if (code - count < first) return ((this.#symbols[index + code - first] as number) << 4) | length;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }
}

/** `TABLE_BITS` bits the other way round. */
const REVERSED = new Uint16Array(1 << TABLE_BITS);
for (let code = 1; code < REVERSED.length; code++)
  REVERSED[code] = ((REVERSED[code >> 1] as number) >> 1) | ((code & 1) << (TABLE_BITS - 1));
