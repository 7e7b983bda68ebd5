import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EncodedRuns } from "../../../src/dlp/decode/encoded-runs.ts";
import { sieve } from "../../../src/dlp/simd/sieve.ts";

const ALPHABET = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"];

/** `starts`: those that the sieve tells, if it is not said. */
function taken(text: string, starts?: Uint16Array): string[] {
  const bytes = Buffer.from(text, "latin1");
  const found: string[] = [];
  new EncodedRuns(({ decoded, encoding }) => {
    found.push(`${encoding} ${decoded.toString("latin1")}`);
    return false;
  }).write(bytes, true, starts ?? sieve(bytes).runs);
  return found;
}

function wrapped(run: string, places: readonly (readonly [number, string])[]): string {
  return places.reduce((text, [at, between]) => text.slice(0, at) + between + text.slice(at), run);
}

const plain = fc.oneof(
  fc.string({ maxLength: 90 }).map((text) => Buffer.from(text)),
  fc.string({ unit: "grapheme", maxLength: 60 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 60 }).map((text) => gzipSync(text)),
  fc.string({ maxLength: 60 }).map((text) => deflateSync(text)),
  fc
    .uint8Array({ minLength: 40, maxLength: 60 })
    .map((bytes) => Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, ...bytes])),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from([...bytes, 0x28, 0xb5, 0x2f, 0xfd, ...bytes])),
);
/** What stands in texts: encoded things that begin at every place of the run, hashes, names. */
const runs = fc.oneof(
  fc
    .tuple(
      fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 5 }),
      plain,
      fc.constantFrom("base64", "base64url", "hex"),
    )
    .map(([before, bytes, encoding]) => before + bytes.toString(encoding as "hex").replaceAll("=", "")),
  fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 16, maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 16, maxLength: 130 }),
  fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz_"), minLength: 16, maxLength: 60 }),
);

describe("a run of which it is said that it says nothing", () => {
  it("decodes to nothing that is read", () => {
    let silent = 0;
    fc.assert(
      fc.property(runs, (run) => {
        const bytes = Buffer.from(`(${run})`, "latin1");
        if (sieve(bytes).runs.length > 0) return;
        silent++;
        // behind a line end it could go on, so it is decoded whatever it looks like
        expect(taken(`${run}\n.`)).toEqual([]);
      }),
      { numRuns: 8000, seed: 20_261_124 },
    );
    expect(silent).toBeGreaterThan(2000);
  });

  it("is passed over without loss, also where it is wrapped in lines and whatever stands behind it", () => {
    const breaks = fc.array(
      fc.tuple(fc.nat(300), fc.constantFrom("\n", "\r\n", "\n  ", "\n\n", "\\n", " ")),
      {
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(runs, breaks, fc.constantFrom(".", "\n.", "\\x", "\n")), { maxLength: 3 }),
        (all) => {
          const text = all.map(([run, places, behind]) => wrapped(run, places) + behind).join("");
          const every = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].map(({ index }) => index);
          // more, where the second line alone says something
          expect(taken(text)).toEqual(expect.arrayContaining(taken(text, Uint16Array.from(every))));
        },
      ),
      { numRuns: 6000, seed: 20_261_124 },
    );
  });
});

describe("the search for runs", () => {
  it("tells every one of sixteen characters that goes on, or may, and none that isn't one", () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 90 }),
        fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 500, maxLength: 600 }),
        fc.constantFrom(" ", ".", "\n", "\\", "= ", "!".repeat(4090), "ab ".repeat(700)),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(parts, (all) => {
        const text = all.join("");
        const every = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)];
        const sure = every.filter(
          (run) => run[0].length > 512 || /^(?:$|\\)/.test(text.slice(run.index + run[0].length)),
        );
        const told = [...sieve(Buffer.from(text, "latin1")).runs];
        expect(every.map(({ index }) => index)).toEqual(expect.arrayContaining(told));
        expect(told).toEqual(expect.arrayContaining(sure.map(({ index }) => index)));
        expect(told).toEqual(told.toSorted((a, b) => a - b));
      }),
      { numRuns: 3000, seed: 20_261_124 },
    );
  });
});

describe("a run that drips, with a pause after each piece", () => {
  const said = Buffer.from(Array.from({ length: 3000 }, (_, i) => `word ${i} `).join(""));

  function drip(text: Buffer): { decoded: number; pauses: number; all: string } {
    let decoded = 0;
    let all = "";
    let pauses = 0;
    const dripped = new EncodedRuns((run) => {
      decoded += run.decoded.length;
      all += `${run.decoded.toString("latin1")}\n`;
      return false;
    });
    for (let at = 0; at < text.length; at += 64) {
      const piece = text.subarray(at, at + 64);
      dripped.write(piece, false, sieve(piece).runs);
      dripped.settle();
      pauses++;
    }
    return { decoded, pauses, all };
  }

  it.each(["base64", "hex"] as const)("of %s is read whole, and little of it again", (encoding) => {
    const { decoded, pauses, all } = drip(Buffer.from(said.toString(encoding)));
    for (let i = 0; i + 9 < 3000; i += 10)
      expect(all).toContain(Array.from({ length: 10 }, (_, k) => `word ${i + k} `).join(""));
    expect(decoded / pauses).toBeLessThan(8192);
  });
});
