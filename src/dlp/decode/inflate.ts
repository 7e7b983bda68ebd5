import { constants, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { beginsDeflate } from "./deflate-start.ts";
import { INFLATE_TRIES, INFLATED_BYTES } from "./limits.ts";

const ZLIB = [0x01, 0x5e, 0x9c, 0xda].map((second) => Buffer.from([0x78, second]));

const FORMATS = [
  {
    name: "gzip",
    magics: [Buffer.from([0x1f, 0x8b, 8])],
    inflate: (bytes: Buffer) =>
      gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INFLATED_BYTES }),
  },
  {
    name: "zlib",
    magics: ZLIB,
    inflate: (bytes: Buffer) =>
      inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: INFLATED_BYTES }),
  },
  {
    name: "zstd",
    magics: [Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
    inflate: (bytes: Buffer) => zstdDecompressSync(bytes, { maxOutputLength: INFLATED_BYTES }),
  },
] as const;

/**
 * What the compressed data in `bytes`, known by its first bytes wherever they stand, says.
 * True: something grows beyond `INFLATED_BYTES`.
 */
export function inflate(bytes: Buffer, take: (inflated: Buffer, encoding: string) => void): boolean {
  for (const { name, magics, inflate } of FORMATS)
    for (const magic of magics) {
      let at = bytes.indexOf(magic);
      for (let tries = 0; at >= 0 && tries < INFLATE_TRIES; tries++) {
        try {
          const inflated = inflate(bytes.subarray(at));
          if (inflated.length > 0) take(inflated, name);
        } catch (error) {
          if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return true;
          // otherwise the first bytes were chance
        }
        at = bytes.indexOf(magic, at + 1);
      }
    }
  return false;
}

/** Whether zlib's format begins somewhere in `bytes`. Its first two bytes are there by chance often: what follows is looked at. */
export function holdsZlib(bytes: Buffer): boolean {
  for (const magic of ZLIB) {
    let at = bytes.indexOf(magic);
    for (; at >= 0; at = bytes.indexOf(magic, at + 1))
      if (beginsDeflate(bytes, at + magic.length)) return true;
  }
  return false;
}
