import { connect as connectH2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import type { RouteAuth } from "../../src/policy/route.ts";
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

const TOKEN = "sk-real-0123456789abcdef";
const bearer: RouteAuth = { header: "authorization", scheme: "bearer", secret: "API_TOKEN" };
const H = `Host: ${HOST}\r\n`;

function brokered(origin: { port: number }, auth: RouteAuth = bearer): Sidecar {
  return sidecar({
    origin,
    routes: [route({ auth })],
    secrets: { API_TOKEN: TOKEN, OTHER: "other-secret-value" },
  });
}

test.for([
  ["bearer", bearer, `Authorization: Bearer ${TOKEN}`],
  ["token", { ...bearer, scheme: "token" }, `Authorization: token ${TOKEN}`],
  ["basic", { ...bearer, scheme: "basic" }, `Authorization: Basic ${Buffer.from(TOKEN).toString("base64")}`],
  ["raw", { header: "x-api-key", scheme: "raw", secret: "API_TOKEN" }, `x-api-key: ${TOKEN}`],
] as const)("puts the credential on with scheme %s", async ([, auth, line]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = brokered(origin, auth);
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\n${H}X-A: 1\r\n\r\n`).until(/hello/);
  expect(origin.received()).toBe(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-A: 1\r\n${line}\r\n\r\n`);
  expect(side.events[0]).toMatchObject({ injected: "API_TOKEN" });
  expect(side.events[0]?.removed).toBeUndefined();
  expect(JSON.stringify(side.events)).not.toContain(TOKEN);
});

test("takes off whatever credential the agent brought, everywhere, and reports names only", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = brokered(origin, { header: "x-api-key", scheme: "raw", secret: "API_TOKEN" });
  const client = await side.tls();
  client.send(
    `GET /p?a=1&key=mine-123456&b=${TOKEN}&c=%73k-real-0123456789abcdef HTTP/1.1\r\n${H}AUTHORIZATION: Bearer mine-123456\r\nX-API-KEY: also-mine\r\nx-api-key: twice\r\nProxy-Authorization: Basic eA==\r\nCookie: a=b; session=mine-123456; tok="${TOKEN}"; z=y\r\n\r\n`,
  );
  await client.until(/hello/);
  expect(origin.received()).toBe(`GET /p?a=1 HTTP/1.1\r\nHost: ${HOST}\r\nx-api-key: ${TOKEN}\r\n\r\n`);
  expect(side.events[0]?.removed).toEqual([
    "authorization",
    "x-api-key",
    "query key",
    "query b",
    "query c",
    "cookie a",
    "cookie session",
    "cookie tok",
    "cookie z",
  ]);
  expect(JSON.stringify(side.events)).not.toMatch(/mine-123456|also-mine|sk-real/);
});

test.for([
  "X-Api-Key",
  "api-key",
  "X-Goog-Api-Key",
  "X-Auth-Token",
  "PRIVATE-TOKEN",
  "Job-Token",
  "X-Amz-Security-Token",
  "Ocp-Apim-Subscription-Key",
  "X-Shopify-Access-Token",
  "DD-APPLICATION-KEY",
  "X-NuGet-ApiKey",
  "DPoP",
])("takes a key of the agent's own off in %s, whatever field the route uses", async (name) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = brokered(origin);
  const client = await side.tls();
  await client.send(`GET / HTTP/1.1\r\n${H}${name}: own-attacker-key\r\n\r\n`).until(/hello/);
  expect(origin.received()).not.toContain("own-attacker-key");
  expect(side.events[0]?.removed).toEqual([name.toLowerCase()]);
});

test("leaves fields alone that only sound like it", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await brokered(origin).tls();
  const fields =
    "Idempotency-Key: 1\r\nX-CSRF-Token: 2\r\nX-Cache-Key: 3\r\nX-Keyboard: 4\r\nX-Monkey: 5\r\n";
  await client.send(`GET / HTTP/1.1\r\n${H}${fields}\r\n`).until(/hello/);
  expect(origin.received()).toContain(fields);
});

