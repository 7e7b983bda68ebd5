import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";

const VALUE = ["x9Qv", "Lw27", "TzrB", "p4Ke"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const secrets = [{ name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" as const }];
const detectors = new Detectors(secrets, builtinPatterns());
const settings = { known: true, patterns: true, allow: new Set<string>() };

function scan(text: Buffer, size = Math.max(1, text.length)): Finding[] {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  for (let at = 0; at < text.length; at += size) scanner.write(text.subarray(at, at + size));
  scanner.write(Buffer.alloc(0), true);
  return findings;
}

function base32(bytes: Buffer): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const digits = bits.match(/.{1,5}/g) ?? [];
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return digits.map((five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
const listed = (bytes: Buffer, one: (byte: number) => string, between: string) =>
  [...bytes].map(one).join(between);

const SPELLED: Record<string, (bytes: Buffer) => string> = {
  base32,
  "base32 in lower case": (bytes) => base32(bytes).toLowerCase(),
  "base32 behind letters": (bytes) => `ABC${base32(bytes)}`,
  "hex with colons": (bytes) => listed(bytes, hex, ":"),
  "hex with spaces": (bytes) => listed(bytes, hex, " "),
  "hex with dashes": (bytes) => listed(bytes, hex, "-").toUpperCase(),
  "hex of C": (bytes) => `{${listed(bytes, (byte) => `0x${hex(byte)}`, ", ")}}`,
  "hex in strings": (bytes) => JSON.stringify([...bytes].map(hex)),
  "a dump in lines": (bytes) => listed(bytes, hex, " ").replaceAll(/(.{47}) /g, "$1\n"),
  "a JSON array of bytes": (bytes) => JSON.stringify([...bytes]),
  "a JSON array in lines": (bytes) => JSON.stringify([...bytes], null, 2),
};

describe.each(Object.entries(SPELLED))("%s", (_, spell) => {
  const text = Buffer.from(`see ${TOKEN} there`);

  test("hides no token, however the text is cut", () => {
    const body = Buffer.from(`data: ${spell(text)} end`);
    const whole = scan(body);
    expect(whole.map(({ name }) => name)).toContain("github-pat");
    for (const size of [1, 3, 50]) expect(scan(body, size).map(({ name }) => name)).toContain("github-pat");
  });

  test("hides none that is encoded again, or compressed", () => {
    for (const inner of [Buffer.from(text.toString("base64")), gzipSync(text)])
      expect(scan(Buffer.from(` ${spell(inner)} `)).map(({ name }) => name)).toContain("github-pat");
  });

  test("a known secret in it can be replaced", () => {
    const found = scan(Buffer.from(` ${spell(Buffer.from(VALUE))} `)).filter(({ name }) => name === "KEY");
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ replaceable }) => replaceable)).toBe(true);
  });

  test("is found where it is long", () => {
    const noise = Buffer.alloc(60_000, 0x81);
    const body = Buffer.from(spell(Buffer.concat([noise, text, noise])));
    expect(scan(body, 10_000).map(({ name }) => name)).toContain("github-pat");
  });
});

test("a token's bytes are found however deep each is indented, and wherever in a block they begin", () => {
  for (let gap = 10; gap <= 44; gap++)
    for (let offset = 0; offset < 16; offset++) {
      const one = offset % 2 === 0 ? hex : String;
      const text = `${"x".repeat(offset)}[${listed(Buffer.from(TOKEN), one, `,\n${" ".repeat(gap - 2)}`)}]`;
      if (scan(Buffer.from(text)).length === 0) expect.fail(`gap ${gap}, offset ${offset}`);
    }
});

test("numbers, dates, addresses, indentation and long words are nothing", () => {
  const lines = [
    "2026-01-01 12:00:00, 2026-01-02 13:00:00, 10.0.0.1:8080 fe80::1:2:3:4",
    JSON.stringify(Array.from({ length: 400 }, (_, i) => (i * 37) % 1000)),
    `${" ".repeat(60)}}\n${" ".repeat(40)}}`,
    "thisisaverylongwordwithoutanydigitsinit and ANOTHERONEINCAPITALLETTERSWITHNOTHING",
    "de:ad:be:ef:00:01 11:22:33:44:55:66 a1:b2:c3:d4:e5:f6:07:18:29:3a",
  ];
  expect(scan(Buffer.from(lines.join("\n").repeat(30)))).toEqual([]);
});

test("any text in any cuts is found the same, and let go at the end", () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.values(SPELLED)).map((spell) => spell(Buffer.from(TOKEN))),
    fc.constantFrom(" ", ",", "0x", "ABCDEFGH", "abcdefgh", "123, ", "\n        "),
    fc.string({ maxLength: 20 }),
  );
  const names = (findings: readonly Finding[]) =>
    [...new Set(findings.map(({ name, encoding }) => `${name} ${encoding}`))].sort();
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.integer({ min: 1, max: 99 }), (pieces, size) => {
      const text = Buffer.from(pieces.join(""));
      expect(names(scan(text, size))).toEqual(names(scan(text)));
      const scanner = detectors.scanner(settings, () => {});
      scanner.write(text);
      scanner.boundary();
      expect(scanner.safe).toBe(text.length);
    }),
    { numRuns: 200, seed: 4 },
  );
});
