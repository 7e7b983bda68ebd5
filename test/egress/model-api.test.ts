import { connect as connectH2 } from "node:http2";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { DEFAULT_INSPECTION, type ModelApiRules, type RouteSpec } from "../../src/policy/route.ts";
import { HeldTotal } from "../../src/sidecar/egress/inspect/held-total.ts";
import { FINE } from "../policy/model-bodies/fine.ts";
import { HOSTILE, type Kind, PATHS, recorded, safe } from "../policy/model-bodies.ts";
import {
  answering,
  HOST,
  ok,
  type RawOrigin,
  rawOrigin,
  refusalCode,
  route,
  type Sidecar,
  sidecar,
  tcp,
} from "./harness.ts";
import { VALUE } from "./spellings.ts";
import { opening, wsClient, wsOrigin } from "./websocket-harness.ts";

interface Setup {
  readonly side: Sidecar;
  readonly origin: RawOrigin;
}

async function setup(body: ModelApiRules, fields: Partial<RouteSpec> = {}): Promise<Setup> {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({
    origin,
    routes: [route({ ports: [443], body, ...fields })],
    secrets: { API_KEY: "sk-real-0123456789abcdef" },
    bottleSecrets: { DEPLOY_KEY: VALUE },
  });
  return { side, origin };
}

