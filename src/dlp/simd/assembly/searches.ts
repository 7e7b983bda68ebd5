import { FILTERS, INPUT, PACKED, PLACES, SYMBOLS, WINDOW } from "../layout";

/** 2^32 divided by the golden ratio (Knuth, TAOCP 3, 6.4). */
const SPREAD: u32 = 0x9e3779b1;

/** Digits are 1 to 10, letters of either case 11 to 36, all else 0. */
@inline
function symbolsOf(bytes: v128): v128 {
  const digits = i8x16.sub(bytes, i8x16.splat(0x30));
  const letters = i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61));
  return v128.or(
    v128.and(i8x16.lt_u(digits, i8x16.splat(10)), i8x16.add(digits, i8x16.splat(1))),
    v128.and(i8x16.lt_u(letters, i8x16.splat(26)), i8x16.add(letters, i8x16.splat(11))),
  );
}

/**
 * Writes the letters and digits of the slice, as symbols, behind the first `before` symbols. Returns how many there are
 * then. Up to sixteen bytes behind them are written over.
 */
export function reduce(length: u32, before: u32): u32 {
  let to: u32 = SYMBOLS + before;
  for (let at: u32 = 0; at < length; at += 16) {
    const symbols = symbolsOf(v128.load(INPUT + at));
    let mask: u32 = i8x16.bitmask(i8x16.ne(symbols, i8x16.splat(0)));
    const left = length - at;
    if (left < 16) mask &= (1 << left) - 1;
    if (mask === 0xffff) {
      v128.store(to, symbols);
      to += 16;
      continue;
    }
    const low = mask & 255;
    const high = mask >> 8;
    v128.store(to, i8x16.swizzle(symbols, v128.load64_zero(PACKED + 8 * low)));
    to += popcnt(low);
    const upper = i8x16.shuffle(symbols, symbols, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
    v128.store(to, i8x16.swizzle(upper, v128.load64_zero(PACKED + 8 * high)));
    to += popcnt(high);
  }
  return to - SYMBOLS;
}

@inline
function isIn(filter: u32, hash: u32): u32 {
  return (<u32>load<u8>(filter + (hash >> 3)) >> (hash & 7)) & 1;
}

/** Writes the places, each a multiple of `stride`, of four symbols whose hash is in the filter. Returns how many there are. */
export function findGrams(first: u32, end: u32, stride: u32, filter: u32, shift: u32): u32 {
  let out: u32 = PLACES;
  const bits = FILTERS + filter;
  for (let at = first; at < end; at += stride) {
    store<u32>(out, at);
    out += isIn(bits, (load<u32>(SYMBOLS + at) * SPREAD) >> shift) << 2;
  }
  return (out - PLACES) >> 2;
}

/** Sets apart a hash of three bytes and the one before, and of three bytes alone, from that of three and the one behind. */
const BEFORE: u32 = 0x85ebca6b;
const ALONE: u32 = 0xc2b2ae35;

/**
 * Writes the indexes, `first` to `last`, of the words of the window at which three bytes are in the filter, at a word's first
 * byte or at its third, and with a byte beside them in the one behind it, `more` bytes further on. Returns how many there are.
 */
export function findTrigrams(first: u32, last: u32, filter: u32, shift: u32, more: u32, moreShift: u32): u32 {
  let out: u32 = PLACES;
  const bits = FILTERS + filter;
  for (let i = first; i <= last; i++) {
    const word = load<u64>(WINDOW + 4 * i) | 0x2020202020;
    const even = ((<u32>word & 0xffffff) * SPREAD) >> shift;
    const odd = ((<u32>(word >> 16) & 0xffffff) * SPREAD) >> shift;
    store<u32>(out, i);
    out += (isIn(bits, even) | isIn(bits, odd)) << 2;
  }
  // most were three bytes of another word
  const end = out;
  out = PLACES;
  for (let from: u32 = PLACES; from < end; from += 4) {
    const i = load<u32>(from);
    const address = WINDOW + 4 * i;
    store<u32>(out, i);
    out +=
      (isLikely(address, bits, shift, bits + more, moreShift) |
        isLikely(address + 2, bits, shift, bits + more, moreShift)) <<
      2;
  }
  return (out - PLACES) >> 2;
}

@inline
function isLikely(address: u32, bits: u32, shift: u32, more: u32, moreShift: u32): u32 {
  const four = load<u32>(address) | 0x20202020;
  const three = four & 0xffffff;
  const before = load<u32>(address - 1) | 0x20202020;
  return (
    isIn(bits, (three * SPREAD) >> shift) &
    (isIn(more, (four * SPREAD) >> moreShift) |
      isIn(more, (before * BEFORE) >> moreShift) |
      isIn(more, (three * ALONE) >> moreShift))
  );
}
