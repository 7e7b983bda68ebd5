import { once } from "node:events";
import type { Http2ServerResponse } from "node:http2";
import type { Transform } from "node:stream";
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  createZstdCompress,
  gzipSync,
} from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { type Carrier, http1Carrier, http2Carrier, type Upstream, upstream } from "./carriers.ts";
import { SeparateSidecar } from "./separate-sidecar.ts";
import { VALUE } from "./spellings.ts";
import { wsClient, wsOrigin } from "./websocket-harness.ts";

const MEBIBYTE = 1024 * 1024;
/** What each bomb becomes, and what the sidecar may take while it looks: far less. */
const BOMB = 256;
const GROWTH = 160;

/** That many mebibytes of zeros, compressed. */
async function zeros(encoder: Transform, mebibytes = BOMB): Promise<Buffer> {
  const parts: Buffer[] = [];
  encoder.on("data", (part: Buffer) => parts.push(part));
  const end = once(encoder, "end");
  const piece = Buffer.alloc(MEBIBYTE);
  for (let i = 0; i < mebibytes; i++) if (!encoder.write(piece)) await once(encoder, "drain");
  encoder.end();
  await end;
  return Buffer.concat(parts);
}

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
let bombs: Record<"gzip" | "deflate" | "raw deflate" | "br" | "zstd", Buffer>;
let origin: Upstream;
let side: SeparateSidecar;
let first: Carrier;
let second: Carrier;
let before: number;
let answer: (response: Http2ServerResponse) => void = (response) => response.end("hello");

beforeAll(async () => {
  bombs = {
    gzip: await zeros(createGzip()),
    deflate: await zeros(createDeflate()),
    "raw deflate": await zeros(createDeflateRaw()),
    br: await zeros(createBrotliCompress(quick)),
    zstd: await zeros(createZstdCompress()),
  };
  origin = await upstream((_request, response) => answer(response));
  side = await SeparateSidecar.start(origin.port, { DEPLOY_KEY: VALUE });
  first = await http1Carrier(side);
  second = await http2Carrier(side);
  for (const carrier of [first, second]) await carrier.send({ pieces: [gzipSync("warm")] });
  before = (await side.state()).resident;
});
afterAll(() => {
  first.close();
  second.close();
  side.stop();
  origin.close();
});
beforeEach(() => {
  origin.arrived.length = 0;
  answer = (response) => response.end("hello");
});

/** It lives, takes others' requests, and has not grown. */
async function unharmed(): Promise<readonly string[]> {
  const { codes } = await side.state();
  for (const carrier of [first, second])
    expect(await carrier.send({ pieces: [Buffer.from("clean")] })).toMatchObject({ status: 200 });
  const { resident } = await side.state();
  expect((resident - before) / MEBIBYTE).toBeLessThan(GROWTH);
  return codes;
}

/** In pieces, as a client sends what is long. */
function pieces(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
    bytes.subarray(i * 65_536, (i + 1) * 65_536),
  );
}

