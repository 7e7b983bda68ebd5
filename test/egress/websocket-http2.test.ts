import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import {
  answering,
  HOST,
  listening,
  ok,
  originCa,
  rawOrigin,
  route,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";
import { frame, opening, serverFrame, switching, wsOrigin } from "./websocket-harness.ts";

const SECRET = ["Qm7x", "Tz4Lp9", "Vw2Rk8", "Nd5Hs3"].join("");

/** An origin that speaks h2 only; `enabled`: takes extended CONNECT. */
async function h2Origin(
  enabled: boolean,
  serve: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<{ port: number }> {
  const server = createSecureServer({
    ...originCa.issue(),
    ALPNProtocols: ["h2"],
    settings: { enableConnectProtocol: enabled },
  });
  server.on("session", (session) => {
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
  });
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    serve(stream, headers);
  });
  const port = await listening(server);
  onTestFinished(() => void server.close());
  return { port };
}

async function h2Client(side: Sidecar): Promise<ClientHttp2Session> {
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connect(`https://${HOST}`, { createConnection: () => socket });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  if (!session.remoteSettings?.enableConnectProtocol)
    await new Promise((resolve) => session.once("remoteSettings", resolve));
  return session;
}

function extended(session: ClientHttp2Session, fields: Record<string, string> = {}): Http2End {
  const headers = {
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "https",
    ":path": "/chat",
    ":authority": HOST,
    "sec-websocket-version": "13",
    ...fields,
  };
  return new Http2End(session.request(headers, { endStream: false }));
}

