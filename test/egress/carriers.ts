import type { IncomingHttpHeaders } from "node:http";
import {
  type ClientHttp2Session,
  connect as connectH2,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { Agent, request as requestHttps } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { HOST, listening, originCa } from "./harness.ts";

/** A message, whatever the version of HTTP that carries it. */
export interface Message {
  readonly method?: string;
  readonly path?: string;
  /** names lower case */
  readonly fields?: Readonly<Record<string, string>>;
  /** the body: each its own chunk or DATA frame; absent: none */
  readonly pieces?: readonly Buffer[];
  /** the body's length is stated; otherwise it is chunked where the version knows chunks */
  readonly stated?: boolean;
  readonly trailers?: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly status: number;
  /** the code of a refusal */
  readonly verdict: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, unknown>>;
}

export interface Carrier {
  readonly name: "HTTP/1.1" | "HTTP/2";
  send(message: Message): Promise<Answer>;
  close(): void;
}

/** Where a client connects: a sidecar in this process or in another. */
export interface Entrance {
  readonly caPem: string;
  transparent(): Promise<number>;
}

const bodyOf = ({ pieces = [] }: Message) => Buffer.concat(pieces);

function fieldsOf(message: Message): Record<string, string> {
  const length = message.stated ? { "content-length": String(bodyOf(message).length) } : {};
  return { ...length, ...message.fields };
}

/** A client on one connection at a time; a connection that a refusal ends is replaced. */
export async function http1Carrier(side: Entrance): Promise<Carrier> {
  const port = await side.transparent();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: side.caPem, servername: HOST });
  return {
    name: "HTTP/1.1",
    close: () => agent.destroy(),
    send: (message) =>
      new Promise((resolve, reject) => {
        const { method = message.pieces ? "POST" : "GET", path = "/", trailers } = message;
        const headers = { host: HOST, ...fieldsOf(message), ...(trailers ? { te: "trailers" } : {}) };
        const request = requestHttps({ agent, host: "127.0.0.1", port, method, path, headers });
        let answered = false;
        request.on("response", (response) => {
          answered = true;
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          // cut off: what came of it is the answer
          response.on("error", () => {});
          response.on("close", () => {
            request.destroy();
            resolve({
              status: response.statusCode ?? 0,
              verdict: verdictOf(response.headers),
              fields: response.headers,
              body: Buffer.concat(parts),
              trailers: response.trailers,
            });
          });
        });
        // a refusal may come while the body is still being sent
        request.on("error", (error) => answered || reject(error));
        if (trailers) request.addTrailers(trailers);
        for (const piece of message.pieces ?? []) if (piece.length > 0) request.write(piece);
        request.end();
      }),
  };
}

function verdictOf(headers: IncomingHttpHeaders): string | undefined {
  const verdict = headers["x-bot-bottle-verdict"];
  return typeof verdict === "string" ? verdict : undefined;
}

/** A client whose requests are streams of one connection. */
export async function http2Carrier(side: Entrance): Promise<Carrier> {
  const transport = connectTcp(await side.transparent(), "127.0.0.1");
  const socket = connectTls({ socket: transport, ca: side.caPem, servername: HOST, ALPNProtocols: ["h2"] });
  const session: ClientHttp2Session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  session.on("error", () => {});
  return {
    name: "HTTP/2",
    close: () => session.destroy(),
    send: (message) =>
      new Promise((resolve, reject) => {
        const { method = message.pieces ? "POST" : "GET", path = "/", trailers } = message;
        const te = trailers ? { te: "trailers" } : {};
        const stream = session.request(
          { ":method": method, ":path": path, ...te, ...fieldsOf(message) },
          { endStream: message.pieces === undefined, waitForTrailers: trailers !== undefined },
        );
        let head: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
        let tail: object = {};
        const parts: Buffer[] = [];
        stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
        stream.on("response", (headers) => {
          head = headers;
        });
        stream.on("trailers", (headers) => {
          tail = headers;
        });
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("error", () => {});
        stream.on("close", () => {
          if (head[":status"] === undefined) return reject(new Error(`no answer (${stream.rstCode})`));
          return resolve({
            status: head[":status"] ?? 0,
            verdict: verdictOf(head),
            fields: head,
            body: Buffer.concat(parts),
            trailers: { ...tail },
          });
        });
        for (const piece of message.pieces ?? []) if (piece.length > 0) stream.write(piece);
        if (message.pieces !== undefined) stream.end();
      }),
  };
}

/** What arrived of one request at the upstream. */
export interface Arrived {
  readonly version: string;
  readonly path: string;
  /** names and values in turn */
  readonly fields: readonly string[];
  readonly body: Buffer;
  trailers: Readonly<Record<string, unknown>>;
  whole: boolean;
}

export interface Upstream {
  readonly port: number;
  readonly arrived: Arrived[];
  close(): void;
}

/** A server of both versions over TLS. `answer` is called when a request is whole; absent: 200 and `hello`. */
export async function upstream(
  answer: (request: Arrived, response: Http2ServerResponse) => void = (_, response) => {
    response.end("hello");
  },
): Promise<Upstream> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  const server = createSecureServer({ ...originCa.issue(), allowHTTP1: true });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("sessionError", () => {});
  server.on("request", (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const parts: Buffer[] = [];
    const one: Arrived = {
      version: request.httpVersion,
      path: request.url,
      fields: request.rawHeaders,
      get body() {
        return Buffer.concat(parts);
      },
      trailers: {},
      whole: false,
    };
    arrived.push(one);
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => {});
    response.on("error", () => {});
    request.on("end", () => {
      // of a request that was broken off nobody waits for the answer
      if (request.stream?.destroyed) return;
      one.trailers = request.trailers;
      one.whole = true;
      answer(one, response);
    });
  });
  const port = await listening(server);
  return {
    port,
    arrived,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
