import { DEFLATE_SYMBOLS } from "./limits.ts";

/**
 * Whether deflated data (RFC 1951) may begin at `at`; random bytes seldom look so. Much cheaper than to try: what can't be
 * told for want of bytes may.
 */
export function beginsDeflate(bytes: Buffer, at: number): boolean {
  const bits = new Bits(bytes, at * 8 + 1);
  switch (bits.take(2)) {
    case 0:
      return bytes.length < at + 5 || bytes.readUInt16LE(at + 1) === (bytes.readUInt16LE(at + 3) ^ 0xffff);
    case 1:
      return isFixed(bits);
    case 2:
      return isDynamic(bits);
    default:
      return false;
  }
}

/** Second bytes of zlib's format (RFC 1950 §2.2), by how hard it was tried. */
export const ZLIB_SECONDS = [0x01, 0x5e, 0x9c, 0xda];
const ZLIB = ZLIB_SECONDS.map((second) => Buffer.from([0x78, second]));

/** Whether zlib's format begins somewhere in `bytes`. Its first two bytes are there by chance often: what follows is looked at. */
export function holdsZlib(bytes: Buffer): boolean {
  for (const magic of ZLIB) {
    let at = bytes.indexOf(magic);
    for (; at >= 0; at = bytes.indexOf(magic, at + 1))
      if (beginsDeflate(bytes, at + magic.length)) return true;
  }
  return false;
}

/** Bits from the lowest of each byte on; zeros behind the end. */
class Bits {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get ended(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3] ?? 0;
    return (byte >> (this.#at++ & 7)) & 1;
  }

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value |= this.bit() << i;
    return value;
  }

  /** Of a Huffman code: the first bit is the highest. */
  code(count: number, begun = 0): number {
    let value = begun;
    for (let i = 0; i < count; i++) value = (value << 1) | this.bit();
    return value;
  }
}

/** §3.2.7: the code of the code lengths has to be complete. */
function isDynamic(bits: Bits): boolean {
  if (bits.take(5) > 29 || bits.take(5) > 29) return false;
  const count = bits.take(4) + 4;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const length = bits.take(3);
    if (length > 0) sum += 128 >> length;
  }
  return sum === 128 || bits.ended;
}

/** §3.2.6: a distance reaches no further back than there is. */
function isFixed(bits: Bits): boolean {
  let made = 0;
  for (let symbol = 0; symbol < DEFLATE_SYMBOLS && !bits.ended; symbol++) {
    const seven = bits.code(7);
    // the end of the block
    if (seven === 0) return true;
    if (seven >= 0b001_1000 && seven < 0b110_0000) bits.bit();
    else if (seven >= 0b110_0100) bits.take(2);
    else {
      const length = seven < 0b001_1000 ? seven + 256 : 280 + bits.code(1, seven) - 0b1100_0000;
      if (length > 285) return false;
      const extra = length < 265 || length === 285 ? 0 : (length - 261) >> 2;
      const repeated = lengthOf(length, extra) + bits.take(extra);
      const distance = bits.code(5);
      if (distance > 29) return false;
      const wide = distance < 4 ? 0 : (distance >> 1) - 1;
      const back = distance < 4 ? distance + 1 : ((2 + (distance & 1)) << wide) + 1 + bits.take(wide);
      if (back > made) return bits.ended;
      made += repeated - 1;
    }
    made++;
  }
  return true;
}

/** The shortest length that a symbol stands for. */
function lengthOf(symbol: number, extra: number): number {
  if (symbol === 285) return 258;
  return extra === 0 ? symbol - 254 : ((4 + ((symbol - 265) & 3)) << extra) + 3;
}
