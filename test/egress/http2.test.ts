import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createHttpsServer } from "node:https";
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

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) => void;

/** An origin that speaks h2 only. */
async function h2Origin(serve: Serve): Promise<{ port: number; sessions: () => number }> {
  let sessions = 0;
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] });
  server.on("session", (session) => {
    sessions++;
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
  });
  server.on(
    "stream",
    (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
      stream.on("error", () => {});
      serve(stream, headers, raw);
    },
  );
  const port = await listening(server);
  onTestFinished(() => void server.close());
  return { port, sessions: () => sessions };
}

async function h2Client(side: Sidecar, servername = HOST): Promise<ClientHttp2Session> {
  const socket = await side.handshake(await tcp(await side.transparent()), { servername, alpn: ["h2"] });
  const session = connect(`https://${servername}`, { createConnection: () => socket, maxSessionMemory: 100 });
  session.on("error", () => {});
  onTestFinished(() => session.destroy());
  return session;
}

interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly raw: readonly string[];
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly informational: number[];
  readonly body: string;
  readonly rst: number;
}

function collect(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {};
    let raw: readonly string[] = [];
    let trailers: IncomingHttpHeaders | undefined;
    const informational: number[] = [];
    let body = "";
    stream.on("headers", (h) => informational.push(Number(h[":status"])));
    stream.on("response", (h, _f, r: readonly string[]) => {
      headers = h;
      raw = r;
    });
    stream.on("trailers", (t) => {
      trailers = t;
    });
    stream.on("data", (bytes: Buffer) => {
      body += bytes.toString("latin1");
    });
    stream.on("error", () => {});
    stream.on("close", () => resolve({ headers, raw, trailers, informational, body, rst: stream.rstCode }));
  });
}

function echo(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  let body = "";
  stream.on("data", (bytes: Buffer) => {
    body += bytes.toString("latin1");
  });
  stream.on("end", () => {
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "x-path": headers[":path"], "x-method": headers[":method"] });
    stream.end(`echo ${body}`);
  });
}

test("carries HTTP/2 to HTTP/2", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({ origin });
  const session = await h2Client(side);
  const stream = session.request({ ":method": "POST", ":path": "/p?q=1" });
  stream.end("hello");
  const answer = await collect(stream);
  expect(answer.headers).toMatchObject({ ":status": 200, "x-path": "/p?q=1", "x-method": "POST" });
  expect(answer.body).toBe("echo hello");
  expect((await side.journal(1))[0]).toMatchObject({
    protocol: "h2",
    verdict: "allow",
    status: 200,
    bytes_out: 5,
    bytes_in: 10,
  });
});

test("carries HTTP/2 to HTTP/1.1, cookies joined, body chunked", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok("from h1")) });
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request({ ":method": "POST", ":path": "/", cookie: ["a=1", "b=2"], "x-a": "1" });
  stream.end("hi");
  const answer = await collect(stream);
  expect(answer.body).toBe("from h1");
  expect(origin.received()).toBe(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nx-a: 1\r\ncookie: a=1; b=2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  );
});

