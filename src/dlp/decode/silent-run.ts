import { HEX_VALUES, TEXT, VALUES } from "./base64-values.ts";
import { ZLIB_SECONDS } from "./deflate-start.ts";
import { RUN_CHARS, TEXT_BYTES } from "./limits.ts";
import { isUnreadable, UNREADABLE_BEGINNINGS } from "./unreadable-formats.ts";

/** First two bytes of what is compressed: zip, gzip, zstd, zlib. */
const MAGICS: ReadonlySet<number> = new Set([
  0x504b,
  0x1f8b,
  0x28b5,
  ...ZLIB_SECONDS.map((second) => 0x7800 | second),
]);
/** Of their 16 bits the first twelve, the last twelve, and those from the third on. */
const IN_MAGIC: ReadonlySet<number> = new Set(
  [...MAGICS].flatMap((magic) => [magic >> 4, magic & 0xfff, (magic >> 2) & 0xfff]),
);

/** Of `marksOfTwo`: the two characters may be inside a magic. */
const MAGIC = 0x80;
/** Two bits of seven for each of the four places at which base64 can begin, with a one added to each. */
const EACH = 0x01_01_01_01;
/** Characters, less one, over which `TEXT_BYTES` bytes of text in a row lie. */
const TEXT_PAIRS = 13;
const ENOUGH = (128 - TEXT_PAIRS) * EACH;
const OVER = 0x80_80_80_80;

/**
 * What two characters side by side say, by their place among four (index: place, then both values): of each of the four
 * ways to begin seven bits, all ones where the byte that they complete is text, or where they complete none.
 */
let marksOfTwo: Int32Array | undefined;

/** Made when the first run is judged: not every sidecar reads one. */
function makeMarks(): Int32Array {
  const made = new Int32Array(4 * 4096);
  for (let place = 0; place < 4; place++)
    for (let two = 0; two < 4096; two++) {
      const bytes = [two >> 4, (two >> 2) & 255, two & 255];
      let marks = IN_MAGIC.has(two) ? MAGIC : 0;
      for (let phase = 0; phase < 4; phase++) {
        const byte = bytes[(place - phase) & 3];
        if (byte === undefined || TEXT[byte] === 1) marks |= 0x7f << (8 * phase);
      }
      made[(place << 12) | two] = marks;
    }
  return made;
}

/**
 * True: the run from `start` to `end` decodes to nothing that would be read, in no way. Nearly every long name and hash is
 * told here, and is not decoded.
 */
export function saysNothing(bytes: Uint8Array, start: number, end: number): boolean {
  for (let probe = start + RUN_CHARS - 1; probe < end; probe += RUN_CHARS) {
    if (HEX_VALUES[bytes[probe] as number] === 16) continue;
    let from = probe;
    while (from > start && HEX_VALUES[bytes[from - 1] as number] !== 16) from--;
    let to = probe + 1;
    while (to < end && HEX_VALUES[bytes[to] as number] !== 16) to++;
    if (to - from >= RUN_CHARS) {
      if (!hexSaysNothing(bytes, from, to) || !hexSaysNothing(bytes, from + 1, to)) return false;
      if (from === start && to === end) return true;
    }
    probe = to;
  }
  if (!base64SaysNothing(bytes, start, end)) return false;
  // of a short one only text and what is compressed is read
  const phases = end - start < 4 * RUN_CHARS ? 1 : 4;
  for (let phase = 0; phase < phases; phase++) {
    const count = decodeBeginning(bytes, start + phase, end);
    if (beginsUnreadable(count)) return false;
    if (phases > 1 && beginsUtf8(count, ((end - start - phase) * 3) >> 2)) return false;
  }
  return true;
}

