import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type SecureContext, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { createCertificateAuthority } from "../../src/sidecar/egress/ca.ts";
import { CA_DAYS, LEAF_COUNT } from "../../src/sidecar/egress/limits.ts";
import { listening } from "./harness.ts";

const run = promisify(execFile);
const DAY = 86_400_000;

/** The certificate a client sees for `host`. */
async function leafFor(context: SecureContext | undefined): Promise<X509Certificate> {
  const server = createServer({ SNICallback: (_name, done) => done(null, context) });
  const port = await listening(server);
  onTestFinished(() => void server.close());
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { port, host: "127.0.0.1", servername: "x.test", rejectUnauthorized: false },
      () => {
        const certificate = socket.getPeerX509Certificate();
        socket.destroy();
        if (certificate) resolve(certificate);
        else reject(new Error("no certificate"));
      },
    );
    socket.on("error", reject);
  });
}

async function verify(caPem: string, leafPem: string, ...check: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "egress-ca-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.pem"), caPem);
  await writeFile(join(folder, "leaf.pem"), leafPem);
  const { stdout } = await run("openssl", [
    ...["verify", "-x509_strict", "-purpose", "sslserver", "-no-CApath", "-no-CAstore"],
    ...["-CAfile", join(folder, "ca.pem"), ...check, join(folder, "leaf.pem")],
  ]);
  return stdout;
}

test.for([
  ["a name", "api.example.com", ["-verify_hostname", "api.example.com"]],
  ["a name in capitals", "API.Example.com", ["-verify_hostname", "api.example.com"]],
  [
    "a long name",
    `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.test`,
    ["-verify_hostname", `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.test`],
  ],
  ["a name with an underscore", "my_host.test", []],
  ["an IPv4 address", "192.0.2.7", ["-verify_ip", "192.0.2.7"]],
  ["an IPv6 address", "2001:db8::a:1", ["-verify_ip", "2001:db8::a:1"]],
  ["the IPv6 loopback", "::1", ["-verify_ip", "::1"]],
  ["a mapped address", "::ffff:192.0.2.7", ["-verify_ip", "::ffff:192.0.2.7"]],
] as const)("mints a leaf for %s that OpenSSL's strict checks accept", async ([, host, check]) => {
  const ca = createCertificateAuthority({ name: "t", now: Date.now() });
  const leaf = await leafFor(ca.contextFor(host, Date.now()));
  expect(await verify(ca.certificatePem, leaf.toString(), ...check)).toContain("leaf.pem: OK");
  expect(leaf.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
});

test("makes a CA that can sign servers' leaves and nothing else, for days", async () => {
  const now = Date.now();
  const ca = new X509Certificate(createCertificateAuthority({ name: "my-bottle", now }).certificatePem);
  expect(ca.ca).toBe(true);
  expect(ca.subject).toContain("CN=bot-bottle CA my-bottle");
  expect(ca.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  expect(ca.publicKey.asymmetricKeyDetails?.namedCurve).toBe("prime256v1");
  expect(ca.validToDate.getTime()).toBeLessThanOrEqual(now + CA_DAYS * DAY);
  expect(ca.validFromDate.getTime()).toBeLessThan(now);
  const folder = await mkdtemp(join(tmpdir(), "egress-ca-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.pem"), ca.toString());
  const { stdout } = await run("openssl", ["x509", "-in", join(folder, "ca.pem"), "-noout", "-text"]);
  expect(stdout).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
  expect(stdout).toMatch(/Key Usage: critical\s+Certificate Sign\n/);
  expect(stdout).toMatch(/Signature Algorithm: ecdsa-with-SHA256/);
});

test("makes leaves that can sign nothing, with serials that are positive, short and different", async () => {
  const now = Date.now();
  const ca = createCertificateAuthority({ name: "t", now });
  const a = await leafFor(ca.contextFor("a.test", now));
  const b = await leafFor(ca.contextFor("b.test", now));
  expect(a.ca).toBe(false);
  expect(a.subjectAltName).toBe("DNS:a.test");
  expect(a.serialNumber).not.toBe(b.serialNumber);
  for (const { serialNumber } of [a, b]) expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
});

test("never makes a leaf that outlives its CA", async () => {
  const now = Date.now();
  const ca = createCertificateAuthority({ name: "t", now: now - (CA_DAYS - 2) * DAY });
  const leaf = await leafFor(ca.contextFor("a.test", now));
  expect(leaf.validToDate.getTime()).toBeLessThanOrEqual(
    new X509Certificate(ca.certificatePem).validToDate.getTime(),
  );
});

test("keeps leaves, mints them again when old, and forgets the one used longest ago", () => {
  const now = Date.now();
  const ca = createCertificateAuthority({ name: "t", now });
  const first = ca.contextFor("a.test", now);
  expect(ca.contextFor("A.test", now)).toBe(first);
  expect(ca.contextFor("a.test", now + 6.5 * DAY)).not.toBe(first);
  const again = ca.contextFor("a.test", now + 6.5 * DAY);
  const b = ca.contextFor("b.test", now);
  for (let i = 0; i < LEAF_COUNT - 2; i++) ca.contextFor(`n${i}.test`, now);
  expect(ca.contextFor("a.test", now + 6.5 * DAY)).toBe(again);
  ca.contextFor("one-more.test", now);
  expect(ca.contextFor("b.test", now)).not.toBe(b);
});

test.for([
  "",
  ".",
  "a..b",
  "-a.test",
  "a b",
  "a\0b",
  "*.test",
  "bücher.test",
  "a.test/",
  "fe80::1%eth0",
  `${"a".repeat(64)}.test`,
])("mints nothing for %j", (host) => {
  const ca = createCertificateAuthority({ name: "t", now: Date.now() });
  expect(ca.contextFor(host, Date.now())).toBeUndefined();
});
