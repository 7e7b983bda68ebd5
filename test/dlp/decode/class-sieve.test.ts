import fc from "fast-check";
import { expect, it } from "vitest";
import { ClassSieve, SIEVED_BYTES } from "../../../src/dlp/decode/class-sieve.ts";

const TABLES = ["abc", "bcd012", "d ", "0123456789"].map((members) => {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(members)) table[byte] = 1;
  return table;
});
const LEASTS = [11, 32, 47, 500];
const sieve = new ClassSieve(TABLES, LEASTS);

it("passes over no run, wherever it begins in a block and however long it is", () => {
  fc.assert(
    fc.property(
      fc.nat(3),
      fc.nat(SIEVED_BYTES),
      fc.nat(600),
      fc.nat(SIEVED_BYTES),
      (number, start, more, before) => {
        const block = Buffer.alloc(SIEVED_BYTES, "#");
        block.fill("c0", 0, before);
        const end = start + (LEASTS[number] ?? 0) + more;
        if (end > SIEVED_BYTES) return true;
        block.fill(["abc", "012", "d", "789"][number] ?? "", start, end);
        return ((sieve.look(block) >> number) & 1) === 1;
      },
    ),
    { seed: 13, numRuns: 3000 },
  );
});

it("sees no run where no byte of the class is", () => {
  expect(sieve.look(Buffer.alloc(SIEVED_BYTES, "#"))).toBe(0);
  expect(sieve.look(Buffer.alloc(SIEVED_BYTES, "#abc#bcd#d"))).toBe(0);
  expect(sieve.look(Buffer.alloc(0))).toBe(0);
});

it("has forgotten the block before", () => {
  sieve.look(Buffer.alloc(SIEVED_BYTES, "b"));
  expect(sieve.look(Buffer.from("b"))).toBe(0);
});
