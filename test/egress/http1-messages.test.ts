import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, sidecar } from "./harness.ts";

const H = `Host: ${HOST}\r\n`;

test("keeps order, case and repetition of fields in both directions", async () => {
  const origin = await rawOrigin({
    serve: answering(() => ok("x", "X-b: 1\r\nx-A: 2\r\nX-B: 3\r\nSet-Cookie: a\r\nset-cookie: b\r\n")),
  });
  const client = await sidecar({ origin }).tls();
  client.send(`GET /p?q=1 HTTP/1.1\r\n${H}uSER-Agent: z\r\nX-1: a\r\nx-1: b\r\nAccept-Encoding: br\r\n\r\n`);
  const response = await client.until(/\r\n\r\nx$/);
  expect(origin.received()).toBe(
    `GET /p?q=1 HTTP/1.1\r\nHost: ${HOST}\r\nuSER-Agent: z\r\nX-1: a\r\nx-1: b\r\nAccept-Encoding: br\r\n\r\n`,
  );
  expect(response).toBe(
    "HTTP/1.1 200 OK\r\nX-b: 1\r\nx-A: 2\r\nX-B: 3\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 1\r\n\r\nx",
  );
});

test("removes hop-by-hop fields and what Connection names, in both directions", async () => {
  const origin = await rawOrigin({
    serve: answering(() =>
      ok(
        "x",
        'Connection: x-gone, keep-alive\r\nX-Gone: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nAlt-Svc: h3=":443"\r\nX-Stays: 1\r\n',
      ),
    ),
  });
  const client = await sidecar({ origin }).tls();
  client.send(
    `GET / HTTP/1.1\r\n${H}Connection: X-Secret, keep-alive\r\nx-secret: 1\r\nKeep-Alive: 3\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nTE: gzip\r\nX-Stays: 1\r\n\r\n`,
  );
  const response = await client.until(/\r\n\r\nx$/);
  expect(origin.received()).toBe(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Stays: 1\r\n\r\n`);
  expect(response).toBe("HTTP/1.1 200 OK\r\nX-Stays: 1\r\nContent-Length: 1\r\n\r\nx");
});

test("forwards chunked bodies and trailers both ways, and says TE: trailers for a client that did", async () => {
  const origin = await rawOrigin({
    serve: answering(
      () =>
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n",
    ),
  });
  const client = await sidecar({ origin }).tls();
  client.send(
    `POST / HTTP/1.1\r\n${H}TE: trailers\r\nConnection: TE\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n`,
  );
  const response = await client.until(/X-Sum: 9\r\n\r\n/);
  expect(origin.received()).toBe(
    `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTrailer: X-T\r\nTE: trailers\r\nConnection: TE\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\nx-t: 2\r\n\r\n`,
  );
  expect(response).toBe(
    "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n",
  );
});

test("keeps Content-Length: 0 of a POST without a body", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  await client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 0\r\n\r\n`).until(/hello/);
  expect(origin.received()).toContain("Content-Length: 0\r\n");
});

