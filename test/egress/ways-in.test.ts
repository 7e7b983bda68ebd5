import { createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { expect, test } from "vitest";
import { readOpening } from "../../src/sidecar/egress/tls/client-hello.ts";
import {
  answering,
  HOST,
  listening,
  ok,
  rawOrigin,
  refusalCode,
  route,
  sidecar,
  tcp,
  Wire,
} from "./harness.ts";

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;

function get(host: string): string {
  return `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
}

test("answers a host that is not allowed over TLS that its client can verify", async () => {
  const side = sidecar();
  const client = await side.tls({ servername: "evil.test" });
  const text = await client.send(get("evil.test")).end();
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(text).toMatch(/^content-type: application\/problem\+json\r$/m);
  expect(JSON.parse(text.slice(text.indexOf("{")))).toMatchObject({
    code: "egress.host_not_allowed",
    retryable: false,
    id: side.events[0]?.id,
  });
});

test("answers an IP literal over TLS that its client can verify", async () => {
  const side = sidecar();
  const socket = await tcp(await side.transparent());
  const tls = await new Promise<Wire>((resolve, reject) => {
    const made = connectTls({ socket, ca: side.caPem, host: "127.0.0.1" }, () => resolve(new Wire(made)));
    made.on("error", reject);
  });
  expect(refusalCode(await tls.send(get("127.0.0.1")).end())).toBe("egress.ip_literal");
  expect(side.events[0]).toMatchObject({
    host: "127.0.0.1",
    dialled: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
  });
});

test.for([
  ["SNI allowed, Host not", HOST, "evil.test"],
  ["Host allowed, SNI not", "evil.test", HOST],
  ["an address as Host", HOST, "127.0.0.1"],
  ["another port in Host", HOST, `${HOST}:8443`],
])("refuses %s", async ([, servername = "", host = ""]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin, routes: [route()] }).tls({ servername });
  expect(refusalCode(await client.send(get(host)).end())).toBe("egress.host_mismatch");
  expect(origin.connections).toHaveLength(0);
});

test("refuses an allowed Host without SNI", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls({ servername: null });
  expect(refusalCode(await client.send(GET).end())).toBe("egress.host_mismatch");
  expect(origin.connections).toHaveLength(0);
});

test.for([
  ["in another case", HOST.toUpperCase()],
  ["with the port", `${HOST}:443`],
  ["with a trailing dot", `${HOST}.`],
])("accepts Host %s", async ([, host = ""]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  expect(await client.send(get(host)).end()).toContain("hello");
  expect(origin.received()).toContain(`\r\nHost: ${HOST}\r\n`);
});

test("takes an absolute target that agrees with the connection, and refuses one that does not", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const good = await side.tls();
  await good.send(`GET https://${HOST}/x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  expect(origin.received()).toMatch(/^GET \/x HTTP\/1\.1\r\n/);
  for (const [target, host, code] of [
    [`https://evil.test/`, HOST, "egress.host_mismatch"],
    [`https://${HOST}/`, "evil.test", "egress.host_mismatch"],
    [`http://${HOST}/`, HOST, "egress.protocol_error"],
    [`ftp://${HOST}/`, HOST, "egress.protocol_error"],
  ]) {
    const bad = await side.tls();
    const text = await bad.send(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`).end();
    expect(refusalCode(text), target).toBe(code);
  }
});

test("reads a ClientHello in any number of pieces", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const port = await side.transparent();
  // A relay that passes the client's first bytes on one by one.
  const relay = createServer((near) => {
    near.on("error", () => {});
    void tcp(port).then((far) => {
      far.on("data", (bytes) => near.write(bytes));
      far.on("close", () => near.destroy());
      near.on("close", () => far.destroy());
      near.once("data", (bytes) => {
        near.pause();
        void oneByOne(far, bytes).then(() => {
          near.on("data", (more) => far.write(more));
          near.resume();
        });
      });
    });
  });
  const socket = await tcp(await listening(relay));
  const client = new Wire(await side.handshake(socket));
  expect(await client.send(GET).end()).toContain("hello");
  relay.close();
});

async function oneByOne(socket: Socket, bytes: Buffer): Promise<void> {
  for (let i = 0; i < bytes.length; i++) {
    socket.write(bytes.subarray(i, i + 1));
    if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A ClientHello by hand. */
function hello(extensions: Buffer, options: { records?: number } = {}): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
    u16(extensions.length),
    extensions,
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  const size = Math.ceil(message.length / (options.records ?? 1));
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.subarray(at, at + size);
    records.push(Buffer.from([0x16, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(records);
}

function u16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 0xff]);
}

function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([u16(type), u16(value.length), value]);
}

function sni(...names: string[]): Buffer {
  const list = Buffer.concat(
    names.map((n) => Buffer.concat([Buffer.from([0]), u16(n.length), Buffer.from(n)])),
  );
  return extension(0, Buffer.concat([u16(list.length), list]));
}

// draft-ietf-tls-esni, with the random content GREASE sends
const GREASE_ECH = extension(0xfe0d, Buffer.alloc(120, 5));

test("finds the server name among GREASE, encrypted ClientHello and several records", () => {
  for (const records of [1, 2, 7]) {
    const bytes = hello(Buffer.concat([extension(0x0a0a, Buffer.alloc(1)), GREASE_ECH, sni("a.test")]), {
      records,
    });
    expect(readOpening(bytes)).toEqual({ kind: "hello", sni: "a.test", alpn: [] });
    for (let cut = 0; cut < bytes.length; cut++)
      expect(readOpening(bytes.subarray(0, cut))).toEqual({ kind: "more" });
  }
});

test.for([
  ["two names", sni("a.test", "b.test")],
  ["the name extension twice", Buffer.concat([sni("a.test"), sni("b.test")])],
  ["an empty name", sni("")],
  ["a name list of the wrong length", extension(0, Buffer.from([0, 9, 0, 0, 1, 97]))],
  ["a cut extension", Buffer.from([0, 0, 0, 9, 1])],
  ["a malformed protocol list", extension(16, Buffer.from([0, 3, 9, 1, 1]))],
])("does not accept a ClientHello with %s", ([, extensions]) => {
  expect(readOpening(hello(extensions as Buffer)).kind).toBe("invalid");
});

test("closes what begins like TLS and is not, and journals it", async () => {
  const side = sidecar();
  const client = new Wire(await tcp(await side.transparent()));
  client.send(Buffer.from([0x16, 3, 1, 0, 5, 9, 0, 0, 1, 0]));
  expect(await client.end()).toBe("");
  expect(side.events[0]).toMatchObject({ protocol: "tls", verdict: "block", code: "egress.protocol_error" });
});

test("answers plain HTTP on the TLS port with what is required", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = await side.plain(443);
  expect(refusalCode(await client.send(GET).end())).toBe("egress.tls_required");
  expect(origin.connections).toHaveLength(0);
});

test("closes bytes that are neither TLS nor HTTP, and journals it", async () => {
  const side = sidecar();
  const client = await side.plain(443);
  expect(await client.send("\x00\x01binary").end()).toBe("");
  expect(side.events[0]).toMatchObject({ protocol: "tcp", verdict: "block", code: "egress.tls_required" });
});

test("carries plain HTTP on port 80 where a route lists it, without a credential", async () => {
  const origin = await rawOrigin({ tls: false, serve: answering(() => ok()) });
  const resolve = { [`${HOST}:80`]: `127.0.0.1:${origin.port}` };
  const side = sidecar({ resolve });
  const client = await side.plain();
  expect(await client.send(GET).end()).toContain("hello");
  const auth = { header: "authorization", scheme: "bearer", secret: "T" } as const;
  const closed = sidecar({ resolve, routes: [route({ auth })], secrets: { T: "real-token-value" } });
  const refused = await closed.plain();
  expect(refusalCode(await refused.send(GET).end())).toBe("egress.tls_required");
  expect(origin.received()).not.toContain("real-token-value");
});

test("lets a client of plain HTTP close its half and still read the answer", async () => {
  const origin = await rawOrigin({ tls: false, serve: answering(() => ok()) });
  const client = await sidecar({ resolve: { [`${HOST}:80`]: `127.0.0.1:${origin.port}` } }).plain();
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).socket.end();
  expect(await client.end()).toContain("hello");
});

test("tunnels CONNECT to TLS only, and decides inside", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = new Wire(await side.handshake(await side.tunnel(`${HOST}:443`)));
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  expect(side.events[0]).toMatchObject({ way: "proxy", host: HOST, verdict: "allow" });
  const evil = new Wire(
    await side.handshake(await side.tunnel("evil.test:443"), { servername: "evil.test" }),
  );
  expect(refusalCode(await evil.send(get("evil.test")).end())).toBe("egress.host_not_allowed");
});

test.for([
  ["SNI differs", `${HOST}:443`, "evil.test", "evil.test"],
  ["SNI is the allowed one, the target not", "evil.test:443", HOST, HOST],
  ["the target is an address", "127.0.0.1:443", HOST, HOST],
])("refuses a CONNECT whose %s", async ([, target = "", servername = "", host = ""]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = new Wire(await side.handshake(await side.tunnel(target), { servername }));
  expect(refusalCode(await client.send(get(host)).end())).toBe("egress.host_mismatch");
  expect(origin.connections).toHaveLength(0);
});

test("answers a tunnel to an IP literal over TLS", async () => {
  const side = sidecar();
  const socket = await side.tunnel("192.0.2.1:443");
  const client = await new Promise<Wire>((resolve, reject) => {
    const tls = connectTls({ socket, ca: side.caPem, host: "192.0.2.1" }, () => resolve(new Wire(tls)));
    tls.on("error", reject);
  });
  expect(refusalCode(await client.send(get("192.0.2.1")).end())).toBe("egress.ip_literal");
});

test.for([
  ["plain HTTP inside", GET],
  ["a nested CONNECT", `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\n\r\n`],
  ["SSH inside", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["SMTP inside", "EHLO me\r\n"],
])("closes a tunnel with %s, journalled, nothing dialled", async ([, bytes = ""]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = new Wire(await side.tunnel(`${HOST}:443`));
  expect(await client.send(bytes).end()).toBe("");
  expect((await side.journal(1))[0]).toMatchObject({
    verdict: "block",
    code: "egress.tls_required",
    protocol: "tcp",
  });
  expect(origin.connections).toHaveLength(0);
});

test("refuses a CONNECT inside a tunnel's TLS", async () => {
  const side = sidecar();
  const client = new Wire(await side.handshake(await side.tunnel(`${HOST}:443`)));
  const text = await client
    .send(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
    .end();
  expect(refusalCode(text)).toBe("egress.method_refused");
});

test.for([
  ["port 25", `CONNECT ${HOST}:25 HTTP/1.1\r\nHost: ${HOST}:25\r\n\r\n`, 403, "egress.port_not_allowed"],
  [
    "another Host",
    `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n`,
    403,
    "egress.host_mismatch",
  ],
  ["no port", `CONNECT ${HOST} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400, "egress.protocol_error"],
  ["port 0", `CONNECT ${HOST}:0 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400, "egress.protocol_error"],
  ["port 99999", `CONNECT ${HOST}:99999 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`, 400, "egress.protocol_error"],
  [
    "userinfo",
    `CONNECT ${HOST}@evil.test:443 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`,
    400,
    "egress.protocol_error",
  ],
  [
    "a body",
    `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\nContent-Length: 3\r\n\r\nabc`,
    400,
    "egress.protocol_error",
  ],
] as const)("opens no tunnel for %s", async ([, bytes, status, code]) => {
  const side = sidecar();
  const client = await side.proxyClient();
  const text = await client.send(bytes).until(/\}\n$/);
  expect(text).toContain(`HTTP/1.1 ${status} `);
  expect(refusalCode(text)).toBe(code);
  expect(side.events[0]).toMatchObject({ verdict: "block", code });
});

test("forwards an absolute target on the proxy port", async () => {
  const origin = await rawOrigin({ tls: false, serve: answering(() => ok()) });
  const side = sidecar({ resolve: { [`${HOST}:80`]: `127.0.0.1:${origin.port}` } });
  const client = await side.proxyClient();
  await client
    .send(`GET http://${HOST}/p?q HTTP/1.1\r\nHost: ${HOST}\r\nProxy-Connection: keep-alive\r\n\r\n`)
    .until(/hello/);
  expect(origin.received()).toBe(`GET /p?q HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  const text = await client
    .send(`GET http://${HOST}/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n`)
    .end();
  expect(refusalCode(text)).toBe("egress.host_mismatch");
  const evil = await side.proxyClient();
  expect(
    refusalCode(
      await evil.send("GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n").end(),
    ),
  ).toBe("egress.host_not_allowed");
  const userinfo = await side.proxyClient();
  expect(
    refusalCode(
      await userinfo
        .send(`GET http://${HOST}@evil.test/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`)
        .end(),
    ),
  ).toBeDefined();
  expect(origin.connections).toHaveLength(1);
});

test("takes an absolute https target on the proxy port to TLS upstream", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).proxyClient();
  await client.send(`GET https://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
});

test("serves /HOST/path as a reverse proxy over TLS upstream, with the route's credential", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const auth = { header: "authorization", scheme: "bearer", secret: "T" } as const;
  const side = sidecar({ origin, routes: [route({ auth })], secrets: { T: "real-token-value" } });
  const client = await side.proxyClient();
  await client
    .send(`POST /${HOST}/v1/x?q=1 HTTP/1.1\r\nHost: sidecar:9099\r\nContent-Length: 2\r\n\r\nhi`)
    .until(/hello/);
  expect(origin.received()).toBe(
    `POST /v1/x?q=1 HTTP/1.1\r\nHost: ${HOST}\r\nAuthorization: Bearer real-token-value\r\nContent-Length: 2\r\n\r\nhi`,
  );
  expect(side.events[0]).toMatchObject({ way: "reverse", host: HOST, port: 443, injected: "T" });
});

test.for([
  ["another host", "/evil.test/", "egress.host_not_allowed"],
  ["an address", "/127.0.0.1/", "egress.ip_literal"],
  ["another port", `/${HOST}:8443/`, "egress.port_not_allowed"],
  ["no host", "/", "egress.protocol_error"],
  ["an empty host", `//${HOST}/`, "egress.protocol_error"],
  ["userinfo", `/${HOST}@evil.test/`, "egress.protocol_error"],
])("refuses the reverse proxy form with %s", async ([, target = "", code = ""]) => {
  const client = await sidecar().proxyClient();
  const text = await client
    .send(`GET ${target} HTTP/1.1\r\nHost: sidecar:9099\r\nConnection: close\r\n\r\n`)
    .end();
  expect(refusalCode(text)).toBe(code);
});

test("refuses TLS and upgrades on the proxy port", async () => {
  const side = sidecar();
  const tls = await side.proxyClient();
  expect(await tls.send(hello(sni(HOST))).end()).not.toContain("200");
  const h2c = await side.proxyClient();
  const text = await h2c
    .send(`GET http://${HOST}/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`)
    .until(/\}\n$/);
  expect(refusalCode(text)).toBe("egress.upgrade_refused");
});

test("takes a new policy for the next request of an open connection", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  const { compilePolicy } = await import("../../src/policy/routes.ts");
  side.egress.updatePolicy(compilePolicy({ routes: [], gitHosts: [] }));
  expect(refusalCode(await client.send(GET).end())).toBe("egress.host_not_allowed");
});

