import { RUN_CHARS, TEXT_BYTES } from "../../decode/limits";
import { anyOf, classesOf } from "./classes";
import {
  BEGINNING, HEX_VALUES, INPUT, LOW_TEXT, MAGIC_BIT, MAGIC_FIRST_NIBBLES, MAGIC_SECOND_NIBBLES, PAIRS, PLACE_MASK, PLACES, TEXT, UNREADABLE_COUNT,
  UNREADABLE_FIRST, UNREADABLE_PAIRS, VALUES,
} from "../layout";

/** Bytes of what is decoded that are looked at for UTF-8. */
const JUDGED_BYTES: u32 = 24;

/**
 * Whether a run, from address `start` to `end`, decodes to nothing that would be read, in no way. It may say no where that
 * is so; never yes where it isn't.
 */
export function isSilent(start: u32, end: u32): bool {
  for (let probe = start + RUN_CHARS - 1; probe < end; probe += RUN_CHARS) {
    if (hexAt(probe) === 16) continue;
    let from = probe;
    while (from > start && hexAt(from - 1) !== 16) from--;
    let to = probe + 1;
    while (to < end && hexAt(to) !== 16) to++;
    if (to - from >= <u32>RUN_CHARS) {
      if (!isSilentHex(from, to) || !isSilentHex(from + 1, to)) return false;
      if (from === start && to === end) return true;
    }
    probe = to;
  }
  if (phasesOf(start, end, 13, false) !== 0) return false;
  // of a short one only text and what is compressed is read
  const phases: u32 = end - start < <u32>(4 * RUN_CHARS) ? 1 : 4;
  for (let phase: u32 = 0; phase < phases; phase++) {
    const from = start + phase;
    if (isUnreadable((valueAt(from) << 10) | (valueAt(from + 1) << 4) | (valueAt(from + 2) >> 2))) return false;
    if (phases > 1 && beginsUtf8(decodeBeginning(from, end), ((end - from) * 3) >> 2)) return false;
  }
  return true;
}

@inline
function hexAt(address: u32): u32 {
  return <u32>load<u8>(HEX_VALUES + <u32>load<u8>(address));
}

/** Of a character of base64. */
@inline
function valueAt(address: u32): u32 {
  return <u32>load<u8>(VALUES + <u32>load<u8>(address));
}

/** Values of sixteen characters of base64, either alphabet. */
@inline
function valuesOf(chars: v128): v128 {
  const base = i8x16.swizzle(
    i8x16(0, 0, 16, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0),
    i8x16.shr_u(chars, 4),
  );
  // `+`, `-` and `_` are no neighbours of `/` and `Z` in the alphabet
  const odd = v128.or(
    v128.or(
      v128.and(i8x16.eq(chars, i8x16.splat(0x2b)), i8x16.splat(3)),
      v128.and(i8x16.eq(chars, i8x16.splat(0x2d)), i8x16.splat(1)),
    ),
    v128.and(i8x16.eq(chars, i8x16.splat(0x5f)), i8x16.splat(33)),
  );
  return i8x16.add(i8x16.add(chars, base), odd);
}

/** A bit for each byte that is text. */
@inline
function textOf(bytes: v128): u64 {
  const printable = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x20)), i8x16.splat(0x5f));
  return <u64>i8x16.bitmask(v128.or(printable, i8x16.swizzle(v128.load(LOW_TEXT), bytes)));
}

@inline
function every(place: u32): u64 {
  return (<u64>0x1111111111111111) << place;
}

/** Where `least` bits are set in a row, 13 to 22. */
@inline
function rowsOf(mask: u64, least: u32): u64 {
  let row = mask & (mask >> 1);
  row &= row >> 2;
  row &= row >> 4;
  // eight in a row, twice, as far apart as the rest
  return row & (row >> min(8, least - 8)) & (row >> (least - 8));
}

/** Places at which compressed data may begin, of one survey. */
let magics: u32 = 0;

/**
 * Looks through the run of base64 that the slice is: a bit for each of the four characters at which it can begin so that
 * there is text over `least` pairs of characters; above those bits, how many places there are at which compressed data may
 * begin. They are written as the index of a character, times four, and which of three bytes it is (`long-base64.ts`).
 */
export function survey(length: u32, least: u32): u32 {
  magics = 0;
  const phases = phasesOf(INPUT, INPUT + length, least, true);
  return phases | (magics << 4);
}

/**
 * A bit for each of the four ways to begin a run of base64 in which it holds text over `least` pairs of characters. A pair
 * completes a byte or, one in four, none. Unless `all` are wanted it is done with the first, or with the first two bytes of
 * what is compressed.
 */