function base64SaysNothing(bytes: Uint8Array, start: number, end: number): boolean {
  marksOfTwo ??= makeMarks();
  const table = marksOfTwo;
  let value = VALUES[bytes[start] as number] as number;
  let texts = 0;
  for (let i = start + 1; i < end; i++) {
    const next = VALUES[bytes[i] as number] as number;
    const marks = table[(((i - start - 1) & 3) << 12) | (value << 6) | next] as number;
    texts = (texts + EACH) & marks;
    if (((texts + ENOUGH) & OVER) !== 0) return false;
    if ((marks & MAGIC) !== 0 && isMagic(bytes, i - 1, start, end)) return false;
    value = next;
  }
  return true;
}

/** The characters at `at` and behind it are inside a magic, whichever of them begin a byte. */
function isMagic(bytes: Uint8Array, at: number, start: number, end: number): boolean {
  const before = at > start ? (VALUES[bytes[at - 1] as number] as number) : 0;
  const two = ((VALUES[bytes[at] as number] as number) << 6) | (VALUES[bytes[at + 1] as number] as number);
  const behind = at + 2 < end ? (VALUES[bytes[at + 2] as number] as number) : 0;
  return (
    MAGICS.has((two << 4) | (behind >> 2)) ||
    MAGICS.has(((before & 15) << 12) | two) ||
    MAGICS.has(((before & 3) << 14) | (two << 2) | (behind >> 4))
  );
}

function hexSaysNothing(bytes: Uint8Array, from: number, to: number): boolean {
  let before = 0;
  let texts = 0;
  for (let i = from; i + 1 < to; i += 2) {
    const byte = hexByte(bytes, i);
    texts = TEXT[byte] === 1 ? texts + 1 : 0;
    if (texts === TEXT_BYTES) return false;
    if (
      (before === 0x1f || before === 0x28 || before === 0x50 || before === 0x78) &&
      MAGICS.has((before << 8) | byte)
    )
      return false;
    before = byte;
  }
  let count = 0;
  for (let i = from; i + 1 < to && count < BEGINNING.length; i += 2) BEGINNING[count++] = hexByte(bytes, i);
  return !beginsUnreadable(count) && !beginsUtf8(count, (to - from) >> 1);
}

function hexByte(bytes: Uint8Array, at: number): number {
  return ((HEX_VALUES[bytes[at] as number] as number) << 4) | (HEX_VALUES[bytes[at + 1] as number] as number);
}

/** The first bytes that something decodes to. */
const BEGINNING = Buffer.alloc(24);

/** Decodes base64 from `from` on; how many bytes. */
function decodeBeginning(bytes: Uint8Array, from: number, end: number): number {
  const to = Math.min(end, from + (BEGINNING.length / 3) * 4);
  let bits = 0;
  let count = 0;
  for (let i = from; i < to; i++) {
    bits = ((bits << 6) | (VALUES[bytes[i] as number] as number)) & 0xffff;
    const used = (i - from) & 3;
    if (used !== 0) BEGINNING[count++] = (bits >> (6 - 2 * used)) & 255;
  }
  return count;
}

/** 1: a format that can't be undone begins with this byte. */
const UNREADABLE_FIRST = new Uint8Array(256);
for (const byte of UNREADABLE_BEGINNINGS) UNREADABLE_FIRST[byte] = 1;

function beginsUnreadable(count: number): boolean {
  return UNREADABLE_FIRST[BEGINNING[0] as number] === 1 && isUnreadable(BEGINNING.subarray(0, count));
}

/** Whether UTF-8 may go on as it begins in `count` of `size` bytes; what begins before it and the last three are no matter. */
function beginsUtf8(count: number, size: number): boolean {
  const judged = Math.min(count, size - 3);
  let at = 0;
  while (at < 3 && ((BEGINNING[at] as number) & 0xc0) === 0x80) at++;
  while (at < judged) {
    const lead = BEGINNING[at++] as number;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0 && at < judged; more--)
      if (((BEGINNING[at++] as number) & 0xc0) !== 0x80) return false;
  }
  return true;
}
