import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { beginsDeflate } from "../../../src/dlp/decode/deflate-start.ts";

const content = fc.oneof(
  fc.uint8Array({ maxLength: 400 }),
  fc.string({ maxLength: 400 }).map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 400, max: 3 }),
);

test("no deflated data is taken for chance, wherever it breaks off", () => {
  fc.assert(
    fc.property(content, fc.nat(9), fc.nat(4), fc.nat(400), (bytes, level, strategy, cut) => {
      const deflated = deflateRawSync(bytes, { level, strategy });
      return beginsDeflate(deflated, 0) && beginsDeflate(deflated.subarray(0, 1 + cut), 0);
    }),
    { numRuns: 2000 },
  );
});

test("few random bytes are taken for deflated data", () => {
  const random = Buffer.alloc(64 * 2000);
  for (let at = 0; at < random.length; at += 64)
    createHash("sha512").update(String(at)).digest().copy(random, at);
  let taken = 0;
  for (let at = 0; at < random.length; at += 64) if (beginsDeflate(random.subarray(at, at + 64), 0)) taken++;
  expect(taken).toBeLessThan(100);
});
