import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import { LOG_CODING_COUNT, LOG_DECODED_BYTES } from "../limits.ts";

export type Decoded =
  | { readonly ok: true; readonly bytes: Buffer }
  /** `reason`: a sentence's end, nothing of the message in it */
  | { readonly ok: false; readonly reason: string };

// A body that was cut gives what can be read of it.
const ZLIB = { maxOutputLength: LOG_DECODED_BYTES, finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { maxOutputLength: LOG_DECODED_BYTES, finishFlush: constants.BROTLI_OPERATION_FLUSH };
const ZSTD = {
  maxOutputLength: LOG_DECODED_BYTES,
  finishFlush: constants.ZSTD_e_flush,
  // RFC 9659: a window over 8 MiB is no content coding's, and would be allocated whole.
  params: { [constants.ZSTD_d_windowLogMax]: 23 },
};

/** RFC 9110 §8.4.1; `x-` is its older spelling. Clients read a deflate without the zlib header too. */
const CODINGS: ReadonlyMap<string, (bytes: Buffer) => Buffer> = new Map([
  ["gzip", (bytes) => gunzipSync(bytes, ZLIB)],
  ["x-gzip", (bytes) => gunzipSync(bytes, ZLIB)],
  ["deflate", inflate],
  ["br", (bytes) => brotliDecompressSync(bytes, BROTLI)],
  ["zstd", (bytes) => zstdDecompressSync(bytes, ZSTD)],
]);

/** The members of every Content-Encoding field in the order they were applied, lower case, without `identity`. */
export function codingsOf(values: readonly string[]): readonly string[] {
  return values
    .flatMap((value) => value.toLowerCase().split(","))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
}

/** Undoes the codings of a body or of its beginning, within `LOG_DECODED_BYTES`. */
export function decodeBody(bytes: Buffer, codings: readonly string[]): Decoded {
  if (codings.length > LOG_CODING_COUNT)
    return { ok: false, reason: `it has more than ${LOG_CODING_COUNT} content codings` };
  let decoded = bytes;
  for (const coding of codings.toReversed()) {
    const undo = CODINGS.get(coding);
    if (!undo) return { ok: false, reason: "its content coding is not known" };
    try {
      decoded = undo(decoded);
    } catch (error) {
      const large = error instanceof RangeError;
      const reason = large ? `it is over ${LOG_DECODED_BYTES} bytes decoded` : "it can't be decoded";
      return { ok: false, reason };
    }
  }
  return { ok: true, bytes: decoded };
}

function inflate(bytes: Buffer): Buffer {
  try {
    return inflateSync(bytes, ZLIB);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return inflateRawSync(bytes, ZLIB);
  }
}
