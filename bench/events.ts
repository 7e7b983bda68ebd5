import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { Target } from "./targets.ts";

const EVENTS = 400;
/** Between two events: each comes alone, as a model's words do. */
const PAUSE_MS = 4;

/** The server of the event streams, in the clear on loopback, behind the origin's TLS. */
export interface EventSource {
  readonly port: number;
  stop(): void;
}

/** Answers every request with events, each of which says when it was sent. */
export function startEvents(): Promise<EventSource> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "x-accel-buffering": "no" });
    let sent = 0;
    const timer = setInterval(() => {
      const delta = { type: "content_block_delta", delta: { text: "a few words of an answer " } };
      response.write(`event: delta\ndata: ${JSON.stringify({ ...delta, at: performance.now() })}\n\n`);
      if (++sent < EVENTS) return;
      clearInterval(timer);
      response.end();
    }, PAUSE_MS);
    response.on("close", () => clearInterval(timer));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, stop: () => server.close() });
    });
  });
}

/** Milliseconds from sending an event to receiving it, for every event of one stream through a target. */
export async function eventDelays(target: Target, originPort: number): Promise<readonly number[]> {
  const socket = await connect(target, originPort);
  const delays: number[] = [];
  await new Promise<void>((resolve, reject) => {
    let rest = "";
    socket.on("data", (bytes: Buffer) => {
      const now = performance.now();
      rest += bytes.toString("latin1");
      for (const [, at] of rest.matchAll(/"at":([\d.]+)\}/g)) delays.push(now - Number(at));
      rest = rest.slice(rest.lastIndexOf("}") + 1);
      if (delays.length === EVENTS) resolve();
    });
    socket.on("close", () => reject(new Error(`${target.name}: the events ended after ${delays.length}`)));
    socket.write(`GET /events HTTP/1.1\r\nHost: localhost:${originPort}\r\n\r\n`);
  });
  socket.destroy();
  return delays;
}

function connect(target: Target, originPort: number): Promise<TLSSocket> {
  const ca = readFileSync(target.ca);
  const { proxyPort } = target;
  return new Promise((resolve, reject) => {
    if (proxyPort === undefined) {
      const socket = connectTls({ port: originPort, host: "127.0.0.1", servername: "localhost", ca }, () =>
        resolve(socket),
      );
      socket.once("error", reject);
      return;
    }
    const path = `localhost:${originPort}`;
    const tunnel = request({
      port: proxyPort,
      host: "127.0.0.1",
      method: "CONNECT",
      path,
      headers: { host: path },
    });
    tunnel.once("connect", (_response, raw) => {
      const socket = connectTls({ socket: raw, servername: "localhost", ca }, () => resolve(socket));
      socket.once("error", reject);
    });
    tunnel.once("error", reject);
    tunnel.end();
  });
}
