import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar, tcp, Wire } from "./harness.ts";
import {
  accept,
  frame,
  KEY,
  opening,
  rawPair,
  serverFrame,
  switching,
  wsClient,
  wsOrigin,
} from "./websocket-harness.ts";

const TOKEN = ["k3", "Jq8ZtLw2", "XnR7vPb5", "YdG9sHc4"].join("");
const auth = { header: "authorization", scheme: "bearer", secret: "T" } as const;

test("carries text and binary messages both ways, and journals how many", async () => {
  const origin = await wsOrigin({
    serve: ({ socket }) => socket.on("message", (data, binary) => socket.send(data, { binary })),
  });
  const side = sidecar({ origin });
  const client = await wsClient(side, { path: "/v1/stream?x=1" });
  const blob = randomBytes(100_000);
  client.socket.send("hello");
  client.socket.send(blob);
  const [text, binary] = await client.received(2);
  expect(text).toEqual({ data: Buffer.from("hello"), binary: false });
  expect(binary?.binary).toBe(true);
  expect(binary?.data.equals(blob)).toBe(true);
  client.socket.close(1000, "done");
  expect(await client.close()).toEqual({ code: 1000, reason: "done" });
  expect((await side.journal(1))[0]).toMatchObject({
    method: "GET",
    path: "/v1/stream",
    verdict: "allow",
    status: 101,
    messages_out: 2,
    messages_in: 2,
  });
  expect(side.events[0]?.bytes_out).toBeGreaterThan(100_000);
});

test("puts the credential on the handshake, with a key of the sidecar's own", async () => {
  const origin = await wsOrigin();
  const side = sidecar({ origin, routes: [route({ auth, ports: [443] })], secrets: { T: TOKEN } });
  const client = await side.tls();
  client.send(opening("Authorization: Bearer mine\r\n"));
  const head = await client.until(/\r\n\r\n/);
  expect(head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(head).toContain(`Sec-WebSocket-Accept: ${accept(KEY)}`);
  expect(origin.handshakes[0]).toMatchObject({ authorization: `Bearer ${TOKEN}` });
  expect(origin.handshakes[0]?.["sec-websocket-key"]).not.toBe(KEY);
});

test.for([
  [
    "openai",
    "realtime, openai-insecure-api-key.sk-mine, openai-beta.realtime-v1",
    "realtime, openai-beta.realtime-v1",
    "subprotocol openai-insecure-api-key",
  ],
  [
    "Kubernetes",
    "v4.channel.k8s.io, base64url.bearer.authorization.k8s.io.bWluZQ",
    "v4.channel.k8s.io",
    "subprotocol base64url.bearer.authorization.k8s.io",
  ],
  ["a name and its token", "Token, mine-and-no-other", undefined, "subprotocol Token"],
  ["none that carries one", "graphql-ws, token", "graphql-ws, token", undefined],
] as const)(
  "takes the agent's own credential out of the subprotocols: %s",
  async ([, sent, arrives, removed]) => {
    const origin = await wsOrigin();
    const side = sidecar({ origin, routes: [route({ auth, ports: [443] })], secrets: { T: TOKEN } });
    const client = await side.tls();
    client.send(opening(`Sec-WebSocket-Protocol: ${sent}\r\n`));
    await client.until(/\r\n\r\n/);
    expect(origin.handshakes[0]?.["sec-websocket-protocol"]).toBe(arrives);
    expect(origin.handshakes[0]?.authorization).toBe(`Bearer ${TOKEN}`);
    client.send(frame(8));
    expect((await side.journal(1))[0]?.removed).toEqual(removed === undefined ? undefined : [removed]);
  },
);

test("passes the subprotocol that was chosen", async () => {
  const origin = await wsOrigin({ protocols: ["chat.v2"] });
  const client = await wsClient(sidecar({ origin }), { protocols: ["chat.v1", "chat.v2"] });
  expect(client.socket.protocol).toBe("chat.v2");
});

test("offers no extension but permessage-deflate, with its parameters", async () => {
  const origin = await switching();
  const side = sidecar({ origin });
  await rawPair(
    side,
    origin,
    'Sec-WebSocket-Extensions: x-secret; k="v", permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=7, permessage-deflate\r\n',
  );
  expect(origin.received()).toContain(
    "\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits, permessage-deflate\r\n",
  );
});

test.for([
  ["a wrong Sec-WebSocket-Accept", (key: string) => answer(accept(`x${key}`))],
  ["no Sec-WebSocket-Accept", () => answer(undefined)],
  ["another protocol", (key: string) => answer(accept(key), "", "h2c")],
  [
    "an extension that was not offered",
    (key: string) => answer(accept(key), "Sec-WebSocket-Extensions: x-mux\r\n"),
  ],
  [
    "permessage-deflate when it was not offered",
    (key: string) => answer(accept(key), "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
  ],
  [
    "a subprotocol that was not offered",
    (key: string) => answer(accept(key), "Sec-WebSocket-Protocol: x\r\n"),
  ],
] as const)("fails a handshake whose answer has %s", async ([, reply]) => {
  const origin = await rawOrigin({
    serve: answering((head) => reply(/^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "")),
  });
  const client = await sidecar({ origin }).tls();
  expect(refusalCode(await client.send(opening()).until(/\r\n\r\n/))).toBe("egress.upstream_unreachable");
});

function answer(acceptance: string | undefined, fields = "", protocol = "websocket"): string {
  const line = acceptance === undefined ? "" : `Sec-WebSocket-Accept: ${acceptance}\r\n`;
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: Upgrade\r\n${line}${fields}\r\n`;
}

test.for([
  ["h2c", "Upgrade: h2c\r\nConnection: Upgrade\r\n", "egress.upgrade_refused"],
  ["two protocols at once", "Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n", "egress.upgrade_refused"],
  ["an upgrade that Connection doesn't name", "Upgrade: websocket\r\n", "egress.upgrade_refused"],
  [
    "version 8",
    `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: ${KEY}\r\n`,
    "egress.upgrade_refused",
  ],
  [
    "a body",
    `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\nContent-Length: 3\r\n`,
    "egress.upgrade_refused",
  ],
  [
    "a key of other than 16 bytes",
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n",
    "egress.protocol_error",
  ],
  [
    "a field of extensions that can't be read",
    `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Extensions: a;;b\r\n`,
    "egress.protocol_error",
  ],
] as const)("refuses an upgrade with %s", async ([, fields, code]) => {
  const origin = await switching();
  const client = await sidecar({ origin }).tls();
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`);
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe(code);
  expect(origin.connections).toHaveLength(0);
});

