import { createHash, randomBytes } from "node:crypto";
import { createServer as createHttpsServer } from "node:https";
import { connect as connectTls } from "node:tls";
import { onTestFinished } from "vitest";
import { type PerMessageDeflateOptions, type RawData, WebSocket, WebSocketServer } from "ws";
import type { Entrance } from "./carriers.ts";
import { HOST, listening, originCa, type RawOrigin, rawOrigin, type Sidecar, Wire } from "./harness.ts";

export interface Received {
  readonly data: Buffer;
  readonly binary: boolean;
}

/** One end of a WebSocket, and what it has received. */
export class End {
  readonly messages: Received[] = [];
  readonly socket: WebSocket;
  closed: { code: number; reason: string } | undefined;
  #waiters: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: RawData, binary: boolean) => {
      this.messages.push({ data: bytesOf(data), binary });
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => {});
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => data.toString());
  }

  async received(count: number): Promise<Received[]> {
    while (this.messages.length < count) {
      if (this.closed) throw new Error(`closed ${this.closed.code} ${this.closed.reason}`);
      await this.#more();
    }
    return this.messages;
  }

  async close(): Promise<{ code: number; reason: string }> {
    while (!this.closed) await this.#more();
    return this.closed;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

export interface WsOrigin {
  readonly port: number;
  /** the server's ends, in the order opened */
  readonly ends: End[];
  /** the head of every handshake: its fields by lower-case name */
  readonly handshakes: Record<string, string | string[] | undefined>[];
  /** waits for the end of that number */
  end(index?: number): Promise<End>;
}

/** A real WebSocket server over TLS; `serve` is called for each connection, else it only listens. */
export async function wsOrigin(
  options: {
    readonly deflate?: PerMessageDeflateOptions | boolean;
    readonly protocols?: string[];
    readonly serve?: (end: End) => void;
  } = {},
): Promise<WsOrigin> {
  const server = createHttpsServer({ ...originCa.issue() });
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: options.deflate ?? false,
    ...(options.protocols ? { handleProtocols: () => options.protocols?.[0] ?? false } : {}),
  });
  const ends: End[] = [];
  const handshakes: WsOrigin["handshakes"] = [];
  let waiters: (() => void)[] = [];
  sockets.on("connection", (socket, request) => {
    const end = new End(socket);
    handshakes.push(request.headers);
    ends.push(end);
    options.serve?.(end);
    for (const wake of waiters.splice(0)) wake();
  });
  const port = await listening(server);
  onTestFinished(() => {
    for (const { socket } of ends) socket.terminate();
    sockets.close();
    server.close();
    server.closeAllConnections();
  });
  return {
    port,
    ends,
    handshakes,
    async end(index = 0) {
      for (let end = ends[index]; ; end = ends[index]) {
        if (end) return end;
        await new Promise<void>((resolve) => {
          waiters = [...waiters, resolve];
        });
      }
    },
  };
}

/** A real client through the sidecar. */
export async function wsClient(
  side: Entrance,
  options: {
    readonly path?: string;
    readonly deflate?: PerMessageDeflateOptions | boolean;
    readonly protocols?: string[];
    readonly headers?: Record<string, string>;
  } = {},
): Promise<End> {
  const port = await side.transparent();
  const socket = new WebSocket(`wss://${HOST}${options.path ?? "/"}`, options.protocols ?? [], {
    perMessageDeflate: options.deflate ?? false,
    headers: options.headers ?? {},
    createConnection: () => connectTls({ port, host: "127.0.0.1", servername: HOST, ca: side.caPem }),
  });
  const end = new End(socket);
  onTestFinished(() => socket.terminate());
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return end;
}

export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

export function accept(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** A client's opening handshake. */
export function opening(fields = "", path = "/", version = "13"): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: ${version}\r\n${fields}\r\n`;
}

/** A server that switches, with `fields` in its answer, and then leaves all to the test. */
export async function switching(fields = ""): Promise<RawOrigin> {
  return rawOrigin({
    serve: (wire) => {
      wire.until(/\r\n\r\n/).then(
        (head) => {
          const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
          wire.send(
            `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n${fields}\r\n`,
          );
        },
        () => undefined,
      );
    },
  });
}

export interface Raw {
  readonly client: Wire;
  readonly server: Wire;
  /** bytes of frames that arrived, behind the handshake's head */
  atServer(): Buffer;
  atClient(): Buffer;
}

/** A raw client and a raw server with the sidecar between them, switched. */
export async function rawPair(side: Sidecar, origin: RawOrigin, fields = ""): Promise<Raw> {
  const client = await side.tls();
  client.send(opening(fields));
  await client.until(/\r\n\r\n/);
  const server = origin.connections[0] ?? new Wire(client.socket);
  const behind = (wire: Wire) => wire.received.subarray(wire.text.indexOf("\r\n\r\n") + 4);
  return { client, server, atServer: () => behind(server), atClient: () => behind(client) };
}

/** One frame. `key`: masks it; `bits`: FIN and the reserved ones. */
export function frame(
  opcode: number,
  payload: string | Buffer = "",
  options: { readonly key?: Buffer | null; readonly fin?: boolean; readonly rsv?: number } = {},
): Buffer {
  const bytes = Buffer.from(payload as string);
  const key = options.key === undefined ? randomBytes(4) : options.key;
  const { length } = bytes;
  const head =
    length < 126
      ? [length]
      : length < 65_536
        ? [126, length >> 8, length & 255]
        : [127, 0, 0, 0, 0, (length >>> 24) & 255, (length >> 16) & 255, (length >> 8) & 255, length & 255];
  head[0] = (head[0] ?? 0) | (key ? 0x80 : 0);
  const first = (options.fin === false ? 0 : 0x80) | (options.rsv ?? 0) | opcode;
  const body = key ? bytes.map((byte, i) => byte ^ (key[i & 3] ?? 0)) : bytes;
  return Buffer.concat([Buffer.from([first, ...head]), key ?? Buffer.alloc(0), body]);
}

/** A frame as a server sends it. */
export function serverFrame(
  opcode: number,
  payload: string | Buffer = "",
  options: { readonly fin?: boolean; readonly rsv?: number } = {},
): Buffer {
  return frame(opcode, payload, { ...options, key: null });
}
