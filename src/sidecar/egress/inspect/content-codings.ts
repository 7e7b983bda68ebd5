import type { Transform } from "node:stream";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import type { HeaderList } from "../../../policy/facts.ts";
import { type BodyFault, tooLarge, unreadable } from "./body-fault.ts";
import { CODING_COUNT, DECODER_PIECE_BYTES, ZSTD_WINDOW_LOG } from "./limits.ts";

/** A coding that can be undone. `deflate` is the zlib format (RFC 9110 §8.4.1.2); `deflate-raw` what some send instead. */
export type Coding = "gzip" | "deflate" | "deflate-raw" | "br" | "zstd";

const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ["gzip", "gzip"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
  ["br", "br"],
  ["zstd", "zstd"],
]);

const NONE: readonly Coding[] = [];

/** What Content-Encoding states, in the order in which it was applied, without `identity`; a fault where it can't be undone. */
export function statedCodings(fields: HeaderList): readonly Coding[] | BodyFault {
  let codings: Coding[] | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] ?? "";
    if (name.length !== 16 || name.toLowerCase() !== "content-encoding") continue;
    for (const member of (fields[i + 1] ?? "").toLowerCase().split(",")) {
      const stated = member.trim();
      if (stated === "" || stated === "identity") continue;
      const coding = CODINGS.get(stated);
      if (coding === undefined) return unreadable("has a content coding that can't be undone");
      codings ??= [];
      codings.push(coding);
      if (codings.length > CODING_COUNT) return tooLarge(`has more than ${CODING_COUNT} content codings`);
    }
  }
  return codings ?? NONE;
}

/** A decoder that streams. It fails with an error on anything that isn't whole and valid. */
export function createDecoder(coding: Coding): Transform & { readonly bytesWritten: number } {
  const chunkSize = DECODER_PIECE_BYTES;
  switch (coding) {
    case "gzip":
      return createGunzip({ chunkSize });
    case "deflate":
      return createInflate({ chunkSize });
    case "deflate-raw":
      return createInflateRaw({ chunkSize });
    case "br":
      return createBrotliDecompress({ chunkSize });
    case "zstd":
      return createZstdDecompress({
        chunkSize,
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
      });
  }
}

/** The magic numbers of gzip (RFC 1952 §2.3.1, method deflate) and of a zstd frame (RFC 8878 §3.1.1). */
const MAGICS: readonly (readonly [Coding, Buffer])[] = [
  ["gzip", Buffer.from("1f8b08", "hex")],
  ["zstd", Buffer.from("28b52ffd", "hex")],
];

/** What a body looks like by its first bytes; "undecided" while there are too few of them. */
export function codingByMagic(first: Buffer): Coding | "undecided" | undefined {
  for (const [coding, magic] of MAGICS) {
    const known = Math.min(first.length, magic.length);
    if (first.compare(magic, 0, known, 0, known) === 0) return known < magic.length ? "undecided" : coding;
  }
  return undefined;
}

/** RFC 1950 §2.2: the method is 8, and the two bytes are a multiple of 31. */
export function isZlib(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return (first & 0x0f) === 8 && ((first << 8) | (bytes[1] ?? 0)) % 31 === 0;
}