test("forwards 103 and other interim answers before the final one", async () => {
  const origin = await rawOrigin({
    serve: answering(
      () => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${ok()}`,
    ),
  });
  const client = await sidecar({ origin }).tls();
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/hello/);
  expect(text).toBe(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 \r\n\r\n${ok()}`);
});

test("forwards Expect, the 100 of the upstream, and only then the body", async () => {
  const origin = await rawOrigin({
    serve: (wire) => {
      wire.sendWhen(/\r\n\r\n/, "HTTP/1.1 100 Continue\r\n\r\n");
      wire.sendWhen(/hello$/, ok("done"));
    },
  });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
  await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  expect(origin.received()).toContain("Expect: 100-continue\r\n");
  expect(await client.send("hello").until(/done/)).toContain("HTTP/1.1 200 OK");
  client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
  await origin.connections[0]?.until(/helloGET/);
});

test("closes after a final answer to an expectation, because the body may come or not", async () => {
  const origin = await rawOrigin({
    serve: (wire) => void wire.sendWhen(/\r\n\r\n/, "HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno"),
  });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 500000\r\n\r\n`);
  const text = await client.end();
  expect(text).toMatch(/^HTTP\/1\.1 417 No\r\n/);
  expect(text).toMatch(/^Connection: close\r$/m);
});

test("refuses a request before its expected body is sent", async () => {
  const origin = await rawOrigin();
  const client = await sidecar({ origin }).tls();
  client.send("POST / HTTP/1.1\r\nHost: evil.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const text = await client.end();
  expect(text).not.toContain("100 Continue");
  expect(refusalCode(text)).toBe("egress.host_mismatch");
});

test("answers HEAD with the length and no body, and goes on", async () => {
  const origin = await rawOrigin({
    serve: answering((head) =>
      head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" : ok("next"),
    ),
  });
  const client = await sidecar({ origin }).tls();
  client.send(`HEAD / HTTP/1.1\r\n${H}\r\nGET / HTTP/1.1\r\n${H}\r\n`);
  const text = await client.until(/next/);
  expect(text).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n${ok("next")}`);
});

test.for([204, 304])("gives a %d no body, whatever its fields say", async (status) => {
  let count = 0;
  const origin = await rawOrigin({
    serve: answering(() => (++count === 1 ? `HTTP/1.1 ${status} X\r\nETag: "a"\r\n\r\n` : ok("next"))),
  });
  const client = await sidecar({ origin }).tls();
  client.send(`GET / HTTP/1.1\r\n${H}\r\n`);
  await client.until(/\r\n\r\n$/);
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/next/);
  expect(text).toBe(`HTTP/1.1 ${status} X\r\nETag: "a"\r\n\r\n${ok("next")}`);
});

test("answers HEAD to a host that is not allowed without a body", async () => {
  const client = await sidecar().tls({ servername: "evil.test" });
  const text = await client.send("HEAD / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n").end();
  expect(refusalCode(text)).toBe("egress.host_not_allowed");
  expect(text.endsWith("\r\n\r\n")).toBe(true);
});

test("uses one client connection and one upstream connection again and again", async () => {
  let count = 0;
  const origin = await rawOrigin({ serve: answering(() => ok(`answer ${++count}.`)) });
  const client = await sidecar({ origin }).tls();
  for (let i = 1; i <= 5; i++)
    await client.send(`GET /${i} HTTP/1.1\r\n${H}\r\n`).until(new RegExp(`answer ${i}\\.`));
  expect(origin.connections).toHaveLength(1);
});

test("decides each pipelined request on its own and answers in order", async () => {
  const origin = await rawOrigin({ serve: answering((head) => ok(`for ${head.split(" ")[1]}.`)) });
  const side = sidecar({
    origin,
    routes: [
      {
        host: HOST,
        ports: [443],
        encodedSlash: "block",
        git: { fetch: false, apiWrite: false },
        source: "test",
        matches: [{ paths: [{ type: "prefix", value: "/ok" }], methods: [], headers: [] }],
      },
    ],
  });
  const client = await side.tls();
  client.send(
    `GET /ok/1 HTTP/1.1\r\n${H}\r\nGET /no HTTP/1.1\r\n${H}\r\nPOST /ok/2 HTTP/1.1\r\n${H}Content-Length: 3\r\n\r\nabcGET /ok/3 HTTP/1.1\r\n${H}\r\n`,
  );
  const text = await client.until(/for \/ok\/3\./);
  const answers = [...text.matchAll(/HTTP\/1\.1 (\d+)|for (\S+?)\./g)].map((m) => m[1] ?? m[2]);
  expect(answers).toEqual(["200", "/ok/1", "403", "200", "/ok/2", "200", "/ok/3"]);
  expect(origin.received()).not.toContain("/no");
  expect((await side.journal(4)).map((e) => [e.path, e.verdict])).toEqual([
    ["/ok/1", "allow"],
    ["/no", "block"],
    ["/ok/2", "allow"],
    ["/ok/3", "allow"],
  ]);
});