test("resumes TLS sessions", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const port = await side.transparent();
  const session = await new Promise<Buffer>((resolve) => {
    const tls = connectTls({ port, host: "127.0.0.1", servername: HOST, ca: side.caPem });
    tls.on("session", (ticket) => {
      resolve(ticket);
      tls.destroy();
    });
    tls.write(GET);
    tls.resume();
  });
  const reused = await new Promise<boolean>((resolve) => {
    const tls = connectTls({ port, host: "127.0.0.1", servername: HOST, ca: side.caPem, session }, () => {
      resolve(tls.isSessionReused());
      tls.destroy();
    });
  });
  expect(reused).toBe(true);
});

test.for(["TLSv1", "TLSv1.1"] as const)("speaks no %s", async (version) => {
  const side = sidecar();
  const port = await side.transparent();
  const error = await new Promise<Error | undefined>((resolve) => {
    const tls = connectTls(
      {
        port,
        host: "127.0.0.1",
        servername: HOST,
        ca: side.caPem,
        minVersion: version,
        maxVersion: version,
        ciphers: "DEFAULT@SECLEVEL=0",
      },
      () => resolve(undefined),
    );
    tls.on("error", resolve);
  });
  expect(error).toBeInstanceOf(Error);
  expect((await side.journal(1))[0]).toMatchObject({ protocol: "tls", verdict: "block" });
});

test("journals only blocks at log level 0", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, log: 0 });
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/hello/);
  await client.send("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n").until(/\}\n$/);
  expect(side.events.map((e) => e.verdict)).toEqual(["block"]);
});