class Http2End {
  readonly stream: ClientHttp2Stream;
  headers: IncomingHttpHeaders | undefined;
  received: Buffer = Buffer.alloc(0);
  closed = false;
  #waiters: (() => void)[] = [];

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream;
    stream.on("response", (headers) => {
      this.headers = headers;
      this.#wake();
    });
    stream.on("data", (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#wake();
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) {
      if (this.closed) throw new Error(`closed after ${this.received.toString("latin1")}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async end(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Answers 200 and gives every short frame back, as a server sends it. */
function echo(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200 });
  let came: Buffer = Buffer.alloc(0);
  stream.on("data", (bytes: Buffer) => {
    came = Buffer.concat([came, bytes]);
    for (let size = frameSize(came); came.length >= size; size = frameSize(came)) {
      stream.write(unmasked(came.subarray(0, size)));
      came = came.subarray(size);
    }
  });
  stream.on("end", () => stream.end());
}

function frameSize(bytes: Buffer): number {
  return bytes.length < 2 ? 2 : 6 + ((bytes[1] ?? 0) & 0x7f);
}

function unmasked(bytes: Buffer): Buffer {
  const key = bytes.subarray(2, 6);
  const payload = bytes.subarray(6).map((byte, i) => byte ^ (key[i & 3] ?? 0));
  return Buffer.concat([Buffer.from([bytes[0] ?? 0, (bytes[1] ?? 0) & 0x7f]), payload]);
}

test("carries a WebSocket of HTTP/2 to one of HTTP/2", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const origin = await h2Origin(true, (stream, headers) => {
    seen.push(headers);
    echo(stream);
  });
  const side = sidecar({ origin });
  const end = extended(await h2Client(side), { "sec-websocket-protocol": "chat", origin: "https://me.test" });
  await end.until(() => end.headers !== undefined);
  expect(end.headers?.[":status"]).toBe(200);
  expect(seen[0]).toMatchObject({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/chat",
    ":authority": HOST,
    "sec-websocket-version": "13",
    "sec-websocket-protocol": "chat",
    origin: "https://me.test",
  });
  end.stream.write(frame(1, "over h2"));
  await end.until(() => end.received.equals(serverFrame(1, "over h2")));
  end.stream.write(frame(8));
  await end.end();
  expect((await side.journal(1))[0]).toMatchObject({
    protocol: "h2",
    method: "GET",
    path: "/chat",
    status: 101,
    verdict: "allow",
    messages_out: 1,
    messages_in: 1,
  });
});

test("carries a WebSocket of HTTP/2 to HTTP/1.1, where the origin speaks no other", async () => {
  const origin = await wsOrigin({
    serve: ({ socket }) => socket.on("message", (data) => socket.send(`back ${data}`)),
  });
  const end = extended(await h2Client(sidecar({ origin })));
  await end.until(() => end.headers !== undefined);
  end.stream.write(frame(1, "hello"));
  await end.until(() => end.received.equals(serverFrame(1, "back hello")));
  expect(origin.handshakes[0]).toMatchObject({ upgrade: "websocket", connection: "Upgrade" });
});

test("carries a WebSocket of HTTP/1.1 to an origin that speaks HTTP/2 only", async () => {
  const origin = await h2Origin(true, echo);
  const client = await sidecar({ origin }).tls();
  client.send(opening());
  expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
  client.send(frame(1, "upwards"));
  await client.until((text) => text.endsWith(serverFrame(1, "upwards").toString("latin1")));
});

test("says so when an origin takes a WebSocket in no version", async () => {
  const origin = await h2Origin(false, echo);
  const side = sidecar({ origin });
  const end = extended(await h2Client(side));
  await end.until(() => end.headers !== undefined);
  expect(end.headers).toMatchObject({
    ":status": 502,
    "x-bot-bottle-verdict": "egress.upstream_unreachable",
  });
  expect((await side.journal(1))[0]?.error ?? side.events[0]?.code).toBe("egress.upstream_unreachable");
});

test("passes the answer of an origin that refuses", async () => {
  const origin = await h2Origin(true, (stream) => {
    stream.respond({ ":status": 401, "x-why": "who" });
    stream.end("no");
  });
  const end = extended(await h2Client(sidecar({ origin })));
  await end.end();
  expect(end.headers).toMatchObject({ ":status": 401, "x-why": "who" });
  expect(end.received.toString()).toBe("no");
});

test("says so when an HTTP/1.1 origin answers 200 and doesn't switch: in HTTP/2 it would be the switch", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok("\x81\x05hello")) });
  const side = sidecar({ origin });
  const end = extended(await h2Client(side));
  await end.until(() => end.headers !== undefined);
  expect(end.headers).toMatchObject({
    ":status": 502,
    "x-bot-bottle-verdict": "egress.upstream_unreachable",
  });
  expect((await side.journal(1))[0]).toMatchObject({ verdict: "block", status: 502 });
});

test("goes on when the origin's connection takes no more streams (GOAWAY)", async () => {
  let session: ServerHttp2Session | undefined;
  const origin = await h2Origin(true, (stream) => {
    session ??= stream.session as ServerHttp2Session;
    echo(stream);
  });
  const side = sidecar({ origin });
  const client = await h2Client(side);
  const first = extended(client);
  await first.until(() => first.headers !== undefined);
  session?.goaway(0);
  first.stream.write(frame(1, "still"));
  await first.until(() => first.received.equals(serverFrame(1, "still")));
  const second = extended(client);
  await second.until(() => second.headers !== undefined);
  expect(second.headers?.[":status"]).toBe(200);
  first.stream.write(frame(8));
  await first.end();
});

test("ends an extended CONNECT whose stream ends with its head", async () => {
  const origin = await h2Origin(true, echo);
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request(
    {
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":scheme": "https",
      ":path": "/chat",
      ":authority": HOST,
      "sec-websocket-version": "13",
    },
    { endStream: true },
  );
  const end = new Http2End(stream);
  await end.until(() => end.headers !== undefined);
  expect(end.headers?.["x-bot-bottle-verdict"]).toBe("egress.upgrade_refused");
});

test("waits with what it sends while the client's window is shut, and reads no more of the origin", async () => {
  const total = 3 * 1024 * 1024;
  let server: ServerHttp2Stream | undefined;
  const origin = await h2Origin(true, (stream) => {
    server = stream;
    stream.respond({ ":status": 200 });
  });
  const session = await h2Client(sidecar({ origin }));
  await new Promise<void>((resolve) => session.settings({ initialWindowSize: 0 }, () => resolve()));
  const end = extended(session);
  await end.until(() => end.headers !== undefined);
  server?.write(serverFrame(2, Buffer.alloc(total, "held back. ")));
  // Windows and buffers between the two hold far less than that.
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(server?.writableLength).toBeGreaterThan(0);
  expect(end.received).toHaveLength(0);
  session.settings({ initialWindowSize: 1024 * 1024 });
  await end.until(() => end.received.length >= total);
});

test.for([
  ["another protocol", { ":protocol": "connect-udp" }, "egress.upgrade_refused"],
  ["another version", { "sec-websocket-version": "8" }, "egress.upgrade_refused"],
  ["another host", { ":authority": "other.test" }, "egress.host_mismatch"],
  ["a path that isn't allowed", { ":path": "/no" }, "egress.path_not_allowed"],
] as const)("refuses an extended CONNECT to %s", async ([, fields, code]) => {
  const origin = await h2Origin(true, echo);
  const matches = [{ paths: [{ type: "prefix", value: "/chat" } as const], methods: ["GET"], headers: [] }];
  const end = extended(await h2Client(sidecar({ origin, routes: [route({ matches })] })), fields);
  await end.until(() => end.headers !== undefined);
  expect(end.headers?.["x-bot-bottle-verdict"]).toBe(code);
});

test("finds a secret split over frames and DATA, and closes with 1008", async () => {
  const got: Buffer[] = [];
  const origin = await h2Origin(true, (stream) => {
    stream.respond({ ":status": 200 });
    stream.on("data", (bytes: Buffer) => got.push(bytes));
  });
  const side = sidecar({ origin, bottleSecrets: { DB_PASSWORD: SECRET } });
  const end = extended(await h2Client(side));
  await end.until(() => end.headers !== undefined);
  const key = Buffer.alloc(4);
  const bytes = Buffer.concat([
    frame(1, SECRET.slice(0, 10), { key, fin: false }),
    frame(0, SECRET.slice(10), { key }),
  ]);
  for (const byte of bytes) end.stream.write(Buffer.from([byte]));
  await end.end();
  const reason = Buffer.from("\x03\xf0dlp.known_secret", "latin1");
  expect(end.received).toEqual(serverFrame(8, reason));
  expect(Buffer.concat(got).toString("latin1")).not.toContain(SECRET.slice(0, 12));
  expect((await side.journal(1))[0]).toMatchObject({
    verdict: "block",
    code: "dlp.known_secret",
    protocol: "h2",
  });
});

test("holds the sender to the stream's window when the other side doesn't read", async () => {
  let opened: ServerHttp2Stream | undefined;
  const origin = await h2Origin(true, (stream) => {
    stream.respond({ ":status": 200 });
    stream.pause();
    opened = stream;
  });
  const end = extended(await h2Client(sidecar({ origin })));
  await end.until(() => end.headers !== undefined);
  const bytes = frame(2, Buffer.alloc(8 * 1024 * 1024, "more. "));
  end.stream.write(bytes);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(end.stream.bufferSize + (end.stream.session?.state.outboundQueueSize ?? 0)).toBeGreaterThan(0);
  expect(end.stream.writableLength).toBeGreaterThan(0);
  let total = 0;
  opened?.on("data", (piece: Buffer) => {
    total += piece.length;
    if (total === bytes.length) opened?.write(serverFrame(1, "all of it"));
  });
  opened?.resume();
  await end.until(() => end.received.equals(serverFrame(1, "all of it")));
});

test("outlives a storm of streams that are reset as soon as they have switched, and serves the next", async () => {
  const origin = await h2Origin(true, echo);
  const side = sidecar({ origin });
  for (let round = 0; round < 4; round++) {
    const session = await h2Client(side);
    const ends = Array.from({ length: 50 }, () => extended(session));
    for (const [i, end] of ends.entries()) {
      if (i % 2 === 0) await end.until(() => end.headers !== undefined || end.closed);
      if (!end.closed) end.stream.write(frame(1, "half of", { fin: false }));
      end.stream.close(8);
    }
    await Promise.all(ends.map((end) => end.end()));
    session.destroy();
  }
  const end = extended(await h2Client(side));
  await end.until(() => end.headers !== undefined);
  end.stream.write(frame(1, "still here"));
  await end.until(() => end.received.equals(serverFrame(1, "still here")));
});

test("passes nothing that came before the answer of a server that doesn't switch", async () => {
  const origin = await h2Origin(true, (stream) => {
    stream.on("data", () => {});
    setTimeout(() => {
      stream.respond({ ":status": 403 });
      stream.end();
    }, 50);
  });
  const end = extended(await h2Client(sidecar({ origin })));
  end.stream.write(frame(1, "too early"));
  await end.until(() => end.headers !== undefined);
  expect(end.headers?.[":status"]).toBe(403);
});

test("reads frames that came too early, once the server has switched", async () => {
  let asked: ServerHttp2Stream | undefined;
  const origin = await h2Origin(true, (stream) => {
    asked = stream;
  });
  const side = sidecar({ origin });
  const end = extended(await h2Client(side));
  end.stream.write(frame(1, "early"));
  while (!asked) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  echo(asked);
  await end.until(() => end.received.equals(serverFrame(1, "early")));
});

test("leaves an ordinary HTTP/2 connection to an origin open for others", async () => {
  const origin = await h2Origin(true, (stream, headers) => {
    if (headers[":protocol"] === "websocket") echo(stream);
    else {
      stream.respond({ ":status": 200 });
      stream.end("plain");
    }
  });
  const session = await h2Client(sidecar({ origin }));
  const socket = extended(session);
  await socket.until(() => socket.headers !== undefined);
  const plain = new Http2End(session.request({ ":path": "/" }));
  await plain.end();
  expect(plain.received.toString()).toBe("plain");
  socket.stream.write(frame(1, "both"));
  await socket.until(() => socket.received.equals(serverFrame(1, "both")));
});

test("takes a WebSocket over HTTP/1.1 from a raw server that speaks it only when asked for it alone", async () => {
  const origin = await switching();
  const end = extended(await h2Client(sidecar({ origin })));
  await end.until(() => end.headers !== undefined);
  origin.connections[0]?.send(serverFrame(1, "down"));
  await end.until(() => end.received.equals(serverFrame(1, "down")));
});
