import { connect as connectH2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import { deflateSync, gunzipSync, gzipSync, inflateSync, zstdCompressSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { RouteAuth } from "../../src/policy/route.ts";
import {
  answering,
  HOST,
  listening,
  originCa,
  rawOrigin,
  route,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";

/** What the sidecar puts on does not come back: every surface of an answer by every spelling, over sockets, with `log` 2. */

const PASSWORD = "p4ss/Word+7Hq2xV9bLmZ4";
const AUTHS: Record<string, { readonly auth: RouteAuth; readonly secret: string }> = {
  bearer: {
    auth: { header: "authorization", scheme: "bearer", secret: "API_TOKEN" },
    secret: "tok-7Hq2xV9bLmZ4eR8sWc1d",
  },
  basic: {
    auth: { header: "authorization", scheme: "basic", secret: "API_TOKEN" },
    secret: `bot:${PASSWORD}`,
  },
  field: {
    auth: { header: "x-key", scheme: "raw", secret: "API_TOKEN" },
    secret: 'k"7Hq2xV9b<LmZ4>eR8sWc1d&é',
  },
};

const hex = (text: string) => Buffer.from(text).toString("hex");
const each = (text: string, spell: (byte: number) => string) => [...Buffer.from(text)].map(spell).join("");
const twoDigits = (byte: number) => byte.toString(16).padStart(2, "0");

const SPELLINGS: Record<string, (secret: string) => string> = {
  raw: (s) => Buffer.from(s, "utf8").toString("latin1"),
  base64: (s) => Buffer.from(s).toString("base64"),
  "base64 without padding, one byte in": (s) => Buffer.from(`"${s}`).toString("base64").replace(/=+$/, ""),
  "base64url, two bytes in": (s) => Buffer.from(`{"${s}`).toString("base64url"),
  hex,
  "HEX in capitals": (s) => hex(s).toUpperCase(),
  "percent, where it has to be": (s) => encodeURIComponent(s),
  "percent, every byte": (s) => each(s, (byte) => `%${twoDigits(byte)}`),
  "JSON escapes": (s) =>
    [...s].map((c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`).join(""),
  "HTML escapes": (s) => [...s].map((c) => `&#${c.codePointAt(0)};`).join(""),
  reversed: (s) => Buffer.from([...Buffer.from(s)].reverse()).toString("latin1"),
  "its last twelve letters and digits": (s) =>
    /(?:[A-Za-z0-9][^A-Za-z0-9]*){12}$/.exec(s.replace("é", ""))?.[0] ?? "",
};

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
const stated = (status: string, fields: string, body: string) =>
  `HTTP/1.1 ${status}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const latin1 = (bytes: Buffer) => bytes.toString("latin1");

/** Whole HTTP/1.1 answers that hold it somewhere. */
const SURFACES: Record<string, (s: string) => string> = {
  "a JSON body": (s) => stated("200 OK", "Content-Type: application/json\r\n", `{"you":"${s}"}`),
  "an HTML body": (s) => stated("200 OK", "Content-Type: text/html\r\n", `<p title='${s}'>${s}</p>`),
  "an error's text": (s) => stated("500 Oops", "Content-Type: text/plain\r\n", `at handler(${s})`),
  "a binary body": (s) => stated("200 OK", "Content-Type: application/octet-stream\r\n", `\0\x01${s}\xff`),
  "chunks of a stream": (s) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${[...s].map(chunk).join("")}${chunk(".")}0\r\n\r\n`,
  "an event": (s) =>
    `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(`data: ${s}\n\n`)}0\r\n\r\n`,
  "a gzip body": (s) =>
    stated("200 OK", "Content-Encoding: gzip\r\n", latin1(gzipSync(Buffer.from(s, "latin1")))),
  "a deflate body": (s) =>
    stated("200 OK", "Content-Encoding: deflate\r\n", latin1(deflateSync(Buffer.from(s, "latin1")))),
  "a zstd body": (s) =>
    stated("200 OK", "Content-Encoding: zstd\r\n", latin1(zstdCompressSync(Buffer.from(s, "latin1")))),
  "a redirect": (s) => stated("302 Found", `Location: https://x.test/?t=${s}#${s}\r\n`, "x"),
  "a cookie": (s) => stated("200 OK", `Set-Cookie: t=${s}; Path=/\r\n`, "x"),
  "a challenge": (s) =>
    stated("401 Unauthorized", `WWW-Authenticate: Bearer realm="${s}", error="x"\r\n`, "x"),
  "a field": (s) => stated("200 OK", `X-Debug: saw ${s}\r\n`, "x"),
  "a field without a body": (s) => `HTTP/1.1 304 Not Modified\r\nX-Debug: ${s}\r\n\r\n`,
  "a hint": (s) =>
    `HTTP/1.1 103 Early Hints\r\nLink: </a?${s}>; rel=preload\r\n\r\n${stated("200 OK", "", "x")}`,
  "a trailer": (s) =>
    `HTTP/1.1 200 OK\r\nTrailer: x-t\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("x")}0\r\nX-T: ${s}\r\n\r\n`,
  "the reason phrase": (s) => stated(`400 Not ${s}`, "", "x"),
};

/** What a reader of `text` may find the secret in. */
function readings(raw: string): string {
  const text = `${raw}\n${raw.replace(/\r\n[0-9a-f]+\r\n/g, "")}`;
  const undone = [
    text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    text.replace(/\\u00([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code))),
    ...(text.match(/[A-Za-z0-9+/_-]{16,}/g) ?? []).flatMap((run) =>
      [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), "base64").toString("latin1")),
    ),
    ...(text.match(/[0-9a-f]{16,}/gi) ?? []).map((run) => Buffer.from(run, "hex").toString("latin1")),
  ];
  const body = raw.slice(raw.indexOf("\r\n\r\n") + 4);
  for (const inflate of [gunzipSync, inflateSync]) {
    try {
      undone.push(latin1(inflate(Buffer.from(body, "latin1"))));
    } catch {
      // it is not coded so
    }
  }
  const all = [text, ...undone].join("\n");
  return `${all}\n${[...all].reverse().join("")}`;
}

/** What of the secret must never be read: twelve letters and digits in a row from its middle on. */
function forbidden(secret: string): string {
  return secret.replace(/é$/, "").slice(-12);
}

async function answered(answers: readonly string[], name: string) {
  const { auth, secret } = AUTHS[name] ?? { auth: undefined, secret: "" };
  const queue = [...answers];
  const origin = await rawOrigin({ serve: answering(() => queue.shift()) });
  const side = sidecar({
    origin,
    log: 2,
    routes: [route({ ...(auth && { auth }) })],
    secrets: { API_TOKEN: secret },
  });
  return { side, secret };
}

async function whole(side: Sidecar): Promise<string> {
  const client = await side.tls();
  const before = side.events.length;
  client.send(`GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
  const text = await client.end();
  await side.journal(before + 1);
  return text;
}

describe.for(Object.keys(AUTHS))("a credential put on as %s", (name) => {
  const secret = AUTHS[name]?.secret ?? "";
  const some = ["a JSON body", "a gzip body", "a redirect", "a challenge", "a trailer"];
  test.for(name === "bearer" ? Object.keys(SURFACES) : some)(
    "does not come back in %s, however it is spelled",
    async (surface) => {
      const make = SURFACES[surface] ?? String;
      const spelled = Object.entries(SPELLINGS).map(([how, spell]) => ({ how, text: spell(secret) }));
      const { side } = await answered(
        spelled.map(({ text }) => make(text)),
        name,
      );
      for (const { how } of spelled) {
        const text = await whole(side);
        expect([how, text]).toEqual([how, expect.stringMatching(/^HTTP\/1\.1 [1-5]/)]);
        const read = readings(text);
        expect([how, read.includes(forbidden(secret)) ? text : ""]).toEqual([how, ""]);
        expect([how, text]).toEqual([how, expect.stringContaining("[masked API_TOKEN]")]);
      }
      expect(readings(JSON.stringify(side.events))).not.toContain(forbidden(secret));
    },
  );
});

test("what is looked for is seen where it does come back", () => {
  const secret = AUTHS.bearer?.secret ?? "";
  for (const [surface, make] of Object.entries(SURFACES).filter(([name]) => !/gzip|flate|zstd/.test(name)))
    for (const [how, spell] of Object.entries(SPELLINGS))
      expect([surface, how, readings(make(spell(secret))).includes(forbidden(secret))]).toEqual([
        surface,
        how,
        true,
      ]);
});

const TOLD: Record<string, string> = {
  "a redirect": "response header location",
  "a cookie": "response header set-cookie",
  "a field without a body": "response header x-debug",
  "a hint": "response header link",
  "a trailer": "response trailer x-t",
  "the reason phrase": "response reason",
  "an HTML body": "response body",
};

test.for(Object.entries(TOLD))("the journal says that it stood in %s", async ([surface, place]) => {
  const secret = AUTHS.bearer?.secret ?? "";
  const { side } = await answered([SURFACES[surface]?.(hex(secret)) ?? ""], "bearer");
  await whole(side);
  const found = side.events.flatMap((event) => ("findings" in event ? (event.findings ?? []) : []));
  expect(found).toContainEqual({
    detector: "response_mask",
    name: "API_TOKEN",
    surface: place,
    encoding: "hex",
    action: "mask",
  });
});

test("the journal doesn't repeat a field's name that holds it", async () => {
  const secret = AUTHS.bearer?.secret ?? "";
  const { side } = await answered([stated("200 OK", `${secret}: 1\r\n`, "x")], "bearer");
  expect(await whole(side)).toContain("x-masked: 1");
  expect(JSON.stringify(side.events)).toContain('"surface":"response header name"');
  expect(JSON.stringify(side.events)).not.toContain(forbidden(secret));
});

test("a password alone does not come back, nor what Basic made of it", async () => {
  const echoes = [PASSWORD, Buffer.from(`bot:${PASSWORD}`).toString("base64"), encodeURIComponent(PASSWORD)];
  const { side } = await answered(
    echoes.map((text) => stated("401 No", `WWW-Authenticate: Basic realm="${text}"\r\n`, `not ${text}`)),
    "basic",
  );
  for (const echo of echoes) {
    const text = await whole(side);
    expect(text).not.toContain(echo);
    expect(readings(text)).not.toContain(PASSWORD.slice(-12));
  }
});

test("over HTTP/2 it comes back in no field, hint, body or trailer", async () => {
  const { auth, secret } = AUTHS.bearer ?? { auth: undefined, secret: "" };
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] });
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    const got = String(headers.authorization);
    const basic = Buffer.from(got).toString("base64");
    stream.additionalHeaders({ ":status": 103, link: `</${got}>` });
    stream.respond(
      {
        ":status": 401,
        "www-authenticate": `Bearer realm="${basic}"`,
        location: `/?t=${encodeURIComponent(got)}`,
      },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-t": basic }));
    stream.end(`${got} ${basic} ${hex(got)}`);
  });
  const port = await listening(server);
  const side = sidecar({
    origin: { port },
    log: 2,
    routes: [route({ ...(auth && { auth }) })],
    secrets: { API_TOKEN: secret },
  });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const seen: string[] = [];
  const stream = session.request({ ":path": "/" });
  for (const event of ["headers", "response", "trailers"])
    stream.on(event, (fields: object) => seen.push(JSON.stringify(fields)));
  let body = "";
  stream.on("data", (bytes: Buffer) => {
    body += latin1(bytes);
  });
  await new Promise((resolve) => stream.once("close", resolve));
  seen.push(body);
  expect(seen).toHaveLength(4);
  for (const text of seen) {
    expect(text).toContain("[masked API_TOKEN]");
    expect(readings(text)).not.toContain(forbidden(secret));
  }
  expect(readings(JSON.stringify(await side.journal(1)))).not.toContain(forbidden(secret));
});
