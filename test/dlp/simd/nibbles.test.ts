import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nibbleTables } from "../../../src/dlp/simd/nibbles.ts";

/** Of a byte, whether the tables say that it is of the class. */
function says({ tables, bits }: ReturnType<typeof nibbleTables>, number: number, byte: number): boolean {
  const both = (tables[byte & 15] ?? 0) & (tables[16 + (byte >> 4)] ?? 0);
  return (both & (bits[number] ?? 0)) !== 0;
}

/** Rows of sixteen bytes: most classes have few that differ. */
const rows = fc.array(fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }), {
  minLength: 1,
  maxLength: 3,
});
const anyClass = fc
  .tuple(rows, fc.array(fc.nat(3), { minLength: 16, maxLength: 16 }))
  .map(([kinds, chosen]) => Uint8Array.from(chosen.flatMap((kind) => (kinds[kind] ?? NO_ROW).map(Number))));
const NO_ROW = Array.from({ length: 16 }, () => false);

describe("tables of nibbles", () => {
  it("say of every byte what the classes say", () => {
    fc.assert(
      fc.property(fc.array(anyClass, { minLength: 1, maxLength: 2 }), (classes) => {
        const made = nibbleTables(classes);
        for (const [number, members] of classes.entries())
          for (let byte = 0; byte < 256; byte++)
            if (says(made, number, byte) !== (members[byte] !== 0))
              expect.fail(`byte ${byte} of class ${number}`);
      }),
      { seed: 31, numRuns: 200 },
    );
  });

  it("take any number but 0 for a member", () => {
    const members = new Uint8Array(256);
    members[0x41] = 2;
    members[0x42] = 128;
    const made = nibbleTables([members]);
    expect([0x40, 0x41, 0x42, 0x43].map((byte) => says(made, 0, byte))).toEqual([false, true, true, false]);
  });

  it("are refused when eight bits don't tell the rows apart", () => {
    const members = new Uint8Array(256);
    for (let row = 0; row < 9; row++) members[17 * row] = 1;
    expect(() => nibbleTables([members])).toThrow("more different rows than a byte has bits");
    members[17 * 8] = 0;
    expect(nibbleTables([members]).bits).toEqual([255]);
  });
});
