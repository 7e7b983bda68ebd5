import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeBase32 } from "../../../src/dlp/decode/base32.ts";
import { tellingBase32 } from "../../../src/dlp/decode/base32-phases.ts";
import { isTelling } from "../../../src/dlp/decode/telling.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const fives = bits.match(/.{1,5}/g) ?? [];
  return fives.map((five) => ALPHABET[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

const noise = fc.uint8Array({ maxLength: 20 });
const piece = fc.oneof(
  noise,
  fc.string({ minLength: 8, maxLength: 12 }).map((text) => Buffer.from(text)),
  fc.string({ unit: "grapheme", minLength: 6, maxLength: 12 }).map((text) => Buffer.from(text)),
  fc.constantFrom(
    gzipSync("abcd"),
    deflateSync("abcd"),
    Buffer.from("BZh91AY&SY"),
    Buffer.from("PK\u0003\u0004"),
  ),
);

test("no place to begin that says something is passed over, whatever stands before it", () => {
  let telling = 0;
  let passed = 0;
  fc.assert(
    fc.property(fc.nat(9), fc.array(piece, { minLength: 1, maxLength: 3 }), noise, (skew, parts, end) => {
      const run = Buffer.from(`${"Q7".repeat(5).slice(0, skew)}${base32(Buffer.concat([...parts, end]))}`);
      if (run.length < 32) return;
      const phases = tellingBase32(run);
      for (let phase = 0; phase < 8; phase++) {
        const says = isTelling(decodeBase32(run, phase));
        if (says) expect((phases >> phase) & 1).toBe(1);
        if (says) telling++;
        if (((phases >> phase) & 1) === 0) passed++;
      }
    }),
    { seed: 11, numRuns: 6000 },
  );
  expect(telling).toBeGreaterThan(1000);
  expect(passed).toBeGreaterThan(10_000);
});
