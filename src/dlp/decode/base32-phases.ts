import { BASE32_VALUES } from "./base32.ts";
import { TEXT } from "./base64-values.ts";
import { BEGINS } from "./short-run.ts";
import { MAGIC_PAIRS, MAGICS } from "./telling.ts";

/** Bytes by which most that is no UTF-8 is told. */
const BEGINNING_BYTES = 12;
/** Bits that a byte and what its last character has beyond it take at most, and of a table's index. */
const WINDOW = 0xfff;

/**
 * By a character's place among eight and the bits that end with it: a bit for each of the eight ways to begin, set where
 * the byte that the character completes is text, or where it completes none.
 */
let marks: Uint8Array | undefined;
/** 1: of the bytes that end in these bits one may be a magic's second. */
const MAGIC_ENDS = new Uint8Array(WINDOW + 1);

function makeMarks(): Uint8Array {
  const made = new Uint8Array(8 * (WINDOW + 1));
  const seconds = new Uint8Array(256);
  for (const pair of MAGIC_PAIRS) seconds[pair & 255] = 1;
  for (let bits = 0; bits <= WINDOW; bits++) {
    for (let place = 0; place < 8; place++)
      for (let phase = 0; phase < 8; phase++) {
        const beyond = bitsBeyond(place, phase);
        if (beyond > 4 || TEXT[(bits >> beyond) & 255] === 1)
          made[(place << 12) | bits] = (made[(place << 12) | bits] as number) | (1 << phase);
      }
    for (let beyond = 0; beyond < 5; beyond++)
      if (seconds[(bits >> beyond) & 255] === 1) MAGIC_ENDS[bits] = 1;
  }
  return made;
}

/** Bits of a character behind the byte that it completes; more than four: it completes none. */
function bitsBeyond(place: number, phase: number): number {
  return (5 * (place - phase + 1)) & 7;
}

/**
 * A bit for each of the eight characters at which a run of base32 can begin so that what it says may be read; one look
 * tells of all. Ten bytes of text lie over fifteen characters, so that eight of them are a row of eight here.
 */
export function tellingBase32(run: Uint8Array): number {
  marks ??= makeMarks();
  const table = marks;
  let bits = 0;
  let phases = 0;
  let row = 255;
  for (let i = 0; i < run.length; i++) {
    bits = ((bits << 5) | (BASE32_VALUES[run[i] as number] as number)) & 0xfffff;
    row &= table[((i & 7) << 12) | (bits & WINDOW)] as number;
    if (MAGIC_ENDS[bits & WINDOW] === 1)
      for (let beyond = 0; beyond < 5; beyond++)
        if (MAGICS[(bits >> beyond) & 0xffff] === 1) phases |= 1 << ((i + 1 - 5 * beyond) & 7);
    if ((i & 7) !== 7) continue;
    phases |= row;
    row = 255;
    if (phases === 255) return phases;
  }
  for (let phase = 0; phase < 8; phase++)
    if (((phases >> phase) & 1) === 0 && beginsOtherwise(run, phase)) phases |= 1 << phase;
  return phases;
}

/** Whether it begins as UTF-8 may go on, where what begins before it is no matter, or as a format that can't be undone. */
function beginsOtherwise(run: Uint8Array, phase: number): boolean {
  let bits = 0;
  let count = 0;
  let bytes = 0;
  let before = 0;
  let more = 0;
  let isUtf8 = true;
  for (let i = phase; i < run.length && bytes < BEGINNING_BYTES; i++) {
    bits = ((bits << 5) | (BASE32_VALUES[run[i] as number] as number)) & WINDOW;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    const byte = (bits >> count) & 255;
    bytes++;
    if (bytes === 2 && BEGINS[(before << 8) | byte] === 1) return true;
    before = byte;
    if ((byte & 0xc0) === 0x80) {
      if (more > 0) more--;
      else if (bytes > 3) isUtf8 = false;
    } else {
      if (more > 0 || byte > 0xf4 || (byte & 0xfe) === 0xc0) isUtf8 = false;
      more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    }
    if (!isUtf8 && bytes > 1) return false;
  }
  return isUtf8;
}
