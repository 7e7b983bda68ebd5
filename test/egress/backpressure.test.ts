import { connect as connectH2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { HOST, listening, originCa, rawOrigin, sidecar, tcp } from "./harness.ts";

const PIECE = Buffer.alloc(256 * 1024, 1);
const PIECES = 512;
/** What kernel buffers and windows on both hops may take before a sender has to wait; far below the whole 128 MiB. */
const MOST = 160;

/** Writes as fast as the other end takes it; `written` counts pieces. */
function pump(stream: Duplex): { written: () => number } {
  let count = 0;
  const more = () => {
    while (count < PIECES) {
      count++;
      if (!stream.write(PIECE)) return void stream.once("drain", more);
    }
    stream.end();
  };
  more();
  return { written: () => count };
}

/** Waits until a count has stood still for a while. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1, still = 0; still < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    still = count() === before ? still + 1 : 0;
    before = count();
  }
  return count();
}

test("stops reading from the upstream while the client does not read", async () => {
  let written: () => number = () => 0;
  const origin = await rawOrigin({
    serve: (wire) =>
      void wire.until(/\r\n\r\n/).then(() => {
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${PIECE.length * PIECES}\r\n\r\n`);
        written = pump(wire.socket).written;
      }),
  });
  const client = await sidecar({ origin }).tls();
  client.socket.removeAllListeners("data");
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  client.socket.pause();
  while (written() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await settled(written)).toBeLessThan(MOST);
  let received = 0;
  client.socket.on("data", (bytes) => {
    received += bytes.length;
  });
  client.socket.resume();
  while (received < PIECE.length * PIECES) await new Promise((resolve) => setTimeout(resolve, 10));
});

test("stops reading from the client while the upstream does not read", async () => {
  const origin = await rawOrigin({ serve: (wire) => void wire.socket.pause() });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${PIECE.length * PIECES}\r\n\r\n`);
  const { written } = pump(client.socket);
  expect(await settled(written)).toBeLessThan(MOST);
});

test("does the same over HTTP/2", async () => {
  let written: () => number = () => 0;
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] });
  server.on("stream", (stream: ServerHttp2Stream) => {
    stream.respond({ ":status": 200 });
    written = pump(stream).written;
  });
  const port = await listening(server);
  const side = sidecar({ origin: { port } });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({ ":path": "/" });
  while (written() === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await settled(written)).toBeLessThan(MOST);
  let received = 0;
  stream.on("data", (bytes: Buffer) => {
    received += bytes.length;
  });
  await new Promise((resolve) => stream.on("end", resolve));
  expect(received).toBe(PIECE.length * PIECES);
});