test.for(["access_token", "api_key", "ApiKey", "refresh-token", "client%5Fsecret", "X-Amz-Signature", "sig"])(
  "takes the query parameter %s off, whatever it holds",
  async (name) => {
    const origin = await rawOrigin({ serve: answering(() => ok()) });
    const side = brokered(origin);
    const client = await side.tls();
    await client.send(`GET /p?a=1&${name}=own-attacker-key&signal=2 HTTP/1.1\r\n${H}\r\n`).until(/hello/);
    expect(origin.received()).toMatch(/^GET \/p\?a=1&signal=2 HTTP/);
    expect(side.events[0]?.removed).toEqual([`query ${name}`]);
  },
);

test("leaves queries that hold no token alone", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await brokered(origin).tls();
  await client.send(`GET /p?a=1&&b&c=%20x HTTP/1.1\r\n${H}\r\n`).until(/hello/);
  expect(origin.received()).toMatch(/^GET \/p\?a=1&&b&c=%20x HTTP\/1\.1\r\n/);
});

test("passes what is the agent's own on where the route has no auth", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  await client
    .send(
      `GET / HTTP/1.1\r\n${H}Authorization: Bearer own\r\nCookie: a=b;c=d\r\nProxy-Authorization: x\r\n\r\n`,
    )
    .until(/hello/);
  expect(origin.received()).toContain("Authorization: Bearer own\r\nCookie: a=b;c=d\r\n");
  expect(origin.received()).not.toContain("Proxy-Authorization");
});

test("forwards nothing when the vault lacks the secret, and says whose fault it is", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = brokered(origin, { ...bearer, secret: "MISSING" });
  const client = await side.tls();
  expect(await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).end()).not.toContain("200");
  expect(origin.connections).toHaveLength(0);
  expect(side.events[0]).toMatchObject({
    verdict: "block",
    code: "sidecar.internal",
    error: expect.stringContaining("MISSING"),
  });
  // and the next connection works
  const other = await side.tls();
  expect(await other.send("GET / HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n").end()).toContain(
    "403",
  );
});

test("never uses one route's credential for another host on the same upstream", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    resolve: { "other.test:443": `127.0.0.1:${origin.port}` },
    routes: [
      route({ auth: bearer }),
      route({ host: "other.test", auth: { ...bearer, secret: "OTHER" } }),
      route({ host: "none.test" }),
    ],
    secrets: { API_TOKEN: TOKEN, OTHER: "other-secret-value" },
  });
  const client = await side.tls({ servername: "other.test" });
  await client.send("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").until(/hello/);
  expect(origin.received()).toContain("Authorization: Bearer other-secret-value\r\n");
  expect(origin.received()).not.toContain(TOKEN);
});

test("masks the credential in fields, short bodies, interim answers and trailers", async () => {
  const origin = await rawOrigin({
    serve: answering(
      () =>
        `HTTP/1.1 103 Early\r\nLink: <${TOKEN}>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: https://x/?t=${TOKEN}\r\nSet-Cookie: t=${TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n1b\r\nyou:${TOKEN.slice(0, 23)}\r\n1\r\n${TOKEN.slice(23)}\r\n0\r\nX-T: ${TOKEN}\r\n\r\n`,
    ),
  });
  const client = await brokered(origin).tls();
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/0\r\nX-T: .*\r\n\r\n$/);
  expect(text).not.toContain(TOKEN);
  expect(text).toContain("Link: <[masked API_TOKEN]>");
  expect(text).toContain("Location: https://x/?t=[masked API_TOKEN]\r\n");
  expect(text).toContain("X-T: [masked API_TOKEN]");
  expect(text.replace(/\r\n[0-9a-f]+\r\n/g, "")).toContain("you:[masked API_TOKEN]");
});

