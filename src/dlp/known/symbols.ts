/**
 * What a text is reduced to before known secrets are searched for: its letters and digits, in one case. So separators
 * between characters, wrapped lines, padding, `-_` for `+/` and changed case make no difference.
 */

import { SLICE_BYTES } from "./limits.ts";

/** Class of every byte: 1 to 10 digits, 11 to 36 letters of either case, 0 everything else. */
export const SYMBOLS = new Uint8Array(256);
for (let i = 0; i < 10; i++) SYMBOLS[0x30 + i] = 1 + i;
for (let i = 0; i < 26; i++) {
  SYMBOLS[0x41 + i] = 11 + i;
  SYMBOLS[0x61 + i] = 11 + i;
}

/** The letters and digits of `text`, as classes. */
export function symbolsOf(text: string): Uint8Array {
  const bytes = Buffer.from(text, "latin1");
  return Uint8Array.from([...bytes].map((byte) => SYMBOLS[byte] ?? 0).filter((symbol) => symbol !== 0));
}

/** Where the bytes are copied so that two of them can be read as one number. */
const ALIGNED = new Uint8Array(SLICE_BYTES);
const ALIGNED_PAIRS = new Uint16Array(ALIGNED.buffer);

/** By two bytes read as one number: the symbols that they have, eight bits each, and above those how many. */
const PAIRS = new Uint32Array(65_536);
// in whichever order this machine reads them
const LOW_FIRST = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const LETTERS = [...SYMBOLS.keys()].filter((byte) => SYMBOLS[byte] !== 0);
const ALONE = Uint32Array.from(SYMBOLS, (symbol) => (symbol === 0 ? 0 : symbol | (1 << 16)));
// row by row, as `bitsOfBoth`
for (const [high, symbol] of SYMBOLS.entries()) {
  const row = PAIRS.subarray(high << 8, (high + 1) << 8);
  if (symbol === 0) row.set(ALONE);
  else row.fill(symbol | (1 << 16));
  for (const low of symbol === 0 ? [] : LETTERS) {
    const other = SYMBOLS[low] as number;
    row[low] = (LOW_FIRST ? other | (symbol << 8) : symbol | (other << 8)) | (2 << 16);
  }
}

/**
 * Writes the symbols of `bytes`, at most `SLICE_BYTES`, into `out` from `at` on and returns the index behind them. Two
 * bytes a step and no branch: a branch on every byte costs four times as much. `out` has room for two more.
 */
export function reduceTo(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const { length } = bytes;
  ALIGNED.set(bytes);
  let to = at;
  for (let i = 0; i < length >> 1; i++) {
    const two = PAIRS[ALIGNED_PAIRS[i] as number] as number;
    out[to] = two;
    out[to + 1] = two >>> 8;
    to += two >>> 16;
  }
  if ((length & 1) === 1) {
    const symbol = SYMBOLS[ALIGNED[length - 1] as number] as number;
    out[to] = symbol;
    if (symbol !== 0) to++;
  }
  return to;
}
