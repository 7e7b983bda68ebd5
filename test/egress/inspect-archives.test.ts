import { createHash } from "node:crypto";
import { deflateRawSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { DEFAULT_INSPECTION, type RouteInspection } from "../../src/policy/route.ts";
import { answering, HOST, ok, rawOrigin, refusalCode, route, type Sidecar, sidecar } from "./harness.ts";

const VALUE = "Kx81mZ0qpL2d9Wv7aRt55q";
const HEAD = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n`;

async function inspected(
  dlp: Partial<RouteInspection> = {},
): Promise<{ side: Sidecar; received: () => string }> {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const routes = [route({ dlp: { ...DEFAULT_INSPECTION, ...dlp } })];
  return {
    side: sidecar({ origin, routes, bottleSecrets: { DEPLOY_KEY: VALUE } }),
    received: origin.received,
  };
}

function stated(body: Buffer, fields = ""): Buffer {
  return Buffer.concat([Buffer.from(`${HEAD}${fields}Content-Length: ${body.length}\r\n\r\n`), body]);
}

function upload(file: Buffer): Buffer {
  const body = Buffer.concat([
    Buffer.from('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nnothing\r\n'),
    Buffer.from('--B\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'),
    file,
    Buffer.from("\r\n--B--\r\n"),
  ]);
  return stated(body, "Content-Type: multipart/form-data; boundary=B\r\n");
}

function zip(content: Buffer, flags = 0): Buffer {
  const head = Buffer.from(`504b03041400000008${"00".repeat(17)}05000000`, "hex");
  head.writeUInt16LE(flags, 6);
  return Buffer.concat([head, Buffer.from("a.txt"), deflateRawSync(content)]);
}

const noise = Buffer.from(
  Array.from({ length: 1500 }, (_, i) => createHash("sha512").update(String(i)).digest("base64url")).join(""),
);
const holding = Buffer.concat([noise, Buffer.from(` ${VALUE} `), noise]);
const XZ = Buffer.concat([Buffer.from("fd377a585a000004", "hex"), noise]);

test.each([
  ["gzip in the middle of a body", stated(Buffer.concat([Buffer.from("note: "), gzipSync(holding)]))],
  ["the second file of a body of gzip files", stated(Buffer.concat([gzipSync(noise), gzipSync(holding)]))],
  ["a zip archive", stated(zip(holding))],
  ["an uploaded gzip file", upload(gzipSync(holding))],
  ["an uploaded zip archive with a second entry", upload(Buffer.concat([zip(noise), zip(holding)]))],
  [
    "JSON with a gzip file in base64",
    stated(Buffer.from(JSON.stringify({ file: gzipSync(holding).toString("base64") }))),
  ],
])("a secret does not leave in %s", async (_, request) => {
  const { side, received } = await inspected();
  const client = await side.tls();
  client.send(request);
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
  // the end of what was sent is not with the upstream
  expect(received()).not.toContain(request.toString("latin1", request.length - 40));
});

const UNREADABLE: readonly (readonly [string, Buffer])[] = [
  ["an xz file", stated(XZ)],
  ["an uploaded xz file", upload(XZ)],
  ["an uploaded zip archive with an encrypted entry", upload(zip(noise, 1))],
];

test.each(UNREADABLE)("%s is refused, as it can't be read", async (_, request) => {
  const { side } = await inspected();
  const client = await side.tls();
  client.send(request);
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.body_unreadable");
});

test.each(UNREADABLE)(
  "%s passes byte for byte where the route says so, and the journal names it",
  async (_, request) => {
    const { side, received } = await inspected({ oversize: "pass" });
    const client = await side.tls();
    await client.send(request).until(/hello/);
    const sent = received();
    const bodyOf = (text: string) => text.slice(text.indexOf("\r\n\r\n") + 4);
    expect(bodyOf(sent)).toBe(bodyOf(request.toString("latin1")));
    const [event] = await side.journal(1);
    expect(event).toMatchObject({
      verdict: "allow",
      findings: expect.arrayContaining([expect.objectContaining({ detector: "unreadable", action: "warn" })]),
    });
  },
);

test.each([
  ["gzip files one behind the other", stated(Buffer.concat([gzipSync(noise), gzipSync(noise)]))],
  ["an uploaded archive", upload(zip(holding.subarray(0, 100_000)))],
  ["noise", stated(noise)],
])("passes %s without a secret byte for byte", async (_, request) => {
  const { side, received } = await inspected();
  const client = await side.tls();
  await client.send(request).until(/hello/);
  expect(received().slice(-(request.length - 200))).toBe(
    request.toString("latin1").slice(-(request.length - 200)),
  );
});

test("entropy is journalled where the route asks for it, and never blocks", async () => {
  const random = createHash("sha512").update("random").digest("base64url");
  const request = `POST /?q=${random} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${random.length + 8}\r\n\r\n{"a":"${random}"}`;
  const asked = await inspected({ outbound: ["token_patterns", "known_secrets", "entropy"] });
  const client = await asked.side.tls();
  await client.send(request).until(/hello/);
  const [event] = await asked.side.journal(1);
  const warning = { detector: "entropy", name: "high-entropy", action: "warn" };
  expect(event).toMatchObject({
    verdict: "allow",
    findings: [
      { ...warning, surface: "target" },
      { ...warning, surface: "body" },
    ],
  });
  const { side } = await inspected();
  const other = await side.tls();
  await other.send(request).until(/hello/);
  const [plain] = await side.journal(1);
  expect(plain).not.toHaveProperty("findings");
});
