import { brotliCompress, constants, deflate, deflateRaw, gzip, zstdCompress } from "node:zlib";
import { type Coding, isZlib } from "./content-codings.ts";

/** As fast as the other codings are by default. */
const BROTLI_QUALITY = 4;

/**
 * Codes a whole text, in the thread pool, in the order of `codings`. `was`: the body as it came, which tells the two
 * formats of `deflate` apart.
 */
export function encoded(
  text: Buffer,
  codings: readonly Coding[],
  was: Buffer,
  done: (coded: Buffer) => void,
): void {
  const [coding, ...rest] = codings;
  if (coding === undefined) {
    done(text);
    return;
  }
  const next = (error: Error | null, coded: Buffer): void => {
    if (error) throw error;
    encoded(coded, rest, was, done);
  };
  switch (coding) {
    case "gzip":
      gzip(text, next);
      return;
    case "deflate":
      if (rest.length > 0 || isZlib(was)) deflate(text, next);
      else deflateRaw(text, next);
      return;
    case "deflate-raw":
      deflateRaw(text, next);
      return;
    case "br":
      brotliCompress(text, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }, next);
      return;
    case "zstd":
      zstdCompress(text, next);
      return;
  }
}
