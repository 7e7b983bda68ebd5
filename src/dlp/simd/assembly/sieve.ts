import { JUDGED_CHARS, RUN_CHARS } from "../../decode/limits";
import { anyOf, classesOf, maskOf } from "./classes";
import { isSilent } from "./judge";
import {
  BASE32_NIBBLES, COUNTS, ENDS, INPUT, JOINED, LEAD_NIBBLES, LEADS, LIST_NIBBLES, LISTS, LOWER_BITS, LOWERS,
  MAGIC_BIT, MAGIC_BITS, MAGIC_SECOND_NIBBLES, MAGICS, NUMBER_BITS, PAIRS, RUN_BITS, RUN_NIBBLES, RUNS, UPPER_BITS, UPPERS, VALUES,
} from "../layout";

/** Index behind the last run that was told; a longer one goes on through whole blocks. */
let behind: u32 = 0;
let goesOn: bool = false;

/**
 * Looks once at the slice for all that may be encoded in it, and writes where it begins: runs of base64 or hex that may say
 * something; two bytes that escapes, look-alikes or compressed data may begin with; sixteen bytes of base32 and of lists
 * of bytes. Of the last byte, which may begin something in the next slice, nothing is said.
 */
export function sieve(length: u32): void {
  behind = 0;
  goesOn = false;
  let before: u64 = 0;
  let runs: u32 = RUNS;
  let leads: u32 = LEADS;
  let magics: u32 = MAGICS;
  let uppers: u32 = UPPERS;
  let lowers: u32 = LOWERS;
  let lists: u32 = LISTS;
  let listBefore: bool = false;
  let numbers: bool = false;
  for (let at: u32 = 0; at < length; at += 64) {
    let inRun: u64 = 0;
    let lead: u64 = 0;
    let magic: u64 = 0;
    for (let part: u32 = 0; part < 64; part += 16) {
      const bytes = v128.load(INPUT + at + part);
      const run = classesOf(bytes, RUN_NIBBLES);
      const runMask = maskOf(run, RUN_BITS);
      inRun |= runMask << part;
      const second = anyOf(classesOf(v128.load(INPUT + at + part, 1), MAGIC_SECOND_NIBBLES));
      magic |= (maskOf(run, MAGIC_BITS) & second) << part;
      lead |= anyOf(classesOf(bytes, LEAD_NIBBLES)) << part;
      if (runMask === 0xffff) {
        const base32 = classesOf(bytes, BASE32_NIBBLES);
        if (maskOf(base32, UPPER_BITS) === 0xffff) {
          store<u16>(uppers, <u16>(at + part));
          uppers += 2;
        }
        if (maskOf(base32, LOWER_BITS) === 0xffff) {
          store<u16>(lowers, <u16>(at + part));
          lowers += 2;
        }
      }
      const list = classesOf(bytes, LIST_NIBBLES);
      const isList = anyOf(list) === 0xffff;
      // between two numbers there may be a deep indentation
      numbers = isList && (numbers || maskOf(list, NUMBER_BITS) !== 0);
      if (numbers && listBefore) {
        store<u16>(lists, <u16>(at + part));
        lists += 2;
      }
      listBefore = isList;
    }
    const left = length - at;
    if (left <= 64) {
      const inside: u64 = left === 64 ? ~0 : ((<u64>1) << left) - 1;
      inRun &= inside;
      lead &= inside >> 1;
      magic &= inside >> 1;
    }
    runs = findRuns(inRun, before, at, length, runs);
    before = inRun;
    for (; lead !== 0; lead &= lead - 1) {
      const place = at + <u32>ctz(lead);
      if ((pairAt(place) & (MAGIC_BIT - 1)) === 0) continue;
      store<u16>(leads, <u16>place);
      leads += 2;
    }
    for (; magic !== 0; magic &= magic - 1) {
      const place = at + <u32>ctz(magic);
      if ((pairAt(place) & MAGIC_BIT) === 0) continue;
      store<u16>(magics, <u16>place);
      magics += 2;
    }
  }
  store<u32>(COUNTS, (runs - RUNS) >> 1);
  store<u32>(COUNTS, (leads - LEADS) >> 1, 4);
  store<u32>(COUNTS, (magics - MAGICS) >> 1, 8);
  store<u32>(COUNTS, (uppers - UPPERS) >> 1, 12);
  store<u32>(COUNTS, (lowers - LOWERS) >> 1, 16);
  store<u32>(COUNTS, (lists - LISTS) >> 1, 20);
}

