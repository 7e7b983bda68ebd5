import { brotliCompress, constants, deflate, deflateRaw, gzip, zstdCompress } from "node:zlib";
import { type Coding, isZlib } from "./content-codings.ts";

/** As fast as the other codings are by default. */
const BROTLI_QUALITY = 4;

/**
 * Codes a whole text, in the thread pool, in the order of `codings`. `was`: the body as it came, which tells the two
 * formats of `deflate` apart. `done` gets undefined when it can't be coded (zlib has no memory for it): nothing is thrown,
 * here or in the pool's callback, which nobody could catch.
 */
export function encoded(
  text: Buffer,
  codings: readonly Coding[],
  was: Buffer,
  done: (coded: Buffer | undefined) => void,
): void {
  const [coding, ...rest] = codings;
  if (coding === undefined) {
    done(text);
    return;
  }
  const next = (error: Error | null, coded: Buffer): void => {
    if (error) done(undefined);
    else encoded(coded, rest, was, done);
  };
  const raw = coding === "deflate-raw" || (coding === "deflate" && rest.length === 0 && !isZlib(was));
  try {
    compress(text, raw ? "deflate-raw" : coding, next);
  } catch {
    done(undefined);
  }
}

function compress(text: Buffer, coding: Coding, done: (error: Error | null, coded: Buffer) => void): void {
  switch (coding) {
    case "gzip":
      gzip(text, done);
      return;
    case "deflate":
      deflate(text, done);
      return;
    case "deflate-raw":
      deflateRaw(text, done);
      return;
    case "br":
      brotliCompress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }, done);
      return;
    case "zstd":
      zstdCompress(text, done);
      return;
  }
}
