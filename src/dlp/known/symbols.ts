/**
 * What a text is reduced to before known secrets are searched for: its letters and digits, in one case. So separators
 * between characters, wrapped lines, padding, `-_` for `+/` and changed case make no difference.
 */

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
