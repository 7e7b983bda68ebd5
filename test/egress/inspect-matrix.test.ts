import { type ClientHttp2Session, connect, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST, listening, originCa, route, Sidecar } from "./harness.ts";
import { ENCODINGS, SEARCHED, VALUE } from "./spellings.ts";

/** One request over HTTP/2, as the bottle sends it. */
interface Sent {
  readonly fields: Record<string, string>;
  /** each its own DATA frame */
  readonly data?: readonly Buffer[];
  readonly trailers?: Record<string, string>;
}

const post = (fields: Record<string, string>, ...data: Buffer[]): Sent => ({
  fields: { ":method": "POST", ":path": "/", ...fields },
  data,
});
const text = (s: string): Buffer => Buffer.from(`say ${s} .`, "latin1");
const form = "multipart/form-data; boundary=B";

function grpc(message: Buffer, compressed: boolean): Buffer {
  const prefix = Buffer.from([compressed ? 1 : 0, 0, 0, 0, 0]);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Where a spelling can stand; undefined: this one can't stand there. */
const SURFACES: Record<string, (s: string) => Sent | undefined> = {
  path: (s) => (/^[!-~]+$/.test(s) && !/[%\\#?]/.test(s) ? { fields: { ":path": `/a/${s}` } } : undefined),
  query: (s) => (/^[!-~]+$/.test(s) && !s.includes("#") ? { fields: { ":path": `/a?q=${s}` } } : undefined),
  "header value": (s) => ({ fields: { ":path": "/", "x-note": s } }),
  "header name": (s) => (/^[a-z0-9_-]+$/.test(s) ? { fields: { ":path": "/", [s]: "1" } } : undefined),
  cookie: (s) => ({ fields: { ":path": "/", cookie: `a=${s}` } }),
  "body in one frame": (s) => post({}, text(s)),
  "body in a frame a byte": (s) => post({}, ...[...text(s)].map((byte) => Buffer.from([byte]))),
  "NDJSON body": (s) =>
    post({ "content-type": "application/x-ndjson" }, Buffer.from(`{"a":1}\n{"b":"${s}"}\n`)),
  "multipart part": (s) =>
    post(
      { "content-type": form },
      Buffer.from(`--B\r\nContent-Disposition: form-data; name="f"\r\n\r\nx ${s} y\r\n--B--\r\n`),
    ),
  "multipart part in base64": (s) =>
    post(
      { "content-type": form },
      Buffer.from(
        `--B\r\nContent-Transfer-Encoding: base64\r\n\r\n${text(s).toString("base64")}\r\n--B--\r\n`,
      ),
    ),
  "gzip body": (s) => post({ "content-encoding": "gzip" }, gzipSync(text(s))),
  "deflate body": (s) => post({ "content-encoding": "deflate" }, deflateSync(text(s))),
  "br body": (s) => post({ "content-encoding": "br" }, brotliCompressSync(text(s))),
  "zstd body": (s) => post({ "content-encoding": "zstd" }, zstdCompressSync(text(s))),
  "gzip file": (s) => post({}, gzipSync(text(s))),
  "gRPC message": (s) => post({ "content-type": "application/grpc" }, grpc(text(s), false)),
  "gRPC message over two frames": (s) => {
    const whole = grpc(text(s), false);
    return post({ "content-type": "application/grpc+proto" }, whole.subarray(0, 12), whole.subarray(12));
  },
  "gzip gRPC message": (s) =>
    post({ "content-type": "application/grpc", "grpc-encoding": "gzip" }, grpc(gzipSync(text(s)), true)),
  trailer: (s) => ({ ...post({ te: "trailers" }, Buffer.from("ok")), trailers: { "x-t": s } }),
};

let received = "";
let side: Sidecar;
let session: ClientHttp2Session;
const server = createSecureServer(originCa.issue());

beforeAll(async () => {
  server.on("stream", (stream: ServerHttp2Stream, _headers: object, _flags: number, raw: string[]) => {
    received += `${raw.join("\n")}\n`;
    stream.on("data", (data: Buffer) => {
      received += data.toString("latin1");
      if (data[0] === 0x1f) received += gunzipSync(data, { finishFlush: 2 }).toString("latin1");
    });
    stream.on("trailers", (trailers: object) => {
      received += JSON.stringify(trailers);
    });
    stream.on("error", () => {});
    stream.on("end", () => {
      // a refused request is reset: nobody waits for this answer
      if (stream.destroyed) return;
      stream.respond({ ":status": 200 });
      stream.end("hello");
    });
  });
  server.on("sessionError", () => {});
  side = new Sidecar({
    origin: { port: await listening(server) },
    routes: [route()],
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  const transport = connectTcp(await side.transparent(), "127.0.0.1");
  const socket = connectTls({ socket: transport, ca: side.caPem, servername: HOST, ALPNProtocols: ["h2"] });
  session = connect(`https://${HOST}`, { createConnection: () => socket });
});

afterAll(() => {
  session.destroy();
  side.close();
  server.close();
});

/** The status and the verdict of the answer. */
function send({ fields, data, trailers }: Sent): Promise<{ status: unknown; verdict: unknown }> {
  const stream = session.request(fields, {
    endStream: data === undefined,
    waitForTrailers: trailers !== undefined,
  });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
  stream.on("error", () => {});
  for (const frame of data ?? []) stream.write(frame);
  if (data !== undefined) stream.end();
  return new Promise((resolve, reject) => {
    stream.on("response", (head) => {
      stream.resume();
      resolve({ status: head[":status"], verdict: head["x-bot-bottle-verdict"] });
    });
    stream.on("close", () => reject(new Error("no answer")));
  });
}

describe.each(Object.entries(SURFACES))("over HTTP/2, in the %s", (_, make) => {
  test("what is no secret passes", async () => {
    const sent = make("harmless");
    if (sent) expect(await send(sent)).toEqual({ status: 200, verdict: undefined });
  });

  const cells = Object.entries(ENCODINGS).filter(([, spelled]) => make(spelled) !== undefined);
  test.each(cells)("a known secret does not leave: %s", async (_name, spelled) => {
    received = "";
    const sent = make(spelled);
    if (sent) expect(await send(sent)).toEqual({ status: 403, verdict: "dlp.known_secret" });
    expect(SEARCHED(received)).toBe(false);
  });
});
