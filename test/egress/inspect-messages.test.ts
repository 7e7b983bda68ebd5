import { createHash } from "node:crypto";
import { connect as connectH2, createSecureServer } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { DEFAULT_INSPECTION } from "../../src/policy/route.ts";
import {
  answering,
  HOST,
  listening,
  ok,
  originCa,
  rawOrigin,
  refusalCode,
  route,
  sidecar,
  tcp,
} from "./harness.ts";
import { wsClient, wsOrigin } from "./websocket-harness.ts";

// No token of any vendor: put together, and drawn by hand.
const TOKEN = ["gh", "p_", "q7Rk2Zt9wLx4Vb8nMc3Yh6pDs1Gf5Jt0Au2E"].join("");
const MESSAGES = ["say abc", TOKEN, "abc, and so on"];

const routes = [route({ ports: [443], dlp: DEFAULT_INSPECTION })];

test("a token that is a WebSocket message of its own does not leave behind one that ends in a letter", async () => {
  const side = sidecar({ origin: await wsOrigin(), routes });
  const client = await wsClient(side);
  for (const message of MESSAGES) client.socket.send(message);
  expect(await client.close()).toEqual({ code: 1008, reason: "dlp.token_pattern" });
});

test("a token that is a part of its own does not leave behind one that ends in a letter", async () => {
  const side = sidecar({ origin: await rawOrigin({ serve: answering(() => ok()) }), routes });
  const client = await side.tls();
  const body = MESSAGES.map((message) => `--B\r\n\r\n${message}\r\n`).join("");
  const head = `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: multipart/form-data; boundary=B\r\n`;
  client.send(`${head}Content-Length: ${body.length + 7}\r\n\r\n${body}--B--\r\n`);
  expect(refusalCode(await client.until(/\}\s*$/))).toBe("dlp.token_pattern");
});

async function grpcVerdict(messages: readonly Buffer[]): Promise<unknown> {
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] }, (request, response) => {
    request.resume().on("end", () => response.end());
  });
  const side = sidecar({ origin: { port: await listening(server) }, routes });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({ ":method": "POST", "content-type": "application/grpc", te: "trailers" });
  const verdict = new Promise((resolve) => {
    stream.on("response", (headers) => resolve(headers["x-bot-bottle-verdict"]));
    stream.on("error", resolve);
  });
  const framed = messages.map((message) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  });
  stream.end(Buffer.concat(framed));
  return await verdict;
}

test("a token that is a gRPC message of its own does not leave behind one that ends in a letter", async () => {
  expect(await grpcVerdict(MESSAGES.map((message) => Buffer.from(message)))).toBe("dlp.token_pattern");
});

test("a token in a field of protobuf does not leave behind a length that is a digit", async () => {
  const token = [
    "gs",
    "k_",
    createHash("sha512")
      .update("a field")
      .digest("base64")
      .replaceAll(/[^A-Za-z0-9]/g, "")
      .slice(0, 52),
  ].join("");
  const count = Buffer.from([8, 150, 1]);
  for (const tag of [0x0a, 0x42]) {
    const message = Buffer.concat([count, Buffer.from([tag, token.length]), Buffer.from(token), count]);
    expect([tag, String.fromCharCode(token.length), await grpcVerdict([message])]).toEqual([
      tag,
      "8",
      "dlp.token_pattern",
    ]);
  }
});
