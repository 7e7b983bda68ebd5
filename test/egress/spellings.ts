import { createHash } from "node:crypto";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

/** Upper and lower case, digits, and what each encoding treats in a way of its own. */
export const VALUE = "Kx81/mZ0+qpL-2d9W_v7aRt55q";
const hex = (byte: number) => byte.toString(16).padStart(2, "0");
const base64 = (text: string) => Buffer.from(text).toString("base64");
const base32 = (text: string) => {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[Number.parseInt(five, 2)])
    .join("");
};
const perByte = (text: string, spell: (byte: number) => string) => [...Buffer.from(text)].map(spell).join("");
const inHex = (text: string) => perByte(text, hex);
const reversed = (text: string) => [...text].reverse().join("");

/** Spellings that have to be found, by name. */
export const SPELLINGS: Readonly<Record<string, (value: string) => string>> = {
  raw: (value) => value,
  "upper case": (value) => value.toUpperCase(),
  reversed,
  base64,
  base64url: (value) => Buffer.from(value).toString("base64url"),
  "base64, one byte before": (value) => base64(`x${value}`),
  "base64, two bytes before": (value) => base64(`xy${value}zz`),
  base32,
  "base32, three bytes before": (value) => base32(`abc${value}`).toLowerCase(),
  hex: inHex,
  "hex with colons": (value) => perByte(value, (byte) => `${hex(byte)}:`),
  percent: (value) => perByte(value, (byte) => `%${hex(byte)}`),
  "percent where needed": encodeURIComponent,
  "unicode escapes": (value) => perByte(value, (byte) => `\\u00${hex(byte)}`),
  "hex escapes": (value) => perByte(value, (byte) => `\\x${hex(byte)}`),
  "HTML entities": (value) => perByte(value, (byte) => `&#${byte};`),
  "HTML hex entities": (value) => perByte(value, (byte) => `&#x${hex(byte)};`),
  "an array of bytes": (value) => JSON.stringify([...Buffer.from(value)]),
  "dashes between": (value) => [...value].join("-"),
  "a piece of 12": (value) => value.slice(9, 23),
};

/** What has to be undone more than once. */
export const NESTED: Readonly<Record<string, (value: string) => string>> = {
  "gzip in base64": (value) => gzipSync(value).toString("base64"),
  "zlib in base64url": (value) => deflateSync(`a ${value} b`).toString("base64url"),
  "zstd in hex": (value) => zstdCompressSync(`{"key":"${value}"}`).toString("hex"),
  "base64 in base64": (value) => base64(`x ${base64(value)}`),
  "hex in base64": (value) => base64(inHex(value)),
  "base64 in hex": (value) => inHex(base64(value)),
  "reversed in base64": (value) => base64(reversed(value)),
  "percent in base64": (value) => base64(perByte(value, (byte) => `%${hex(byte)}`)),
  "base64 in gzip in base64": (value) => gzipSync(base64(value)).toString("base64"),
  "hex in base64 in base64": (value) => base64(base64(`deep ${inHex(value)}`)),
};

export const ENCODINGS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SPELLINGS).map(([name, spell]) => [name, spell(VALUE)]),
);

/** Whether a text holds the value in any of them, or a piece of it that is long enough to count. */
export const SEARCHED = (text: string, value = VALUE): boolean =>
  Object.values({ ...SPELLINGS, ...NESTED }).some((spell) => text.includes(spell(value))) ||
  Array.from({ length: value.length - 13 }, (_, at) => value.slice(at, at + 14)).some((piece) =>
    text.includes(piece),
  );

/** A secret of its own for each spelling, so that none is found by what others before said of it. */
export const CASES = Object.entries({ ...SPELLINGS, ...NESTED }).map(([name, spell], number) => {
  const random = createHash("sha512").update(name).digest("base64").replace(/\W/g, "");
  const value = random.slice(0, 26).replace(/^(.{4}).(...).(...).(....)./, "$1/$2+$3-$4_");
  return { name, secret: `KEY_${number}`, value, spelled: spell(value) };
});
export type Case = (typeof CASES)[number];
