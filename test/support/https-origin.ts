import { createServer, type Server } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Credentials } from "./pki.ts";

/** One request as it arrived at the upstream: what the tests assert on. */
export interface SeenRequest {
  readonly protocol: string;
  readonly sni: string;
  readonly method: string;
  /** path and query */
  readonly url: string;
  readonly authority: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Origin {
  readonly port: number;
  /** `ADDRESS:PORT`, for settings `upstream.resolve` */
  readonly address: string;
  readonly seen: SeenRequest[];
  /** takes a connection that another listener accepted */
  accept(socket: Socket): void;
  close(): Promise<void>;
}

export interface OriginOptions {
  /** undefined: plain HTTP */
  readonly credentials?: Credentials;
  readonly address?: string;
  readonly port?: number;
  readonly alpn?: readonly ("h2" | "http/1.1")[];
  /** answers a request itself and returns true, or leaves it to the built-in paths */
  readonly handler?: (seen: SeenRequest, response: Http2ServerResponse) => boolean;
}

function flat(headers: Http2ServerRequest["headers"]): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return out;
}

function answerSse(response: Http2ServerResponse, count: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const tick = () => {
    if (response.destroyed) return;
    response.write(`event: tick\ndata: ${sent}\n\n`);
    sent += 1;
    if (sent < count) setTimeout(tick, 20);
    else response.end();
  };
  tick();
}

function answerBig(response: Http2ServerResponse, bytes: number): void {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  const block = Buffer.alloc(65_536, 0x61);
  let left = bytes;
  const pump = () => {
    while (left > 0) {
      const part = block.subarray(0, Math.min(left, block.length));
      left -= part.length;
      if (!response.write(part)) {
        response.once("drain", pump);
        return;
      }
    }
    response.end();
  };
  pump();
}

function answer(seen: SeenRequest, response: Http2ServerResponse): void {
  const url = new URL(seen.url, "https://origin.invalid");
  const number = (name: string, fallback: number) => Number(url.searchParams.get(name) ?? fallback);
  switch (url.pathname) {
    case "/sse":
      answerSse(response, number("n", 3));
      return;
    case "/big":
      answerBig(response, number("bytes", 1_048_576));
      return;
    case "/trailers":
      response.writeHead(200, { "content-type": "text/plain", trailer: "x-checksum" });
      response.write("body\n");
      response.addTrailers({ "x-checksum": "abc" });
      response.end();
      return;
    case "/slow":
      setTimeout(() => response.end("slow\n"), number("ms", 500));
      return;
    case "/hang":
      return;
    case "/redirect":
      response.writeHead(302, { location: url.searchParams.get("to") ?? "/" });
      response.end();
      return;
    case "/status":
      response.writeHead(number("code", 204));
      response.end();
      return;
    default: {
      const { body, ...head } = seen;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(`${JSON.stringify({ ...head, body: body.toString("utf8") })}\n`);
    }
  }
}

/**
 * A local upstream with a log of what reached it. Built-in paths: `/sse?n=`, `/big?bytes=`, `/trailers`, `/slow?ms=`,
 * `/hang`, `/redirect?to=`, `/status?code=`; everything else echoes the request as JSON, headers included.
 */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const onRequest = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => response.destroy());
    response.on("error", () => undefined);
    request.on("end", () => {
      const tls: unknown = Reflect.get(request.socket, "servername");
      const one: SeenRequest = {
        protocol: request.httpVersion === "2.0" ? "h2" : "http/1.1",
        sni: typeof tls === "string" ? tls : "",
        method: request.method,
        url: request.url,
        authority: request.headers[":authority"] ?? request.headers.host ?? "",
        headers: flat(request.headers),
        body: Buffer.concat(chunks),
      };
      seen.push(one);
      if (!options.handler?.(one, response)) answer(one, response);
    });
  };
  const server = listenWith(options, onRequest);
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  const address = options.address ?? "127.0.0.1";
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, address, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    port: bound.port,
    address: `${address}:${bound.port}`,
    seen,
    accept: (socket) => void server.emit("connection", socket),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

type Listener = (request: Http2ServerRequest, response: Http2ServerResponse) => void;

function listenWith(options: OriginOptions, onRequest: Listener): Server | Http2SecureServer {
  if (options.credentials === undefined) {
    // The compatibility API of http2 has the shape of http's; what is used of it here is the same in both.
    return createServer((request, response) => Reflect.apply(onRequest, undefined, [request, response]));
  }
  const alpn = options.alpn ?? ["h2", "http/1.1"];
  const server = createSecureServer(
    {
      cert: options.credentials.cert,
      key: options.credentials.key,
      allowHTTP1: true,
      ALPNProtocols: [...alpn],
    },
    onRequest,
  );
  server.on("tlsClientError", () => undefined);
  return server;
}
