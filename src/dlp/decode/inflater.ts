import { BAD_CODE, BitReader } from "./bit-reader.ts";
import {
  DISTANCE_BITS,
  DISTANCES,
  FIXED_DISTANCES,
  FIXED_LITERALS,
  LENGTH_BITS,
  LENGTH_ORDER,
  LENGTHS,
} from "./deflate-tables.ts";
import { HuffmanCode, TABLE_MASK } from "./huffman.ts";

const WINDOW = 32 * 1024;
const BUFFER = 2 * WINDOW;
const LONGEST = 258;

// What comes next in the data.
const BLOCK = 0;
const STORED_HEAD = 1;
const STORED = 2;
const DYNAMIC_HEAD = 3;
const CODE_LENGTHS = 4;
const LENGTHS_OF_CODES = 5;
const SYMBOL = 6;
const LENGTH_REST = 7;
const DISTANCE = 8;
const DISTANCE_REST = 9;
const ENDED = 10;
const BROKEN = 11;

/** What was inflated; the bytes are used again. `ended`: nothing follows, whether the data is whole or no such data after all. */
export type TakeInflated = (inflated: Buffer, ended: boolean) => void;

/**
 * Inflates deflated data (RFC 1951) as it comes, in constant memory. `node:zlib` can't: what is called synchronously there
 * wants all of it.
 */
export class Inflater {
  #take: TakeInflated;
  readonly #out = Buffer.allocUnsafe(BUFFER);
  #at = 0;
  /** up to here it was taken */
  #taken = 0;
  readonly #bits = new BitReader();
  #step = BLOCK;
  #last = false;
  /** bytes of a stored block that are to come */
  #stored = 0;
  #literals = FIXED_LITERALS;
  #distances = FIXED_DISTANCES;
  #ownLiterals: HuffmanCode | undefined;
  #ownDistances: HuffmanCode | undefined;
  #lengthsCode: HuffmanCode | undefined;
  readonly #lengths = new Uint8Array(320);
  #literalCount = 0;
  #distanceCount = 0;
  #lengthCount = 0;
  #index = 0;
  /** of the repetition that comes */
  #length = 0;
  #symbol = 0;

  constructor(take: TakeInflated) {
    this.#take = take;
  }

  /** Other data begin: nothing of those before can be said again, as none reaches back behind its own first byte. */
  restart(take: TakeInflated): void {
    this.#take = take;
    this.#at = 0;
    this.#taken = 0;
    this.#bits.giveBack();
    this.#step = BLOCK;
    this.#last = false;
    this.#index = 0;
  }

  /** The data is whole. */
  get ended(): boolean {
    return this.#step === ENDED;
  }

  /** It is no deflated data, or not any more. */
  get broken(): boolean {
    return this.#step === BROKEN;
  }

  /** Reads `bytes` from `from` on. Index behind the last byte that belongs to the data. */
  write(bytes: Uint8Array, from: number): number {
    const bits = this.#bits;
    bits.bytes = bytes;
    bits.next = from;
    while (this.#step < ENDED && this.#go(bits));
    this.#flush(this.#step >= ENDED);
    bits.bytes = NO_BYTES;
    // whole bytes that were read ahead are not its own
    if (this.#step === ENDED) bits.giveBack();
    return bits.next;
  }

  /** False: it waits for more bytes. */
  #go(bits: BitReader): boolean {
    switch (this.#step) {
      case BLOCK:
        return this.#block(bits);
      case STORED_HEAD:
        return this.#storedHead(bits);
      case STORED:
        return this.#copyStored(bits);
      case DYNAMIC_HEAD:
        return this.#dynamicHead(bits);
      case CODE_LENGTHS:
        return this.#codeLengths(bits);
      case LENGTHS_OF_CODES:
        return this.#lengthsOfCodes(bits);
      default:
        return this.#symbols(bits);
    }
  }

  #block(bits: BitReader): boolean {
    if (this.#last) {
      this.#step = ENDED;
      return true;
    }
    if (!bits.need(3)) return false;
    this.#last = bits.take(1) === 1;
    const kind = bits.take(2);
    if (kind === 0) {
      bits.take(bits.count & 7);
      this.#step = STORED_HEAD;
    } else if (kind === 1) {
      this.#literals = FIXED_LITERALS;
      this.#distances = FIXED_DISTANCES;
      this.#step = SYMBOL;
    } else this.#step = kind === 2 ? DYNAMIC_HEAD : BROKEN;
    return true;
  }

