import fc from "fast-check";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import type { KnownSecret } from "../../../src/dlp/known/secret.ts";
import { PatternSet } from "../../../src/dlp/patterns/pattern-set.ts";
import { Detectors, type ScanSettings } from "../../../src/dlp/scanner.ts";

export const ALL: ScanSettings = { known: true, patterns: false, allow: new Set() };

export function secret(
  value: string,
  kind: KnownSecret["kind"] = "bottle",
  name = "DEPLOY_TOKEN",
): KnownSecret {
  return { name, value: new Secret(name, value), kind };
}

export function detectors(...values: readonly string[]): Detectors {
  return new Detectors(
    values.map((value) => secret(value)),
    new PatternSet([]),
  );
}

/** Scans `text` in chunks that end at `cuts`. */
export function scan(
  of: Detectors,
  text: Buffer,
  cuts: readonly number[] = [],
  settings = ALL,
): readonly Finding[] {
  const findings: Finding[] = [];
  const scanner = of.scanner(settings, (finding) => findings.push(finding));
  let from = 0;
  for (const to of [...new Set(cuts)].filter((cut) => cut > 0 && cut < text.length).sort((a, b) => a - b)) {
    scanner.write(text.subarray(from, to));
    from = to;
  }
  scanner.write(text.subarray(from));
  scanner.boundary();
  return findings;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(bytes: Buffer): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => BASE32[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}

const each = (bytes: Buffer, one: (byte: number) => string, between = "") =>
  [...bytes].map(one).join(between);
const hex = (byte: number) => byte.toString(16).padStart(2, "0");

/** Every spelling that is found without decoding: of the bytes of a secret, or of a text that holds it. */
export const SPELLINGS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  raw: (bytes) => bytes.toString("latin1"),
  reversed: (bytes) => bytes.toReversed().reduce((text, byte) => text + String.fromCharCode(byte), ""),
  "upper case": (bytes) => bytes.toString("latin1").toUpperCase(),
  "spaces between": (bytes) => each(bytes, (byte) => String.fromCharCode(byte), " "),
  "a line each": (bytes) => each(bytes, (byte) => String.fromCharCode(byte), "\r\n"),
  "line ends behind, as JSON writes them": (bytes) =>
    each(bytes, (byte) => `${String.fromCharCode(byte)}\\n`),
  "spaces behind, as URLs write them": (bytes) => each(bytes, (byte) => `${String.fromCharCode(byte)}%20`),
  "zero-width spaces between": (bytes) =>
    each(bytes, (byte) => String.fromCharCode(byte), "\u00e2\u0080\u008b"),
  "UTF-16": (bytes) => Buffer.from(bytes.toString("latin1"), "utf16le").toString("latin1"),
  base64: (bytes) => bytes.toString("base64"),
  "base64, one byte in": (bytes) => Buffer.concat([Buffer.from("!"), bytes]).toString("base64"),
  "base64, two bytes in": (bytes) => Buffer.concat([Buffer.from("!?"), bytes]).toString("base64"),
  base64url: (bytes) => bytes.toString("base64url"),
  "base64 in lines of eight": (bytes) => bytes.toString("base64").replaceAll(/.{8}/g, "$&\n"),
  "base64 reversed": (bytes) => [...bytes.toString("base64")].reverse().join(""),
  base32,
  "base32 in lower case, three bytes in": (bytes) =>
    base32(Buffer.concat([Buffer.from("???"), bytes])).toLowerCase(),
  hex: (bytes) => bytes.toString("hex"),
  "hex with colons": (bytes) => each(bytes, hex, ":"),
  "hex as C": (bytes) => each(bytes, (byte) => `0x${hex(byte)}`, ", "),
  "hex escapes": (bytes) => each(bytes, (byte) => `\\x${hex(byte)}`),
  percent: (bytes) => each(bytes, (byte) => `%${hex(byte).toUpperCase()}`),
  "JSON escapes": (bytes) => each(bytes, (byte) => `\\u00${hex(byte)}`),
  "HTML entities": (bytes) => each(bytes, (byte) => `&#${byte};`),
  "HTML entities in hex": (bytes) => each(bytes, (byte) => `&#x${hex(byte)};`),
  "a JSON array of bytes": (bytes) => JSON.stringify([...bytes]),
  octal: (bytes) => each(bytes, (byte) => `\\${byte.toString(8).padStart(3, "0")}`),
  "quoted-printable": (bytes) => each(bytes, (byte) => `=${hex(byte).toUpperCase()}`),
};

const ALPHABET = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="];

/** Values like those of tokens and generated passwords. */
export const secretValues = fc
  .array(fc.constantFrom(...ALPHABET), { minLength: 16, maxLength: 80 })
  .map((characters) => characters.join(""))
  .filter((value) => value.replaceAll(/[^A-Za-z0-9]/g, "").length >= 14 && new Set(value).size >= 8);

export const noise = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => Buffer.from(text)),
);

export const cutPlaces = fc.array(fc.nat(1500), { maxLength: 12 });
