import { survey } from "../simd/sieve.ts";
import { LONG_BYTES } from "./limits.ts";
import { isTelling, mayBeginCompressed } from "./telling.ts";

/** Characters of a run from which on each way to decode it has `LONG_BYTES`, so that chance is told from text alike in all. */
export const LONG_CHARS = Math.ceil((LONG_BYTES * 4) / 3) + 4;

/** Pairs of characters over which `LONG_TEXT_BYTES` bytes lie. */
const TEXT_PAIRS = 21;

/** Bytes that are decoded at the beginning, and where compressed data may begin: enough to tell, nearly always, that they don't. */
const LOOKED_BYTES = 96;
const LOOKED_CHARS = (LOOKED_BYTES / 3) * 4;

/** Places that are looked at one by one; with more of them everything is decoded. */
const PLACE_COUNT = 1024;

/**
 * A bit for each of the four characters at which a run of base64 can begin so that what it says may be read; looked up where
 * it stands, for most of what is long says nothing in three of four. `run`: `LONG_CHARS` to 65,536 characters.
 */
export function phasesOfLong(run: Buffer, length: number): number {
  const told = survey(run.subarray(0, length), TEXT_PAIRS);
  if (told.magics.length > PLACE_COUNT) return 15;
  let { phases } = told;
  for (const place of told.magics) {
    const from = (place >> 2) - (place & 3);
    const bit = 1 << (from & 3);
    if ((phases & bit) !== 0 || from < 0) continue;
    if (mayBeginCompressed(decodedAt(run, from, length), place & 3)) phases |= bit;
  }
  for (let phase = 0; phase < 4; phase++)
    if (((phases >> phase) & 1) === 0 && isTelling(decodedAt(run, phase, length))) phases |= 1 << phase;
  return phases;
}

function decodedAt(run: Buffer, from: number, length: number): Buffer {
  return Buffer.from(run.toString("latin1", from, Math.min(length, from + LOOKED_CHARS)), "base64");
}