test("carries HTTP/1.1 to an origin that speaks HTTP/2 only", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({ origin });
  const client = await side.tls();
  client.send(`POST /a HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\n\r\nhi`);
  const text = await client.until(/0\r\n\r\n$/);
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(text).toContain("7\r\necho hi\r\n");
  // Remembered: the second request needs no second handshake.
  client.send(`GET /b HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await client.until(/x-path: \/b/);
  expect(origin.sessions()).toBe(1);
});

test("carries HTTP/1.1 to HTTP/1.1 where the origin offers both", async () => {
  const server = createSecureServer({ ...originCa.issue(), allowHTTP1: true }, (request, response) => {
    response.end(`HTTP/${request.httpVersion}`);
  });
  const port = await listening(server);
  onTestFinished(() => void server.close());
  const side = sidecar({ origin: { port } });
  const h1 = await side.tls();
  await h1
    .send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
    .until(/HTTP\/1\.1$|HTTP\/1\.1\r\n0/m);
  const h2 = await h2Client(side);
  expect((await collect(h2.request({ ":path": "/" }))).body).toBe("HTTP/2.0");
});

test("sends many requests over one upstream session", async () => {
  const origin = await h2Origin((stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.end(String(headers[":path"]));
  });
  const session = await h2Client(sidecar({ origin }));
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, i) => collect(session.request({ ":path": `/${i}` }))),
  );
  expect(answers.map((a) => a.body)).toEqual(Array.from({ length: 50 }, (_, i) => `/${i}`));
  expect(origin.sessions()).toBe(1);
});

test("streams both ways at once with trailers, as gRPC does", async () => {
  let requestTrailers: IncomingHttpHeaders | undefined;
  const origin = await h2Origin((stream, headers) => {
    expect(headers.te).toBe("trailers");
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("data", (bytes: Buffer) => stream.write(`re:${bytes}`));
    stream.on("trailers", (t) => {
      requestTrailers = t;
    });
    stream.on("end", () => stream.end());
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "grpc-message": "fine" }));
  });
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request(
    { ":method": "POST", ":path": "/pkg.Service/Method", "content-type": "application/grpc", te: "trailers" },
    { waitForTrailers: true },
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-client": "done" }));
  const done = collect(stream);
  for (let i = 0; i < 5; i++) {
    const seen = new Promise<string>((resolve) =>
      stream.once("data", (bytes: Buffer) => resolve(bytes.toString())),
    );
    const message = `\0\0\0\0\x02m${i}`;
    stream.write(message);
    expect(await seen).toBe(`re:${message}`);
  }
  stream.end();
  const answer = await done;
  expect(answer.trailers).toMatchObject({ "grpc-status": "0", "grpc-message": "fine" });
  expect(requestTrailers).toMatchObject({ "x-client": "done" });
});

test("carries trailers from HTTP/2 to HTTP/1.1 and back", async () => {
  const origin = await rawOrigin({
    serve: answering(
      () => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 9\r\n\r\n",
    ),
  });
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request(
    { ":method": "POST", ":path": "/", te: "trailers" },
    { waitForTrailers: true },
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-t": "1" }));
  stream.end("hi");
  const answer = await collect(stream);
  expect(answer.trailers).toMatchObject({ "x-sum": "9" });
  expect(origin.received()).toContain("2\r\nhi\r\n0\r\nx-t: 1\r\n\r\n");
});

test("forwards interim answers and an answer to HEAD", async () => {
  const origin = await h2Origin((stream, headers) => {
    stream.additionalHeaders({ ":status": 103, link: "</a>" });
    if (headers[":method"] === "HEAD") {
      stream.respond({ ":status": 200, "content-length": 77 }, { endStream: true });
    } else {
      stream.respond({ ":status": 200 });
      stream.end("x");
    }
  });
  const side = sidecar({ origin });
  const session = await h2Client(side);
  const head = await collect(session.request({ ":method": "HEAD", ":path": "/" }));
  expect(head.informational).toEqual([103]);
  expect(head.headers).toMatchObject({ ":status": 200, "content-length": "77" });
  const h1 = await side.tls();
  const text = await h1.send(`HEAD / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/77\r\n\r\n$/);
  expect(text).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

test("passes repeated fields on as they are, between the versions too", async () => {
  const fields = "ETag: a\r\nETag: b\r\nContent-Type: x\r\nContent-Type: y\r\n";
  const origin = await rawOrigin({
    serve: answering(
      () =>
        `HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: a\r\nX-T: b\r\n__proto__: c\r\n\r\n`,
    ),
  });
  const session = await h2Client(sidecar({ origin }));
  const answer = await collect(session.request({ ":path": "/" }));
  expect(answer.raw.filter((_, i) => answer.raw[i - (i % 2)] === "etag")).toEqual(["etag", "a", "etag", "b"]);
  expect(answer.trailers?.["x-t"]).toBe("a, b");
});

test("gives an answer without a body a length of zero in HTTP/1.1", async () => {
  const origin = await h2Origin((stream) => stream.respond({ ":status": 404 }, { endStream: true }));
  const client = await sidecar({ origin }).tls();
  const text = await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/\r\n\r\n$/);
  expect(text).toContain("Content-Length: 0\r\n");
});

test("refuses a host that only another connection may ask for (coalescing)", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({ origin, routes: [route(), route({ host: "other.test" })] });
  const session = await h2Client(side);
  const answer = await collect(session.request({ ":path": "/", ":authority": "other.test" }));
  expect(answer.headers).toMatchObject({ ":status": 403, "x-bot-bottle-verdict": "egress.host_mismatch" });
  expect(origin.sessions()).toBe(0);
});

test("refuses :authority and host that name different hosts", async () => {
  const origin = await h2Origin(echo);
  const session = await h2Client(sidecar({ origin }));
  const answer = await collect(
    session.request([
      ":method",
      "GET",
      ":scheme",
      "https",
      ":authority",
      HOST,
      ":path",
      "/",
      "host",
      "evil.test",
    ]),
  );
  expect(answer.headers[":status"]).not.toBe(200);
  expect(origin.sessions()).toBe(0);
});

test("decides each stream on its own", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({
    origin,
    routes: [
      route({ matches: [{ paths: [{ type: "exact", value: "/yes" }], methods: ["GET"], headers: [] }] }),
    ],
  });
  const session = await h2Client(side);
  const [yes, no, post] = await Promise.all([
    collect(session.request({ ":path": "/yes" })),
    collect(session.request({ ":path": "/no" })),
    collect(session.request({ ":path": "/yes", ":method": "POST" }).end("x")),
  ]);
  expect(yes.headers[":status"]).toBe(200);
  expect(no.headers["x-bot-bottle-verdict"]).toBe("egress.path_not_allowed");
  expect(post.headers["x-bot-bottle-verdict"]).toBe("egress.method_not_allowed");
});

