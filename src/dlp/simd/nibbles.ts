/** Classes of bytes as two tables of sixteen: a byte is of a class when the entries of both its halves share one of its bits. */
export interface NibbleTables {
  /** by the lower half of a byte, then by its upper half */
  readonly tables: Uint8Array;
  /** of each class, its bits */
  readonly bits: readonly number[];
}

/**
 * `classes`: 256 entries each, not 0 for a member. Rows of a class that have the same members share a bit. Throws where
 * eight bits are too few.
 */
export function nibbleTables(classes: readonly Uint8Array[]): NibbleTables {
  const tables = new Uint8Array(32);
  const bits = classes.map(() => 0);
  const known = new Map<string, number>();
  for (let high = 0; high < 16; high++)
    for (const [number, members] of classes.entries()) {
      const row = members.subarray(high << 4, (high + 1) << 4).map((is) => (is === 0 ? 0 : 1));
      if (!row.includes(1)) continue;
      const name = `${row.join("")} ${number}`;
      const bit = known.get(name) ?? 1 << known.size;
      if (bit > 128) throw new Error("the classes have more different rows than a byte has bits");
      known.set(name, bit);
      bits[number] = (bits[number] ?? 0) | bit;
      tables[16 + high] = (tables[16 + high] ?? 0) | bit;
      for (const [low, is] of row.entries()) if (is === 1) tables[low] = (tables[low] ?? 0) | bit;
    }
  return { tables, bits };
}
