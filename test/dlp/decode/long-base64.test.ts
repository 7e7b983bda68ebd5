import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LONG_CHARS, phasesOfLong } from "../../../src/dlp/decode/long-base64.ts";
import { isTelling } from "../../../src/dlp/decode/telling.ts";

const noise = fc.uint8Array({ minLength: 600, maxLength: 1500 });
/** What says something in a long run, or nearly does. */
const planted = fc.oneof(
  fc.string({ minLength: 12, maxLength: 24 }).map((text) => Buffer.from(text, "latin1")),
  fc.string({ unit: "grapheme", minLength: 3, maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.string({ maxLength: 60 }).map((text) => gzipSync(text)),
  fc.string({ maxLength: 60 }).map((text) => deflateSync(text)),
  fc
    .constantFrom("PK\u0003\u0004", "(\u00b5/\u00fd", "\u00fd7zXZ\u0000", "x\u009c", "")
    .map((text) => Buffer.from(text, "latin1")),
);

it("a way to decode a long run is passed over only when it says nothing", () => {
  let passed = 0;
  fc.assert(
    fc.property(noise, planted, fc.nat(1500), fc.nat(3), fc.boolean(), (bytes, plant, at, skipped, whole) => {
      const place = Math.min(at, bytes.length);
      const all = whole
        ? Buffer.concat([plant, ...Array(40).fill(Buffer.from("ключ від хмари "))])
        : Buffer.concat([bytes.subarray(0, place), plant, bytes.subarray(place)]);
      const run = Buffer.from("A".repeat(skipped) + all.toString("base64").replaceAll("=", ""), "latin1");
      expect(run.length).toBeGreaterThanOrEqual(LONG_CHARS);
      const phases = phasesOfLong(run, run.length);
      for (let phase = 0; phase < 4; phase++) {
        if (((phases >> phase) & 1) === 1) continue;
        passed++;
        expect(isTelling(Buffer.from(run.toString("latin1", phase), "base64"))).toBe(false);
      }
    }),
    { numRuns: 3000, seed: 20_261_124 },
  );
  expect(passed).toBeGreaterThan(6000);
});
