import { createHash } from "node:crypto";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { Finding } from "../../../src/dlp/finding.ts";
import { builtinPatterns } from "../../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../../src/dlp/scanner.ts";

const VALUE = ["x9Qv", "Lw27", "TzrB", "p4Ke"].join("");
const TOKEN = ["ghp", "_", "tR7wXc2LmQ9vKz4JhB6nYd8PfS1gAe3UoV5i"].join("");
const secrets = [{ name: "KEY", value: new Secret("KEY", VALUE), kind: "bottle" as const }];
const detectors = new Detectors(secrets, builtinPatterns());
const settings = { known: true, patterns: true, allow: new Set<string>() };

function scan(text: Buffer, size = text.length): Finding[] {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  for (let at = 0; at < text.length; at += size) scanner.write(text.subarray(at, at + size));
  scanner.write(Buffer.alloc(0), true);
  return findings;
}

type Encode = (bytes: Buffer) => Buffer;
const text =
  (spell: (bytes: Buffer) => string): Encode =>
  (bytes) =>
    Buffer.from(spell(bytes));
const ENCODERS: Record<string, Encode> = {
  base64: text((bytes) => bytes.toString("base64")),
  base64url: text((bytes) => bytes.toString("base64url")),
  "base64 wrapped": text((bytes) => bytes.toString("base64").replaceAll(/.{76}/g, "$&\r\n")),
  "base64 in JSON": text((bytes) => bytes.toString("base64").replaceAll(/.{60}/g, "$&\\n")),
  "base64 behind letters": text((bytes) => `ab${bytes.toString("base64")}`),
  hex: text((bytes) => bytes.toString("hex")),
  "base64 of gzip": text((bytes) => gzipSync(bytes).toString("base64")),
  "base64 of zlib": text((bytes) => deflateSync(bytes).toString("base64")),
  "base64 of zstd": text((bytes) => zstdCompressSync(bytes).toString("base64url")),
};
const once = Object.entries(ENCODERS);
const twice = once.flatMap(([outer, a]) =>
  once
    .filter(([inner]) => !(/ of /.test(outer) && / of /.test(inner)))
    .map(([inner, b]) => [`${inner} in ${outer}`, (bytes: Buffer) => a(b(bytes))] as const),
);

test.each(twice)("finds a known secret spelled as %s", (_, encode) => {
  const body = Buffer.concat([Buffer.from('{"a": "'), encode(Buffer.from(`v=${VALUE};`)), Buffer.from('"}')]);
  expect(scan(body).map(({ name }) => name)).toContain("KEY");
});

test.each([
  ["changed case", VALUE.toLowerCase()],
  ["dots between", [...VALUE].join(".")],
  ["line ends between", [...VALUE].join("\n")],
])("finds a known secret with %s in base64 and in hex", (_, spelled) => {
  for (const encoding of ["base64", "base64url", "hex"] as const)
    expect(scan(Buffer.from(Buffer.from(spelled).toString(encoding))).map(({ name }) => name)).toEqual([
      "KEY",
    ]);
});

test.each([...once, ...twice])("finds a vendor's token spelled as %s", (_, encode) => {
  const body = Buffer.concat([
    Buffer.from("<p>"),
    encode(Buffer.from(`token ${TOKEN} ok`)),
    Buffer.from("</p>"),
  ]);
  const found = scan(body).filter(({ detector }) => detector === "token_patterns");
  expect(found.length).toBeGreaterThan(0);
  // with the whole run gone it is gone; of what is compressed there is no such place
  if (!found.every(({ replaceable }) => replaceable)) return;
  for (const { start, end } of found) body.fill("*", start, end);
  expect(scan(body)).toEqual([]);
});

test("finds it in a run of a megabyte, wherever it stands and however the run is cut", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: 1000, max: 70_000 }), (at, size) => {
      const noise = Buffer.alloc(1_000_000 + TOKEN.length + 2, 0x80);
      noise.write(` ${TOKEN} `, at, "latin1");
      expect(scan(Buffer.from(noise.toString("base64")), size).length).toBeGreaterThan(0);
    }),
    { numRuns: 20 },
  );
});

test("an open run is held back, and let go when nothing comes for a while", () => {
  const scanner = detectors.scanner(settings, () => {});
  scanner.write(Buffer.from("a: QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo"));
  expect(scanner.safe).toBe(3);
  scanner.settle();
  expect(scanner.safe).toBe(38);
});

test("finds what goes on after a pause", () => {
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  const run = Buffer.from(gzipSync(` ${TOKEN} `).toString("base64"));
  scanner.write(run.subarray(0, 30));
  scanner.settle();
  scanner.write(run.subarray(30), true);
  expect(findings.length).toBeGreaterThan(0);
});

test("a bomb in base64 can not be read", () => {
  const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024)).toString("base64");
  expect(scan(Buffer.from(`"${bomb}"`)).map(({ detector }) => detector)).toContain("too_large");
});

test("names, paths, hashes and random base64 are nothing", () => {
  let body = "import { createBodyTextFromEverything } from '/src/sidecar/egress/inspect/body-text.ts';\n";
  for (let i = 0; i < 2000; i++) {
    const hash = createHash("sha512").update(String(i));
    body += `${i % 2 === 0 ? hash.digest("hex") : hash.digest("base64")} some-file-name-${i}\n`;
  }
  expect(scan(Buffer.from(body))).toEqual([]);
});

test("any bytes in any cuts are let go at the end", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 700 }), (bytes, size) => {
      const scanner = detectors.scanner(settings, () => {});
      for (let at = 0; at < bytes.length; at += size)
        scanner.write(Buffer.from(bytes.subarray(at, at + size)));
      scanner.write(Buffer.alloc(0), true);
      expect(scanner.safe).toBe(bytes.length);
    }),
  );
});
