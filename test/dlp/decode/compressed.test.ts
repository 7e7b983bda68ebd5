import { createHash } from "node:crypto";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { mostInflated } from "../../../src/dlp/decode/most-inflated.ts";
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

const namesOf = (findings: readonly Finding[]) => findings.map(({ name }) => name);

/** Bytes that don't become smaller. */
function noise(length: number, seed = "noise"): Buffer {
  const parts: Buffer[] = [];
  for (let i = 0; parts.length * 64 < length; i++)
    parts.push(createHash("sha512").update(`${seed}${i}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

/** One entry of a zip archive; its sizes stand behind the data, as when it was written to a pipe. */
function zip(content: Buffer, { method = 8, flags = 8, name = "a.txt" } = {}): Buffer {
  const data = method === 8 ? deflateRawSync(content) : method === 93 ? zstdCompressSync(content) : content;
  const head = Buffer.alloc(30);
  head.write("PK\u0003\u0004", "latin1");
  head.writeUInt16LE(20, 4);
  head.writeUInt16LE(flags, 6);
  head.writeUInt16LE(method, 8);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, Buffer.from(name), data, Buffer.from("PK\u0007\u0008"), Buffer.alloc(12)]);
}

/** gzip with all that a head can have. */
function fullGzip(content: Buffer): Buffer {
  const plain = gzipSync(content);
  const head = Buffer.from(plain.subarray(0, 10));
  head[3] = 4 | 8 | 16 | 2;
  const extras = Buffer.from(`\u0003\u0000abc${"n".repeat(5000)}\u0000comment\u0000\u0001\u0002`, "latin1");
  return Buffer.concat([head, extras, plain.subarray(10)]);
}

type Pack = (content: Buffer) => Buffer;
const PACKED: Record<string, Pack> = {
  gzip: (content) => gzipSync(content),
  "gzip of level 1": (content) => gzipSync(content, { level: 1 }),
  "gzip with a name, a comment and more": fullGzip,
  "stored gzip": (content) => gzipSync(content, { level: 0 }),
  zlib: (content) => deflateSync(content),
  zip: (content) => zip(content),
  "zip with zstd": (content) => zip(content, { method: 93 }),
  "the second entry of a zip": (content) => Buffer.concat([zip(Buffer.from("nothing")), zip(content)]),
  "the second member of gzip": (content) => Buffer.concat([gzipSync("nothing"), gzipSync(content)]),
  zstd: (content) => zstdCompressSync(content),
};
const once = Object.entries(PACKED);
const AROUND: Record<string, Pack> = {
  "a body": (data) => data,
  "the middle of text": (data) =>
    Buffer.concat([Buffer.from("text before "), data, Buffer.from(" and behind")]),
  "the middle of noise": (data) => Buffer.concat([noise(5000), data, noise(70_000, "behind")]),
};
const content = Buffer.from(
  `${"some text; ".repeat(300)} v=${VALUE}; ${TOKEN} ${"more of it. ".repeat(200)}`,
);

describe.each(Object.entries(AROUND))("in %s", (_, around) => {
  test.each(once)("what is packed as %s is read", (_name, pack) => {
    for (const size of [undefined, 7, 4096]) {
      const names = namesOf(scan(around(pack(content)), size));
      expect(names).toContain("KEY");
      expect(names).toContain("github-pat");
    }
  });
});

const twice = once.flatMap(([outer, a]) =>
  once.map(([inner, b]) => [`${inner} in ${outer}`, (bytes: Buffer) => a(b(bytes))] as const),
);
test.each(twice)("what is packed as %s is read, also in base64", (_, pack) => {
  expect(namesOf(scan(pack(content)))).toContain("KEY");
  expect(namesOf(scan(Buffer.from(`{"a": "${pack(content).toString("base64")}"}`)))).toContain("KEY");
});

test.each(once)(
  "what is packed as %s is read in base64 and hex of any length, wherever it stands",
  (_, pack) => {
    const long = pack(Buffer.concat([noise(80_000), Buffer.from(` ${TOKEN} `), noise(20_000, "b")]));
    const base64 = long.toString("base64");
    for (const text of [base64, `abc${base64}`, base64.replaceAll(/.{76}/g, "$&\n"), long.toString("hex")])
      for (const size of [undefined, 9000])
        expect(namesOf(scan(Buffer.from(` ${text} `), size))).toContain("github-pat");
  },
);

test("is read as it comes, and let go when it holds nothing", () => {
  const data = gzipSync(noise(300_000));
  const scanner = detectors.scanner({ ...settings, patterns: false }, () => {});
  for (let at = 0; at < data.length; at += 10_000) {
    scanner.write(data.subarray(at, at + 10_000));
    expect(Math.min(data.length, at + 10_000) - scanner.safe).toBeLessThan(20_000);
  }
});

test("no secret goes before it is found", () => {
  const data = gzipSync(Buffer.concat([noise(100_000), Buffer.from(` ${TOKEN} `), noise(100_000)]), {
    level: 0,
  });
  const at = data.indexOf("ghp_");
  const findings: Finding[] = [];
  const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
  for (let from = 0; from < data.length && findings.length === 0; from += 5) {
    scanner.write(data.subarray(from, from + 5));
    if (findings.length === 0) expect(scanner.safe).toBeLessThan(at + 5);
  }
  expect(findings.length).toBeGreaterThan(0);
});

test("of a zstd frame what came is read when it pauses, and at a message's end", () => {
  const data = zstdCompressSync(Buffer.concat([Buffer.from(` ${TOKEN} `), noise(400_000)]));
  for (const pause of ["settle", "boundary"] as const) {
    const findings: Finding[] = [];
    const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
    scanner.write(data.subarray(0, 300_000));
    expect(scanner.safe).toBe(0);
    scanner[pause]();
    expect(namesOf(findings)).toContain("github-pat");
    // a message goes; of a pause only what was read: blocks of 128 KiB
    if (pause === "boundary") expect(scanner.safe).toBe(300_000);
    else expect(Math.floor(scanner.safe / 131_072)).toBe(2);
  }
});

test.each([64, 1000, 9000])(
  "of a zstd frame stored blocks and repeated bytes are read, %i bytes each",
  (size) => {
    const block = (kind: number, length: number, bytes: Buffer, last = false) => {
      const head = Buffer.alloc(3);
      head.writeUIntLE((length << 3) | (kind << 1) | (last ? 1 : 0), 0, 3);
      return Buffer.concat([head, bytes]);
    };
    const stored = Buffer.concat([Buffer.alloc(size, " "), Buffer.from(VALUE.slice(0, 9))]);
    const frame = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]),
      block(1, size, Buffer.from("-")),
      block(0, stored.length, stored),
      block(0, VALUE.length - 9, Buffer.from(VALUE.slice(9))),
      block(1, size, Buffer.from("\n"), true),
    ]);
    for (const piece of [1, 7, frame.length]) {
      const text = Buffer.concat([Buffer.from("before "), frame, frame, Buffer.from(" after")]);
      expect(namesOf(scan(text, piece))).toEqual(["KEY", "KEY"]);
    }
  },
);

test("a zstd frame without its last byte does not go because it pauses", () => {
  const data = zstdCompressSync(Buffer.from(` ${VALUE} `));
  const scanner = detectors.scanner(settings, () => undefined);
  for (let at = 0; at < data.length - 1; at++) {
    scanner.write(data.subarray(at, at + 1));
    scanner.settle();
  }
  expect(scanner.safe).toBeLessThan(12);
});

describe("what can't be read", () => {
  const xz = Buffer.concat([Buffer.from("fd377a585a00000004e6d6b446", "hex"), noise(50)]);
  const CASES: readonly (readonly [string, Buffer])[] = [
    ["xz", xz],
    ["bzip2", Buffer.concat([Buffer.from("BZh9"), Buffer.from("314159265359", "hex"), noise(50)])],
    ["7z", Buffer.concat([Buffer.from("377abcaf271c0004", "hex"), noise(50)])],
    ["RAR", Buffer.concat([Buffer.from("Rar!\u001a\u0007\u0001\u0000", "latin1"), noise(50)])],
    ["an encrypted entry of a zip archive", zip(content, { flags: 9 })],
    ["an entry of a zip archive in method 14", zip(noise(100), { method: 14 })],
  ];

  test.each(CASES)("is told: %s, as it is, in base64 and compressed", (name, data) => {
    for (const text of [data, Buffer.from(data.toString("base64")), gzipSync(data)]) {
      const found = scan(text);
      expect(found.map((finding) => `${finding.detector} ${finding.name}`)).toContain(`unreadable ${name}`);
      expect(scan(text, 1).map((finding) => finding.name)).toContain(name);
    }
  });

  test("is only looked for where a body or a message begins", () => {
    const later = Buffer.concat([Buffer.from("a "), xz]);
    expect(scan(later)).toEqual([]);
    const findings: Finding[] = [];
    const scanner = detectors.scanner(settings, (finding) => findings.push(finding));
    scanner.write(Buffer.from("one message"));
    scanner.boundary();
    scanner.write(xz);
    expect(namesOf(findings)).toEqual(["xz"]);
  });

  test.each([
    ["gzip", gzipSync(Buffer.alloc(64 * 1024 * 1024))],
    ["zip", zip(Buffer.alloc(64 * 1024 * 1024))],
    ["zstd", zstdCompressSync(Buffer.alloc(64 * 1024 * 1024))],
    ["gzip of gzip", gzipSync(gzipSync(Buffer.alloc(256 * 1024 * 1024)))],
    ["base64 of gzip", Buffer.from(gzipSync(Buffer.alloc(32 * 1024 * 1024)).toString("base64"))],
  ])("is told of a bomb: %s", (_, bomb) => {
    const found = scan(bomb);
    expect(found.some(({ detector }) => detector === "too_large")).toBe(true);
  });

  test("is told when more goes on at once than can be followed", () => {
    const endless = Buffer.concat([Buffer.from("1f8b0808000000000003", "hex"), Buffer.alloc(64, 0x61)]);
    const text = Buffer.concat([...new Array<Buffer>(8).fill(endless), gzipSync(content)]);
    const found = scan(text);
    expect(found.some(({ name, detector }) => name === "KEY" || detector === "unreadable")).toBe(true);
  });
});

test("what only speaks of a format is nothing", () => {
  const text = [
    "xz begins with fd377a585a00000004e6d6b446, 7z with 377abcaf271c0004.",
    'const ZSTD = b"\\x28\\xb5\\x2f\\xfd" + frame + another(frame)',
    Buffer.from("fd377a585a000004", "hex").toString("base64"),
  ].join("\n");
  expect(scan(Buffer.from(text))).toEqual([]);
});

test("the pixels of an image are not looked at", () => {
  const image = Buffer.concat([
    Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"),
    noise(17),
    Buffer.from([0, 0, 0, 0]),
    Buffer.from("IDAT"),
    deflateSync(Buffer.alloc(32 * 1024 * 1024)),
  ]);
  expect(scan(image)).toEqual([]);
  expect(scan(Buffer.from(image.toString("base64")))).toEqual([]);
});

test("a large file that packs well is no bomb", () => {
  const lines = "2026-01-01 12:00:00 info a line of a log that says the same\n".repeat(400_000);
  const packed = gzipSync(lines, { level: 1 });
  expect(scan(packed, 65_536)).toEqual([]);
});

test.each([
  ["a few bytes become MiB", 100, 4],
  ["what is small packs a hundredfold and more", 0.2 * 1024 ** 2, 40],
  ["a log of 100 MB packs fiftyfold", 2 * 1024 ** 2, 100],
  ["a log of 1 GiB packs thirtyfold", 34 * 1024 ** 2, 1024],
])("no bomb: %s", (_, bytes, becomes) => {
  expect(mostInflated(bytes)).toBeGreaterThan(becomes * 1024 ** 2);
});

test.each([
  ["small", 1000, 10],
  ["of a body's usual size", 1024 ** 2, 100],
  ["large", 64 * 1024 ** 2, 2200],
])("a bomb: %s", (_, bytes, becomes) => {
  expect(mostInflated(bytes)).toBeLessThan(becomes * 1024 ** 2);
});

test("random bytes are nothing", () => {
  expect(scan(noise(3_000_000), 65_536)).toEqual([]);
});

test("any bytes with beginnings of formats in any cuts are found the same, and let go at the end", () => {
  const piece = fc.oneof(
    fc.constantFrom(...once).map(([, pack]) => pack(Buffer.from(`text ${TOKEN} text`))),
    fc.constantFrom("1f8b08", "504b0304", "28b52ffd", "789c", "78da").map((hex) => Buffer.from(hex, "hex")),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 200 }), (pieces, size) => {
      const text = Buffer.concat(pieces);
      const names = (findings: readonly Finding[]) =>
        [...new Set(findings.map(({ name, encoding }) => name + encoding))].sort();
      expect(names(scan(text, size))).toEqual(names(scan(text)));
      const scanner = detectors.scanner(settings, () => {});
      scanner.write(text);
      scanner.boundary();
      expect(scanner.safe).toBe(text.length);
    }),
    { numRuns: 300, seed: 11 },
  );
});
