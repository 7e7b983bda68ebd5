/**
 * By two bytes read as one number, in whichever order: the bits that both have. `bits`: of each of the 256 bytes. Made row
 * by row: a loop over all pairs when the module is loaded is long enough for V8 to start its optimizer, 8 MiB resident.
 */
export function bitsOfBoth(bits: Uint8Array): Uint8Array {
  const both = new Uint8Array(65_536);
  const rows = new Map<number, Uint8Array>();
  for (const [high, has] of bits.entries()) {
    if (has === 0) continue;
    const row = rows.get(has) ?? bits.map((low) => low & has);
    rows.set(has, row);
    both.set(row, high << 8);
  }
  return both;
}