test("decides a WebSocket like the GET request it is", async () => {
  const origin = await wsOrigin();
  const paths = [{ type: "prefix", value: "/ws" }] as const;
  const matches = [{ paths, methods: ["GET"], headers: [] }];
  const side = sidecar({ origin, routes: [route({ matches })] });
  await wsClient(side, { path: "/ws/a" });
  const refused = await side.tls();
  expect(refusalCode(await refused.send(opening("", "/other")).until(/\r\n\r\n/))).toBe(
    "egress.path_not_allowed",
  );
  const posting = sidecar({
    origin,
    routes: [route({ matches: [{ paths: [], methods: ["POST"], headers: [] }] })],
  });
  const client = await posting.tls();
  expect(refusalCode(await client.send(opening()).until(/\r\n\r\n/))).toBe("egress.method_not_allowed");
});

test("opens one through CONNECT, and through the reverse proxy", async () => {
  const origin = await wsOrigin({ serve: ({ socket }) => socket.on("message", (data) => socket.send(data)) });
  const side = sidecar({ origin });
  const tunnelled = new Wire(await side.handshake(await side.tunnel(`${HOST}:443`)));
  const reversed = new Wire(await tcp(await side.proxy()));
  tunnelled.send(opening());
  reversed.send(opening("", `/${HOST}/`));
  for (const client of [tunnelled, reversed]) {
    expect(await client.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 101 /);
    client.send(frame(1, "over here"));
    await client.until(/over here$/);
    client.send(frame(8));
    await client.end();
  }
  expect((await side.journal(2)).map(({ way }) => way).sort()).toEqual(["proxy", "reverse"]);
});

test("passes the answer of a server that doesn't switch, and goes on with the connection", async () => {
  const origin = await rawOrigin({
    serve: answering((head) => (/upgrade/i.test(head) ? ok("no", "X-Why: busy\r\n") : ok("second"))),
  });
  const client = await sidecar({ origin }).tls();
  expect(await client.send(opening()).until(/no$/)).toMatch(/^HTTP\/1\.1 200 [\s\S]*X-Why: busy/);
  await client.send(`GET /2 HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`).until(/second$/);
});

