import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, type Sidecar, sidecar } from "./harness.ts";

const VALUE = "Kx81mZ0qpL2d9Wv7aRt55q";
const HEAD = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n`;

async function inspected(): Promise<{ side: Sidecar; received: () => string }> {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  return { side: sidecar({ origin, bottleSecrets: { DEPLOY_KEY: VALUE } }), received: origin.received };
}

function stated(body: Buffer, fields = ""): Buffer {
  return Buffer.concat([Buffer.from(`${HEAD}${fields}Content-Length: ${body.length}\r\n\r\n`), body]);
}

const noise = Buffer.from(Array.from({ length: 30_000 }, (_, i) => `${(i * 7919) % 10_007} `).join(""));
const holding = Buffer.concat([noise, Buffer.from(VALUE), noise]);

test.each([
  ["gzip", gzipSync(holding)],
  ["zstd", zstdCompressSync(holding)],
] as const)("finds a secret in a %s file whose coding no header states", async (_, body) => {
  const { side } = await inspected();
  const client = await side.tls();
  client.send(stated(body));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test("finds it when the magic number comes byte by byte", async () => {
  const { side } = await inspected();
  const client = await side.tls();
  const request = stated(gzipSync(holding));
  const start = request.indexOf("\r\n\r\n") + 4;
  client.send(request.subarray(0, start));
  for (let at = start; at < start + 4; at++) {
    client.send(request.subarray(at, at + 1));
    await new Promise((resolve) => setTimeout(resolve, 80));
  }
  client.send(request.subarray(start + 4));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test.each([
  ["a gzip file", gzipSync(noise)],
  ["a zstd file", zstdCompressSync(noise)],
  ["two gzip files", Buffer.concat([gzipSync(noise), gzipSync(noise)])],
  ["a gzip file with something behind it", Buffer.concat([gzipSync(noise), Buffer.from("more of it")])],
  ["what only begins like gzip", Buffer.concat([Buffer.from("1f8b0800", "hex"), noise])],
  ["what only begins like zstd", Buffer.concat([Buffer.from("28b52ffd", "hex"), noise])],
  ["the beginning of a magic number", Buffer.from("1f8b", "hex")],
  ["an opening bracket", Buffer.from("(")],
] as const)("passes %s byte for byte", async (_, body) => {
  const { side, received } = await inspected();
  const client = await side.tls();
  await client.send(stated(body)).until(/hello/);
  const sent = received();
  expect(sent.slice(sent.indexOf("\r\n\r\n") + 4)).toBe(body.toString("latin1"));
});

test("finds a secret in what only begins like gzip", async () => {
  const { side } = await inspected();
  const client = await side.tls();
  client.send(stated(Buffer.concat([Buffer.from("1f8b0800", "hex"), holding])));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test("finds a secret in the file name inside a gzip header, which no decoder gives out", async () => {
  const { side } = await inspected();
  const client = await side.tls();
  const plain = gzipSync("nothing here");
  const named = Buffer.concat([
    plain.subarray(0, 3),
    Buffer.from([0x08]),
    plain.subarray(4, 10),
    Buffer.from(`${VALUE}\0`),
    plain.subarray(10),
  ]);
  client.send(stated(named, "Content-Encoding: gzip\r\n"));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test("finds a secret in a zstd frame that decoders skip", async () => {
  const { side } = await inspected();
  const client = await side.tls();
  const frame = Buffer.concat([
    Buffer.from("502a4d18", "hex"),
    Buffer.from([VALUE.length, 0, 0, 0]),
    Buffer.from(VALUE),
  ]);
  client.send(stated(Buffer.concat([zstdCompressSync("ok"), frame]), "Content-Encoding: zstd\r\n"));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test("sends nothing of a zstd block before the block is whole", async () => {
  const { side, received } = await inspected();
  const client = await side.tls();
  const body = zstdCompressSync(Buffer.concat([Buffer.from(VALUE), noise.subarray(0, 60_000)]));
  client.send(`${HEAD}Content-Encoding: zstd\r\nContent-Length: ${body.length}\r\n\r\n`);
  client.send(body.subarray(0, body.length - 40));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(received().endsWith("\r\n\r\n") || received() === "").toBe(true);
  client.send(body.subarray(body.length - 40));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test("does not keep without end what a secret's beginning holds back", async () => {
  let arrived = 0;
  const origin = await rawOrigin({
    serve: (wire) => {
      wire.socket.removeAllListeners("data");
      wire.socket.on("data", (bytes) => {
        arrived += bytes.length;
      });
    },
  });
  const client = await sidecar({ origin, bottleSecrets: { DEPLOY_KEY: VALUE } }).tls();
  const size = 12 * 1024 * 1024;
  client.send(`${HEAD}Content-Length: ${size + 2 * 9}\r\n\r\n${VALUE.slice(0, 9)}`);
  const gap = Buffer.alloc(1024 * 1024, " ");
  for (let sent = 0; sent < size; sent += gap.length)
    if (!client.socket.write(gap)) await new Promise((resolve) => client.socket.once("drain", resolve));
  // all but a little has gone, and the rest of the secret is found all the same
  while (arrived < size / 2) await new Promise((resolve) => setTimeout(resolve, 20));
  client.send(VALUE.slice(9, 18));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});