function phasesOf(start: u32, end: u32, least: u32, all: bool): u32 {
  let phases: u32 = 0;
  const pairs = end - start - 1;
  for (let at: u32 = 0; at < pairs; at += 40) {
    let text0: u64 = 0;
    let text1: u64 = 0;
    let text2: u64 = 0;
    let first0: u64 = 0;
    let first1: u64 = 0;
    let first2: u64 = 0;
    let second0: u64 = 0;
    let second1: u64 = 0;
    let second2: u64 = 0;
    const most = min(<u32>64, pairs - at);
    for (let part: u32 = 0; part < most; part += 16) {
      const value = valuesOf(v128.load(start + at + part));
      const next = valuesOf(v128.load(start + at + part, 1));
      const byte0 = v128.or(i16x8.shl(value, 2), v128.and(i16x8.shr_u(next, 4), i8x16.splat(3)));
      const byte1 = v128.or(
        i16x8.shl(v128.and(value, i8x16.splat(15)), 4),
        v128.and(i16x8.shr_u(next, 2), i8x16.splat(15)),
      );
      const byte2 = v128.or(i16x8.shl(v128.and(value, i8x16.splat(3)), 6), next);
      text0 |= textOf(byte0) << part;
      text1 |= textOf(byte1) << part;
      text2 |= textOf(byte2) << part;
      first0 |= anyOf(classesOf(byte0, MAGIC_FIRST_NIBBLES)) << part;
      first1 |= anyOf(classesOf(byte1, MAGIC_FIRST_NIBBLES)) << part;
      first2 |= anyOf(classesOf(byte2, MAGIC_FIRST_NIBBLES)) << part;
      second0 |= anyOf(classesOf(byte0, MAGIC_SECOND_NIBBLES)) << part;
      second1 |= anyOf(classesOf(byte1, MAGIC_SECOND_NIBBLES)) << part;
      second2 |= anyOf(classesOf(byte2, MAGIC_SECOND_NIBBLES)) << part;
    }
    const inside: u64 = most === 64 ? ~0 : ((<u64>1) << most) - 1;
    // what the last ones begin is looked at again
    const fresh: u64 = most === 64 ? inside >> 24 : inside;
    const found =
      holdsMagic(start, at, first0 & (second1 >> 1) & fresh, 0) |
      holdsMagic(start, at, first1 & (second2 >> 1) & fresh, 1) |
      holdsMagic(start, at, first2 & (second0 >> 2) & fresh, 2);
    if (found && !all) return 15;
    for (let phase: u32 = 0; phase < 4; phase++) {
      const none = every((phase + 3) & 3);
      const row =
        (text0 & every(phase)) |
        (text1 & every((phase + 1) & 3)) |
        (text2 & every((phase + 2) & 3)) |
        none;
      // one that begins with a pair that completes none has a byte less
      if ((rowsOf(row & inside, least) & ~none) === 0) continue;
      phases |= 1 << phase;
      if (!all) return phases;
    }
  }
  return phases;
}

/** Whether compressed data may begin at one of `places`, with that byte of three; notes where. */
function holdsMagic(start: u32, at: u32, places: u64, byte: u32): bool {
  const before = magics;
  for (; places !== 0; places &= places - 1) {
    const place = at + <u32>ctz(places);
    const address = start + place;
    const four =
      (valueAt(address) << 18) | (valueAt(address + 1) << 12) | (valueAt(address + 2) << 6) | valueAt(address + 3);
    if ((load<u8>(PAIRS + ((four >> (8 - 2 * byte)) & 0xffff)) & MAGIC_BIT) === 0) continue;
    store<u32>(PLACES + 4 * (magics & PLACE_MASK), (place << 2) | byte);
    magics++;
  }
  return magics !== before;
}

function isSilentHex(from: u32, to: u32): bool {
  let before: u32 = 0;
  let texts: u32 = 0;
  let count: u32 = 0;
  for (let i = from; i + 1 < to; i += 2) {
    const byte = (hexAt(i) << 4) | hexAt(i + 1);
    texts = load<u8>(TEXT + byte) === 1 ? texts + 1 : 0;
    if (texts === <u32>TEXT_BYTES) return false;
    if (count > 0 && (load<u8>(PAIRS + ((before << 8) | byte)) & MAGIC_BIT) !== 0) return false;
    if (count < JUDGED_BYTES) store<u8>(BEGINNING + count, <u8>byte);
    count++;
    before = byte;
  }
  count = min(count, JUDGED_BYTES);
  const first = (<u32>load<u8>(BEGINNING) << 8) | <u32>load<u8>(BEGINNING, 1);
  return !isUnreadable(first) && !beginsUtf8(count, (to - from) >> 1);
}

/** Decodes base64 from `from` on; how many bytes. */
function decodeBeginning(from: u32, end: u32): u32 {
  const to = min(end, from + (JUDGED_BYTES / 3) * 4);
  let bits: u32 = 0;
  let count: u32 = 0;
  for (let i = from; i < to; i++) {
    bits = ((bits << 6) | valueAt(i)) & 0xffff;
    const used = (i - from) & 3;
    if (used !== 0) {
      store<u8>(BEGINNING + count, <u8>(bits >> (6 - 2 * used)));
      count++;
    }
  }
  return count;
}

/** Whether a format that can't be undone begins with these two bytes. */
function isUnreadable(pair: u32): bool {
  if (load<u8>(UNREADABLE_FIRST + (pair >> 8)) === 0) return false;
  const formats = load<u32>(UNREADABLE_COUNT);
  for (let i: u32 = 0; i < formats; i++) if (<u32>load<u16>(UNREADABLE_PAIRS + 2 * i) === pair) return true;
  return false;
}

/** Whether UTF-8 may go on as it begins in `count` of `size` bytes; what begins before it and the last three are no matter. */
function beginsUtf8(count: u32, size: u32): bool {
  const judged = <u32>max(0, min(<i32>count, <i32>size - 3));
  let at: u32 = 0;
  while (at < 3 && (load<u8>(BEGINNING + at) & 0xc0) === 0x80) at++;
  while (at < judged) {
    const lead = load<u8>(BEGINNING + at++);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0 && at < judged; more--)
      if ((load<u8>(BEGINNING + at++) & 0xc0) !== 0x80) return false;
  }
  return true;
}
