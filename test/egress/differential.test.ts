import { createHash } from "node:crypto";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runs } from "../support/runs.ts";
import { type Carrier, http1Carrier, http2Carrier, type Upstream, upstream } from "./carriers.ts";
import { route, Sidecar } from "./harness.ts";
import { VALUE } from "./spellings.ts";

const TOKEN = "tok-7Hq2xV9bLmZ4eR8sWc1d";

/** Bytes without a pattern, the same in every run. */
function noise(size: number, seed: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0, i = 0; at < size; at += 64, i++)
    parts.push(createHash("sha512").update(`${seed} ${i}`).digest());
  return Buffer.concat(parts).subarray(0, size);
}

const WORDS =
  'the a file build test passes with of lines and one function returns 42 Kx81 =&%20 < > " é'.split(" ");
function words(size: number, seed: number): Buffer {
  const random = noise(4096, seed);
  let text = "";
  for (let i = 0; text.length < Math.min(size, 20_000); i++)
    text += `${WORDS[(random[i & 4095] ?? 0) % WORDS.length]}${i % 13 === 0 ? "\n" : " "}`;
  return Buffer.alloc(size, text);
}

function grpc(message: Buffer, compressed: boolean): Buffer {
  const bytes = compressed ? gzipSync(message) : message;
  const prefix = Buffer.from([compressed ? 1 : 0, 0, 0, 0, 0]);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** What a body can be, with nothing in it that is looked for. */
const KINDS: Record<
  string,
  (size: number, seed: number) => { body: Buffer; fields?: Record<string, string> }
> = {
  bytes: (size, seed) => ({
    body: noise(size, seed),
    fields: { "content-type": "application/octet-stream" },
  }),
  "bytes of no type": (size, seed) => ({ body: noise(size, seed) }),
  text: (size, seed) => ({ body: words(size, seed), fields: { "content-type": "text/plain" } }),
  HTML: (size, seed) => ({
    body: Buffer.concat([Buffer.from("<!doctype html><p>"), words(size, seed)]),
    fields: { "content-type": "text/html; charset=utf-8" },
  }),
  JSON: (size, seed) => ({
    body: Buffer.from(JSON.stringify({ a: [words(size, seed).toString(), seed, null], b: "\u200d✓" })),
    fields: { "content-type": "application/json" },
  }),
  base64: (size, seed) => ({ body: Buffer.from(noise(size >> 1, seed).toString("base64")) }),
  "base64 of a gzip file": (size, seed) => ({
    body: Buffer.from(gzipSync(words(size, seed)).toString("base64")),
  }),
  hex: (size, seed) => ({ body: Buffer.from(noise(size >> 1, seed).toString("hex")) }),
  "percent escapes": (size, seed) => ({
    body: Buffer.from(`a=${encodeURIComponent(words(size >> 1, seed).toString())}`),
    fields: { "content-type": "application/x-www-form-urlencoded" },
  }),
  events: (size, seed) => ({
    body: Buffer.from(`event: a\ndata: ${words(size, seed).toString().replaceAll("\n", "\n\ndata: ")}\n\n`),
    fields: { "content-type": "text/event-stream" },
  }),
  "a gzip file": (size, seed) => ({ body: gzipSync(words(size, seed)) }),
  multipart: (size, seed) => ({
    body: Buffer.concat([
      Buffer.from('--B-1\r\nContent-Disposition: form-data; name="f"; filename="é.bin"\r\n\r\n'),
      noise(size, seed),
      Buffer.from("\r\n--B-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
      Buffer.from(words(size >> 2, seed).toString("base64")),
      Buffer.from("\r\n--B-1--\r\nand an epilogue"),
    ]),
    fields: { "content-type": 'multipart/form-data; boundary="B-1"' },
  }),
  gRPC: (size, seed) => ({
    body: Buffer.concat([
      grpc(noise(size >> 1, seed), false),
      grpc(Buffer.alloc(0), false),
      grpc(words(size >> 1, seed), true),
    ]),
    fields: { "content-type": "application/grpc", "grpc-encoding": "gzip" },
  }),
};

const CODINGS: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  "deflate ": (bytes) => deflateRawSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  "gzip, zstd": (bytes) => zstdCompressSync(gzipSync(bytes)),
};

const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 3000 }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 4095, 4096, 4097, 65_535, 65_536, 65_537) },
  { weight: 1, arbitrary: fc.integer({ min: 100_000, max: 1024 * 1024 }) },
);
const contents = fc.record({
  kind: fc.constantFrom(...Object.keys(KINDS)),
  size: sizes,
  seed: fc.nat(1000),
  coding: fc.option(fc.constantFrom(...Object.keys(CODINGS)), { nil: undefined, freq: 2 }),
  stated: fc.boolean(),
  cuts: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }),
});
type Content = typeof contents extends fc.Arbitrary<infer T> ? T : never;

