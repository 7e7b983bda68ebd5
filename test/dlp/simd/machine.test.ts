import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symbolsOf } from "../../../src/dlp/known/symbols.ts";
import { FILTER_BYTES, FILTER_LOG_MOST, FILTERS, INPUT, SLICE_BYTES } from "../../../src/dlp/simd/layout.ts";
import { machine } from "../../../src/dlp/simd/machine.ts";

/** What `bytes` are reduced to behind the symbols that are there. */
function reduced(bytes: Uint8Array, before = 0): Uint8Array {
  const { memory, code, symbols } = machine();
  memory.set(bytes, INPUT);
  const count = code.reduce(bytes.length, before);
  return symbols.slice(0, count);
}

function plain(bytes: Uint8Array): Uint8Array {
  return symbolsOf(Buffer.from(bytes).toString("latin1"));
}

describe("what a text is reduced to", () => {
  it("is its letters and digits, whatever two bytes stand side by side", () => {
    const pairs = new Uint8Array(2 * 65536);
    for (let pair = 0; pair < 65536; pair++) pairs.set([pair >> 8, pair & 255], 2 * pair);
    for (let from = 0; from < pairs.length; from += SLICE_BYTES) {
      const slice = pairs.subarray(from, from + SLICE_BYTES);
      expect(Buffer.compare(reduced(slice), plain(slice))).toBe(0);
    }
  });

  it("ends where the text does, at whatever place of a block, and leaves what stands before", () => {
    const before = symbolsOf("KeptFromBefore99");
    // behind the text stand letters of another
    const text = fc.string({ unit: fc.constantFrom("a", "Z", "7", "-", "é"), maxLength: 70, size: "max" });
    fc.assert(
      fc.property(text, fc.nat(before.length), (from, kept) => {
        machine().memory.fill(0x61, INPUT, INPUT + 128);
        machine().symbols.set(before);
        const bytes = Buffer.from(from, "latin1");
        const expected = [...before.subarray(0, kept), ...plain(bytes)];
        expect([...reduced(bytes, kept)]).toEqual(expected);
      }),
      { seed: 32, numRuns: 500 },
    );
  });
});

describe("the filters in memory", () => {
  const bytesAt = (filter: Uint8Array) => {
    const at = FILTERS + machine().filterAt(filter);
    return machine().memory.subarray(at, at + filter.length);
  };

  it("are each its own, also when more are in use by turns than have room", () => {
    const filters = Array.from({ length: 9 }, (_, i) => new Uint8Array(1024 + 64 * i).fill(i + 1));
    const next = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 4, 6, 8, 1, 1, 3, 0, 8, 0, 7, 0, 6, 0, 5];
    for (const i of next) {
      const filter = filters[i] ?? new Uint8Array(0);
      expect(Buffer.compare(bytesAt(filter), filter)).toBe(0);
    }
  });

  it("have room for the largest beside one another", () => {
    const filters = [1, 2, 3, 4].map((bits) => new Uint8Array(FILTER_BYTES).fill(bits));
    for (const filter of filters) bytesAt(filter);
    for (const filter of filters) expect(Buffer.compare(bytesAt(filter), filter)).toBe(0);
    // that of keywords has a second one behind it (`patterns/keyword-search.ts`)
    expect((2 ** FILTER_LOG_MOST + 2 ** 18) >> 3).toBeLessThanOrEqual(FILTER_BYTES);
  });

  it("that look alike aren't taken for each other", () => {
    const one = new Uint8Array(1024);
    expect(bytesAt(one)[0]).toBe(0);
    const other = new Uint8Array(1024);
    other[0] = 5;
    expect(bytesAt(other)[0]).toBe(5);
    expect(bytesAt(one)[0]).toBe(0);
  });
});
