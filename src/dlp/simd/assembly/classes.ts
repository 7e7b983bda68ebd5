/** Sixteen bytes at once: which of them are of a class. */

/** Bits of the classes that each byte is of, by tables for its lower and its upper half. */
@inline
export function classesOf(bytes: v128, tables: u32): v128 {
  const low = v128.and(bytes, i8x16.splat(15));
  const high = i8x16.shr_u(bytes, 4);
  return v128.and(
    i8x16.swizzle(v128.load(tables), low),
    i8x16.swizzle(v128.load(tables, 16), high),
  );
}

/** A bit for each byte that has some of `bits`. */
@inline
export function maskOf(classes: v128, bits: u32): u64 {
  const none = i8x16.eq(v128.and(classes, v128.load8_splat(bits)), i8x16.splat(0));
  return <u64>(i8x16.bitmask(none) ^ 0xffff);
}

/** A bit for each byte that has any. */
@inline
export function anyOf(classes: v128): u64 {
  return <u64>(i8x16.bitmask(i8x16.eq(classes, i8x16.splat(0))) ^ 0xffff);
}
