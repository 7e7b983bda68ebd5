import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, route, sidecar } from "./harness.ts";
import { VALUE } from "./spellings.ts";

async function send(fields: string, body: string) {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, routes: [route()], bottleSecrets: { DEPLOY_KEY: VALUE } });
  const client = await side.tls();
  client.send(`POST / HTTP/1.1\r\nHost: ${HOST}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`);
  return { answer: await client.until(/\r\n\r\n./), received: origin.received() };
}

const MULTIPART = "Content-Type: multipart/form-data; boundary=B\r\n";
const PLAIN = "Content-Type: text/plain\r\n";
const parts = `--B\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${[...VALUE].map((c) => `${c}=\r\n`).join("")}\r\n--B--\r\n`;

test.each([
  ["plain first", PLAIN + MULTIPART],
  ["multipart first", MULTIPART + PLAIN],
  ["plain, and another case of the name", PLAIN + MULTIPART.replace("Content-Type", "content-TYPE")],
])("a body of two content types is refused: %s", async (_, fields) => {
  const { answer, received } = await send(fields, parts);
  expect(refusalCode(answer)).toMatch(/^dlp\./);
  expect(received).not.toContain("--B");
});

test("one content type that is said twice is one", async () => {
  const { answer, received } = await send(PLAIN + PLAIN, "hello");
  expect(answer).toMatch(/^HTTP\/1.1 200/);
  expect(received).toContain("hello");
});

test("a gRPC body of two encodings is refused", async () => {
  const fields = "Content-Type: application/grpc\r\ngrpc-encoding: identity\r\ngrpc-encoding: gzip\r\n";
  const { answer } = await send(fields, "\0\0\0\0\u0001x");
  expect(refusalCode(answer)).toBe("dlp.body_unreadable");
});