test("refuses plain CONNECT", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({ origin });
  const session = await h2Client(side);
  const plain = await collect(session.request({ ":method": "CONNECT", ":authority": HOST }));
  expect(plain.headers["x-bot-bottle-verdict"]).toBe("egress.method_refused");
  expect(origin.sessions()).toBe(0);
});

test.for([
  ["connection", "keep-alive"],
  ["transfer-encoding", "chunked"],
  ["upgrade", "websocket"],
  ["te", "gzip"],
])("never forwards the field %s in HTTP/2", async ([name, value]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const session = await h2Client(sidecar({ origin }));
  let answer: Answer | undefined;
  try {
    answer = await collect(
      session.request([
        ":method",
        "GET",
        ":scheme",
        "https",
        ":authority",
        HOST,
        ":path",
        "/",
        name ?? "",
        value ?? "",
      ]),
    );
  } catch {
    // the client's own library won't send it
  }
  expect(answer?.headers[":status"]).not.toBe(200);
  expect(origin.connections).toHaveLength(0);
});

test("answers a refusal to a client that still sends, and stops it", async () => {
  const side = sidecar();
  const session = await h2Client(side, "evil.test");
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.write("x");
  const answer = await collect(stream);
  expect(answer.headers["x-bot-bottle-verdict"]).toBe("egress.host_not_allowed");
  expect(answer.body).toContain("evil.test");
  expect(answer.rst).toBe(constants.NGHTTP2_NO_ERROR);
});

test("resets the upstream stream when the client resets its own, and the other way round", async () => {
  let upstream: ServerHttp2Stream | undefined;
  const origin = await h2Origin((stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.write("begin");
    if (headers[":path"] === "/die") setTimeout(() => stream.destroy(new Error("dies")), 20);
    else upstream = stream;
  });
  const side = sidecar({ origin });
  const session = await h2Client(side);
  const dying = await collect(session.request({ ":path": "/die" }));
  expect(dying.rst).not.toBe(constants.NGHTTP2_NO_ERROR);
  const stream = session.request({ ":path": "/" });
  await new Promise((resolve) => stream.once("data", resolve));
  const closed = new Promise((resolve) => upstream?.once("close", resolve));
  stream.close(constants.NGHTTP2_CANCEL);
  await closed;
  await side.journal(2);
});

test("never completes an HTTP/2 request upstream that the client broke off", async () => {
  const seen: string[] = [];
  let gone: Promise<unknown> = Promise.resolve();
  const origin = await h2Origin((stream) => {
    for (const event of ["data", "end", "aborted"]) stream.on(event, () => seen.push(event));
    gone = new Promise((resolve) => stream.once("close", resolve));
    stream.respond({ ":status": 200 });
    stream.write("x");
  });
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request({ ":method": "POST", ":path": "/" });
  stream.on("error", () => {});
  stream.write("half of it");
  await new Promise((resolve) => stream.once("data", resolve));
  session.destroy();
  await gone;
  expect(seen).toContain("aborted");
});

test("passes 16 MiB both ways through HTTP/2 unchanged", async () => {
  const size = 16 * 1024 * 1024;
  const origin = await h2Origin((stream) => {
    stream.respond({ ":status": 200 });
    stream.pipe(stream);
  });
  const session = await h2Client(sidecar({ origin }));
  const stream = session.request({ ":method": "POST", ":path": "/" });
  let received = 0;
  const done = new Promise((resolve) => stream.on("end", resolve));
  stream.on("data", (bytes: Buffer) => {
    received += bytes.length;
  });
  for (let i = 0; i < 16; i++) stream.write(Buffer.alloc(size / 16, i));
  stream.end();
  await done;
  expect(received).toBe(size);
});

test("survives a client that resets streams as fast as it can (CVE-2023-44487)", async () => {
  const origin = await h2Origin(echo);
  const side = sidecar({ origin });
  const session = await h2Client(side);
  for (let i = 0; i < 3000 && !session.destroyed && !session.closed; i++) {
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {});
    stream.close(constants.NGHTTP2_CANCEL);
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const other = await h2Client(side);
  expect((await collect(other.request({ ":path": "/" }))).headers[":status"]).toBe(200);
});

test("serves HTTP/1.1 in a node:https origin to an h2 client", async () => {
  const server = createHttpsServer(
    originCa.issue(),
    (_request, response) => void response.end("plain https"),
  );
  const port = await listening(server);
  onTestFinished(() => void server.close());
  const session = await h2Client(sidecar({ origin: { port } }));
  expect((await collect(session.request({ ":path": "/" }))).body).toBe("plain https");
});
