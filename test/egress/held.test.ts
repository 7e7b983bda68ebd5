import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { HOST, rawOrigin, refusalCode, sidecar } from "./harness.ts";

// No token of any vendor's: what its shape is filled with counts up.
const TOKEN = ["gh", "p_", "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"].join("");
const HEAD = `POST / HTTP/1.1\r\nHost: ${HOST}\r\n`;
/** Of no bytes: the last one. */
const chunk = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);

/** Sends the pieces, each when all before it that may go has gone; what arrived, and the answer. */
async function sent(fields: string, before: Buffer, pieces: readonly Buffer[]) {
  const origin = await rawOrigin();
  const client = await sidecar({ origin }).tls();
  client.send(`${HEAD}${fields}Transfer-Encoding: chunked\r\n\r\n`).send(chunk(before));
  while (!origin.received().includes("\r\n\r\n") && !client.ended)
    await new Promise((resolve) => setTimeout(resolve, 5));
  for (const piece of pieces) client.send(chunk(piece));
  const answer = await client.until(/\r\n\r\n/);
  return { code: refusalCode(answer), arrived: origin.received() };
}

const cut = (bytes: Buffer, size: number) =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, i * size + size));

test.each([1, 5, 30])("nothing of a token leaves before it is whole, in pieces of %i", async (size) => {
  const text = Buffer.from(`value: ${TOKEN} and more`);
  const { code, arrived } = await sent("", Buffer.from("first words. "), cut(text, size));
  expect(code).toBe("dlp.token_pattern");
  expect(arrived).not.toContain(TOKEN.slice(0, 8));
});

test("nor of one in the parts of multipart", async () => {
  const type = "Content-Type: multipart/form-data; boundary=B\r\n";
  const text = Buffer.from(`${TOKEN}\r\n--B--\r\n`);
  const { code, arrived } = await sent(type, Buffer.from("--B\r\nA: b\r\n\r\nwords, "), cut(text, 7));
  expect(code).toBe("dlp.token_pattern");
  expect(arrived).not.toContain(TOKEN.slice(0, 8));
});

test("nor of one in the header of a gzip file, which no decoder gives out", async () => {
  const plain = gzipSync("nothing here");
  const head = Buffer.concat([plain.subarray(0, 3), Buffer.from([0x08]), plain.subarray(4, 10)]);
  const rest = Buffer.concat([Buffer.from(`x ${TOKEN} y\0`), plain.subarray(10)]);
  const { code, arrived } = await sent("Content-Encoding: gzip\r\n", head, cut(rest, 9));
  expect(code).toBe("dlp.token_pattern");
  expect(arrived).not.toContain(TOKEN.slice(0, 8));
});

test("a token that ends a part in base64 is found, though nothing behind it decides", async () => {
  const type = "Content-Type: multipart/form-data; boundary=B\r\n";
  const part = Buffer.from(`ab ${TOKEN}`).toString("base64");
  const head = Buffer.from("--B\r\nContent-Transfer-Encoding: base64\r\n\r\n");
  const { code } = await sent(type, head, [Buffer.from(`${part}\r\n--B--\r\n`), Buffer.alloc(0)]);
  expect(code).toBe("dlp.token_pattern");
});

test("a token that ends a gRPC message is found before the next message comes", async () => {
  const message = (text: string) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(text.length, 1);
    return Buffer.concat([prefix, Buffer.from(text)]);
  };
  const { code, arrived } = await sent("Content-Type: application/grpc\r\n", message("first."), [
    message(TOKEN),
  ]);
  expect(code).toBe("dlp.token_pattern");
  expect(arrived).toContain("first.");
  expect(arrived).not.toContain(TOKEN.slice(0, 8));
});
