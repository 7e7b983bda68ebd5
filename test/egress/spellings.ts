/** Upper and lower case, digits, and what each encoding treats in a way of its own. */
export const VALUE = "Kx81/mZ0+qpL-2d9W_v7aRt55q";
const bytes = Buffer.from(VALUE);
const perByte = (spell: (byte: number) => string) => [...bytes].map(spell).join("");
const hex = (byte: number) => byte.toString(16).padStart(2, "0");
const base32 = (data: Buffer) => {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)])
    .join("");
};

/** Spellings of it that have to be found, by name. */
export const ENCODINGS: Record<string, string> = {
  raw: VALUE,
  "upper case": VALUE.toUpperCase(),
  reversed: [...VALUE].reverse().join(""),
  base64: bytes.toString("base64"),
  base64url: bytes.toString("base64url"),
  "base64, one byte before": Buffer.from(`x${VALUE}`).toString("base64"),
  "base64, two bytes before": Buffer.from(`xy${VALUE}zz`).toString("base64"),
  base32: base32(bytes),
  "base32, three bytes before": base32(Buffer.from(`abc${VALUE}`)).toLowerCase(),
  hex: bytes.toString("hex"),
  "hex with colons": perByte((byte) => `${hex(byte)}:`),
  percent: perByte((byte) => `%${hex(byte)}`),
  "percent where needed": encodeURIComponent(VALUE),
  "unicode escapes": perByte((byte) => `\\u00${hex(byte)}`),
  "hex escapes": perByte((byte) => `\\x${hex(byte)}`),
  "HTML entities": perByte((byte) => `&#${byte};`),
  "HTML hex entities": perByte((byte) => `&#x${hex(byte)};`),
  "an array of bytes": JSON.stringify([...bytes]),
  "dashes between": [...VALUE].join("-"),
  "a piece of 12": VALUE.slice(9, 23),
};

/** Whether a text holds it in any of them, or a piece of it that is long enough to count. */
export const SEARCHED = (text: string): boolean =>
  Object.values(ENCODINGS).some((spelled) => text.includes(spelled)) || text.includes(VALUE.slice(9, 23));