function grpc(message: Buffer): Buffer {
  const prefix = Buffer.from([1, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

const REQUESTS: Record<string, () => { fields: Record<string, string>; body: Buffer; codes: string[] }> = {
  gzip: () => ({ fields: { "content-encoding": "gzip" }, body: bombs.gzip, codes: ["dlp.body_too_large"] }),
  deflate: () => ({
    fields: { "content-encoding": "deflate" },
    body: bombs.deflate,
    codes: ["dlp.body_too_large"],
  }),
  "raw deflate": () => ({
    fields: { "content-encoding": "deflate" },
    body: bombs["raw deflate"],
    codes: ["dlp.body_too_large"],
  }),
  br: () => ({ fields: { "content-encoding": "br" }, body: bombs.br, codes: ["dlp.body_too_large"] }),
  zstd: () => ({ fields: { "content-encoding": "zstd" }, body: bombs.zstd, codes: ["dlp.body_too_large"] }),
  "gzip in gzip": () => ({
    fields: { "content-encoding": "gzip, gzip" },
    body: gzipSync(bombs.gzip),
    codes: ["dlp.body_too_large"],
  }),
  "gzip in br in zstd": () => ({
    fields: { "content-encoding": "zstd, gzip, br" },
    body: brotliCompressSync(gzipSync(bombs.zstd)),
    codes: ["dlp.body_too_large"],
  }),
  "a gzip file": () => ({ fields: {}, body: bombs.gzip, codes: ["dlp.body_too_large"] }),
  "a zstd file": () => ({ fields: {}, body: bombs.zstd, codes: ["dlp.body_too_large"] }),
  "gzip in base64": () => ({
    fields: { "content-type": "application/json" },
    body: Buffer.from(`{"file":"${bombs.gzip.subarray(0, 40_000).toString("base64")}"}`),
    codes: ["dlp.body_too_large"],
  }),
  "gzip in a gRPC message": () => ({
    fields: { "content-type": "application/grpc", "grpc-encoding": "gzip" },
    body: grpc(bombs.gzip),
    codes: ["dlp.body_too_large"],
  }),
  "gzip in many gRPC messages": () => ({
    fields: { "content-type": "application/grpc", "grpc-encoding": "gzip" },
    body: Buffer.concat(Array.from({ length: 40 }, () => grpc(gzipSync(Buffer.alloc(MEBIBYTE))))),
    codes: ["", "dlp.body_too_large"],
  }),
};

test.each(Object.entries(REQUESTS))(
  "a bomb of %s in a request is refused or read, and takes no memory",
  async (_, make) => {
    const { fields, body, codes } = make();
    for (const carrier of [first, second]) {
      const { status, verdict } = await carrier.send({ fields, pieces: pieces(body) });
      expect(codes).toContain(verdict ?? "");
      expect(status).toBe(verdict === undefined ? 200 : 403);
    }
    for (const code of await unharmed()) expect(codes).toContain(code);
  },
);

test.each(["gzip", "deflate", "br", "zstd"] as const)(
  "a bomb of %s in an answer is refused, and takes no memory",
  async (coding) => {
    answer = (response) => {
      response.writeHead(200, { "content-type": "text/html", "content-encoding": coding });
      for (const piece of pieces(bombs[coding])) response.write(piece);
      response.end();
    };
    for (const carrier of [first, second]) {
      const { status, verdict, body } = await carrier.send({});
      // refused, or broken off when some of it had gone
      if (verdict === undefined) expect(body.length).toBeLessThan(bombs[coding].length);
      else expect([status, verdict]).toEqual([403, "dlp.body_too_large"]);
    }
    answer = (response) => response.end("hello");
    await unharmed();
  },
);

test("a bomb in a WebSocket message closes it with 1009, and takes no memory", async () => {
  const server = await wsOrigin({ deflate: { threshold: 0 } });
  const other = await SeparateSidecar.start(server.port, { DEPLOY_KEY: VALUE });
  onTestFinished(() => other.stop());
  let resident = 0;
  for (const round of [0, 1, 2, 3]) {
    const client = await wsClient(other, { deflate: { threshold: 0 } });
    client.socket.send("harmless");
    await (await server.end(round)).received(1);
    if (round === 0) {
      client.socket.terminate();
      resident = (await other.state()).resident;
      continue;
    }
    const bomb = Buffer.alloc(64 * MEBIBYTE);
    if (round < 3) client.socket.send(bomb);
    else server.ends[round]?.socket.send(bomb);
    expect(await client.close()).toEqual({ code: 1009, reason: "dlp.body_too_large" });
    expect(server.ends[round]?.messages).toHaveLength(1);
  }
  const { resident: after } = await other.state();
  expect((after - resident) / MEBIBYTE).toBeLessThan(GROWTH);
});