@inline
function pairAt(place: u32): u32 {
  return load<u8>(PAIRS + ((<u32>load<u8>(INPUT + place)) << 8) + <u32>load<u8>(INPUT + place + 1));
}

/** Sixteen bits in a row, by where they begin. */
@inline
function sixteen(mask: u64): u64 {
  let row = mask & (mask >> 1);
  row &= row >> 2;
  row &= row >> 4;
  return row & (row >> 8);
}

/** The runs that are sixteen characters long in this block, counting those before it. Returns where the next is written. */
@inline
function findRuns(inRun: u64, before: u64, at: u32, length: u32, out: u32): u32 {
  if (goesOn) {
    if (inRun === ~(<u64>0)) return out;
    goesOn = false;
    behind = at + <u32>ctz(~inRun);
  }
  // bit 0: sixteen before the block
  const over = sixteen((inRun << 16) | (before >> 48));
  const within = sixteen(inRun);
  if ((over | within) === 0) return out;
  return tellRuns(over & 0xffff, within, inRun, at, length, out);
}

/** `over`: those that begin in the sixteen bytes before the block. `within`: those that begin in it. */
function tellRuns(over: u64, within: u64, inRun: u64, at: u32, length: u32, out: u32): u32 {
  if (over !== 0) {
    const place = at + <u32>ctz(over) - 16;
    if (place >= behind) {
      // the others are of the same run: it goes on into the block
      let start = place;
      while (start > behind && isOfRun(start - 1)) start--;
      out = tellRun(start, at + <u32>ctz(~inRun), at, length, out);
    }
  }
  for (within &= bitsFrom(at); within !== 0; within &= bitsFrom(at)) {
    const bit = ctz(within);
    out = tellRun(at + <u32>bit, at + <u32>(bit + ctz(~(inRun >> bit))), at, length, out);
  }
  return out;
}

/** Those of a block that stand behind the last run. */
@inline
function bitsFrom(at: u32): u64 {
  if (behind <= at) return ~0;
  return behind - at > 63 ? 0 : ~(<u64>0) << <u64>(behind - at);
}

@inline
function isOfRun(place: u32): bool {
  return load<u8>(VALUES + <u32>load<u8>(INPUT + place)) !== 64;
}

/** Whether a run says nothing, nor what it goes on to behind line ends. Where that can't be told it may say something. */
function isSilentRun(start: u32, end: u32, length: u32): bool {
  if (end === length || isOfRun(end)) return false;
  if (load<u8>(ENDS + <u32>load<u8>(INPUT + end)) === 1) return isSilent(INPUT + start, INPUT + end);
  memory.copy(JOINED, INPUT + start, end - start);
  let size = end - start;
  let at = end;
  while (isLineEnd(at)) {
    while (at < length && (isLineEnd(at) || load<u8>(INPUT + at) === 0x20)) at++;
    for (; at < length && isOfRun(at); at++) {
      if (size === JUDGED_CHARS) return false;
      store<u8>(JOINED + size, load<u8>(INPUT + at));
      size++;
    }
    if (at === length) return false;
  }
  return load<u8>(ENDS + <u32>load<u8>(INPUT + at)) === 1 && isSilent(JOINED, JOINED + size);
}

@inline
function isLineEnd(place: u32): bool {
  const byte = load<u8>(INPUT + place);
  return byte === 0x0a || byte === 0x0d;
}

/** `to`: where the run ends in this block, or the block does. */
function tellRun(start: u32, to: u32, at: u32, length: u32, out: u32): u32 {
  const most = min(length, start + JUDGED_CHARS);
  let end = min(to, most);
  if (to >= at + 64) while (end < most && isOfRun(end)) end++;
  if (!isSilentRun(start, end, length)) {
    store<u16>(out, <u16>start);
    out += 2;
  }
  behind = end;
  if (end === start + <u32>JUDGED_CHARS) {
    // through the rest of this block, and of those behind it
    const last = min(length, at + 64);
    while (behind < last && isOfRun(behind)) behind++;
    if (behind >= at + 64) goesOn = true;
  }
  return out;
}