  #storedHead(bits: BitReader): boolean {
    // In two halves: the bits that are held are 32 at most.
    if (this.#index === 0) {
      if (!bits.need(16)) return false;
      this.#stored = bits.take(16);
      this.#index = 1;
    }
    if (!bits.need(16)) return false;
    this.#index = 0;
    this.#step = bits.take(16) === (this.#stored ^ 0xffff) ? STORED : BROKEN;
    return true;
  }

  #copyStored(bits: BitReader): boolean {
    while (this.#stored > 0 && bits.count >= 8) {
      this.#room();
      this.#out[this.#at++] = bits.take(8);
      this.#stored--;
    }
    while (this.#stored > 0) {
      this.#room();
      const count = Math.min(this.#stored, bits.bytes.length - bits.next, BUFFER - this.#at);
      if (count === 0) return false;
      this.#out.set(bits.bytes.subarray(bits.next, bits.next + count), this.#at);
      this.#at += count;
      bits.next += count;
      this.#stored -= count;
    }
    this.#step = BLOCK;
    return true;
  }

  #dynamicHead(bits: BitReader): boolean {
    if (!bits.need(14)) return false;
    this.#literalCount = bits.take(5) + 257;
    this.#distanceCount = bits.take(5) + 1;
    this.#lengthCount = bits.take(4) + 4;
    this.#lengths.fill(0);
    this.#index = 0;
    this.#step = this.#literalCount > 286 || this.#distanceCount > 30 ? BROKEN : CODE_LENGTHS;
    return true;
  }

  #codeLengths(bits: BitReader): boolean {
    for (; this.#index < this.#lengthCount; this.#index++) {
      if (!bits.need(3)) return false;
      this.#lengths[LENGTH_ORDER[this.#index] as number] = bits.take(3);
    }
    this.#lengthsCode ??= new HuffmanCode(19);
    const built = this.#lengthsCode.build(this.#lengths, 0, 19);
    this.#lengths.fill(0);
    this.#index = 0;
    this.#symbol = NO_SYMBOL;
    this.#step = built ? LENGTHS_OF_CODES : BROKEN;
    return true;
  }

  #lengthsOfCodes(bits: BitReader): boolean {
    const total = this.#literalCount + this.#distanceCount;
    const lengths = this.#lengths;
    while (this.#index < total) {
      if (this.#symbol === NO_SYMBOL) {
        const symbol = bits.code(this.#lengthsCode ?? FIXED_LITERALS);
        if (symbol < 0) return symbol === BAD_CODE && this.#break();
        if (symbol < 16) {
          lengths[this.#index++] = symbol;
          continue;
        }
        this.#symbol = symbol;
      }
      const width = this.#symbol === 16 ? 2 : this.#symbol === 17 ? 3 : 7;
      if (!bits.need(width)) return false;
      const count = bits.take(width) + (this.#symbol === 18 ? 11 : 3);
      if (this.#index + count > total || (this.#symbol === 16 && this.#index === 0)) return this.#break();
      const value = this.#symbol === 16 ? (lengths[this.#index - 1] as number) : 0;
      lengths.fill(value, this.#index, this.#index + count);
      this.#index += count;
      this.#symbol = NO_SYMBOL;
    }
    this.#index = 0;
    this.#ownLiterals ??= new HuffmanCode(288);
    this.#ownDistances ??= new HuffmanCode(32);
    this.#literals = this.#ownLiterals;
    this.#distances = this.#ownDistances;
    const built =
      lengths[256] !== 0 &&
      this.#literals.build(lengths, 0, this.#literalCount) &&
      this.#distances.build(lengths, this.#literalCount, this.#distanceCount);
    this.#step = built ? SYMBOL : BROKEN;
    return true;
  }

  #symbols(bits: BitReader): boolean {
    const table = this.#literals.table;
    const out = this.#out;
    while (true) {
      if (this.#step === SYMBOL) {
        if (this.#at > BUFFER - LONGEST) this.#flush(false);
        // Most symbols are literals with short codes.
        const { bytes } = bits;
        let { hold, count, next } = bits;
        let at = this.#at;
        while (at <= BUFFER - LONGEST) {
          while (count < 15 && next < bytes.length) {
            hold |= (bytes[next++] as number) << count;
            count += 8;
          }
          const entry = table[hold & TABLE_MASK] as number;
          const width = entry & 15;
          if (entry === 0 || width > count || entry >= 256 << 4) break;
          hold >>>= width;
          count -= width;
          out[at++] = entry >> 4;
        }
        bits.hold = hold;
        bits.count = count;
        bits.next = next;
        this.#at = at;
        if (at > BUFFER - LONGEST) continue;
        const symbol = bits.code(this.#literals);
        if (symbol < 0) return symbol === BAD_CODE && this.#break();
        if (symbol < 256) {
          out[this.#at++] = symbol;
          continue;
        }
        if (symbol === 256) {
          this.#step = BLOCK;
          return true;
        }
        if (symbol > 285) return this.#break();
        this.#symbol = symbol - 257;
        this.#step = LENGTH_REST;
      }
      if (this.#step === LENGTH_REST) {
        const width = LENGTH_BITS[this.#symbol] as number;
        if (!bits.need(width)) return false;
        this.#length = (LENGTHS[this.#symbol] as number) + bits.take(width);
        this.#step = DISTANCE;
      }
      if (this.#step === DISTANCE) {
        const symbol = bits.code(this.#distances);
        if (symbol < 0) return symbol === BAD_CODE && this.#break();
        if (symbol > 29) return this.#break();
        this.#symbol = symbol;
        this.#step = DISTANCE_REST;
      }
      const width = DISTANCE_BITS[this.#symbol] as number;
      if (!bits.need(width)) return false;
      const distance = (DISTANCES[this.#symbol] as number) + bits.take(width);
      if (distance > this.#at) return this.#break();
      this.#repeat(distance);
      this.#step = SYMBOL;
    }
  }

  #repeat(distance: number): void {
    const out = this.#out;
    const end = this.#at + this.#length;
    if (distance >= this.#length) out.copyWithin(this.#at, this.#at - distance, end - distance);
    else for (let at = this.#at; at < end; at++) out[at] = out[at - distance] as number;
    this.#at = end;
  }

  /** Room for one more byte at least. */
  #room(): void {
    if (this.#at === BUFFER) this.#flush(false);
  }

  /** What was inflated is taken; the last 32 KiB stay, to be repeated. */
  #flush(ended: boolean): void {
    if (this.#at > this.#taken) this.#take(this.#out.subarray(this.#taken, this.#at), ended);
    if (this.#at > BUFFER - LONGEST) {
      this.#out.copyWithin(0, this.#at - WINDOW, this.#at);
      this.#at = WINDOW;
    }
    this.#taken = this.#at;
  }

  #break(): true {
    this.#step = BROKEN;
    return true;
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_SYMBOL = -1;
