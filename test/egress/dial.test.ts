import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createDialler, parseEndpoint } from "../../src/sidecar/egress/dial.ts";
import type { Lookup } from "../../src/sidecar/egress/resolve.ts";
import { answering, HOST, listening, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;

async function answerWith(lookup: Lookup, ownAddresses: string[] = []): Promise<string> {
  const client = await sidecar({ lookup, ownAddresses }).tls();
  return client.send(GET).end();
}

test.for([
  "127.0.0.1",
  "127.8.8.8",
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "192.0.0.1",
  "192.168.1.1",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "fc00::1",
  "fe80::1",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "64:ff9b::a00:1",
  "2002:7f00:1::",
  "not an address",
])("never dials a name that resolves to %s", async (address) => {
  const text = await answerWith(async () => [address]);
  expect(text).toMatch(/^HTTP\/1\.1 403 /);
  expect(refusalCode(text)).toBe("egress.upstream_address_refused");
});

test("refuses a name with one bad address among good ones", async () => {
  const text = await answerWith(async () => ["203.0.113.1", "10.0.0.1"]);
  expect(refusalCode(text)).toBe("egress.upstream_address_refused");
});

test("refuses an address of this host, public or not", async () => {
  const text = await answerWith(async () => ["203.0.113.5"], ["203.0.113.5"]);
  expect(refusalCode(text)).toBe("egress.upstream_address_refused");
});

test("refuses a name with more addresses than are looked at", async () => {
  const text = await answerWith(async () => Array.from({ length: 200 }, (_, i) => `203.0.113.${i}`));
  expect(refusalCode(text)).toBe("egress.upstream_address_refused");
});

test("says so, retryable, when a name can't be resolved or has no address", async () => {
  for (const lookup of [
    async () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" })),
    async () => [],
  ]) {
    const text = await answerWith(lookup);
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
    expect(refusalCode(text)).toBe("egress.upstream_unreachable");
    expect(text).toContain('"retryable": true');
  }
});

test("says so, retryable, when nobody listens", async () => {
  const free = createServer();
  const port = await listening(free);
  await new Promise((resolve) => free.close(resolve));
  const client = await sidecar({ origin: { port } }).tls();
  const text = await client.send(GET).end();
  expect(refusalCode(text)).toBe("egress.upstream_unreachable");
  expect(text).toContain("ECONNREFUSED");
});

test("connects to the address it checked, whatever the name resolves to later (DNS rebinding)", async () => {
  // A name that is public the first time it is asked for, and loopback from then on.
  let asked = 0;
  const dialler = createDialler({
    upstream: { resolve: {}, proxy: undefined, proxyResolves: false },
    ownAddresses: [],
    lookup: async () => (++asked === 1 ? ["203.0.113.77"] : ["127.0.0.1"]),
  });
  const reached: Socket[] = [];
  const local = createServer((socket) => reached.push(socket));
  const port = await listening(local);
  onTestFinished(() => void local.close());
  const error = await dialler.connect(HOST, port).then(
    (socket) => {
      const { remoteAddress } = socket;
      socket.destroy();
      return remoteAddress;
    },
    (failure: Error) => failure.message,
  );
  // Nothing answers at the documentation address, and the second answer was never asked for.
  expect(error).toContain("203.0.113.77");
  expect(asked).toBe(1);
  expect(reached).toHaveLength(0);
});

test("checks what the cache holds again", async () => {
  const lookup: Lookup = async () => ["127.0.0.1"];
  const side = sidecar({ lookup });
  for (let i = 0; i < 2; i++) {
    const client = await side.tls();
    expect(refusalCode(await client.send(GET).end())).toBe("egress.upstream_address_refused");
  }
});

test("takes the operator's own address for one host and port only", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    resolve: { "API.test:443": `127.0.0.1:${origin.port}` },
    routes: [route(), route({ host: "other.test" })],
    lookup: async () => ["127.0.0.1"],
  });
  const good = await side.tls();
  expect(await good.send(GET).end()).toContain("hello");
  const other = await side.tls({ servername: "other.test" });
  expect(refusalCode(await other.send(GET.replace(HOST, "other.test")).end())).toBe(
    "egress.upstream_address_refused",
  );
});

test("reads address:port strictly", () => {
  expect(parseEndpoint("127.0.0.1:8443")).toEqual({ address: "127.0.0.1", port: 8443 });
  expect(parseEndpoint("[::1]:8443")).toEqual({ address: "::1", port: 8443 });
  for (const text of ["localhost:1", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "::1:80", "127.1:80", ""])
    expect(() => parseEndpoint(text), text).toThrow(RangeError);
});

