import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { RandomRuns } from "../../../src/dlp/entropy/random-runs.ts";

function found(text: string, size = Math.max(1, text.length)): string[] {
  const bytes = Buffer.from(text);
  const places: string[] = [];
  const runs = new RandomRuns((start, end) => places.push(text.slice(start, end)));
  for (let at = 0; at < bytes.length; at += size) runs.write(bytes.subarray(at, at + size));
  runs.write(Buffer.alloc(0), true);
  return places;
}

const bytes = (seed: string) => createHash("sha512").update(seed).digest();
const SECRETS = [
  bytes("a").subarray(0, 36).toString("base64"),
  bytes("b").subarray(0, 33).toString("base64url"),
  bytes("c").toString("base64"),
  bytes("d").subarray(0, 24).toString("hex"),
  bytes("e").subarray(0, 30).toString("hex"),
];

test.each(SECRETS)("reports %s", (secret) => {
  expect(found(`{"value": "${secret}"}`)).toEqual([secret]);
});

const ORDINARY = [
  "6f1c1f7e-8d27-4bb0-9c0e-2a4e8a3f9d11",
  bytes("git").subarray(0, 20).toString("hex"),
  bytes("digest").subarray(0, 32).toString("hex"),
  `sha512-${bytes("lock").toString("base64")}`,
  bytes("long").toString("base64").repeat(4),
  "createBodyTextFromEverythingThatIsSent2",
  "src/sidecar/egress/inspect/RequestInspection",
  "AAAAAAAAAAAAAAAAAAAAAAAAAAAA1a",
  "0123456789abcdefghijABCDEFGHIJ_example",
  "The quick brown fox jumps over the lazy dog",
];

test.each(ORDINARY)("passes over %s", (text) => {
  expect(found(`{"value": "${text}"}`)).toEqual([]);
});

test("reports the same in whatever pieces the text comes, and no more than a few", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...SECRETS, ...ORDINARY, " ", "\n", ": "), { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      (parts, size) => {
        const text = parts.join(" ");
        expect(found(text, size)).toEqual(found(text));
        expect(found(text).length).toBeLessThanOrEqual(4);
      },
    ),
    { numRuns: 200, seed: 2 },
  );
});
