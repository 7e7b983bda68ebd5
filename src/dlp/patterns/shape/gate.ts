import { type ByteSet, union } from "./bytes.ts";

/** What the bytes at a keyword and behind it must be for any of some ways to match there, as far as a few looks tell. */
export class Gate {
  /** the keyword's first byte */
  readonly begins: ByteSet;
  /** the byte behind it */
  readonly follows: ByteSet;
  /** bytes behind it that must all be of one set, and that set */
  readonly least: number;
  readonly set: ByteSet;

  constructor(begins: ByteSet, follows: ByteSet, least: number, set: ByteSet) {
    this.begins = begins;
    this.follows = follows;
    this.least = least;
    this.set = set;
  }

  /** The gate for what passes one of them. There is at least one. */
  static of(gates: readonly Gate[]): Gate {
    return new Gate(
      union(...gates.map(({ begins }) => begins)),
      union(...gates.map(({ follows }) => follows)),
      Math.min(...gates.map(({ least }) => least)),
      union(...gates.map(({ set }) => set)),
    );
  }

  /** The keyword is from `start` to `next` of the text, which may go on behind `length`. */
  passes(bytes: Uint8Array, start: number, next: number, length: number): boolean {
    if (next >= length) return true;
    if (this.follows[bytes[next] as number] === 0 || this.begins[bytes[start] as number] === 0) return false;
    const { least, set } = this;
    // the last byte that must follow, and one between: what is none ends before
    return (
      least === 0 ||
      next + least > length ||
      (set[bytes[next + least - 1] as number] === 1 && set[bytes[next + (least >> 1)] as number] === 1)
    );
  }
}