test("ends after Connection: close, whoever says it", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok("x", "Connection: close\r\n")) });
  const side = sidecar({ origin });
  const closing = await side.tls();
  expect(await closing.send(`GET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n`).end()).toMatch(
    /Connection: close\r\n\r\nx$/,
  );
  // The upstream's wish is about its own connection.
  const staying = await side.tls();
  await staying.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/x$/);
  await staying.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/x[\s\S]*x$/);
  expect(origin.connections).toHaveLength(3);
});

test("speaks HTTP/1.0 with a client that does: no chunks, no interim answers, closed at the end", async () => {
  const origin = await rawOrigin({
    serve: answering(
      () =>
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
    ),
  });
  const client = await sidecar({ origin }).tls();
  const text = await client.send(`GET / HTTP/1.0\r\n${H}\r\n`).end();
  expect(text).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  expect(origin.received()).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
});

test("keeps an HTTP/1.0 connection that asks for it where the length is known", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  await client
    .send(`GET / HTTP/1.0\r\n${H}Connection: keep-alive\r\n\r\n`)
    .until(/Connection: keep-alive\r\n\r\nhello/);
  await client.send(`GET / HTTP/1.0\r\n${H}\r\n`).until(/hello[\s\S]*hello/);
});

test("turns a close-delimited answer into chunks, and a cut chunked one into a cut one", async () => {
  let count = 0;
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      if (++count === 1) wire.socket.end("HTTP/1.0 200 OK\r\n\r\nall of it");
      else {
        wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        setTimeout(() => wire.socket.destroy(), 20);
      }
      return undefined;
    }),
  });
  const side = sidecar({ origin });
  const whole = await side.tls();
  expect(await whole.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/0\r\n\r\n$/)).toContain(
    "\r\n\r\n9\r\nall of it\r\n0\r\n\r\n",
  );
  const cut = await side.tls();
  expect(await cut.send(`GET / HTTP/1.1\r\n${H}\r\n`).end()).toMatch(/3\r\nabc\r\n$/);
});

test("closes when the upstream dies in the middle of a length", async () => {
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      wire.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nonly this");
      return undefined;
    }),
  });
  const side = sidecar({ origin });
  const client = await side.tls();
  expect(await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).end()).toMatch(/only this$/);
  const [event] = await side.journal(1);
  expect(event?.error).toContain("no whole answer");
});

test("delivers an answer that comes before the request has ended, then throws the rest away", async () => {
  const origin = await rawOrigin({
    serve: (wire) => void wire.sendWhen(/\r\n\r\n/, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"),
  });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 10\r\n\r\nabc`);
  await client.until(/big$/);
  client.send("defghijGET /next HTTP/1.1\r\nHost: evil.test\r\n\r\n");
  expect(refusalCode((await client.until(/403/)).split("big")[1] ?? "")).toBe("egress.host_mismatch");
});

test("streams a request while its answer streams back", async () => {
  const origin = await rawOrigin({
    serve: (wire) => {
      wire.sendWhen(/ping/, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npong\r\n");
      wire.sendWhen(/ping[\s\S]*end[\s\S]*0\r\n\r\n/, "0\r\n\r\n");
    },
  });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n4\r\nping\r\n`);
  await client.until(/pong/);
  client.send("3\r\nend\r\n0\r\n\r\n");
  await client.until(/0\r\n\r\n$/);
});

