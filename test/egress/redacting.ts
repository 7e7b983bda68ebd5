import { type IncomingHttpHeaders, request as requestH1 } from "node:http";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectH2,
  createSecureServer,
  type Http2ServerRequest,
} from "node:http2";
import { connect as connectTcp } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from "node:zlib";
import { DEFAULT_INSPECTION, type RouteSpec } from "../../src/policy/route.ts";
import { HOST, listening, originCa, route, Sidecar } from "./harness.ts";
import { VALUE } from "./spellings.ts";

/** One request with a body. */
export interface Sent {
  readonly protocol: "http/1.1" | "h2";
  /** lower case */
  readonly fields: Record<string, string>;
  /** each a write of its own */
  readonly body: readonly Buffer[];
  /** its length is stated */
  readonly stated: boolean;
  readonly path?: string;
}

/** What of it arrived. */
export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export const CODINGS: Record<string, readonly [(data: Buffer) => Buffer, (data: Buffer) => Buffer]> = {
  identity: [(data) => data, (data) => data],
  gzip: [(data) => gzipSync(data), (data) => gunzipSync(data)],
  deflate: [(data) => deflateSync(data), (data) => inflateSync(data)],
  "deflate (raw)": [(data) => deflateRawSync(data), (data) => inflateRawSync(data)],
  br: [(data) => brotliCompressSync(data), (data) => brotliDecompressSync(data)],
  zstd: [(data) => zstdCompressSync(data), (data) => zstdDecompressSync(data)],
  "gzip, br": [
    (data) => brotliCompressSync(gzipSync(data)),
    (data) => gunzipSync(brotliDecompressSync(data)),
  ],
};

/** A sidecar whose route redacts, before an origin that keeps what arrives. */
export class Redacting {
  readonly arrived: Arrived[] = [];
  /** hears what has arrived of a body */
  onPart: ((body: Buffer) => void) | undefined;
  readonly side: Sidecar;
  readonly #server: ReturnType<typeof createSecureServer>;
  #kept: ClientHttp2Session | undefined;
  readonly #sockets: TLSSocket[] = [];

  private constructor(server: ReturnType<typeof createSecureServer>, side: Sidecar) {
    this.#server = server;
    this.side = side;
  }

  static async start(spec: Partial<RouteSpec> = {}): Promise<Redacting> {
    const server = createSecureServer({ ...originCa.issue(), allowHTTP1: true });
    const port = await listening(server);
    const side = new Sidecar({
      origin: { port },
      routes: [route({ dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" }, ...spec })],
      secrets: { API_TOKEN: "brokered-credential-77152" },
      bottleSecrets: { DEPLOY_KEY: VALUE },
    });
    const made = new Redacting(server, side);
    server.on("request", (request: Http2ServerRequest, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => {
        parts.push(part);
        made.onPart?.(Buffer.concat(parts));
      });
      request.on("error", () => {});
      request.on("end", () => {
        if (response.stream?.destroyed) return;
        made.arrived.push({ headers: request.headers, body: Buffer.concat(parts) });
        response.end("hello");
      });
    });
    server.on("sessionError", () => {});
    return made;
  }

  stop(): void {
    this.#kept?.destroy();
    for (const socket of this.#sockets) socket.destroy();
    this.side.close();
    this.#server.close();
  }

  /** A stream to be written to as it goes. */
  async stream(fields: Record<string, string>): Promise<ClientHttp2Stream> {
    return (await this.#session()).request({ ":method": "POST", ":path": "/", ...fields });
  }

  /** The status and verdict of the answer. */
  async send(sent: Sent): Promise<{ readonly status: number; readonly verdict: string | undefined }> {
    const length = String(sent.body.reduce((sum, part) => sum + part.length, 0));
    const fields = sent.stated ? { ...sent.fields, "content-length": length } : sent.fields;
    const path = sent.path ?? "/";
    return sent.protocol === "h2" ? this.#h2(path, fields, sent.body) : this.#h1(path, fields, sent.body);
  }

  async #session(): Promise<ClientHttp2Session> {
    if (!this.#kept) {
      const socket = await this.#connect("h2");
      this.#kept = connectH2(`https://${HOST}`, { createConnection: () => socket });
    }
    return this.#kept;
  }

  async #connect(alpn: string): Promise<TLSSocket> {
    const transport = connectTcp({ port: await this.side.transparent(), host: "127.0.0.1", noDelay: true });
    const options = { socket: transport, ca: this.side.caPem, servername: HOST, ALPNProtocols: [alpn] };
    const socket = connectTls(options);
    this.#sockets.push(socket);
    return socket;
  }

  async #h1(path: string, fields: Record<string, string>, body: readonly Buffer[]) {
    const socket = await this.#connect("http/1.1");
    return new Promise<{ status: number; verdict: string | undefined }>((resolve, reject) => {
      const options = { method: "POST", host: HOST, path, headers: { host: HOST, ...fields } };
      const request = requestH1({ ...options, createConnection: () => socket });
      request.on("response", (response) => {
        response.resume();
        const verdict = response.headers["x-bot-bottle-verdict"];
        resolve({
          status: response.statusCode ?? 0,
          verdict: verdict === undefined ? undefined : String(verdict),
        });
      });
      request.on("error", reject);
      for (const part of body) request.write(part);
      request.end();
    });
  }

  async #h2(path: string, fields: Record<string, string>, body: readonly Buffer[]) {
    const stream = (await this.#session()).request({ ":method": "POST", ":path": path, ...fields });
    stream.on("error", () => {});
    for (const part of body) stream.write(part);
    stream.end();
    return new Promise<{ status: number; verdict: string | undefined }>((resolve, reject) => {
      stream.on("response", (head) => {
        stream.resume();
        const verdict = head["x-bot-bottle-verdict"];
        resolve({
          status: Number(head[":status"]),
          verdict: verdict === undefined ? undefined : String(verdict),
        });
      });
      stream.on("close", () => reject(new Error("no answer")));
    });
  }
}

/** In pieces of `size` bytes. */
export function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}
