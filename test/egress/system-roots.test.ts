import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { answering, HOST, ok, originCa, rawOrigin, refusalCode, sidecar, TestCa } from "./harness.ts";

const GET = `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;

// The system's store, as OpenSSL finds it; read once a process, so this file stands alone.
const folder = mkdtempSync(join(tmpdir(), "egress-roots-"));
writeFileSync(join(folder, "roots.pem"), originCa.pem);
const before = process.env.SSL_CERT_FILE;
process.env.SSL_CERT_FILE = join(folder, "roots.pem");
afterAll(() => {
  if (before === undefined) delete process.env.SSL_CERT_FILE;
  else process.env.SSL_CERT_FILE = before;
  rmSync(folder, { recursive: true });
});

test("trusts the system's roots besides Node's, for requests that come at the same time too", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, caPem: null });
  const clients = await Promise.all([side.tls(), side.tls(), side.tls()]);
  const answers = await Promise.all(clients.map((client) => client.send(GET).end()));
  for (const answer of answers) expect(answer).toContain("hello");
});

test("still refuses what no root vouches for", async () => {
  const origin = await rawOrigin({ tls: new TestCa("stranger").issue(), serve: answering(() => ok()) });
  const client = await sidecar({ origin, caPem: null }).tls();
  expect(refusalCode(await client.send(GET).end())).toBe("egress.upstream_tls_invalid");
});