test("decides what comes behind a handshake as a request of its own when the server doesn't switch", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok("first")) });
  const side = sidecar({
    origin,
    routes: [route({ matches: [{ paths: [{ type: "exact", value: "/" }], methods: [], headers: [] }] })],
  });
  const client = await side.tls();
  client.send(`${opening()}GET /hidden HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
  await client.until(/egress\.path_not_allowed/);
  expect(origin.received()).not.toContain("/hidden");
});

test("reads frames that came too early, once the server has switched", async () => {
  const origin = await switching();
  const side = sidecar({ origin });
  const client = await side.tls();
  client.send(Buffer.concat([Buffer.from(opening()), frame(1, "early", { key: Buffer.from([1, 2, 3, 4]) })]));
  const [server] = await (async () => {
    await client.until(/\r\n\r\n/);
    return origin.connections;
  })();
  await server?.until((text) =>
    text.endsWith(frame(1, "early", { key: Buffer.from([1, 2, 3, 4]) }).toString("latin1")),
  );
});

test("closes both sides when either is gone without a close frame, and says so in the journal", async () => {
  const origin = await wsOrigin();
  const side = sidecar({ origin });
  const first = await wsClient(side);
  first.socket.terminate();
  expect((await (await origin.end(0)).close()).code).toBe(1006);
  const second = await wsClient(side);
  (await origin.end(1)).socket.terminate();
  await second.close();
  const errors = (await side.journal(2)).map(({ error, code }) => error ?? code);
  expect(errors[0]).toMatch(/client/);
  expect(errors[1]).toMatch(/upstream/);
});

test("holds a quota of bytes on frames, with its code in the close frame", async () => {
  const origin = await wsOrigin();
  const limits = { bytesOut: { per: "minute", hard: 20_000 } } as const;
  const side = sidecar({ origin, routes: [route({ limits })] });
  const client = await wsClient(side);
  client.socket.send(randomBytes(15_000));
  await (await origin.end()).received(1);
  client.socket.send(randomBytes(15_000));
  expect(await client.close()).toEqual({ code: 1008, reason: "egress.quota_exceeded" });
  expect(origin.ends[0]?.messages).toHaveLength(1);
});

test("slows a sender down to what the other side reads, both ways", async () => {
  const origin = await wsOrigin();
  const side = sidecar({ origin });
  const client = await wsClient(side);
  const server = await origin.end();
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    to.socket.pause();
    const chunk = Buffer.alloc(1024 * 1024, 7);
    for (let i = 0; i < 20; i++) from.socket.send(chunk);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // What the kernel and the planes' own windows take is far below what was sent.
    expect(from.socket.bufferedAmount).toBeGreaterThan(4 * 1024 * 1024);
    to.socket.resume();
    const received = await to.received(20);
    expect(received.every(({ data }) => data.equals(chunk))).toBe(true);
  }
});

test("journals the text of messages with log 2, secrets masked, never the frames", async () => {
  const origin = await wsOrigin({
    serve: ({ socket }) => socket.on("message", () => socket.send(`it is ${TOKEN}`)),
  });
  const routes = [route({ auth, ports: [443] })];
  const side = sidecar({ origin, routes, secrets: { T: TOKEN }, log: 2 });
  const client = await wsClient(side);
  client.socket.send("what is it");
  await client.received(1);
  client.socket.close();
  const [event] = await side.journal(1);
  expect(event?.request?.body).toContain("what is it");
  expect(event?.response?.body).toContain("it is [masked T]");
  expect(JSON.stringify(event)).not.toContain(TOKEN);
});

test("answers a close frame's side only with what the other side says", async () => {
  const origin = await switching();
  const pair = await rawPair(sidecar({ origin }), origin);
  const bye = frame(8, Buffer.from([0x0f, 0xa0, 0x62, 0x79, 0x65]));
  pair.client.send(bye);
  await pair.server.until(() => pair.atServer().equals(bye));
  pair.server.send(serverFrame(8, Buffer.from([0x0f, 0xa0])));
  await pair.client.until(() => pair.atClient().equals(serverFrame(8, Buffer.from([0x0f, 0xa0]))));
  await pair.client.end();
  await pair.server.end();
});