function post(path: string, body: string | Buffer, fields = "Content-Type: application/json\r\n"): Buffer {
  const bytes = Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** What one request over a connection of its own is answered. */
async function answer({ side }: Setup, request: string | Buffer): Promise<string> {
  const client = await side.tls();
  const text = await client.send(request).until(/\r\n\r\n[\s\S]*[\s\S]/);
  client.socket.destroy();
  return text;
}

describe.each(["anthropic-messages", "openai-responses", "openai-chat"] as const)("%s", (kind) => {
  test("hostile bodies are refused with their code and place, and nothing arrives", async () => {
    const one = await setup(safe(kind));
    const hostile = HOSTILE.filter((each) => each.kind === kind && each.body !== "");
    for (const { name, body, code } of hostile) {
      expect([name, refusalCode(await answer(one, post(PATHS[kind], body)))]).toEqual([name, code]);
    }
    expect(one.origin.connections).toEqual([]);
    const events = await one.side.journal(hostile.length);
    expect(events.map((event) => [event.verdict, event.code, event.findings])).toEqual(
      hostile.map(({ code, place }) => [
        "block",
        code,
        [
          {
            detector: "model_api",
            name: code,
            surface: place === "" ? "body" : `body ${place}`,
            action: "block",
          },
        ],
      ]),
    );
    expect(JSON.stringify(events)).not.toContain("evil");
  });
});

const body = JSON.stringify({ model: "claude", messages: [{ role: "user", content: "hé\u2028" }] });
const hostile = JSON.stringify({ tools: [{ type: "web_fetch_20250910", name: "f" }] });
const PATH = PATHS["anthropic-messages"];

function sent({ origin }: Setup): { head: string; body: string } {
  const [head = "", ...rest] = origin.received().split("\r\n\r\n");
  return { head, body: Buffer.from(rest.join("\r\n\r\n"), "latin1").toString() };
}

describe("what passes", () => {
  test.each(FINE)("$kind: $name", async ({ kind, body: fine }) => {
    const one = await setup(safe(kind));
    expect(await answer(one, post(PATHS[kind], JSON.stringify(fine)))).toMatch(/^HTTP\/1.1 200/);
    expect(sent(one).body).toBe(JSON.stringify(fine));
  });

  test.each<["claude-code" | "codex", Kind]>([
    ["claude-code", "anthropic-messages"],
    ["codex", "openai-responses"],
  ])("all that %s sends, byte by byte", async (program, kind) => {
    for (const each of recorded(program)) {
      const one = await setup(safe(kind));
      await answer(one, post(`${PATHS[kind]}?beta=true`, JSON.stringify(each)));
      expect(sent(one).body).toBe(JSON.stringify(each));
    }
  });

  test("a chunked body goes out whole, with its length", async () => {
    const one = await setup(safe("anthropic-messages"));
    const bytes = Buffer.from(body);
    const chunks = [bytes.subarray(0, 5), bytes.subarray(5)].flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from("\r\n"),
    ]);
    const head = `POST ${PATH} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json; charset=UTF-8\r\nTransfer-Encoding: chunked\r\n\r\n`;
    await answer(one, Buffer.concat([Buffer.from(head), ...chunks, Buffer.from("0\r\n\r\n")]));
    expect(sent(one).head).toContain(`Content-Length: ${bytes.length}`);
    expect(sent(one).body).toBe(body);
  });

  test("a client that waits for 100 Continue gets it, and nothing goes before its body is read", async () => {
    const one = await setup(safe("anthropic-messages"));
    const client = await one.side.tls();
    const [head, bytes] = [body, hostile].map((each) =>
      post(PATH, each, "Expect: 100-continue\r\nContent-Type: application/json\r\n"),
    );
    const end = (head ?? "").indexOf("\r\n\r\n") + 4;
    client.send((head ?? Buffer.alloc(0)).subarray(0, end));
    await client.until(/^HTTP\/1.1 100 /);
    expect(one.origin.connections).toEqual([]);
    client.send((head ?? Buffer.alloc(0)).subarray(end));
    await client.until(/HTTP\/1.1 200 /);
    expect(sent(one).head).not.toMatch(/^expect:/im);
    expect(refusalCode(await answer(one, bytes ?? Buffer.alloc(0)))).toBe("model.server_tool_not_allowed");
  });

  test("requests that have no body, and others on the same connection", async () => {
    const one = await setup(safe("anthropic-messages"));
    const client = await one.side.tls();
    client.send(`GET /v1/models HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await client.until(/200 OK[\s\S]*hello/);
    client.send(post(PATH, body));
    await client.until(/200 OK[\s\S]*200 OK[\s\S]*hello/);
    client.send(post(PATH, hostile));
    await client.until(/403 Forbidden|HTTP\/1.1 403/);
    client.send(post(PATH, body));
    await client.until(/403[\s\S]*200 OK/);
  });
});

describe("codings", () => {
  const CODINGS: Readonly<Record<string, (text: string) => Buffer>> = {
    gzip: gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
    "gzip, br": (text) => brotliCompressSync(gzipSync(text)),
  };

  test.each(Object.entries(CODINGS))(
    "%s is undone to be read, and goes as it came",
    async (coding, encode) => {
      const one = await setup(safe("anthropic-messages"));
      const fields = `Content-Type: application/json\r\nContent-Encoding: ${coding}\r\n`;
      expect(refusalCode(await answer(one, post(PATH, encode(hostile), fields)))).toBe(
        "model.server_tool_not_allowed",
      );
      expect(one.origin.connections).toEqual([]);
      expect(await answer(one, post(PATH, encode(body), fields))).toMatch(/^HTTP\/1.1 200/);
      const all = one.origin.connections[0]?.received ?? Buffer.alloc(0);
      expect(all.subarray(all.indexOf("\r\n\r\n") + 4)).toEqual(encode(body));
    },
  );

  test.each([
    ["an unknown coding", "Content-Encoding: compress\r\n", Buffer.from(body)],
    ["a coding that it isn't", "Content-Encoding: gzip\r\n", Buffer.from(body)],
    ["a coding that ends early", "Content-Encoding: gzip\r\n", gzipSync(body).subarray(0, -9)],
    ["a coding that isn't stated", "", gzipSync(body)],
    ["a bomb", "Content-Encoding: gzip\r\n", gzipSync(Buffer.alloc(40_000_000, 0x20))],
  ])("%s is refused, also where oversize bodies may pass", async (_, coding, bytes) => {
    const one = await setup(safe("anthropic-messages"), { dlp: { ...DEFAULT_INSPECTION, oversize: "pass" } });
    const text = await answer(one, post(PATH, bytes, `Content-Type: application/json\r\n${coding}`));
    expect(text).toMatch(/^HTTP\/1.1 403/);
    expect(one.origin.connections).toEqual([]);
  });
});

test.each([
  "",
  "Content-Type: text/plain\r\n",
  "Content-Type: application/json; charset=utf-16\r\n",
  "Content-Type: application/json; charset=utf-8; charset=utf-7\r\n",
  "Content-Type: application/json\r\nContent-Type: multipart/form-data; boundary=B\r\n",
  "Content-Type: multipart/form-data; boundary=B\r\n",
  "Content-Type: application/x-www-form-urlencoded\r\n",
])("a body with %j is refused", async (fields) => {
  const one = await setup(safe("anthropic-messages"));
  const text = await answer(one, post(PATH, body, fields));
  expect(text).toMatch(/^HTTP\/1.1 (?:400 |403 [\s\S]*\.body_unreadable)/);
  expect(one.origin.connections).toEqual([]);
});

test("a POST without a body, and a GET with one, are refused", async () => {
  const one = await setup(safe("anthropic-messages"));
  const head = (method: string, path: string, length: number) =>
    `${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  expect(refusalCode(await answer(one, head("POST", PATH, 0)))).toBe("model.body_unreadable");
  expect(refusalCode(await answer(one, `${head("GET", "/v1/models", 2)}{}`))).toBe("model.body_unreadable");
  expect(one.origin.connections).toEqual([]);
});

test("a body longer than can be held is refused before it is complete", async () => {
  const one = await setup(safe("anthropic-messages"));
  const client = await one.side.tls();
  client.send(
    `POST ${PATH} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n`,
  );
  const piece = Buffer.alloc(1024 * 1024, 0x20);
  for (let i = 0; i < 40 && !client.text.includes("HTTP/1.1"); i++) {
    await new Promise((resolve) => client.socket.write(piece, resolve));
  }
  expect(refusalCode(await client.until(/\r\n\r\n/))).toBe("dlp.body_too_large");
  expect(one.origin.connections).toEqual([]);
});

test("all that is held together has a bound, and what ends gives back its part", () => {
  const held = new HeldTotal(10);
  expect([held.add(6), held.add(5), held.add(4), held.add(1)]).toEqual([true, false, true, false]);
  held.remove(6);
  expect([held.add(6), held.add(1)]).toEqual([true, false]);
});

test("a member's name that is a secret is not journalled, where the route lets it go", async () => {
  const one = await setup(safe("anthropic-messages"), { dlp: { ...DEFAULT_INSPECTION, outbound: [] } });
  const name = VALUE.replace(/[^A-Za-z0-9]/g, "");
  const side = sidecar({
    origin: one.origin,
    routes: [route({ body: safe("anthropic-messages"), dlp: { ...DEFAULT_INSPECTION, outbound: [] } })],
    bottleSecrets: { DEPLOY_KEY: name },
  });
  expect(refusalCode(await answer({ ...one, side }, post(PATH, JSON.stringify({ [name]: 1 }))))).toBe(
    "model.server_tool_not_allowed",
  );
  const events = JSON.stringify(await side.journal(1));
  expect(events).toContain("body [masked DEPLOY_KEY]");
  expect(events).not.toContain(name);
});

test("the detectors still read it: a secret in a body that is fine does not leave", async () => {
  const one = await setup(safe("anthropic-messages"));
  const text = await answer(one, post(PATH, body.replace("claude", VALUE)));
  expect(refusalCode(text)).toBe("dlp.known_secret");
  expect(one.origin.connections).toEqual([]);
});

test("redacted, it is what goes that is read", async () => {
  const one = await setup(safe("anthropic-messages"), { dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" } });
  const keyed = body.replace("hé", `${"all that was said before ".repeat(200)}the key is ${VALUE} and so on`);
  expect(await answer(one, post(PATH, keyed))).toMatch(/^HTTP\/1.1 200/);
  expect(sent(one).body).toContain("redacted");
  expect(sent(one).body).not.toContain(VALUE);
});

test("the real credential is put on what passes", async () => {
  const one = await setup(safe("anthropic-messages"), {
    auth: { header: "x-api-key", scheme: "raw", secret: "API_KEY" },
  });
  await answer(one, post(PATH, body, "x-api-key: placeholder\r\nContent-Type: application/json\r\n"));
  expect(sent(one).head).toContain("sk-real-0123456789abcdef");
});

test("over HTTP/2: a hostile body is refused before anything goes, a fine one passes", async () => {
  const one = await setup(safe("anthropic-messages"));
  const socket = await one.side.handshake(await tcp(await one.side.transparent()), { alpn: ["h2"] });
  const session = connectH2(`https://${HOST}`, { createConnection: () => socket });
  onTestFinished(() => session.destroy());
  const send = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const stream = session.request({
        ":method": "POST",
        ":path": `${PATH}?beta=true`,
        "content-type": "application/json",
      });
      stream.on("response", (fields) => resolve(String(fields["x-bot-bottle-verdict"] ?? fields[":status"])));
      stream.on("error", reject);
      for (const character of text) stream.write(character);
      stream.end();
    });
  expect(await send(hostile)).toBe("model.server_tool_not_allowed");
  expect(one.origin.connections).toEqual([]);
  expect(await send(body)).toBe("200");
  expect(sent(one).body).toBe(body);
});

describe("over a WebSocket", () => {
  const create = (fields: object) => JSON.stringify({ type: "response.create", model: "gpt", ...fields });
  const tools = [{ type: "mcp", server_label: "m", server_url: "https://evil.test" }];

  async function open(deflate: boolean, body = safe("openai-responses")) {
    const origin = await wsOrigin({ deflate, serve: ({ socket }) => socket.send("hello") });
    const side = sidecar({ origin, routes: [route({ ports: [443], body })] });
    const client = await wsClient(side, { path: "/v1/responses", deflate });
    await client.received(1);
    return { side, client, server: await origin.end() };
  }

  test.each([false, true])("what Codex sends arrives as it came (compressed: %s)", async (deflate) => {
    const { client, server } = await open(deflate);
    const messages = recorded("codex-websocket").map((message) => JSON.stringify(message));
    for (const message of messages) client.socket.send(message);
    await server.received(messages.length);
    expect(server.texts).toEqual(messages);
  });

  test.each([false, true])(
    "a hostile message ends it, and does not arrive (compressed: %s)",
    async (deflate) => {
      const { side, client, server } = await open(deflate);
      client.socket.send(create({ input: "fine" }));
      client.socket.send(create({ tools }));
      client.socket.send(create({ input: "too late" }));
      expect(await client.close()).toEqual({ code: 1008, reason: "model.server_tool_not_allowed" });
      await server.close();
      expect(server.texts).toEqual([create({ input: "fine" })]);
      const [event] = await side.journal(1);
      expect(event?.findings).toEqual([
        {
          detector: "model_api",
          name: "model.server_tool_not_allowed",
          surface: "message tools[0]",
          action: "block",
        },
      ]);
    },
  );

  test("a hostile message in fragments does not arrive", async () => {
    const { client, server } = await open(false);
    const text = create({ tools });
    const bytes = Buffer.from(text);
    for (let i = 0; i < bytes.length; i++)
      client.socket.send(bytes.subarray(i, i + 1), { fin: i === bytes.length - 1, binary: false });
    expect((await client.close()).reason).toBe("model.server_tool_not_allowed");
    await server.close();
    expect(server.messages).toEqual([]);
  });

  test.each([
    ["binary", Buffer.from(create({ input: "fine" })), "model.body_unreadable"],
    ["no JSON", "hello", "model.body_unreadable"],
    ["of another type", '{"type":"session.update"}', "model.server_tool_not_allowed"],
  ])("a message that is %s does not arrive", async (_, message, code) => {
    const { client, server } = await open(false);
    client.socket.send(message);
    expect((await client.close()).reason).toBe(code);
    await server.close();
    expect(server.messages).toEqual([]);
  });

  test("a message that is too long to be held ends it, also where oversize ones may pass", async () => {
    const origin = await wsOrigin();
    const dlp = { ...DEFAULT_INSPECTION, oversize: "pass" } as const;
    const side = sidecar({ origin, routes: [route({ ports: [443], body: safe("openai-responses"), dlp })] });
    const client = await wsClient(side, { path: "/v1/responses" });
    client.socket.send(create({ input: " ".repeat(9 * 1024 * 1024), tools }));
    expect(await client.close()).toEqual({ code: 1009, reason: "dlp.body_too_large" });
    expect((await origin.end()).messages).toEqual([]);
  });

  test.each<[Kind, string, string]>([
    ["openai-responses", "/v1/realtime", "model.endpoint_not_allowed"],
    ["openai-responses", "/v1/models", "model.endpoint_not_allowed"],
    ["openai-chat", "/v1/chat/completions", "model.endpoint_not_allowed"],
    ["anthropic-messages", "/v1/messages", "model.endpoint_not_allowed"],
  ])("%s opens none on %s", async (kind, path, code) => {
    const one = await setup(safe(kind));
    const client = await one.side.tls();
    expect(refusalCode(await client.send(opening("", path)).until(/\r\n\r\n/))).toBe(code);
    expect(one.origin.connections).toEqual([]);
  });
});

test("a route without `body` is read by the detectors only", async () => {
  const origin = await rawOrigin({ serve: answering(() => ok()) });
  const side = sidecar({ origin, routes: [route({ ports: [443] })] });
  expect(await answer({ side, origin }, post(PATH, hostile))).toMatch(/^HTTP\/1.1 200/);
});

test("uploads go where the route allows them", async () => {
  const request = post(
    "/v1/files",
    "--B\r\n\r\nx\r\n--B--\r\n",
    "Content-Type: multipart/form-data; boundary=B\r\n",
  );
  const closed = await setup(safe("openai-responses"));
  expect(refusalCode(await answer(closed, request))).toBe("model.file_upload_not_allowed");
  const open = await setup(safe("openai-responses", { fileUpload: "allow" }));
  expect(await answer(open, request)).toMatch(/^HTTP\/1.1 200/);
});
