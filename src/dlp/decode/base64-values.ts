/** Value of every character of either base64 alphabet (RFC 4648), 64: none. */
export const VALUES = new Uint8Array(256).fill(64);
for (const [value, byte] of Buffer.from(
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
).entries())
  VALUES[byte] = value;
VALUES[0x2d] = 62;
VALUES[0x5f] = 63;

/** Value of every hex digit, 16: none. */
export const HEX_VALUES = new Uint8Array(256).fill(16);
for (const [value, byte] of Buffer.from("0123456789abcdef").entries()) HEX_VALUES[byte] = value;
for (const [value, byte] of Buffer.from("ABCDEF").entries()) HEX_VALUES[byte] = 10 + value;

/** 1: text that a person or a program writes, multi-byte characters apart. */
export const TEXT = new Uint8Array(256).fill(1, 0x20, 0x7f);
for (const byte of [0x00, 0x09, 0x0a, 0x0d]) TEXT[byte] = 1;