test("passes each server-sent event on as it comes", async () => {
  let origins: { send: (text: string) => unknown } | undefined;
  const origin = await rawOrigin({
    serve: (wire) => {
      origins = wire;
      wire.sendWhen(
        /\r\n\r\n/,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
    },
  });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET /events HTTP/1.1\r\n${H}\r\n`).until(/event-stream[\s\S]*\r\n\r\n/);
  for (let i = 0; i < 5; i++) {
    origins?.send(`9\r\ndata: ${i}\n\n\r\n`);
    await client.until(new RegExp(`data: ${i}\n\n`));
  }
});

test("closes the upstream when the client goes away in the middle", async () => {
  const origin = await rawOrigin({
    serve: (wire) => void wire.sendWhen(/\r\n\r\n/, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc"),
  });
  const side = sidecar({ origin });
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/abc/);
  client.socket.destroy();
  await origin.connections[0]?.end();
  const [event] = await side.journal(1);
  expect(event?.error).toContain("client closed");
});

test("never completes a request upstream that the client broke off", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  client.send(`POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`);
  while (!origin.received().includes("hello")) await new Promise((resolve) => setTimeout(resolve, 5));
  client.socket.destroy();
  await origin.connections[0]?.end();
  expect(origin.received()).not.toContain("0\r\n\r\n");
});

test("sends a GET again when a kept connection turns out to be closed, and never a POST", async () => {
  let accept = true;
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      if (accept) return ok("first");
      // The first connection dies on its second request, unanswered.
      accept = true;
      wire.socket.destroy();
      return undefined;
    }),
  });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/first/);
  accept = false;
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/first[\s\S]*first/);
  expect(origin.connections).toHaveLength(2);
  accept = false;
  const text = await client.send(`POST / HTTP/1.1\r\n${H}Content-Length: 2\r\n\r\nhi`).until(/502/);
  expect(text).toContain('"retryable": true');
  expect(origin.connections).toHaveLength(2);
});

test.for(["POST", "PATCH"])("sends a %s without a body only once", async (method) => {
  let count = 0;
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      if (++count === 1) return ok("first");
      wire.socket.destroy();
      return undefined;
    }),
  });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/first/);
  await client.send(`${method} / HTTP/1.1\r\n${H}\r\n`).until(/502/);
  expect(count).toBe(2);
});

test("sends nothing again over a connection that was new", async () => {
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      wire.socket.destroy();
      return undefined;
    }),
  });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/502/);
  expect(origin.connections).toHaveLength(1);
});

test.for([
  ["TLS", "GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n"],
  [
    "h2c",
    "GET / HTTP/1.1",
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
  ],
])("refuses an upgrade to %s with its own code", async ([, line, fields]) => {
  const origin = await rawOrigin();
  const client = await sidecar({ origin }).tls();
  const text = await client.send(`${line}\r\n${H}${fields}\r\n`).until(/\}\n$/);
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(refusalCode(text)).toBe("egress.upgrade_refused");
  expect(origin.connections).toHaveLength(0);
});

test.for([
  ["TRACE", "/"],
  ["CONNECT", "other.test:443"],
])("never forwards %s", async ([method, target]) => {
  const origin = await rawOrigin();
  const client = await sidecar({ origin }).tls();
  const text = await client.send(`${method} ${target} HTTP/1.1\r\n${H}\r\n`).until(/\}\n$/);
  expect(refusalCode(text)).toBe("egress.method_refused");
  expect(origin.connections).toHaveLength(0);
});

test("passes 32 MiB up and down unchanged", async () => {
  const size = 32 * 1024 * 1024;
  const origin = await rawOrigin({
    serve: (wire) => {
      let seen = 0;
      wire.socket.removeAllListeners("data");
      wire.socket.on("data", (bytes) => {
        seen += bytes.length;
        if (seen < size) return;
        wire.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        for (let i = 0; i < 32; i++) wire.socket.write(Buffer.alloc(1024 * 1024, i));
      });
    },
  });
  const client = await sidecar({ origin }).tls();
  client.socket.removeAllListeners("data");
  let received = 0;
  let last = 0;
  client.socket.on("data", (bytes) => {
    received += bytes.length;
    last = bytes[bytes.length - 1] ?? 0;
  });
  client.socket.write(`PUT / HTTP/1.1\r\n${H}Content-Length: ${size}\r\n\r\n`);
  for (let i = 0; i < 32; i++) client.socket.write(Buffer.alloc(1024 * 1024, 7));
  while (received < size) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(last).toBe(31);
});
