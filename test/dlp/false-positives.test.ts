import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { builtinPatterns } from "../../src/dlp/patterns/builtin.ts";
import { Detectors } from "../../src/dlp/scanner.ts";

const ROOT = join(import.meta.dirname, "../..");
const digest = (text: string, algorithm = "sha256") => createHash(algorithm).update(text).digest();
const SECRETS = Array.from({ length: 10 }, (_, i) => {
  const name = `VARIABLE_${i}`;
  const value = new Secret(name, digest(name, "sha512").toString("base64url").slice(0, 40));
  return { name, value, kind: i === 0 ? ("canary" as const) : ("bottle" as const) };
});
const DETECTORS = new Detectors(SECRETS, builtinPatterns());
const DEFAULTS = { known: true, patterns: true, allow: new Set<string>() };

/** What is found in a body as a client sends it. */
function found(body: Buffer): readonly string[] {
  return DETECTORS.scanText(body, DEFAULTS).map(({ name, encoding }) => `${name} (${encoding})`);
}

const many = (count: number, line: (i: number) => string) =>
  Buffer.from(Array.from({ length: count }, (_, i) => line(i)).join("\n"));
function uuid(i: number): string {
  const hex = digest(`uuid ${i}`).toString("hex");
  return hex.replace(/^(.{8})(.{4}).(...).(...)(.{12}).*/, "$1-$2-4$3-a$4-$5");
}
const noise = (size: number) =>
  Buffer.concat(Array.from({ length: size / 64 }, (_, i) => digest(`noise ${i}`, "sha512")));

/** RFC 2083: an image of random colours. */
function png(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, digest(type).subarray(0, 4)]);
  };
  const head = Buffer.from("00000200000002000802000000", "hex");
  const rows = deflateSync(noise(786_432));
  const magic = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([magic, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

const LISTS: Record<string, () => Buffer> = {
  UUIDs: () => many(8000, uuid),
  "UUIDs in JSON": () => many(4000, (i) => `{"id":"${uuid(i)}","token_id":"${uuid(i + 1)}"}`),
  "git's hashes": () => many(8000, (i) => `${digest(`${i}`, "sha1").toString("hex")} refs/heads/b${i}`),
  "SHA-256 sums": () => many(8000, (i) => `${digest(`${i}`).toString("hex")}  dist/file-${i}.js`),
  "integrity of a lock file": () =>
    many(4000, (i) => `"integrity": "sha512-${digest(`${i}`, "sha512").toString("base64")}",`),
  "hashes in base64url": () => many(8000, (i) => `/static/${digest(`${i}`).toString("base64url")}.js`),
  "image digests": () => many(4000, (i) => `image: app@sha256:${digest(`${i}`).toString("hex")}`),
  "ids of a database": () => many(8000, (i) => `{"_id":"${digest(`${i}`).toString("hex").slice(0, 24)}"}`),
  "an image": png,
  "an image in a data URI": () => Buffer.from(`url(data:image/png;base64,${png().toString("base64")})`),
  "a gzip file in base64": () => Buffer.from(gzipSync(noise(262_144)).toString("base64")),
  "random bytes": () => noise(2_097_152),
  "random bytes in hex": () => Buffer.from(noise(524_288).toString("hex")),
  "random bytes in base64": () => Buffer.from(noise(1_048_576).toString("base64")),
  "public keys": () =>
    many(3000, (i) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${digest(`${i}`).toString("base64")} a@b`),
};

test.each(Object.entries(LISTS))("nothing is found in %s", (_, make) => {
  expect(found(make())).toEqual([]);
});

test("nothing is found in this project's lock file", () => {
  expect(found(readFileSync(join(ROOT, "package-lock.json")))).toEqual([]);
});

/** Bytes of what is installed that are read; `npm run bench:corpus` reads more. */
const BYTES = 16_000_000;

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.isFile() && statSync(path).size < 2_000_000) yield path;
  }
}

test("nothing is found in the packages that are installed: sources, bundles, type declarations, source maps", () => {
  const modules = join(ROOT, "node_modules");
  const packages = readdirSync(modules).filter((name) => !name.startsWith(".") && !name.startsWith("@"));
  const blocked: string[] = [];
  let bytes = 0;
  for (const name of packages)
    for (const path of files(join(modules, name))) {
      if (bytes > BYTES) break;
      const body = readFileSync(path);
      bytes += body.length;
      for (const what of found(body)) blocked.push(`${path.slice(modules.length)}: ${what}`);
    }
  expect(bytes).toBeGreaterThan(1_000_000);
  expect(blocked).toEqual([]);
});
