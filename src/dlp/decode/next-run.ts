import { bitsOfBoth } from "../byte-pairs.ts";
import { VALUES } from "./base64-values.ts";
import { JUDGED_CHARS, RUN_CHARS } from "./limits.ts";

/**
 * Bytes that are copied at a time so that four of them can be read as one number. At first few: where one run that says
 * something stands behind the other, hardly more is looked at than is passed.
 */
const COPIED_BYTES = 4096;
const FIRST_BYTES = 64;
const COPIED = new Uint8Array(COPIED_BYTES);
const WORDS = new Uint32Array(COPIED.buffer);

/** By two bytes read as one number, 1: both are of a run. */
const BOTH = bitsOfBoth(VALUES.map((value) => (value === 64 ? 0 : 1)));

/** Bytes that are looked at twice, so that words in a row are counted from the first. */
const OVERLAP_BYTES = 16;

/** Words that every run of `RUN_CHARS` has whole, wherever it begins. */
const WHOLE_WORDS = (RUN_CHARS - 3) >> 2;

/** Of the copied words those with which enough are whole in a row, of one call. */
const SIFTED = new Int32Array(COPIED_BYTES / 4 + 1);

/**
 * Index of the next run of `RUN_CHARS` characters of base64 or hex that is not passed over, or of a shorter one at the very
 * end; the length of `bytes` when there is none.
 */
export function nextRun(bytes: Uint8Array, from: number, isPassed: IsPassed): number {
  const { length } = bytes;
  let least = from;
  let copied = FIRST_BYTES;
  for (let base = from; base < length; ) {
    const size = Math.min(copied, length - base);
    COPIED.set(size === length ? bytes : bytes.subarray(base, base + size));
    const count = sift(size >> 2);
    for (let i = 0; i < count; i++) {
      const seen = base + 4 * (SIFTED[i] as number) + 4;
      if (seen <= least) continue;
      let start = seen - 4 * WHOLE_WORDS;
      while (start > least && VALUES[bytes[start - 1] as number] !== 64) start--;
      const end = runEnd(bytes, seen, start + JUDGED_CHARS);
      if (end - start >= RUN_CHARS && !isPassed(bytes, start, end)) return start;
      // it may be a short one that the text ends with
      if (end < length) least = end;
    }
    if (base + size === length) break;
    base += size - OVERLAP_BYTES;
    copied = Math.min(COPIED_BYTES, 4 * copied);
  }
  let start = length;
  while (start > least && VALUES[bytes[start - 1] as number] !== 64) start--;
  return start;
}

/** Whole words in a row are counted without a branch: one on every run costs three times as much. */
function sift(words: number): number {
  let whole = 0;
  let count = 0;
  for (let i = 0; i < words; i++) {
    const word = WORDS[i] as number;
    whole = Math.imul(whole + 1, (BOTH[word & 0xffff] as number) & (BOTH[word >>> 16] as number));
    SIFTED[count] = i;
    count += (WHOLE_WORDS - 1 - whole) >>> 31;
  }
  return count;
}

/** Whether a run says nothing that is read. `end`: where it ends, or `JUDGED_CHARS` behind its beginning. */
export type IsPassed = (bytes: Uint8Array, start: number, end: number) => boolean;

/** Where the run that goes on at `from` ends, `to` at the most. */
export function runEnd(bytes: Uint8Array, from: number, to: number): number {
  const last = Math.min(to, bytes.length);
  let end = from;
  while (end < last && VALUES[bytes[end] as number] !== 64) end++;
  return end;
}
