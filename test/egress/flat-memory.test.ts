import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  connect as connectH2,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { Agent, createServer as createHttpsServer, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { HOST, listening, originCa } from "./harness.ts";
import { SeparateSidecar } from "./separate-sidecar.ts";
import { VALUE } from "./spellings.ts";

const MEBIBYTE = 1024 * 1024;
/** Mebibytes one way; a longer run (BOT_BOTTLE_FUZZ) takes a gibibyte. */
const SIZE = process.env.BOT_BOTTLE_FUZZ === undefined ? 64 : 1024;
/** Mebibytes more that it may hold on to, and that it may have with all garbage and what the allocator keeps. */
const HELD = 16;
const RESIDENT = 96;

const source = readFileSync(new URL("../../src/dlp/scanner.ts", import.meta.url));
const PIECES = {
  "source code": Buffer.alloc(MEBIBYTE, source),
  JSON: Buffer.alloc(MEBIBYTE, `{"text":${JSON.stringify(source.toString())}}\n`),
} as const;

async function write(to: Writable, piece: Buffer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) if (!to.write(piece)) await once(to, "drain");
  to.end();
}

async function count(from: Readable): Promise<number> {
  let bytes = 0;
  for await (const part of from) bytes += Buffer.from(part).length;
  return bytes;
}

/** Takes all that comes, then sends `x-send` mebibytes. */
async function origin(piece: Buffer): Promise<number> {
  const server = createSecureServer(
    { ...originCa.issue(), allowHTTP1: true },
    (request: Http2ServerRequest, response: Http2ServerResponse) => {
      request.resume();
      request.on("end", () => {
        response.setHeader("content-type", "text/plain");
        write(response as unknown as Writable, piece, Number(request.headers["x-send"])).catch(() => {});
      });
    },
  );
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  const port = await listening(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return port;
}

type Transfer = (side: SeparateSidecar, up: number, down: number, piece: Buffer) => Promise<number>;

const overHttp1: Transfer = async (side, up, down, piece) => {
  const port = await side.transparent();
  const agent = new Agent({ ca: side.caPem, servername: HOST });
  const headers = { host: HOST, "x-send": String(down) };
  const request = requestHttps({ agent, host: "127.0.0.1", port, method: "POST", headers });
  const answer = once(request, "response");
  await write(request, piece, up);
  const [response] = await answer;
  return count(response);
};

const overHttp2: Transfer = async (side, up, down, piece) => {
  const socket = await side.tls("h2");
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  const stream = session.request({ ":method": "POST", ":path": "/", "x-send": String(down) });
  const [received] = await Promise.all([count(stream), write(stream, piece, up)]);
  session.destroy();
  return received;
};

/** Takes messages, and sends as many mebibytes as one of text asks for. */
async function socketOrigin(piece: Buffer): Promise<number> {
  const server = createHttpsServer(originCa.issue());
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    socket.on("error", () => {});
    socket.on("message", (data, binary) => {
      if (binary) return;
      sendAll(socket, piece, Number(String(data))).then(
        () => socket.close(),
        () => undefined,
      );
    });
  });
  const port = await listening(server);
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return port;
}

function sent(socket: WebSocket, data: Buffer | string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(data, (error) => (error ? reject(error) : resolve()));
  });
}

/** Messages of a mebibyte, which are longer than one that is held whole. */
async function sendAll(socket: WebSocket, piece: Buffer, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await sent(socket, piece);
}

const overWebSocket: Transfer = async (side, up, down, piece) => {
  const port = await side.transparent();
  const socket = new WebSocket(`wss://${HOST}/`, {
    perMessageDeflate: false,
    createConnection: () => connectTls({ port, host: "127.0.0.1", servername: HOST, ca: side.caPem }),
  });
  let received = 0;
  socket.on("message", (data: Buffer) => {
    received += data.length;
  });
  await once(socket, "open");
  const closed = once(socket, "close");
  await sendAll(socket, piece, up);
  await sent(socket, String(down));
  await closed;
  return received;
};

test.each([
  ["WebSocket", "source code", overWebSocket],
  ["HTTP/1.1", "source code", overHttp1],
  ["HTTP/2", "JSON", overHttp2],
] as const)(
  "memory does not grow with what flows over %s: %s, with every detector on",
  async (_, kind, transfer) => {
    const piece = PIECES[kind];
    const upstream = transfer === overWebSocket ? socketOrigin : origin;
    const side = await SeparateSidecar.start(await upstream(piece), { DEPLOY_KEY: VALUE });
    onTestFinished(() => side.stop());
    const before = await transfer(side, 8, 16, piece).then(() => side.state());
    expect(await transfer(side, SIZE, 0, piece)).toBe(0);
    const sent = await side.state();
    expect(await transfer(side, 0, SIZE, piece)).toBe(SIZE * MEBIBYTE);
    const received = await side.state();
    expect([...sent.codes, ...received.codes]).toEqual(["", ""]);
    const more = [sent, received].map(({ held, resident }) => ({
      held: (held - before.held) / MEBIBYTE,
      resident: (resident - before.resident) / MEBIBYTE,
    }));
    const peak = Math.round(received.peak / MEBIBYTE);
    console.log(`${SIZE} MiB up, then down: MiB more`, more, `of ${peak} at most`);
    for (const { held, resident } of more) {
      expect(held).toBeLessThan(HELD);
      expect(resident).toBeLessThan(RESIDENT);
    }
  },
  600_000,
);
