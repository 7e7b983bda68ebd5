/** RFC 4648 §6: letters of one case and the digits 2 to 7; 2: a character of it. */
export const BASE32_UPPER = new Uint8Array(256);
export const BASE32_LOWER = new Uint8Array(256);
/** Value of a character in either case. */
export const BASE32_VALUES = new Uint8Array(256);
for (const [value, byte] of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").entries()) {
  const lower = value < 26 ? byte + 32 : byte;
  BASE32_UPPER[byte] = 2;
  BASE32_LOWER[lower] = 2;
  BASE32_VALUES[byte] = value;
  BASE32_VALUES[lower] = value;
}

/** Characters at which base32 can begin a byte. */
export const BASE32_PHASES = 8;

/** What `run` says when its bytes begin with character `phase`. */
export function decodeBase32(run: Buffer, phase: number): Buffer {
  const bytes = Buffer.allocUnsafe(((run.length - phase) * 5) >> 3);
  let length = 0;
  let bits = 0;
  let count = 0;
  for (let i = phase; i < run.length; i++) {
    bits = ((bits << 5) | (BASE32_VALUES[run[i] as number] as number)) & 0xfff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = (bits >> count) & 255;
  }
  return bytes.subarray(0, length);
}
