import { gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { answering, HOST, rawOrigin, route, type Sidecar, sidecar } from "./harness.ts";

/** A credential that comes back encoded twice, or in escapes among plain characters: what encodings hold is decoded. */

const SECRET = "tok-7Hq2xV9bLmZ4eR8sWc1d";
const base64 = (bytes: Buffer) => bytes.toString("base64");
const each = (spell: (character: string) => string) =>
  [...SECRET].map((character, i) => (i % 3 === 2 ? spell(character) : character)).join("");
const code = (character: string) => character.charCodeAt(0);

const SPELLED: Record<string, string> = {
  "gzip in base64": base64(gzipSync(`token=${SECRET}`)),
  "zstd in base64": base64(zstdCompressSync(Buffer.from(`token=${SECRET}`))),
  "base64 in base64": base64(Buffer.from(base64(Buffer.from(`token=${SECRET}`)))),
  "hex in base64": base64(Buffer.from(Buffer.from(SECRET).toString("hex"))),
  "base64 in hex": Buffer.from(base64(Buffer.from(`token=${SECRET}`))).toString("hex"),
  "some percent escapes": each((c) => `%${code(c).toString(16)}`),
  "some JSON escapes": each((c) => `\\u00${code(c).toString(16)}`),
  "some HTML references": each((c) => `&#${code(c)};`),
  "percent escapes in base64": base64(Buffer.from(each((c) => `%${code(c).toString(16)}`))),
  "full-width letters": Buffer.from(
    each((c) => (/[a-z0-9]/i.test(c) ? String.fromCharCode(code(c) + 0xfee0) : c)),
  ).toString("latin1"),
};

const stated = (fields: string, body: string) =>
  `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const SURFACES: Record<string, (spelled: string) => string> = {
  "a JSON body": (s) => stated("Content-Type: application/json\r\n", `{"you":"${s}","a":1}`),
  "a long body": (s) =>
    stated("Content-Type: text/plain\r\n", `${"text. ".repeat(20_000)}"${s}" ${"more. ".repeat(9)}`),
  "chunks of a stream": (s) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${[...`"${s}"`].map(chunk).join("")}${chunk("end")}0\r\n\r\n`,
  "an event": (s) =>
    `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(`data: ${s}\n\n`)}${chunk("data: end\n\n")}0\r\n\r\n`,
  "a field": (s) => stated(`X-Debug: saw ${s} .\r\n`, "x"),
};

async function whole(side: Sidecar): Promise<string> {
  const client = await side.tls();
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  return client.end();
}

test.each(Object.entries(SURFACES))("a credential does not come back encoded in %s", async (_, make) => {
  const spelled = Object.entries(SPELLED);
  const queue = spelled.map(([, text]) => make(text));
  const origin = await rawOrigin({ serve: answering(() => queue.shift()) });
  const auth = { header: "authorization", scheme: "bearer", secret: "API_TOKEN" } as const;
  const side = sidecar({ origin, routes: [route({ auth })], secrets: { API_TOKEN: SECRET } });
  for (const [how, text] of spelled) {
    const answer = await whole(side);
    expect([how, answer]).toEqual([how, expect.stringContaining("[masked API_TOKEN]")]);
    expect([how, answer.replaceAll(/\r\n[0-9a-f]+\r\n/g, "")]).toEqual([
      how,
      expect.not.stringContaining(text.slice(-24)),
    ]);
  }
});

test("answers that are encoded without it come back as they are", async () => {
  const body = `{"a":"${base64(gzipSync("nothing"))}","b":"${base64(Buffer.from("plain text, some of it"))}","c":"\\u0041%41"}`;
  const origin = await rawOrigin({
    serve: answering(() => stated("Content-Type: application/json\r\n", body)),
  });
  const auth = { header: "authorization", scheme: "bearer", secret: "API_TOKEN" } as const;
  const side = sidecar({ origin, routes: [route({ auth })], secrets: { API_TOKEN: SECRET } });
  expect((await whole(side)).endsWith(body)).toBe(true);
});
