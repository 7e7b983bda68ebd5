import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Inflater } from "../../../src/dlp/decode/inflater.ts";

function inflate(data: Buffer, size = data.length): { text: Buffer; used: number; inflater: Inflater } {
  const parts: Buffer[] = [];
  const inflater = new Inflater((bytes) => parts.push(Buffer.from(bytes)));
  let used = 0;
  for (let from = 0; from < data.length && !inflater.ended && !inflater.broken; from += size) {
    const piece = data.subarray(from, from + size);
    used = from + inflater.write(piece, 0);
  }
  return { text: Buffer.concat(parts), used, inflater };
}

const words = fc.array(fc.constantFrom("token ", "the ", "\n", "x9", "%%", "aaaaaaaa"), { maxLength: 3000 });
const contents = fc.oneof(
  words.map((parts) => Buffer.from(parts.join(""))),
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.nat(255), fc.nat(200_000)).map(([byte, length]) => Buffer.alloc(length, byte)),
  fc
    .tuple(fc.uint8Array({ maxLength: 64, minLength: 1 }), fc.nat(150_000))
    .map(([bytes, length]) => Buffer.alloc(length, Buffer.from(bytes))),
);
const options = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FIXED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
  ),
});

test("says what node:zlib says, in whatever pieces the data comes", () => {
  fc.assert(
    fc.property(contents, options, fc.integer({ min: 1, max: 5000 }), (content, how, size) => {
      const data = deflateRawSync(content, how);
      // what follows the data is not its own
      const more = Buffer.concat([data, Buffer.from("PK\u0001\u0002 and more")]);
      const { text, used, inflater } = inflate(more, Math.max(size, data.length >> 8));
      expect(inflater.ended).toBe(true);
      expect(text.equals(content)).toBe(true);
      expect(used).toBe(data.length);
    }),
    { numRuns: 120, seed: 3 },
  );
});

test("says as much as there is of data that is cut off", () => {
  const content = Buffer.from("a secret in a long text. ".repeat(400));
  const data = deflateRawSync(content);
  for (let length = 1; length < data.length; length++) {
    const { text, inflater } = inflate(data.subarray(0, length));
    expect(inflater.ended || inflater.broken).toBe(false);
    expect(content.subarray(0, text.length).equals(text)).toBe(true);
  }
  expect(inflate(data.subarray(0, data.length - 2)).text.length).toBeGreaterThan(content.length - 600);
});

test("breaks off at data that node:zlib refuses, with what came before", () => {
  fc.assert(
    fc.property(
      contents,
      options,
      fc.nat(),
      fc.nat(255),
      fc.integer({ min: 1, max: 999 }),
      (content, how, at, byte, size) => {
        const data = deflateRawSync(content, how);
        data[at % data.length] = byte;
        const { text, inflater } = inflate(data, Math.max(size, data.length >> 8));
        let expected: Buffer | undefined;
        try {
          expected = inflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH });
        } catch {
          expected = undefined;
        }
        if (expected === undefined) expect(inflater.ended).toBe(false);
        else expect(text.equals(expected)).toBe(true);
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});

test("any bytes break it or not, and it stays in its bounds", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 50 }), (bytes, size) => {
      expect(inflate(Buffer.from(bytes), size).text.equals(inflate(Buffer.from(bytes)).text)).toBe(true);
    }),
    { numRuns: 1000, seed: 9 },
  );
});

test("used again, it says the same as a new one, and repeats nothing of the data before", () => {
  const parts: Buffer[] = [];
  const take = (bytes: Buffer) => parts.push(Buffer.from(bytes));
  const inflater = new Inflater(take);
  // broken in the middle, cut off in the middle, whole
  const packed = deflateRawSync(Buffer.from("the secret of another request. ".repeat(99)));
  for (const before of [
    Buffer.concat([packed.subarray(0, 40), Buffer.alloc(99, 255)]),
    packed.subarray(0, 50),
    packed,
  ]) {
    inflater.write(before, 0);
    inflater.restart(take);
    parts.length = 0;
    const content = Buffer.from("a text of its own, a text of its own ".repeat(50));
    inflater.write(deflateRawSync(content), 0);
    expect(inflater.ended).toBe(true);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    inflater.restart(take);
    parts.length = 0;
    // §3.2.6: the fixed code's length of three (0000001) at a distance of one (00000): behind the first byte there is nothing
    inflater.write(Buffer.from([0x03, 0x02, 0x00, 0x00]), 0);
    expect(inflater.broken).toBe(true);
    expect(parts).toEqual([]);
    inflater.restart(take);
  }
});