/** An upstream proxy that tunnels to `target` whatever is asked, and keeps what was asked. */
async function upstreamProxy(
  target: number,
  answer = "HTTP/1.1 200 OK\r\n\r\n",
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const { connect } = await import("node:net");
  const server = createServer((near) => {
    near.on("error", () => {});
    near.once("data", (head) => {
      asked.push(head.toString("latin1"));
      near.write(answer);
      const far = connect(target, "127.0.0.1");
      far.on("error", () => {});
      far.pipe(near).pipe(far);
    });
  });
  const port = await listening(server);
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}`, asked };
}

test("asks the upstream proxy for a checked address", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const proxy = await upstreamProxy(origin.port);
  const side = sidecar({ proxy: proxy.url, lookup: async () => ["203.0.113.9"] });
  const client = await side.tls();
  expect(await client.send(GET).end()).toContain("hello");
  expect(proxy.asked).toEqual(["CONNECT 203.0.113.9:443 HTTP/1.1\r\nHost: 203.0.113.9:443\r\n\r\n"]);
  const bad = sidecar({ proxy: proxy.url, lookup: async () => ["10.0.0.1"] });
  const refused = await bad.tls();
  expect(refusalCode(await refused.send(GET).end())).toBe("egress.upstream_address_refused");
  expect(proxy.asked).toHaveLength(1);
});

test("leaves the name to the upstream proxy where settings say so", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const proxy = await upstreamProxy(origin.port);
  const lookup: Lookup = () => Promise.reject(new Error("must not be asked"));
  const client = await sidecar({ proxy: proxy.url, proxyResolves: true, lookup }).tls();
  expect(await client.send(GET).end()).toContain("hello");
  expect(proxy.asked[0]).toContain(`CONNECT ${HOST}:443 `);
});

test.for([
  ["refuses", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"],
  ["talks nonsense", "hello\r\n\r\n"],
  ["sends bytes too early", "HTTP/1.1 200 OK\r\n\r\nearly"],
])("says so when the upstream proxy %s", async ([, answer]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const proxy = await upstreamProxy(origin.port, answer);
  const client = await sidecar({ proxy: proxy.url, lookup: async () => ["203.0.113.9"] }).tls();
  const text = await client.send(GET).end();
  expect(refusalCode(text)).toBe("egress.upstream_unreachable");
  expect(text).toContain("proxy");
});

const DAY = 86_400_000;
test.for([
  ["has expired", "CERT_HAS_EXPIRED"],
  ["is not yet valid", "CERT_NOT_YET_VALID"],
  ["is for another name", "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["comes from an unknown CA", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
])("refuses an upstream whose certificate %s", async ([, reason = ""]) => {
  const { originCa, TestCa } = await import("./harness.ts");
  const tls =
    reason === "CERT_HAS_EXPIRED"
      ? originCa.issue({ notBefore: Date.now() - 2 * DAY, notAfter: Date.now() - DAY })
      : reason === "CERT_NOT_YET_VALID"
        ? originCa.issue({ notBefore: Date.now() + DAY / 2 })
        : reason === "ERR_TLS_CERT_ALTNAME_INVALID"
          ? originCa.issue({ hosts: ["other.test"] })
          : new TestCa("another CA").issue();
  const origin = await rawOrigin({ tls, serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ auth: { header: "authorization", scheme: "bearer", secret: "T" } })],
    secrets: { T: "real-token-value" },
  });
  const client = await side.tls();
  const text = await client.send(GET).end();
  expect(text).toMatch(/^HTTP\/1\.1 502 /);
  expect(refusalCode(text)).toBe("egress.upstream_tls_invalid");
  expect(text).toContain(reason);
  expect(origin.received()).toBe("");
});

test("refuses a self-signed upstream certificate, and one whose CA may not sign", async () => {
  const { createCertificate, pem } = await import("../../src/sidecar/egress/tls/certificate.ts");
  const { generateKeyPairSync } = await import("node:crypto");
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = createCertificate({
    commonName: HOST,
    publicKey: pair.publicKey,
    issuerKey: pair.privateKey,
    notBefore: Date.now() - DAY,
    notAfter: Date.now() + DAY,
    ca: false,
    hosts: [HOST],
  });
  const key = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const origin = await rawOrigin({ tls: { key, cert: pem(certificate) }, serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  expect(refusalCode(await client.send(GET).end())).toBe("egress.upstream_tls_invalid");
});

test("says so when the upstream speaks no TLS", async () => {
  const origin = await rawOrigin({ tls: false, serve: (wire) => void wire.send("220 hello\r\n") });
  const client = await sidecar({ origin }).tls();
  expect(refusalCode(await client.send(GET).end())).toBe("egress.upstream_tls_invalid");
});
