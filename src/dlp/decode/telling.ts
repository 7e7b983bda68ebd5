import { isUtf8 } from "node:buffer";
import { TEXT } from "./base64-values.ts";
import { holdsZlib, ZLIB_SECONDS } from "./deflate-start.ts";
import { LONG_BYTES, LONG_TEXT_BYTES, TEXT_BYTES } from "./limits.ts";
import { isUnreadable } from "./unreadable-formats.ts";

const GZIP = Buffer.from([0x1f, 0x8b, 8]);
const ZIP = Buffer.from([0x50, 0x4b, 3, 4]);
const ZSTD = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Whether compressed data may begin somewhere in `bytes`, or make them up. */
export function mayHoldCompressed(bytes: Buffer): boolean {
  if (bytes.length < LONG_BYTES && !holdsMagic(bytes)) return isUnreadable(bytes);
  return (
    bytes.includes(GZIP) ||
    bytes.includes(ZSTD) ||
    bytes.includes(ZIP) ||
    holdsZlib(bytes) ||
    isUnreadable(bytes)
  );
}

/** Whether compressed data may begin at `at`. */
export function mayBeginCompressed(bytes: Buffer, at: number): boolean {
  if (bytes[at] === 0x78) return holdsZlib(bytes.subarray(at));
  return [GZIP, ZIP, ZSTD].some((magic) => bytes.subarray(at, at + magic.length).equals(magic));
}

/** First two bytes of what is compressed, read as one number. */
export const MAGIC_PAIRS: readonly number[] = [
  ...[GZIP, ZIP, ZSTD].map((magic) => magic.readUInt16BE()),
  ...ZLIB_SECONDS.map((second) => 0x7800 | second),
];
/** 1: compressed data may begin with two bytes, read as one number. */
export const MAGICS = new Uint8Array(65_536);
const FIRST = new Uint8Array(256);
for (const magic of MAGIC_PAIRS) {
  MAGICS[magic] = 1;
  FIRST[magic >> 8] = 1;
}

/** Whether the first two bytes of what is compressed stand in a few bytes: one look at each costs less than a search for every magic. */
function holdsMagic(bytes: Uint8Array): boolean {
  for (let i = 0; i + 1 < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (FIRST[byte] === 1 && MAGICS[(byte << 8) | (bytes[i + 1] as number)] === 1) return true;
  }
  return false;
}

/** Some of it looks like text, or it is compressed. */
export function isTelling(bytes: Buffer): boolean {
  return saysText(bytes) || mayHoldCompressed(bytes);
}

/** Some of it looks like text. */
export function saysText(bytes: Buffer): boolean {
  if (isBlank(bytes)) return false;
  const least = bytes.length < LONG_BYTES ? TEXT_BYTES : LONG_TEXT_BYTES;
  for (let probe = least - 1; probe < bytes.length; probe += least) {
    if (TEXT[bytes[probe] as number] !== 1) continue;
    let start = probe;
    while (start > 0 && probe - start < least && TEXT[bytes[start - 1] as number] === 1) start--;
    let end = probe + 1;
    while (end < bytes.length && end - start < least && TEXT[bytes[end] as number] === 1) end++;
    if (end - start >= least) return true;
  }
  return bytes.length >= TEXT_BYTES && isForeignText(bytes);
}

/** Zeros and spaces alone, as a row of `A` decodes to. */
function isBlank(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x20) return false;
  return true;
}

/** UTF-8, but for a character cut in two at either end: other alphabets, and letters that only look like ours. */
function isForeignText(bytes: Buffer): boolean {
  let from = 0;
  while (from < 3 && ((bytes[from] as number) & 0xc0) === 0x80) from++;
  for (let cut = 0; cut < 4; cut++) if (isUtf8(bytes.subarray(from, bytes.length - cut))) return true;
  return false;
}
