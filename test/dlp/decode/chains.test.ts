import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";
import { runs } from "../../support/runs.ts";

const VALUE = ["x9Qv", "Lw27", "TzrB", "p4Ke"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const secrets = [{ name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" as const }];
const detectors = new Detectors(secrets, builtinPatterns());
const settings = { known: true, patterns: true, allow: new Set<string>() };

function scan(text: Buffer, size = Math.max(1, text.length), end: "last" | "boundary" = "last"): Finding[] {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  for (let at = 0; at < text.length; at += size) scanner.write(text.subarray(at, at + size));
  if (end === "last") scanner.write(Buffer.alloc(0), true);
  else scanner.boundary();
  return findings;
}

type Encode = (bytes: Buffer) => Buffer;
const text =
  (spell: (bytes: Buffer) => string): Encode =>
  (bytes) =>
    Buffer.from(spell(bytes), "latin1");
/** Every fourth byte, and the escape's own first character. */
const some = (own: string, spell: (byte: number) => string) =>
  text((bytes) =>
    [...bytes]
      .map((byte, i) => (i % 4 === 3 || byte === own.charCodeAt(0) ? spell(byte) : String.fromCharCode(byte)))
      .join(""),
  );
const hex = (byte: number) => byte.toString(16).padStart(2, "0");

function zip(content: Buffer): Buffer {
  const head = Buffer.from(`504b03041400000008${"00".repeat(17)}05000000`, "hex");
  return Buffer.concat([head, Buffer.from("a.txt"), deflateRawSync(content), Buffer.from("PK\u0001\u0002")]);
}

function base32(bytes: Buffer): string {
  let bits = "";
  for (const byte of bytes)
    bits += hex(byte).replaceAll(/./g, (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0"));
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)])
    .join("");
}

const ENCODERS: Record<string, Encode> = {
  base64: text((bytes) => bytes.toString("base64")),
  base64url: text((bytes) => bytes.toString("base64url")),
  "base64 in lines": text((bytes) => bytes.toString("base64").replaceAll(/.{76}/g, "$&\r\n")),
  hex: text((bytes) => bytes.toString("hex")),
  "hex list": text((bytes) => [...bytes].map(hex).join(":")),
  "byte array": text((bytes) => JSON.stringify([...bytes])),
  base32: text(base32),
  percent: some("%", (byte) => `%${hex(byte)}`),
  "JSON escapes": some("\\", (byte) => `\\u00${hex(byte)}`),
  "HTML references": some("&", (byte) => `&#${byte};`),
  gzip: (bytes) => gzipSync(bytes),
  zlib: (bytes) => deflateSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  zip,
};
const names = Object.keys(ENCODERS);
/** They spell characters: of bytes that are none they make something else. */
const OF_TEXT = /JSON|HTML/;
const COMPRESSED = /^(?:gzip|zlib|zstd|zip)$/;

function isSound(encoders: readonly string[]): boolean {
  return encoders.every((name, i) => {
    if (!OF_TEXT.test(name)) return true;
    let before = i - 1;
    while (encoders[before] === "percent") before--;
    return !COMPRESSED.test(encoders[before] ?? "");
  });
}

/** A chain of encodings, the innermost first, and what stands around. Kept ones once failed. */
interface Chain {
  readonly encoders: readonly string[];
  readonly before: string;
  readonly behind: string;
}

function encoded({ encoders, before, behind }: Chain): Buffer {
  const content = Buffer.from(`say "${TOKEN}" and ${VALUE}; `);
  const inside = encoders.reduce<Buffer>((bytes, name) => ENCODERS[name]?.(bytes) ?? bytes, content);
  return Buffer.concat([Buffer.from(before, "latin1"), inside, Buffer.from(behind, "latin1")]);
}

function expectFound(chain: Chain): void {
  const body = encoded(chain);
  for (const size of [body.length, 1000, 17]) {
    const found = scan(body, size).map(({ name }) => name);
    expect([chain.encoders, size, found]).toEqual([
      chain.encoders,
      size,
      expect.arrayContaining(["KEY", "github-pat"]),
    ]);
  }
}

const pairs = names.flatMap((inner) => names.map((outer) => [inner, outer] as const)).filter(isSound);
test.each(pairs)("a secret in %s in %s is found, also at a message's end", (inner, outer) => {
  expectFound({ encoders: [inner, outer], before: "a: '", behind: "' b" });
  const bare = encoded({ encoders: [inner, outer], before: "", behind: "" });
  expect(scan(bare, bare.length, "boundary").map(({ name }) => name)).toEqual(
    expect.arrayContaining(["KEY", "github-pat"]),
  );
});

test("a secret in three encodings is found, in whatever order", () => {
  const around = fc.constantFrom(["", ""], ['{"a": "', '"}'], ["a=", "&b=1"], ["\0\x01", "\xff\xfe"]);
  const name = fc.constantFrom(...names);
  fc.assert(
    fc.property(
      fc.tuple(name, name, name).filter(isSound),
      around,
      (encoders, [before = "", behind = ""]) => {
        expectFound({ encoders, before, behind });
      },
    ),
    runs(150),
  );
});

const SEEDS = join(import.meta.dirname, "seeds");
test.each(readdirSync(SEEDS))("what once was not found is: %s", (file) => {
  expectFound(JSON.parse(readFileSync(join(SEEDS, file), "utf8")));
});

test("a token that ends where its message ends is found", () => {
  for (const encoders of [[], ["base64"], ["percent"], ["gzip"]])
    for (const part of [`see ${TOKEN}`, TOKEN]) {
      const bytes = encoders.reduce<Buffer>(
        (data, name) => ENCODERS[name]?.(data) ?? data,
        Buffer.from(part),
      );
      for (const size of [1, bytes.length])
        expect(scan(bytes, size, "boundary").map(({ name }) => name)).toContain("github-pat");
    }
});