test("masks a short body of stated length and states the new length", async () => {
  const body = `{"authorization":"Bearer ${TOKEN}","again":"${TOKEN}"}`;
  const origin = await rawOrigin({ serve: answering(() => ok(body)) });
  const client = await brokered(origin).tls();
  const masked = body.replaceAll(TOKEN, "[masked API_TOKEN]");
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/"\}$/);
  expect(text).toBe(`HTTP/1.1 200 OK\r\nContent-Length: ${masked.length}\r\n\r\n${masked}`);
});

test("masks a long body of stated length without changing it, wherever it is cut", async () => {
  const filler = "s".repeat(50_000);
  const body = `${filler}${TOKEN}${filler}${TOKEN}`;
  const origin = await rawOrigin({
    serve: answering((_head, _body, wire) => {
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
      wire.send(`${head}${body.slice(0, 50_007)}`);
      setTimeout(() => wire.send(body.slice(50_007)), 20);
      return undefined;
    }),
  });
  const client = await brokered(origin).tls();
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until((t) => t.length > body.length);
  const received = text.slice(text.indexOf("\r\n\r\n") + 4);
  expect(received).toBe(body.replaceAll(TOKEN, "[masked API_TOKEN]".padEnd(TOKEN.length, "*")));
});

test("masks the base64 of a basic credential as well as its value", async () => {
  const base64 = Buffer.from(TOKEN).toString("base64");
  const origin = await rawOrigin({ serve: answering(() => ok(`${base64} ${TOKEN}`)) });
  const client = await brokered(origin, { ...bearer, scheme: "basic" }).tls();
  const text = await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/\r\n\r\n.*\]$/);
  expect(text).toMatch(/\r\n\r\n\[masked API_TOKEN\] \[masked API_TOKEN\]$/);
});

test("holds back an event stream only while its end could begin the credential", async () => {
  let send: (text: string) => void = () => {};
  const origin = await rawOrigin({
    serve: (wire) => {
      send = (text) => void wire.send(`${text.length.toString(16)}\r\n${text}\r\n`);
      wire.sendWhen(
        /\r\n\r\n/,
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
    },
  });
  const client = await brokered(origin).tls();
  await client.send(`GET / HTTP/1.1\r\n${H}\r\n`).until(/event-stream/);
  send("data: one\n\n");
  await client.until(/data: one\n\n/);
  send("data: sk-real-01234567");
  await client.until(/data: (?:sk-real-)?\r\n/);
  expect(client.text).not.toContain("0123");
  send("-and-no-more\n\n");
  await client.until(/01234567\r\n[\s\S]*-and-no-more\n\n|01234567-and-no-more\n\n/);
});

test("masks over HTTP/2 both ways", async () => {
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] });
  server.on("stream", (stream: ServerHttp2Stream, headers: { authorization?: string }) => {
    stream.respond({ ":status": 200, "x-echo": headers.authorization ?? "" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-t": headers.authorization ?? "" }));
    stream.end(`got ${headers.authorization}`);
  });
  const port = await listening(server);
  const side = brokered({ port });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const seen: string[] = [];
  let body = "";
  await new Promise((resolve) => {
    const stream = session.request({ ":path": "/", authorization: "Bearer mine" });
    stream.on("response", (headers) => seen.push(String(headers["x-echo"])));
    stream.on("trailers", (trailers: { "x-t"?: string }) => seen.push(String(trailers["x-t"])));
    // It may come in pieces: what could begin the credential waits.
    stream.on("data", (bytes: Buffer) => {
      body += bytes.toString();
    });
    stream.on("close", resolve);
  });
  seen.push(body);
  expect(seen.sort()).toEqual([
    "Bearer [masked API_TOKEN]",
    "Bearer [masked API_TOKEN]",
    "got Bearer [masked API_TOKEN]",
  ]);
  expect(side.events[0]).toMatchObject({ protocol: "h2", removed: ["authorization"], injected: "API_TOKEN" });
});
