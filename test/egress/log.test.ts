import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectH2, createSecureServer, type ServerHttp2Stream } from "node:http2";
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { formatRecord } from "../../src/journal/format.ts";
import { MAX_LINE } from "../../src/journal/limits.ts";
import type { RequestEvent } from "../../src/journal/record.ts";
import { DEFAULT_INSPECTION, type RouteAuth } from "../../src/policy/route.ts";
import {
  LOG_BODY_BYTES,
  LOG_BODY_CHARS,
  LOG_DECODED_BYTES,
  LOG_FIELD_CHARS,
} from "../../src/sidecar/egress/limits.ts";
import { maskBytes } from "../../src/sidecar/egress/log/mask.ts";
import { journalFolder, write } from "../journal/fixture.ts";
import {
  answering,
  HOST,
  listening,
  ok,
  originCa,
  rawOrigin,
  route,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";

const TOKEN = "sk-real-0123456789abcdef";
const OTHER = "another secret/of+the=vault";
const MINE = "mine-0123456789";
const MASKED = "[masked API_TOKEN]";
const H = `Host: ${HOST}\r\n`;
const bearer: RouteAuth = { header: "authorization", scheme: "bearer", secret: "API_TOKEN" };

interface Setting {
  readonly auth?: RouteAuth | null;
  readonly log?: 0 | 1 | 2;
  readonly secrets?: Record<string, string>;
}

function logging(origin: { port: number }, { auth = bearer, log = 2, secrets }: Setting = {}): Sidecar {
  return sidecar({
    origin,
    // What inspection would refuse has to get as far as the journal here.
    routes: [route({ ...(auth ? { auth } : {}), dlp: { ...DEFAULT_INSPECTION, oversize: "pass" } })],
    secrets: { API_TOKEN: TOKEN, OTHER, ...secrets },
    searched: false,
    log,
  });
}

/** Sends one request and waits for its record. */
async function exchange(
  request: string | readonly string[],
  answer: string | ((head: string, body: string) => string),
  setting: Setting = {},
): Promise<RequestEvent> {
  const origin = await rawOrigin({
    serve: answering((head, body) => (typeof answer === "string" ? answer : answer(head, body))),
  });
  const side = logging(origin, setting);
  const client = await side.tls();
  for (const part of typeof request === "string" ? [request] : request) {
    client.send(part);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [event] = await side.journal(1);
  if (!event) throw new Error("no record");
  return event;
}

function get(fields = ""): string {
  return `GET /p HTTP/1.1\r\n${H}${fields}\r\n`;
}

function post(body: string, fields = "Content-Type: application/json\r\n"): string {
  return `POST /p HTTP/1.1\r\n${H}${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function chunked(...parts: string[]): string {
  const body = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n`;
}

const JSON_TYPE = "Content-Type: application/json\r\n";

test("log 2 journals both messages: fields in order, bodies as text", async () => {
  const body = Buffer.from('{"q":"é"}').toString("latin1");
  const event = await exchange(post(body, `${JSON_TYPE}X-A: 1\r\nx-a: 2\r\n`), ok("hello", "X-B: 3\r\n"), {
    auth: null,
  });
  expect(event.request).toEqual({
    fields: ["Content-Type: application/json", "X-A: 1", "x-a: 2"],
    body: '{"q":"é"}',
  });
  expect(event.response).toEqual({ fields: ["X-B: 3"], body: "hello" });
});

test("log 1 has none of it, log 0 records only what was blocked", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  for (const log of [1, 0] as const) {
    const side = logging(origin, { log });
    const client = await side.tls();
    await client.send(post("{}")).until(/hello/);
    await client.send("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n").until(/403/);
    expect(side.events.map((event) => event.verdict)).toEqual(log === 1 ? ["allow", "block"] : ["block"]);
    for (const event of side.events) {
      expect(event).not.toHaveProperty("request");
      expect(event).not.toHaveProperty("response");
    }
  }
});

test("never journals the credential that was put on, nor its echo in fields, body and trailers", async () => {
  const event = await exchange(get("X-A: 1\r\n"), (head) => {
    const value = /^authorization: (.*)\r$/im.exec(head)?.[1] ?? "";
    return `${chunked(`you sent ${value}`).replace("\r\n", `\r\nX-Echo: ${value}\r\n`)}X-T: ${value}\r\n\r\n`;
  });
  expect(event).toMatchObject({
    injected: "API_TOKEN",
    request: { fields: ["X-A: 1"] },
    response: {
      fields: [`X-Echo: Bearer ${MASKED}`],
      trailers: [`X-T: Bearer ${MASKED}`],
      body: `you sent Bearer ${MASKED}`,
    },
  });
  expect(JSON.stringify(event)).not.toContain(TOKEN);
});

test("masks a credential of scheme basic as it is and in base64, however short", async () => {
  const event = await exchange(get(), (head) => ok(`${/Basic (\S+)/.exec(head)?.[1]} u:p`), {
    auth: { ...bearer, scheme: "basic", secret: "SHORT" },
    secrets: { SHORT: "u:p" },
  });
  expect(event.response?.body).toBe("[masked SHORT] [masked SHORT]");
});

test("masks every secret of the vault, in each spelling, on a route without a credential, both ways", async () => {
  const spellings = [
    OTHER,
    Buffer.from(OTHER).toString("base64"),
    Buffer.from(OTHER).toString("base64url"),
    encodeURIComponent(OTHER),
    TOKEN,
  ].join(" ");
  const event = await exchange(post(spellings, `X-A: ${OTHER}\r\n`), ok(spellings, `X-B: ${TOKEN}\r\n`), {
    auth: null,
  });
  const masked = `${"[masked OTHER] ".repeat(4)}${MASKED}`;
  expect(event.request).toEqual({ fields: ["X-A: [masked OTHER]"], body: masked });
  expect(event.response).toEqual({ fields: [`X-B: ${MASKED}`], body: masked });
});

test.each([
  ["hex", Buffer.from(TOKEN).toString("hex")],
  ["hex with colons", [...TOKEN].map((c) => c.charCodeAt(0).toString(16)).join(":")],
  ["percent signs", [...TOKEN].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("")],
  ["reverse", [...TOKEN].reverse().join("")],
  ["base64 inside more", Buffer.from(`{"a":"${TOKEN}"}`).toString("base64")],
])("masks the sidecar's credential in an answer that spells it in %s", async (_, spelled) => {
  for (const [body, fields] of [
    [`you: ${spelled}`, `X-Echo: ${spelled}\r\n`],
    [gzipSync(`you: ${spelled}`).toString("latin1"), "Content-Encoding: gzip\r\n"],
  ] as const) {
    const origin = await rawOrigin({ serve: answering(() => ok(body, fields)) });
    const side = sidecar({
      origin,
      routes: [route({ auth: bearer })],
      secrets: { API_TOKEN: TOKEN },
      log: 2,
    });
    (await side.tls()).send(get());
    const [event] = await side.journal(1);
    expect(event?.response?.body).toContain(MASKED);
    expect(JSON.stringify(event)).not.toContain(
      spelled.slice(spelled.length / 2 - 6, spelled.length / 2 + 6),
    );
  }
});

test("masks a secret that JSON escapes", async () => {
  const secret = 'line one\nline "two"';
  const event = await exchange(post(JSON.stringify({ secret })), ok(), { secrets: { LINES: secret } });
  expect(event.request?.body).toBe('{"secret":"[masked LINES]"}');
});

test("leaves a value too short to be a secret alone where it was not put on", async () => {
  const event = await exchange(get(), ok("a yes or no"), { secrets: { SHORT: "yes" } });
  expect(event.response?.body).toBe("a yes or no");
});

test("never journals a credential the agent brought, wherever it stands", async () => {
  const event = await exchange(
    post(
      `{"key":"${MINE}"}`,
      `${JSON_TYPE}Authorization: Bearer ${MINE}\r\nX-Copy: ${MINE}\r\nCookie: a=b; s=%6dine-0123456789; t=${MINE}\r\n`,
    ),
    ok(`for ${MINE}, %6dine-0123456789`),
  );
  expect(event.request).toEqual({
    fields: [
      "Content-Type: application/json",
      "Authorization: [removed]",
      "X-Copy: [removed]",
      "Cookie: a=[removed]; s=[removed]; t=[removed]",
    ],
    body: '{"key":"[removed]"}',
  });
  expect(event.response?.body).toBe("for [removed], [removed]");
  expect(JSON.stringify(event)).not.toMatch(/ine-0123456789/);
});

test("hides a short credential of the agent's in its own field without touching the rest", async () => {
  const auth: RouteAuth = { header: "x-api-key", scheme: "raw", secret: "API_TOKEN" };
  const event = await exchange(get("x-api-key: ab\r\nX-A: abc\r\nCookie: c=ab\r\n"), ok("abc"), { auth });
  expect(event.request?.fields).toEqual(["x-api-key: [removed]", "X-A: abc", "Cookie: c=[removed]"]);
  expect(event.response?.body).toBe("abc");
});

test("hides what Basic says, and its password", async () => {
  const basic = Buffer.from(`user:${MINE}`).toString("base64");
  const event = await exchange(get(`Authorization: Basic ${basic}\r\n`), ok(`user:${MINE} ${MINE} ${basic}`));
  expect(event.response?.body).toBe("[removed] [removed] [removed]");
});

test.for([
  ["a request that is refused", "GET / HTTP/1.1\r\nHost: evil.test\r\n", "egress.host_mismatch"],
  ["a route without a credential", `GET / HTTP/1.1\r\n${H}`, undefined],
] as const)("hides the agent's Authorization on %s too", async ([, start, code]) => {
  const event = await exchange(`${start}Authorization: Bearer ${MINE}\r\nX-A: 1\r\n\r\n`, ok(), {
    auth: null,
  });
  expect(event.code).toBe(code);
  expect(event.request?.fields).toEqual(["Authorization: [removed]", "X-A: 1"]);
  expect(JSON.stringify(event)).not.toContain(MINE);
});

test("journals a refusal's answer as the agent got it", async () => {
  const event = await exchange("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", ok());
  expect(event.response?.fields).toContain("x-bot-bottle-verdict: egress.host_mismatch");
  expect(JSON.parse(event.response?.body ?? "")).toMatchObject({ id: event.id, status: 403 });
});

test("masks a secret split over chunks and reads, both ways", async () => {
  const body = `you:${OTHER}!`;
  const at = 12;
  const event = await exchange(
    [post(body, "").slice(0, -body.length + at), ...body.slice(at)],
    `${chunked(`it:${TOKEN.slice(0, 5)}`, ...TOKEN.slice(5), "!")}\r\n`,
  );
  expect(event.request?.body).toBe("you:[masked OTHER]!");
  expect(event.response?.body).toBe(`it:${MASKED}!`);
});

test.for([1, 5, 20, 23, 24])("drops an end that could begin a secret: %i characters of it", async (kept) => {
  const body = `${"x".repeat(LOG_BODY_BYTES - kept)}${TOKEN} and more`;
  const event = await exchange(post(body), ok(body));
  const left = kept === TOKEN.length ? 9 : TOKEN.length + 9;
  const shown = "x".repeat(LOG_BODY_BYTES - kept) + (kept === TOKEN.length ? MASKED : "");
  expect(event.request).toMatchObject({ body: shown, body_left_out: left });
  expect(event.response).toMatchObject({ body: shown, body_left_out: left });
});

test("keeps the end of a whole body though a secret begins like it", async () => {
  const event = await exchange(post("yes sk-re"), ok("yes sk-re"));
  expect([event.request?.body, event.response?.body]).toEqual(["yes sk-re", "yes sk-re"]);
});

test.for([
  ["", (text: string) => Buffer.from(text)],
  ["Content-Encoding: gzip\r\n", (text: string) => gzipSync(text, { finishFlush: constants.Z_SYNC_FLUSH })],
] as const)("drops the beginning of a secret from a body that was broken off %s", async ([fields, code]) => {
  const body = code(`it:${OTHER.slice(0, 12)}`).toString("latin1");
  const origin = await rawOrigin({
    serve: (wire) => {
      wire.sendWhen(/\r\n\r\n/, `HTTP/1.1 200 OK\r\n${fields}Content-Length: 99999\r\n\r\n${body}`);
    },
  });
  const side = logging(origin, { auth: null });
  const client = await side.tls();
  await client.send(get()).until((text) => text.endsWith(body));
  for (const { socket } of origin.connections) socket.destroy();
  const [event] = await side.journal(1);
  expect(event?.response).toMatchObject({ body: "it:", body_left_out: 12 });
});

test.for([
  ["gzip", gzipSync],
  ["x-gzip", gzipSync],
  ["deflate", deflateSync],
  ["deflate", deflateRawSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const)("looks into %s to mask, both ways", async ([coding, compress]) => {
  const coded = (text: string): string => compress(Buffer.from(text)).toString("latin1");
  const fields = `Content-Encoding: ${coding}\r\n`;
  const event = await exchange(post(coded(`from ${OTHER}`), fields), ok(coded(`to ${TOKEN}`), fields));
  expect(event.request).toEqual({
    fields: [`Content-Encoding: ${coding}`],
    body: "from [masked OTHER]",
    body_decoded: coding,
  });
  expect(event.response).toMatchObject({ body: `to ${MASKED}`, body_decoded: coding });
});

test("undoes several codings, and shows what can be read of a coded body that is longer than the bound", async () => {
  const noise = Array.from({ length: 30_000 }, (_, i) => `${(i * 2_654_435_761) % 4_294_967_296}`).join(",");
  const coded = brotliCompressSync(gzipSync(Buffer.from(`${TOKEN} ${noise}`)));
  const event = await exchange(
    get(),
    ok(coded.toString("latin1"), "Content-Encoding: gzip\r\nContent-Encoding: br\r\n"),
  );
  expect(coded.length).toBeGreaterThan(LOG_BODY_BYTES);
  expect(event.response).toMatchObject({
    body_decoded: "gzip, br",
    body_not_decoded: coded.length - LOG_BODY_BYTES,
    body_left_out: expect.any(Number),
  });
  expect(event.response?.body?.startsWith(`${MASKED} 0,2654435761`)).toBe(true);
});

test.for([
  ["bytes that are no gzip", "gzip", "not gzip", "it can't be decoded"],
  ["a coding nobody knows", "aes128gcm", "x", "its content coding is not known"],
  ["more codings than anyone uses", "gzip, gzip, gzip, gzip", "x", "it has more than 3 content codings"],
  [
    "a bomb",
    "gzip",
    gzipSync(Buffer.alloc(LOG_DECODED_BYTES + 1)).toString("latin1"),
    `it is over ${LOG_DECODED_BYTES} bytes decoded`,
  ],
] as const)("omits a body it can't look into, with the reason: %s", async ([, coding, body, reason]) => {
  const fields = `Content-Encoding: ${coding}\r\n`;
  const event = await exchange(post(body, fields), ok(body, fields));
  const omitted = { fields: [`Content-Encoding: ${coding}`], body_omitted: reason };
  expect([event.request, event.response]).toEqual([omitted, omitted]);
});

test("writes what is no text in base64, its secrets masked first", async () => {
  const png = `\x89PNG\0${TOKEN}\xff`;
  const event = await exchange(
    post(png, "Content-Type: image/png\r\n"),
    ok("\xff\xfe", "Content-Type: text/plain\r\n"),
  );
  expect(event.request?.body_encoding).toBe("base64");
  expect(Buffer.from(event.request?.body ?? "", "base64").toString("latin1")).toBe(`\x89PNG\0${MASKED}\xff`);
  expect(event.response).toMatchObject({ body_encoding: "base64", body: "//4=" });
});

test("splits no character at the bound", async () => {
  const body = Buffer.from(`${"x".repeat(LOG_BODY_BYTES - 2)}€ and more`).toString("latin1");
  const event = await exchange(post(body), ok());
  expect(event.request).toEqual({
    fields: ["Content-Type: application/json"],
    body: "x".repeat(LOG_BODY_BYTES - 2),
    body_left_out: 12,
  });
});

test("bounds bodies and fields, counts what is left out, and fits the journal's line at their worst", async () => {
  const worst = Array.from({ length: 55 }, (_, i) => `X-${i}: ${"\xe9".repeat(1000)}\r\n`).join("");
  const body = Buffer.from("é".repeat(100_000)).toString("latin1");
  const event = await exchange(
    [post(body, `${worst}X-Last: 1\r\n`)],
    ok("\0".repeat(100_000), `X-Long: ${"y".repeat(5000)}\r\n${worst}`),
    { auth: null },
  );
  expect(event.request?.fields_left_out).toBe(54);
  expect(event.request?.fields).toEqual([`X-0: ${"\xe9".repeat(1000)}`, "X-Last: 1"]);
  expect(event.response?.fields[0]).toBe(`X-Long: ${"y".repeat(LOG_FIELD_CHARS - 8)}…`);
  for (const message of [event.request, event.response]) {
    const shown = message?.body ?? "";
    expect(shown.length).toBe(Math.floor(LOG_BODY_CHARS / 6));
    expect(message?.body_left_out).toBe(
      (message === event.request ? 200_000 : 100_000) - Buffer.byteLength(shown),
    );
  }
  const fixture = journalFolder();
  onTestFinished(() => fixture.remove());
  write(fixture.paths, "dev-1", (writer) =>
    writer.append({ ...event, host: "é".repeat(5000), removed: Array(99).fill("é".repeat(5000)) }, 0),
  );
  const line = readFileSync(fixture.paths.lines, "latin1").trimEnd();
  expect(line.length).toBeLessThanOrEqual(MAX_LINE);
  const record = JSON.parse(line);
  expect(record.request).toEqual(event.request);
  expect(record.response).toEqual(event.response);
  // people get the same line as without
  expect(formatRecord(record)).not.toContain("X-Last");
});

test("masks over HTTP/2 both ways", async () => {
  const server = createSecureServer({ ...originCa.issue(), ALPNProtocols: ["h2"] });
  server.on("stream", (stream: ServerHttp2Stream, headers: { authorization?: string }) => {
    const value = headers.authorization ?? "";
    stream.respond({ ":status": 200, "x-echo": value }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-t": value }));
    stream.write(`got ${value.slice(0, 12)}`);
    setTimeout(() => stream.end(value.slice(12)), 20);
  });
  const port = await listening(server);
  const side = logging({ port });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => {
    session.destroy();
    server.close();
  });
  const stream = session.request({
    ":path": "/",
    ":method": "POST",
    authorization: `Bearer ${MINE}`,
    cookie: ["a=b", `c=${MINE}`],
    "content-type": "text/plain",
  });
  stream.resume();
  stream.write(`body ${OTHER.slice(0, 9)}`);
  setTimeout(() => stream.end(`${OTHER.slice(9)} ${MINE}`), 20);
  await once(stream, "close");
  const [event] = await side.journal(1);
  expect(event).toMatchObject({
    protocol: "h2",
    request: {
      fields: ["authorization: [removed]", "content-type: text/plain", "cookie: a=[removed]; c=[removed]"],
      body: "body [masked OTHER] [removed]",
    },
    response: {
      fields: expect.arrayContaining([`x-echo: Bearer ${MASKED}`]),
      trailers: [`x-t: Bearer ${MASKED}`],
      body: `got Bearer ${MASKED}`,
    },
  });
  expect(JSON.stringify(event)).not.toMatch(/sk-real|mine-|another/);
});

test("no byte of a needle is left, however needles overlap and wherever the text is cut", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 60 });
  const needle = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 3, maxLength: 9 });
  fc.assert(
    fc.property(
      letters,
      fc.array(needle, { minLength: 1, maxLength: 4 }),
      fc.nat(60),
      (text, needles, at) => {
        const cut = at < text.length;
        const source = text.slice(0, at);
        const masked = maskBytes(
          Buffer.from(source),
          { needles: needles.map((n) => ({ bytes: Buffer.from(n), label: "#" })) },
          cut,
        );
        // reference: every character that an occurrence in the whole text covers
        const covered = new Set<number>();
        for (const n of needles)
          for (let i = 0; i < text.length; i++)
            if (text.startsWith(n, i)) for (let j = i; j < i + n.length; j++) covered.add(j);
        const open = [...source].filter((_, i) => !covered.has(i)).length;
        const left = masked.bytes.toString().replaceAll("#", "");
        expect(left.length).toBeLessThanOrEqual(open);
        if (!cut) expect(left.length).toBe(open);
        expect(masked.from).toBeLessThanOrEqual(source.length);
      },
    ),
    { numRuns: 2000 },
  );
});
