const counts = new Uint16Array(256);

/** `n * log2(n)` for the counts that texts have. */
const PRODUCTS = Float64Array.from({ length: 512 }, (_, count) =>
  count === 0 ? 0 : count * Math.log2(count),
);

/** Shannon entropy of the bytes of a latin1 text in bits a character: the measure of gitleaks' `entropy`. */
export function entropyOf(text: string): number {
  if (text.length === 0) return 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at) & 0xff;
    counts[byte] = (counts[byte] ?? 0) + 1;
  }
  let sum = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text.charCodeAt(at) & 0xff;
    const count = counts[byte] ?? 0;
    sum += PRODUCTS[count] ?? count * Math.log2(count);
    counts[byte] = 0;
  }
  return Math.log2(text.length) - sum / text.length;
}
