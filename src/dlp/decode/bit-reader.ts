import type { HuffmanCode } from "./huffman.ts";

/** There are not enough bits; there is no such code. */
export const NO_CODE = -1;
export const BAD_CODE = -2;

/** The bits of bytes that come piece by piece, from the lowest of each byte on (RFC 1951 §3.1.1). */
export class BitReader {
  bytes: Uint8Array = new Uint8Array(0);
  /** index of the next byte */
  next = 0;
  /** bits that were read ahead, and how many; 31 at most */
  hold = 0;
  count = 0;

  /** Whether there are `count` bits, 16 at most. */
  need(count: number): boolean {
    while (this.count < count) {
      if (this.next >= this.bytes.length) return false;
      this.hold |= (this.bytes[this.next++] as number) << this.count;
      this.count += 8;
    }
    return true;
  }

  /** Bits that there are. */
  take(count: number): number {
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.count -= count;
    return value;
  }

  /** The next symbol, or one of the above. */
  code(code: HuffmanCode): number {
    while (true) {
      const entry = code.read(this.hold, this.count);
      if (entry === -1) return BAD_CODE;
      if (entry !== 0) {
        this.take(entry & 15);
        return entry >> 4;
      }
      if (!this.need(this.count + 1)) return NO_CODE;
    }
  }

  /** Whole bytes that were read ahead are the next ones again. */
  giveBack(): void {
    this.next -= this.count >> 3;
    this.hold = 0;
    this.count = 0;
  }
}
