import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import {
  type Carrier,
  http1Carrier,
  http2Carrier,
  type Message,
  type Upstream,
  upstream,
} from "./carriers.ts";
import { route, Sidecar, sidecar } from "./harness.ts";
import { ENCODINGS, SEARCHED, VALUE } from "./spellings.ts";
import { frame, rawPair, switching } from "./websocket-harness.ts";

/** Until an operator can be asked, a route that says `supervise` blocks at once, whatever part of a request holds the secret. */

const supervised = route({ dlp: { ...DEFAULT_INSPECTION, onMatch: "supervise" } });
const bottleSecrets = { DEPLOY_KEY: VALUE };
const NAME = VALUE.replace(/[^A-Za-z0-9]/g, "-").toLowerCase();
const text = Buffer.from(`say ${VALUE} .`);
const post = (fields: Record<string, string>, ...pieces: Buffer[]): Message => ({ fields, pieces });
const grpc = (message: Buffer, flag = 0) => {
  const prefix = Buffer.from([flag, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
const multipart = (head: string, content: string) =>
  post(
    { "content-type": "multipart/form-data; boundary=B" },
    Buffer.from(`--B\r\n${head}\r\n\r\n${content}\r\n--B--\r\n`),
  );

/** By where it stands: the surface that the journal names, and how. */
const CELLS: readonly (readonly [string, string, Message])[] = [
  ["path", "target", { path: `/a/${NAME}` }],
  ["query", "target", { path: `/a?q=${encodeURIComponent(VALUE)}` }],
  ["name of a field", "header name", { fields: { [NAME]: "1" } }],
  ["field", "header x-note", { fields: { "x-note": VALUE } }],
  ["cookie", "header cookie", { fields: { cookie: `a=${VALUE}` } }],
  ["field, in base64", "header x-note", { fields: { "x-note": ENCODINGS.base64 ?? "" } }],
  ["body", "body", post({}, text)],
  ["body of stated length", "body", { ...post({}, text), stated: true }],
  ["body in pieces", "body", post({}, ...[...text].map((byte) => Buffer.from([byte])))],
  ["JSON body", "body", post({ "content-type": "application/json" }, Buffer.from(`{"a":["${VALUE}"]}`))],
  ["gzip body", "body", post({ "content-encoding": "gzip" }, gzipSync(text))],
  ["br body", "body", post({ "content-encoding": "br" }, brotliCompressSync(text))],
  ["zstd body", "body", post({ "content-encoding": "zstd" }, zstdCompressSync(text))],
  ["gzip file", "body", post({}, gzipSync(text))],
  ["part of multipart", "body", multipart('Content-Disposition: form-data; name="f"', `x ${VALUE} y`)],
  [
    "part of multipart in base64",
    "body",
    multipart("Content-Transfer-Encoding: base64", text.toString("base64")),
  ],
  ["gRPC message", "body", post({ "content-type": "application/grpc" }, grpc(text))],
  [
    "gzip gRPC message",
    "body",
    post({ "content-type": "application/grpc", "grpc-encoding": "gzip" }, grpc(gzipSync(text), 1)),
  ],
  ["trailer", "trailer x-t", { ...post({}, Buffer.from("ok")), trailers: { "x-t": VALUE } }],
  ["name of a trailer", "trailer name", { ...post({}, Buffer.from("ok")), trailers: { [NAME]: "1" } }],
];

const blocked = (detector: string, surface: string) => ({
  verdict: "block",
  code: detector === "canary" ? "dlp.canary" : "dlp.known_secret",
  findings: [{ detector, name: "DEPLOY_KEY", surface, action: "block" }],
});

describe.each([
  ["HTTP/1.1", http1Carrier],
  ["HTTP/2", http2Carrier],
] as const)("over %s", (_, connect) => {
  let origin: Upstream;
  let side: Sidecar;
  let carrier: Carrier;
  beforeAll(async () => {
    origin = await upstream();
    side = new Sidecar({ origin, routes: [supervised], bottleSecrets });
    carrier = await connect(side);
  });
  afterAll(() => {
    carrier.close();
    side.close();
    origin.close();
  });

  test.each(CELLS)(
    "a secret as %s is blocked at once, and the journal says where",
    async (_, surface, message) => {
      side.events.length = 0;
      origin.arrived.length = 0;
      const { status, verdict, body } = await carrier.send(message);
      expect([status, verdict]).toEqual([403, "dlp.known_secret"]);
      const refusal: unknown = JSON.parse(body.toString());
      expect(refusal).toMatchObject({
        detail: expect.stringContaining("held for the operator, who can't be asked yet: it is blocked"),
        rule: expect.stringContaining("outbound_on_match: supervise"),
        retryable: false,
      });
      expect(await side.journal(1)).toMatchObject([blocked("known_secrets", surface)]);
      expect(JSON.stringify([refusal, side.events])).not.toContain(VALUE.slice(0, 12));
      const arrived = origin.arrived.map(
        ({ path, fields, body: bytes }) => `${path}${fields}${bytes.toString("latin1")}`,
      );
      expect(SEARCHED(arrived.join("\n"))).toBe(false);
    },
  );
});

const FRAMES: readonly (readonly [string, string, readonly Buffer[]])[] = [
  ["text message", "message", [frame(1, text)]],
  ["binary message", "message", [frame(2, text)]],
  [
    "message in two frames",
    "message",
    [frame(1, text.subarray(0, 9), { fin: false }), frame(0, text.subarray(9))],
  ],
  ["message in two messages", "message", [frame(1, text.subarray(0, 16)), frame(1, text.subarray(16))]],
  ["ping", "ping", [frame(9, text)]],
];

test.each(FRAMES)(
  "a secret in a WebSocket's %s ends it at once, and the journal says where",
  async (_, surface, frames) => {
    const origin = await switching();
    const side = sidecar({ origin, routes: [supervised], bottleSecrets });
    const { client, atServer } = await rawPair(side, origin);
    for (const bytes of frames) client.send(bytes);
    const came = await client.end();
    // 1008, and the code as its reason
    expect(came).toContain("\x03\xf0dlp.known_secret");
    expect(await side.journal(1)).toMatchObject([blocked("known_secrets", surface)]);
    expect(SEARCHED(atServer().toString("latin1"))).toBe(false);
  },
);
