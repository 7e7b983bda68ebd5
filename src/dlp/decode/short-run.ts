import { HEX_VALUES, TEXT, VALUES } from "./base64-values.ts";
import { RUN_CHARS, TEXT_BYTES } from "./limits.ts";
import { MAGIC_PAIRS, MAGICS } from "./telling.ts";
import { UNREADABLE_PAIRS } from "./unreadable-formats.ts";

/** Characters of a run that is short: it is decoded here, which takes a call or two less than `Buffer` does. */
export const SHORT_CHARS = 512;

/** What the run says that was decoded last; used again for the next. */
export const SAID = Buffer.allocUnsafeSlow((SHORT_CHARS * 3) / 4);

/** What a short run says: nothing that is read, text alone, or what has to be looked at again. */
export const NOTHING = 0;
export const TEXT_ALONE = 1;
export const ANYTHING = 2;
export type Saying = typeof NOTHING | typeof TEXT_ALONE | typeof ANYTHING;

/** Bytes in `SAID`. */
export let saidLength = 0;

/** Two bits of seven for each of the four places at which base64 can begin, with a one added to each. */
const EACH = 0x01_01_01_01;
/** Characters, less one, over which `TEXT_BYTES` bytes of text in a row lie. */
const ENOUGH = (128 - 13) * EACH;
/** Of `marksOfTwo`: the two characters may be inside a magic. */
const MAGIC = 0x80;

/**
 * What two characters side by side say, by their place among four (index: place, then both values): of each of the four
 * ways to begin seven bits, all ones where the byte that they complete is text, or where they complete none.
 */
let marksOfTwo: Int32Array | undefined;

function makeMarks(): Int32Array {
  // of their sixteen bits the first twelve, the last twelve, and those from the third on
  const inMagic = new Uint8Array(4096);
  for (const pair of MAGIC_PAIRS)
    for (const two of [pair >> 4, pair & 0xfff, (pair >> 2) & 0xfff]) inMagic[two] = 1;
  const made = new Int32Array(4 * 4096);
  for (let place = 0; place < 4; place++)
    for (let two = 0; two < 4096; two++) {
      const bytes = [two >> 4, (two >> 2) & 255, two & 255];
      let marks = inMagic[two] === 1 ? MAGIC : 0;
      for (let phase = 0; phase < 4; phase++) {
        const byte = bytes[(place - phase) & 3];
        if (byte === undefined || TEXT[byte] === 1) marks |= 0x7f << (8 * phase);
      }
      made[(place << 12) | two] = marks;
    }
  return made;
}

/** A bit for each of the four ways to begin in which a run of base64 may say something; one look tells of all. */
export function tellingPhases(run: Buffer, length: number): number {
  marksOfTwo ??= makeMarks();
  const table = marksOfTwo;
  let value = VALUES[run[0] as number] as number;
  let texts = 0;
  let over = 0;
  for (let i = 1; i < length; i++) {
    const next = VALUES[run[i] as number] as number;
    const marks = table[(((i - 1) & 3) << 12) | (value << 6) | next] as number;
    if ((marks & MAGIC) !== 0) return 15;
    texts = (texts + EACH) & marks;
    over |= texts + ENOUGH;
    value = next;
  }
  let phases = ((over >>> 7) & 1) | ((over >>> 14) & 2) | ((over >>> 21) & 4) | ((over >>> 28) & 8);
  const isLong = length >= 4 * RUN_CHARS;
  for (let phase = 0; phase < (isLong ? 4 : 1); phase++) {
    if (((phases >> phase) & 1) === 1) continue;
    const count = decode(run, phase, Math.min(length, phase + BEGINNING_CHARS));
    if (beginsUnreadable(count) || (isLong && beginsUtf8(count))) phases |= 1 << phase;
  }
  return phases;
}

/** Decodes base64, from a character on. Of what has fewer characters than four runs only text and what is compressed is read. */
export function decodeShortBase64(run: Buffer, phase: number, length: number): Saying {
  return judge(decode(run, phase, length), length >= 4 * RUN_CHARS);
}

function decode(run: Buffer, phase: number, length: number): number {
  let bits = 0;
  let count = 0;
  for (let i = phase; i < length; i++) {
    bits = ((bits << 6) | (VALUES[run[i] as number] as number)) & 0xffff;
    const used = (i - phase) & 3;
    if (used !== 0) SAID[count++] = (bits >> (6 - 2 * used)) & 255;
  }
  return count;
}

/** Decodes hex digits. */
export function decodeShortHex(run: Buffer, from: number, to: number): Saying {
  let count = 0;
  for (let i = from; i + 1 < to; i += 2)
    SAID[count++] =
      ((HEX_VALUES[run[i] as number] as number) << 4) | (HEX_VALUES[run[i + 1] as number] as number);
  return judge(count, true);
}

function judge(count: number, foreign: boolean): Saying {
  saidLength = count;
  let texts = 0;
  let most = 0;
  let highest = 0;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const byte = SAID[i] as number;
    if (byte > highest) highest = byte;
    if (FIRST[before] === 1 && MAGICS[(before << 8) | byte] === 1) return ANYTHING;
    before = byte;
    texts = (texts + 1) * (TEXT[byte] as number);
    if (texts > most) most = texts;
  }
  if (beginsUnreadable(count)) return ANYTHING;
  // zeros and spaces alone, as a row of `A` says
  if (highest <= 0x20) return NOTHING;
  if (most >= TEXT_BYTES) return TEXT_ALONE;
  return foreign && count >= TEXT_BYTES && beginsUtf8(count) ? ANYTHING : NOTHING;
}

function beginsUnreadable(count: number): boolean {
  return count > 1 && BEGINS[((SAID[0] as number) << 8) | (SAID[1] as number)] === 1;
}

/** Bytes by which most that is no UTF-8 is told, and the characters that say them. */
const BEGINNING_BYTES = 12;
const BEGINNING_CHARS = 20;

/** Whether UTF-8 may go on as it begins; what begins before it and the last three bytes are no matter. */
function beginsUtf8(count: number): boolean {
  const judged = Math.min(count - 3, BEGINNING_BYTES);
  let at = 0;
  while (at < 3 && ((SAID[at] as number) & 0xc0) === 0x80) at++;
  while (at < judged) {
    const lead = SAID[at++] as number;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0 && at < judged; more--)
      if (((SAID[at++] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}

/** 1: compressed data may begin with a byte. */
const FIRST = new Uint8Array(256);
for (const pair of MAGIC_PAIRS) FIRST[pair >> 8] = 1;
/** 1: a format that can't be undone may begin with two bytes, read as one number. */
export const BEGINS = new Uint8Array(65_536);
for (const pair of UNREADABLE_PAIRS) BEGINS[pair] = 1;
