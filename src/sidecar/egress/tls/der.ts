/** A small encoder for ITU-T X.690 DER: just what a certificate needs. */

function element(tag: number, content: Buffer): Buffer {
  const n = content.length;
  const length = n < 0x80 ? [n] : n < 0x100 ? [0x81, n] : n < 0x10000 ? [0x82, n >> 8, n & 0xff] : undefined;
  if (!length) throw new RangeError("a DER element over 65535 bytes");
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

export function set(...parts: readonly Buffer[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

/** An unsigned big-endian number as a positive INTEGER: no superfluous leading zeros, one where the top bit is set. */
export function integer(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.length === 0 ? Buffer.from([0]) : bytes.subarray(start);
  return element(0x02, (digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits);
}

export function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.from([value ? 0xff : 0]));
}

/** `1.2.840.10045.4.3.2` */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return element(0x06, Buffer.from(bytes));
}

export function octetString(content: Buffer): Buffer {
  return element(0x04, content);
}

export function bitString(content: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.concat([Buffer.from([unusedBits]), content]));
}

export function utf8String(text: string): Buffer {
  return element(0x0c, Buffer.from(text, "utf8"));
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5). `at`: milliseconds since 1970, cut to seconds. */
export function time(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/[-:T]|\..*$/g, "");
  return Number(digits.slice(0, 4)) < 2050
    ? element(0x17, Buffer.from(`${digits.slice(2)}Z`, "latin1"))
    : element(0x18, Buffer.from(`${digits}Z`, "latin1"));
}

/** `[number]` around whole elements. */
export function explicit(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

/** `[number]` in place of the tag of a primitive value. */
export function implicit(number: number, content: Buffer): Buffer {
  return element(0x80 | number, content);
}
