import { createServer } from "node:http";
import { connect as connectH2, constants, createSecureServer } from "node:http2";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_INSPECTION, type RouteInspection } from "../../src/policy/route.ts";
import {
  answering,
  HOST,
  listening,
  ok,
  originCa,
  rawOrigin,
  refusalCode,
  route,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";
import { ENCODINGS, SEARCHED, VALUE } from "./spellings.ts";

const bytes = Buffer.from(VALUE);

interface Upstream {
  readonly side: Sidecar;
  readonly received: () => string;
}

async function inspected(dlp: Partial<RouteInspection> = {}, tls = true): Promise<Upstream> {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ dlp: { ...DEFAULT_INSPECTION, ...dlp } })],
    bottleSecrets: { DEPLOY_KEY: VALUE },
    resolve: tls ? {} : { [`${HOST}:80`]: `127.0.0.1:${origin.port}` },
  });
  return { side, received: origin.received };
}

const HEAD = `Host: ${HOST}\r\n`;
const chunked = (parts: readonly string[]) =>
  `${parts.map((part) => `${Buffer.byteLength(part, "latin1").toString(16)}\r\n${part}\r\n`).join("")}0\r\n\r\n`;

/** Where a spelling can stand in an HTTP/1.1 request. */
const SURFACES: Record<string, (spelled: string) => string | undefined> = {
  path: (s) => (/^[!-~]+$/.test(s) && !/[%\\#?]/.test(s) ? `GET /a/${s} HTTP/1.1\r\n${HEAD}\r\n` : undefined),
  query: (s) => (/^[!-~]+$/.test(s) && !/[#]/.test(s) ? `GET /a?q=${s} HTTP/1.1\r\n${HEAD}\r\n` : undefined),
  "header value": (s) => `GET / HTTP/1.1\r\n${HEAD}X-Note: ${s}\r\n\r\n`,
  "header name": (s) => (/^[A-Za-z0-9_-]+$/.test(s) ? `GET / HTTP/1.1\r\n${HEAD}${s}: 1\r\n\r\n` : undefined),
  cookie: (s) => `GET / HTTP/1.1\r\n${HEAD}Cookie: a=${s}\r\n\r\n`,
  body: (s) => `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${s.length + 8}\r\n\r\nsome ${s} .\n`,
  "body in chunks": (s) =>
    `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked(["say: ", ...(s.match(/.{1,5}/gs) ?? []), " end"])}`,
  "form body": (s) => {
    if (s.includes("&")) return undefined;
    const form = `a=1&b=${s}&c=2`;
    return `POST / HTTP/1.1\r\n${HEAD}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`;
  },
  "JSON body": (s) => {
    const json = `{"a":{"b":["x","${s}"]}}`;
    return `POST / HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
  },
  "multipart body": (s) => {
    const parts = `--B\r\nContent-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\nx ${s} y\r\n--B--\r\n`;
    return `POST / HTTP/1.1\r\n${HEAD}Content-Type: multipart/form-data; boundary=B\r\nContent-Length: ${parts.length}\r\n\r\n${parts}`;
  },
  "multipart file name": (s) => {
    if (/["\\]/.test(s)) return undefined;
    const parts = `--B\r\nContent-Disposition: form-data; name="f"; filename="${s}"\r\n\r\nx\r\n--B--\r\n`;
    return `POST / HTTP/1.1\r\n${HEAD}Content-Type: multipart/form-data; boundary=B\r\nContent-Length: ${parts.length}\r\n\r\n${parts}`;
  },
  trailer: (s) =>
    `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nTrailer: X-T\r\nTE: trailers\r\n\r\n2\r\nok\r\n0\r\nX-T: ${s}\r\n\r\n`,
};

describe.each(Object.entries(SURFACES))("over HTTP/1.1, in the %s", (_, make) => {
  const cells = Object.entries(ENCODINGS).filter(([, spelled]) => make(spelled) !== undefined);
  test.each(cells)("a known secret does not leave: %s", async (_name, spelled) => {
    const { side, received } = await inspected();
    const client = await side.tls();
    client.send(make(spelled) ?? "");
    const answer = await client.until(/\r\n\r\n/);
    expect(refusalCode(answer)).toBe("dlp.known_secret");
    expect(SEARCHED(received())).toBe(false);
    const [event] = await side.journal(1);
    expect(event).toMatchObject({
      verdict: "block",
      code: "dlp.known_secret",
      findings: [{ name: "DEPLOY_KEY", action: "block" }],
    });
    expect(JSON.stringify(event)).not.toContain(VALUE);
  });
});

const CODINGS: Record<string, (data: Buffer) => Buffer> = {
  gzip: (data) => gzipSync(data),
  "x-gzip": (data) => gzipSync(data),
  deflate: (data) => deflateSync(data),
  "deflate (raw)": (data) => deflateRawSync(data),
  br: (data) => brotliCompressSync(data),
  zstd: (data) => zstdCompressSync(data),
  "gzip, br": (data) => brotliCompressSync(gzipSync(data)),
};

function coded(coding: string, data: Buffer): string {
  const body = CODINGS[coding]?.(data).toString("latin1") ?? "";
  return `POST / HTTP/1.1\r\n${HEAD}Content-Encoding: ${coding.replace(" (raw)", "")}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test.each(Object.keys(CODINGS))("finds a secret inside a body coded in %s", async (coding) => {
  const { side } = await inspected();
  const client = await side.tls();
  client.send(coded(coding, Buffer.from(`${"noise ".repeat(40_000)}${VALUE}${" more".repeat(40_000)}`)));
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
});

test.each(Object.keys(CODINGS))("passes a clean body coded in %s byte for byte", async (coding) => {
  const { side, received } = await inspected();
  const client = await side.tls();
  const request = coded(coding, Buffer.from("clean text. ".repeat(30_000)));
  client.send(request);
  await client.until(/hello/);
  expect(received().slice(-(request.length - request.indexOf("\r\n\r\n")))).toBe(
    request.slice(request.indexOf("\r\n\r\n")),
  );
});

test.each([
  ["says gzip and isn't", "gzip", Buffer.from("no gzip at all"), "dlp.body_unreadable"],
  [
    "ends inside its gzip",
    "gzip",
    gzipSync(Buffer.alloc(5000, "abc")).subarray(0, 30),
    "dlp.body_unreadable",
  ],
  [
    "goes on behind its gzip",
    "gzip",
    Buffer.concat([gzipSync("a"), Buffer.from("hidden")]),
    "dlp.body_unreadable",
  ],
  ["has a coding nobody knows", "lzma", Buffer.from("x"), "dlp.body_unreadable"],
  ["has more codings than anyone uses", "gzip, gzip, gzip, gzip", Buffer.from("x"), "dlp.body_too_large"],
  ["is a gzip bomb", "gzip", gzipSync(Buffer.alloc(64 * 1024 * 1024)), "dlp.body_too_large"],
  ["is a brotli bomb", "br", brotliCompressSync(Buffer.alloc(64 * 1024 * 1024)), "dlp.body_too_large"],
  ["is a zstd bomb", "zstd", zstdCompressSync(Buffer.alloc(64 * 1024 * 1024)), "dlp.body_too_large"],
] as const)(
  "refuses a body that %s, and sends none of it as a whole message",
  async (_, coding, body, code) => {
    const { side, received } = await inspected();
    const client = await side.tls();
    client.send(
      `POST / HTTP/1.1\r\n${HEAD}Content-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    client.send(chunked([body.toString("latin1")]));
    expect(refusalCode(await client.until(/\r\n\r\n/))).toBe(code);
    expect(received()).not.toContain("\r\n0\r\n\r\n");
  },
);

test("with `oversize: pass` what can't be inspected passes, and the journal names why", async () => {
  const { side, received } = await inspected({ oversize: "pass" });
  const client = await side.tls();
  client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Encoding: lzma\r\nContent-Length: 7\r\n\r\nbodybod`);
  await client.until(/hello/);
  expect(received()).toContain("bodybod");
  expect(side.events[0]).toMatchObject({
    verdict: "allow",
    not_inspected: "has a content coding that can't be undone",
  });
});

describe("split over", () => {
  test("reads with pauses between: what would complete the secret never leaves", async () => {
    const { side, received } = await inspected();
    const client = await side.tls();
    client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: 500\r\n\r\n`);
    for (const part of VALUE.match(/.{1,4}/g) ?? []) {
      client.send(part);
      await new Promise((resolve) => setTimeout(resolve, 120));
    }
    client.send("x".repeat(500 - VALUE.length));
    expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
    expect(received()).not.toContain(VALUE.slice(0, 16));
  });

  test("the parts of a multipart body", async () => {
    const { side } = await inspected();
    const client = await side.tls();
    const part = (text: string) => `--B\r\nContent-Disposition: form-data; name="field"\r\n\r\n${text}\r\n`;
    const body = `${part(VALUE.slice(0, 9))}${part(VALUE.slice(9, 18))}${part(VALUE.slice(18))}--B--\r\n`;
    client.send(
      `POST / HTTP/1.1\r\n${HEAD}Content-Type: multipart/form-data; boundary=B\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
  });

  test("the values of a JSON array", async () => {
    const { side } = await inspected();
    const client = await side.tls();
    const body = JSON.stringify(VALUE.match(/.{1,5}/g));
    client.send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`);
    expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.known_secret");
  });
});

describe("outbound_on_match", () => {
  const body = `{"note":"${VALUE} and ${bytes.toString("base64")}"}`;
  const post = `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${body.length}\r\n\r\n${body}`;

  test("redact takes the secret out, and journals it", async () => {
    const { side, received } = await inspected({ onMatch: "redact" });
    const client = await side.tls();
    await client.send(post).until(/hello/);
    const sent = received().slice(received().indexOf("\r\n\r\n") + 4);
    // without a type it may be something that counts its bytes
    expect(sent).toHaveLength(body.length);
    expect(sent).toMatch(
      /^\{"note":"\[redacted DEPLOY_KEY\]\** and \[redacted DEPLOY_KEY\]\**[A-Za-z0-9]{0,2}=?"\}$/,
    );
    expect(side.events[0]).toMatchObject({
      verdict: "redact",
      findings: expect.arrayContaining([expect.objectContaining({ action: "redact", encoding: "base64" })]),
    });
  });

  test("supervise blocks at once, and says that nobody can be asked yet", async () => {
    const { side } = await inspected({ onMatch: "supervise" });
    const client = await side.tls();
    client.send(post);
    const answer = await client.until(/\}\s*$/);
    expect(refusalCode(answer)).toBe("dlp.known_secret");
    expect(answer).toContain("who can't be asked yet");
    expect(answer).not.toContain(VALUE);
  });

  test("allow_secrets lets that one go to that host", async () => {
    const { side, received } = await inspected({ allowSecrets: ["DEPLOY_KEY"] });
    const client = await side.tls();
    await client.send(post).until(/hello/);
    expect(received()).toContain(VALUE);
  });

  test("without detectors the sidecar's own credentials still can't leave", async () => {
    const origin = await rawOrigin({ serve: answering(() => ok()) });
    const side = sidecar({
      origin,
      routes: [route({ dlp: { ...DEFAULT_INSPECTION, outbound: [], allowSecrets: ["API_TOKEN"] } })],
      secrets: { API_TOKEN: VALUE },
      bottleSecrets: { OTHER: "another-secret-4711-of-the-bottle" },
    });
    const client = await side.tls();
    await client.send(`GET /?k=another-secret-4711-of-the-bottle HTTP/1.1\r\n${HEAD}\r\n`).until(/hello/);
    client.send(`GET /?k=${VALUE} HTTP/1.1\r\n${HEAD}\r\n`);
    expect(refusalCode(await client.until(/403[\s\S]*\r\n\r\n/))).toBe("dlp.known_secret");
  });
});

test("over HTTP/2: body, header, trailer and gRPC messages are read", async () => {
  const server = createSecureServer({ ...originCa.issue() });
  let received = "";
  server.on("stream", (stream) => {
    stream.on("data", (data: Buffer) => {
      received += data.toString("latin1");
    });
    stream.on("end", () => {
      // a refused request is reset: nobody waits for this answer
      if (stream.destroyed) return;
      stream.respond({ ":status": 200 });
      stream.end("hello");
    });
    stream.on("error", () => {});
  });
  const port = await listening(server);
  onTestFinished(() => {
    server.close();
  });
  const side = sidecar({ origin: { port }, bottleSecrets: { DEPLOY_KEY: VALUE } });
  const socket = await side.handshake(await tcp(await side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => session.destroy());

  async function send(
    fields: Record<string, string>,
    body: Buffer[] = [],
    trailers?: Record<string, string>,
  ) {
    const stream = session.request(
      { ":method": "POST", ":path": "/", ...fields },
      trailers ? { waitForTrailers: true } : {},
    );
    if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    const answer = new Promise<string>((resolve) => {
      stream.on("response", (headers) =>
        resolve(String(headers["x-bot-bottle-verdict"] ?? headers[":status"])),
      );
      stream.on("error", (error) => resolve(`error ${error.message}`));
    });
    for (const part of body) stream.write(part);
    stream.end();
    const result = await answer;
    stream.close(constants.NGHTTP2_CANCEL);
    return result;
  }

  const framed = (text: Buffer, flag = 0) => {
    const prefix = Buffer.alloc(5);
    prefix[0] = flag;
    prefix.writeUInt32BE(text.length, 1);
    return Buffer.concat([prefix, text]);
  };
  const grpc = { "content-type": "application/grpc", te: "trailers" };
  expect(await send({}, [Buffer.from("clean")])).toBe("200");
  expect(await send({ "x-note": VALUE })).toBe("dlp.known_secret");
  expect(await send({}, [Buffer.from(`a ${VALUE} b`)])).toBe("dlp.known_secret");
  expect(await send({ te: "trailers" }, [Buffer.from("x")], { "x-t": VALUE })).toBe("dlp.known_secret");
  expect(await send(grpc, [framed(Buffer.from("clean message"))])).toBe("200");
  expect(await send(grpc, [framed(bytes.subarray(0, 10)), framed(bytes.subarray(10))])).toBe(
    "dlp.known_secret",
  );
  expect(await send({ ...grpc, "grpc-encoding": "gzip" }, [framed(gzipSync(bytes), 1)])).toBe(
    "dlp.known_secret",
  );
  expect(await send(grpc, [framed(gzipSync(bytes), 1)])).toBe("dlp.body_unreadable");
  expect(received).not.toContain(VALUE.slice(10));
});

test("with nothing to find every byte arrives as it was sent, for all sizes and chunkings", async () => {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      bodies.push(Buffer.concat(parts));
      response.end("hello");
    });
  });
  const port = await listening(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const side = sidecar({
    routes: [route()],
    resolve: { [`${HOST}:80`]: `127.0.0.1:${port}` },
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 5000 }), { maxLength: 8 }),
      fc.constantFrom("", ...Object.keys(CODINGS)),
      async (parts, coding) => {
        const whole = Buffer.concat(parts);
        const body = coding === "" ? whole : (CODINGS[coding]?.(whole) ?? whole);
        const client = await side.plain();
        const field = coding === "" ? "" : `Content-Encoding: ${coding.replace(" (raw)", "")}\r\n`;
        client.send(
          `POST / HTTP/1.1\r\n${HEAD}${field}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
        );
        const sizes = parts.map((part) => part.length).filter((size) => size > 0);
        let at = 0;
        for (const size of [...sizes, body.length]) {
          const piece = body.subarray(at, at + size).toString("latin1");
          if (piece !== "") client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
          at += size;
        }
        await client.send("0\r\n\r\n").until(/hello/);
        expect(bodies.at(-1)?.equals(body)).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});

test("the journal names the secret and does not hold it", async () => {
  const { side } = await inspected();
  const client = await side.tls();
  client.send(`GET /x/${VALUE}?a=1 HTTP/1.1\r\n${HEAD}\r\n`);
  await client.until(/\r\n\r\n/);
  const [event] = await side.journal(1);
  expect(event?.path).toBe("/x/[masked DEPLOY_KEY]");
  expect(JSON.stringify(event)).not.toContain(VALUE.slice(0, 12));
});

describe("what is shaped like a vendor's token", () => {
  // no literal of a real shape stands here
  const token = ["glpat", "Xk29dLq7Zt4mVb81WsYe"].join("-");

  test.each([
    ["in the body", `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${token.length + 6}\r\n\r\nkey = ${token}`],
    ["in a header", `GET / HTTP/1.1\r\n${HEAD}X-Key: ${token}\r\n\r\n`],
    ["in the query", `GET /?key=${token} HTTP/1.1\r\n${HEAD}\r\n`],
    [
      "in chunks",
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked([...(`key = ${token} .`.match(/.{1,3}/g) ?? [])])}`,
    ],
  ])("does not leave: %s", async (_, request) => {
    const { side, received } = await inspected();
    const client = await side.tls();
    client.send(request);
    const answer = await client.until(/\}\s*$/);
    expect(refusalCode(answer)).toBe("dlp.token_pattern");
    expect(received()).not.toContain(token.slice(6));
    expect(answer).not.toContain(token.slice(6));
    expect((await side.journal(1))[0]?.findings).toMatchObject([
      { detector: "token_patterns", action: "block" },
    ]);
  });

  test("is taken out where the route says redact", async () => {
    const { side, received } = await inspected({ onMatch: "redact" });
    const client = await side.tls();
    await client
      .send(`POST / HTTP/1.1\r\n${HEAD}Content-Length: ${token.length + 6}\r\n\r\nkey = ${token}`)
      .until(/hello/);
    expect(received()).toMatch(/key = \[redacted [a-z-]+\]?\**$/);
  });

  test("passes where the route does not ask for token_patterns", async () => {
    const { side } = await inspected({ outbound: ["known_secrets"] });
    const client = await side.tls();
    await client.send(`GET /?key=${token} HTTP/1.1\r\n${HEAD}\r\n`).until(/hello/);
  });
});

test("a secret as method or as a field's name is found, and stands nowhere in answer or journal", async () => {
  const { side, received } = await inspected();
  const name = VALUE.replace(/[^A-Za-z0-9]/g, "-");
  const requests = [
    [`${name} / HTTP/1.1\r\n${HEAD}\r\n`, "method"],
    [`GET / HTTP/1.1\r\n${HEAD}X-A: 1\r\n${name}: 1\r\n\r\n`, "header name"],
    [`GET / HTTP/1.1\r\n${HEAD}X-A: 1\r\nX-Note: ${name}\r\n\r\n`, "header x-note"],
    [
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nTE: trailers\r\n\r\n0\r\n${name}: 1\r\n\r\n`,
      "trailer name",
    ],
  ] as const;
  for (const [i, [request, surface]] of requests.entries()) {
    const client = await side.tls();
    const answer = await client.send(request).until(/\}\s*$/);
    expect(refusalCode(answer)).toBe("dlp.known_secret");
    const event = (await side.journal(i + 1))[i];
    expect(event).toMatchObject({ findings: [{ surface }] });
    for (const text of [answer, JSON.stringify(event), received()])
      expect(text.toLowerCase()).not.toContain(name.toLowerCase());
  }
});