/** Pieces of the sizes given, over and over; no more than 40, the last is what is left. */
function cut(body: Buffer, sizesOfPieces: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < body.length; i++) {
    const size = i < 40 ? (sizesOfPieces[i % sizesOfPieces.length] ?? 1) : body.length;
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function made({ kind, size, seed, coding, cuts }: Content) {
  const { body: plain, fields = {} } = KINDS[kind]?.(size, seed) ?? { body: Buffer.alloc(0) };
  const body = coding === undefined ? plain : (CODINGS[coding]?.(plain) ?? plain);
  const stated = coding === undefined ? {} : { "content-encoding": coding.trim() };
  return { body, fields: { ...fields, ...stated }, pieces: cut(body, cuts) };
}

describe.each([
  ["HTTP/1.1", http1Carrier],
  ["HTTP/2", http2Carrier],
] as const)("with every detector on and nothing to find, over %s", (_version, connect) => {
  let origin: Upstream;
  let side: Sidecar;
  let carrier: Carrier;
  let answer: Content | undefined;
  let trailer = false;

  beforeAll(async () => {
    origin = await upstream((_request, response) => {
      const { fields, pieces, body } = made(answer ?? contentOf(""));
      response.writeHead(200, {
        ...fields,
        "x-kept": "as it was",
        ...(answer?.stated
          ? { "content-length": String(body.length) }
          : trailer
            ? { trailer: "x-after" }
            : {}),
      });
      for (const piece of pieces) response.write(piece);
      if (trailer && !answer?.stated) response.addTrailers({ "x-after": "as well" });
      response.end();
    });
    side = new Sidecar({
      origin,
      routes: [route({ auth: { header: "x-api-key", scheme: "raw", secret: "API_TOKEN" } })],
      secrets: { API_TOKEN: TOKEN },
      bottleSecrets: { DEPLOY_KEY: VALUE },
    });
    carrier = await connect(side);
  });
  afterAll(() => {
    carrier.close();
    side.close();
    origin.close();
  });

  const contentOf = (kind: string): Content => ({
    kind,
    size: 0,
    seed: 0,
    coding: undefined,
    stated: true,
    cuts: [1],
  });

  test("every byte that arrives is the byte that was sent, in both directions", async () => {
    await fc.assert(
      fc.asyncProperty(contents, contents, fc.boolean(), async (request, response, trailers) => {
        answer = response;
        trailer = trailers;
        origin.arrived.length = 0;
        const out = made(request);
        const back = made(response);
        // Node's client sends no trailers behind nothing
        const after = trailers && !request.stated && out.body.length > 0;
        const got = await carrier.send({
          path: "/a/b?c=d%20e",
          fields: { ...out.fields, "x-note": "kept as it is" },
          pieces: out.pieces,
          stated: request.stated,
          ...(after ? { trailers: { "x-sum": "of it" } } : {}),
        });
        const [arrived] = origin.arrived;
        expect(got.verdict).toBeUndefined();
        expect(arrived?.path).toBe("/a/b?c=d%20e");
        expect(arrived?.body.equals(out.body)).toBe(true);
        if (after) expect(arrived?.trailers["x-sum"]).toBe("of it");
        for (const [name, value] of Object.entries({ ...out.fields, "x-note": "kept as it is" }))
          expect(fieldOf(arrived?.fields, name)).toBe(value);
        expect(got.status).toBe(200);
        expect(got.body.equals(back.body)).toBe(true);
        for (const [name, value] of Object.entries({ ...back.fields, "x-kept": "as it was" }))
          expect(got.fields[name]).toBe(value);
        if (trailers && !response.stated) expect(got.trailers["x-after"]).toBe("as well");
      }),
      runs(120),
    );
  });
});

function fieldOf(fields: readonly string[] | undefined, name: string): string | undefined {
  if (fields === undefined) return undefined;
  for (let i = 0; i < fields.length; i += 2) if (fields[i]?.toLowerCase() === name) return fields[i + 1];
  return undefined;
}
