import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=";

/** Ways to spell bytes, as requests hold them. */
const SPELL: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => bytes.toString("latin1"),
  (bytes) => bytes.toString("base64"),
  (bytes) => bytes.toString("base64url"),
  (bytes) => bytes.toString("hex"),
  (bytes) => [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  (bytes) => [...bytes].map((byte) => `\\u00${byte.toString(16).padStart(2, "0")}`).join(""),
  (bytes) => bytes.toString("base64").replaceAll(/.{20}/g, "$&\\n"),
  (bytes) => gzipSync(bytes).toString("latin1"),
  (bytes) => deflateSync(bytes, { level: 1 }).toString("latin1"),
  (bytes) => gzipSync(bytes).toString("base64"),
  (bytes) => deflateSync(bytes).toString("hex"),
  (bytes) => zstdCompressSync(bytes).toString("base64url"),
];

const spell = fc.constantFrom(...SPELL);

/** Pieces of a text: some hold `values`, spelled in one way or in two; the others look like what is around them. */
export function pieces(...values: readonly string[]): fc.Arbitrary<string> {
  const plain = fc.oneof(
    fc.string({ unit: fc.constantFrom(...BASE64), maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), maxLength: 40 }),
    fc.constantFrom(
      "application/json",
      "; charset=utf-8",
      " ",
      "\n",
      "x: ",
      "key=",
      "Bearer ",
      "...",
      "BZh91AY&SY",
      "x^",
    ),
    fc.string({ unit: "binary-ascii", maxLength: 12 }),
  );
  const spelled = fc
    .tuple(fc.constantFrom(...values), fc.nat(3), fc.string({ maxLength: 6 }), spell, spell)
    .map(([value, cut, around, inner, outer]) => {
      const text = Buffer.from(around + value.slice(cut) + around);
      return outer(Buffer.from(inner(text), "latin1"));
    });
  return fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: spelled });
}
