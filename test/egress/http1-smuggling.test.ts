import { expect, test } from "vitest";
import { answering, HOST, ok, rawOrigin, refusalCode, sidecar } from "./harness.ts";

const H = `Host: ${HOST}\r\n`;

/** Each is refused with 400, the connection is closed, and no byte of it reaches the upstream. */
const REFUSED: readonly (readonly [name: string, bytes: string])[] = [
  [
    "two different Content-Length",
    `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  ],
  ["two equal Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ["a list as Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 3, 3\r\n\r\nabc`],
  ["a signed Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: +3\r\n\r\nabc`],
  ["a negative Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: -1\r\n\r\nabc`],
  ["a hexadecimal Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 0x3\r\n\r\nabc`],
  ["an empty Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length:\r\n\r\nabc`],
  ["a huge Content-Length", `POST / HTTP/1.1\r\n${H}Content-Length: 99999999999999999999\r\n\r\nabc`],
  ["a Content-Length with a space inside", `POST / HTTP/1.1\r\n${H}Content-Length: 1 1\r\n\r\nabc`],
  [
    "Content-Length before Transfer-Encoding (CL.TE)",
    `POST / HTTP/1.1\r\n${H}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
  ],
  [
    "Transfer-Encoding before Content-Length (TE.CL)",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n`,
  ],
  [
    "two Transfer-Encoding (TE.TE)",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  ],
  ["Transfer-Encoding: xchunked", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  [
    "Transfer-Encoding: gzip, chunked",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding: chunked, chunked",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["Transfer-Encoding: identity", `POST / HTTP/1.1\r\n${H}Transfer-Encoding: identity\r\n\r\n`],
  [
    "Transfer-Encoding with a quoted name",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`,
  ],
  [
    "Transfer-Encoding with a vertical tab",
    `POST / HTTP/1.1\r\n${H}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  ],
  ["Transfer-Encoding in HTTP/1.0", `POST / HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["whitespace before the colon", `POST / HTTP/1.1\r\n${H}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ["a tab before the colon", `POST / HTTP/1.1\r\n${H}Content-Length\t: 3\r\n\r\nabc`],
  ["a folded line", `GET / HTTP/1.1\r\n${H}X-A: b\r\n c\r\n\r\n`],
  ["a line that begins with a tab", `GET / HTTP/1.1\r\n${H}\tX-A: b\r\n\r\n`],
  ["whitespace before the first field", `GET / HTTP/1.1\r\n ${H}\r\n`],
  ["bare LF everywhere", `GET / HTTP/1.1\nHost: ${HOST}\n\n`],
  ["bare LF behind the request line", `GET / HTTP/1.1\n${H}\r\n`],
  ["bare LF behind a field", `GET / HTTP/1.1\r\n${H}X-A: b\nX-B: c\r\n\r\n`],
  ["bare LF as the empty line", `GET / HTTP/1.1\r\n${H}\nGET /smuggled HTTP/1.1\r\n${H}\r\n`],
  ["bare CR in a value", `GET / HTTP/1.1\r\n${H}X-A: b\rX-B: c\r\n\r\n`],
  ["bare CR in the request line", `GET /\r HTTP/1.1\r\n${H}\r\n`],
  ["CR CR LF", `GET / HTTP/1.1\r\n${H}X-A: b\r\r\n\r\n`],
  ["an empty field name", `GET / HTTP/1.1\r\n${H}: b\r\n\r\n`],
  ["a field name with a space", `GET / HTTP/1.1\r\n${H}X A: b\r\n\r\n`],
  ["a field name beyond ASCII", `GET / HTTP/1.1\r\n${H}X\xe9: b\r\n\r\n`],
  ["a line without a colon", `GET / HTTP/1.1\r\n${H}nonsense\r\n\r\n`],
  ["a control character in a value", `GET / HTTP/1.1\r\n${H}X-A: a\x01b\r\n\r\n`],
  ["no Host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n"],
  ["two Host", `GET / HTTP/1.1\r\n${H}${H}\r\n`],
  ["HTTP/0.9", "GET /\r\n\r\n"],
  ["HTTP/1.2", `GET / HTTP/1.2\r\n${H}\r\n`],
  ["HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["HTTP/1.1 in lower case", `GET / http/1.1\r\n${H}\r\n`],
  ["HTTP/01.1", `GET / HTTP/01.1\r\n${H}\r\n`],
  ["two spaces in the request line", `GET  / HTTP/1.1\r\n${H}\r\n`],
  ["a tab in the request line", `GET\t/ HTTP/1.1\r\n${H}\r\n`],
  ["a space at the end of the request line", `GET / HTTP/1.1 \r\n${H}\r\n`],
  ["a target with a space", `GET /a b HTTP/1.1\r\n${H}\r\n`],
  ["a target beyond ASCII", `GET /\xe9 HTTP/1.1\r\n${H}\r\n`],
  ["a method that is no token", `G(T / HTTP/1.1\r\n${H}\r\n`],
  ["a fragment", `GET /a#b HTTP/1.1\r\n${H}\r\n`],
  ["an over-long request line", `GET /${"a".repeat(40_000)} HTTP/1.1\r\n${H}\r\n`],
  ["an over-long head", `GET / HTTP/1.1\r\n${H}${`X-A: ${"b".repeat(1000)}\r\n`.repeat(80)}\r\n`],
  ["too many fields", `GET / HTTP/1.1\r\n${H}${"a:b\r\n".repeat(400)}\r\n`],
  [
    "Connection names Content-Length",
    `POST / HTTP/1.1\r\n${H}Connection: content-length\r\nContent-Length: 3\r\n\r\nabc`,
  ],
  ["Connection names Host", `GET / HTTP/1.1\r\n${H}Connection: host\r\n\r\n`],
  ["Connection names Authorization", `GET / HTTP/1.1\r\n${H}Connection: Authorization\r\n\r\n`],
  ["an unknown expectation", `POST / HTTP/1.1\r\n${H}Expect: magic\r\nContent-Length: 1\r\n\r\na`],
  ["two empty lines before a request", `\r\n\r\nGET / HTTP/1.1\r\n${H}\r\n`],
];

test.for(REFUSED)("refuses %s with 400 and forwards nothing", async ([, bytes]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  const response = await client.send(bytes).end();
  expect(response).toMatch(/^HTTP\/1\.1 400 /);
  expect(refusalCode(response)).toBe("egress.protocol_error");
  expect(response).toMatch(/^connection: close\r$/im);
  expect(response.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  expect(origin.connections).toHaveLength(0);
});

test.for([
  ["a value", `GET / HTTP/1.1\r\n${H}X-A: a\0b\r\n\r\n`],
  ["the path", `GET /a\0b HTTP/1.1\r\n${H}\r\n`],
])("refuses a NUL in %s with 403 dlp.crlf", async ([, bytes]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  const response = await client.send(bytes ?? "").end();
  expect(response).toMatch(/^HTTP\/1\.1 403 /);
  expect(refusalCode(response)).toBe("dlp.crlf");
  expect(origin.connections).toHaveLength(0);
});

/** The head is fine and goes on; the body breaks, so the request must never become whole upstream. */
const BROKEN_BODIES: readonly (readonly [name: string, body: string])[] = [
  ["a chunk size with a sign", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with an underscore", "1_0\r\nhello\r\n0\r\n\r\n"],
  ["an empty chunk size", "\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with a space in front", " 5\r\nhello\r\n0\r\n\r\n"],
  ["a chunk size with a space behind", "5 \r\nhello\r\n0\r\n\r\n"],
  ["a chunk size over every bound", "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"],
  ["a chunk line that ends in LF", "5\nhello\r\n0\r\n\r\n"],
  ["an extension with a bare LF", "5;a\nb\r\nhello\r\n0\r\n\r\n"],
  ["an extension with a bare CR", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
  ["an extension with a control character", "5;a=\x01\r\nhello\r\n0\r\n\r\n"],
  ["an over-long extension", `5;${"a".repeat(2000)}\r\nhello\r\n0\r\n\r\n`],
  ["many long extensions", `${`1;${"a".repeat(900)}\r\nx\r\n`.repeat(30)}0\r\n\r\n`],
  ["a chunk longer than its size", "5\r\nhello!\r\n0\r\n\r\n"],
  ["a chunk that ends in LF", "5\r\nhello\n0\r\n\r\n"],
  ["a trailer section that ends in LF", "5\r\nhello\r\n0\r\n\n"],
  ["a trailer that repeats Content-Length", "5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n"],
  ["a trailer that repeats Transfer-Encoding", "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["a trailer that repeats Host", "5\r\nhello\r\n0\r\nHost: evil.test\r\n\r\n"],
  ["a trailer with Authorization", "5\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n"],
  ["a folded trailer", "5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n"],
  ["a trailer without a colon", "5\r\nhello\r\n0\r\nnonsense\r\n\r\n"],
  ["an over-long trailer section", `5\r\nhello\r\n0\r\n${`X-A: ${"b".repeat(1000)}\r\n`.repeat(20)}\r\n`],
];

test.for(BROKEN_BODIES)("refuses %s and never completes the request upstream", async ([, body]) => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const client = await sidecar({ origin }).tls();
  const head = `POST / HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n`;
  const response = await client.send(`${head}${body}GET /smuggled HTTP/1.1\r\n${H}\r\n`).end();
  expect(response).toMatch(/^HTTP\/1\.1 400 /);
  expect(refusalCode(response)).toBe("egress.protocol_error");
  expect(response.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
  await Promise.all(origin.connections.map((connection) => connection.end()));
  expect(origin.received()).not.toContain("0\r\n\r\n");
  expect(origin.received()).not.toContain("smuggled");
});

test("gives bytes behind a bodiless request a decision of their own (CL.0)", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin });
  const client = await side.tls();
  client.send(`GET /a HTTP/1.1\r\n${H}\r\nGET /b HTTP/1.1\r\nHost: evil.test\r\n\r\n`);
  const text = await client.until(/403/);
  expect(refusalCode(text.slice(text.indexOf(" 403 ")))).toBe("egress.host_mismatch");
  expect(origin.received()).not.toContain("/b");
});

/** Answers of the upstream that have no one meaning: 502, and the connection to it is closed. */
const BROKEN_ANSWERS: readonly (readonly [name: string, bytes: string])[] = [
  ["two Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"],
  [
    "Content-Length with Transfer-Encoding",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  ["another Transfer-Encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
  ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 1\n\na"],
  ["a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na"],
  ["a NUL", "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 1\r\n\r\na"],
  ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na"],
  ["HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\na"],
  ["a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 1\r\n\r\na"],
  ["no HTTP at all", "220 mail.test ESMTP\r\n\r\n"],
  ["a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"],
  ["an interim answer with a length", "HTTP/1.1 103 Early\r\nContent-Length: 1\r\n\r\na"],
  ["endless interim answers", "HTTP/1.1 103 Early\r\n\r\n".repeat(100)],
  ["an over-long head", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(70_000)}\r\n\r\n`],
];

test.for(BROKEN_ANSWERS)("answers 502 when the upstream sends %s", async ([, bytes]) => {
  const origin = await rawOrigin({ serve: answering(() => bytes) });
  const client = await sidecar({ origin }).tls();
  client.send(`GET / HTTP/1.1\r\n${H}Connection: close\r\n\r\n`);
  const response = (await client.end()).replace(/HTTP\/1\.1 103 [^\r]*\r\n\r\n/g, "");
  expect(response).toMatch(/^HTTP\/1\.1 502 /);
  expect(refusalCode(response)).toBe("egress.upstream_unreachable");
  expect(response).not.toContain("ESMTP");
  await origin.connections[0]?.end();
});

test("does not take bytes behind an answer for the next answer", async () => {
  let count = 0;
  const origin = await rawOrigin({
    serve: answering(() => (++count === 1 ? `${ok("first")}${ok("stray")}` : ok("second"))),
  });
  const client = await sidecar({ origin }).tls();
  await client.send(`GET /1 HTTP/1.1\r\n${H}\r\n`).until(/first/);
  const text = await client.send(`GET /2 HTTP/1.1\r\n${H}\r\n`).until(/second/);
  expect(text).not.toContain("stray");
  expect(origin.connections).toHaveLength(2);
});
