import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_INSPECTION, type RouteSpec } from "../../src/policy/route.ts";
import { type Kind, safe } from "../policy/model-bodies.ts";
import {
  type Carrier,
  http1Carrier,
  http2Carrier,
  type Message,
  type Upstream,
  upstream,
} from "./carriers.ts";
import { HOST, route, sidecar } from "./harness.ts";
import { SeparateSidecar } from "./separate-sidecar.ts";
import { VALUE } from "./spellings.ts";
import { frame, opening, switching } from "./websocket-harness.ts";

/** Bodies made to stall or crash whoever reads them: a clean answer, memory given back, and the next request is served. */

const MEBIBYTE = 1024 * 1024;
/** Bytes more than before that may be held when all is over. */
const HELD = 8 * MEBIBYTE;
const KIND: Kind = "anthropic-messages";
const FINE = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hello"}]}';
const HOSTILE = '{"model":"m","messages":[],"tools":[{"type":"web_fetch_20250910","name":"f"}]}';

const request = (body: string | Buffer, coding?: string): Message => ({
  path: "/v1/messages",
  fields: { "content-type": "application/json", ...(coding ? { "content-encoding": coding } : {}) },
  pieces: [Buffer.from(body as string)],
});
const within = (value: string) => `{"model":"m","messages":[],"metadata":${value}}`;
const deep = (depth: number, open: string, inner: string, close: string) =>
  within(open.repeat(depth) + inner + close.repeat(depth));
/** Text of that size that gzip makes a hundred times smaller. */
const filler = (bytes: number): string => {
  const words = Array.from({ length: 20_000 }, (_, i) => `${((i * 7919) % 10_007) * 31}`).join(" ");
  return words
    .padEnd(10 * MEBIBYTE, " and so on")
    .repeat(Math.ceil(bytes / (10 * MEBIBYTE)))
    .slice(0, bytes);
};

const UNREADABLE = "model.body_unreadable";
const BODIES: readonly (readonly [string, Message, string])[] = [
  ["10,000 lists in each other", request(deep(10_000, "[", "", "]")), UNREADABLE],
  ["10,000 objects in each other", request(deep(10_000, '{"a":', "1", "}")), UNREADABLE],
  ["16 MiB of [", request("[".repeat(16 * MEBIBYTE)), UNREADABLE],
  ["16 MiB of [, 15,000 times smaller", request(gzipSync("[".repeat(15 * MEBIBYTE)), "gzip"), UNREADABLE],
  ['4 MiB of {"":', request('{"":'.repeat(MEBIBYTE)), UNREADABLE],
  ["a number of 1 MiB", request(within("9".repeat(MEBIBYTE))), UNREADABLE],
  ["a number with an exponent of 1 MiB", request(within(`1e${"9".repeat(MEBIBYTE)}`)), UNREADABLE],
  ["a million values", request(within(`[${"0,".repeat(1_000_000)}0]`)), UNREADABLE],
  ["one name 5,000 times", request(`{${'"model":"m",'.repeat(5000)}"messages":[]}`), UNREADABLE],
  [
    "a name that is the same when its escapes are undone",
    request('{"model":"m","mod\\u0065l":"n"}'),
    UNREADABLE,
  ],
  ["half of a surrogate pair", request(within('"\\ud800"')), UNREADABLE],
  ["50,000 halves the wrong way round", request(within(`"${"\\udc00\\ud800".repeat(50_000)}"`)), UNREADABLE],
  ["a string that never ends", request(`{"model":"${"\\".repeat(2 * MEBIBYTE)}`), UNREADABLE],
  [
    "bytes that are no UTF-8",
    request(Buffer.concat([Buffer.from('{"model":"'), Buffer.alloc(MEBIBYTE, 0xc3)])),
    UNREADABLE,
  ],
  [
    "gzip in br in zstd",
    request(zstdCompressSync(brotliCompressSync(gzipSync(HOSTILE))), "gzip, br, zstd"),
    "model.server_tool_not_allowed",
  ],
  [
    "four codings",
    request(gzipSync(zstdCompressSync(brotliCompressSync(gzipSync(FINE)))), "gzip, br, zstd, gzip"),
    UNREADABLE,
  ],
  ["gzip that says br", request(gzipSync(FINE), "br"), "dlp.body_unreadable"],
  ["gzip cut off", request(gzipSync(FINE).subarray(0, 40), "gzip"), "dlp.body_unreadable"],
  [
    "two gzip members, the second hostile",
    request(Buffer.concat([gzipSync(`${FINE}\n`), gzipSync(HOSTILE)]), "gzip"),
    UNREADABLE,
  ],
  [
    "more than can be held when it is decoded",
    request(gzipSync(within(`"${filler(33 * MEBIBYTE)}"`)), "gzip"),
    "dlp.body_too_large",
  ],
];

describe.each([
  ["HTTP/1.1", http1Carrier, BODIES],
  // what reads them is the same
  ["HTTP/2", http2Carrier, BODIES.slice(0, 2)],
] as const)("over %s", (_, connect, bodies) => {
  let origin: Upstream;
  let side: SeparateSidecar;
  let carrier: Carrier;
  let before: number;
  beforeAll(async () => {
    origin = await upstream();
    side = await SeparateSidecar.start(origin.port, { DEPLOY_KEY: VALUE }, { body: safe(KIND) });
    carrier = await connect(side);
    await carrier.send(request(within(`"${filler(MEBIBYTE)}"`)));
    before = (await side.state()).held;
  });
  beforeEach(() => {
    origin.arrived.length = 0;
  });
  afterAll(() => {
    carrier.close();
    side.stop();
    origin.close();
  });

  async function servesOn(): Promise<void> {
    origin.arrived.length = 0;
    expect(await carrier.send(request(FINE))).toMatchObject({ status: 200 });
    expect(origin.arrived.map(({ body }) => body.toString())).toEqual([FINE]);
  }

  test.each(bodies)(
    "%s is refused, nothing of it arrives, and the next one is served",
    async (_, message, code) => {
      expect((await carrier.send(message)).verdict).toBe(code);
      expect(origin.arrived).toEqual([]);
      await servesOn();
    },
  );

  test("a body that comes a byte at a time arrives whole", async () => {
    const pieces = [...Buffer.from(FINE)].map((byte) => Buffer.from([byte]));
    expect(await carrier.send({ ...request(FINE), pieces })).toMatchObject({ status: 200 });
    expect(origin.arrived.map(({ body }) => body.toString())).toEqual([FINE]);
  });

  test("when all is over, the memory of it is given back", async () => {
    while ((await side.state()).held - before > HELD) await new Promise((resolve) => setTimeout(resolve, 20));
    await servesOn();
  });
});

const FREE = `"${" ".repeat(2 * MEBIBYTE)}"`;

describe("the room that all bodies have together", () => {
  let origin: Upstream;
  let side: SeparateSidecar;
  let carrier: Carrier;
  beforeAll(async () => {
    origin = await upstream();
    side = await SeparateSidecar.start(origin.port, { DEPLOY_KEY: VALUE }, { body: safe(KIND) });
    carrier = await http1Carrier(side);
  });
  afterAll(() => {
    carrier.close();
    side.stop();
    origin.close();
  });

  test("is given back by what was decoded", async () => {
    const body = gzipSync(within(`"${" ".repeat(15 * MEBIBYTE)}"`));
    // seven of them would be over the 96 MiB
    for (let round = 0; round < 7; round++)
      expect(await carrier.send(request(body, "gzip"))).toMatchObject({ status: 200 });
  });

  test("is full with the bodies that a hundred clients let wait: the rest may try again, and it is free when they go", async () => {
    // 80 of 1.2 MiB are what 96 MiB hold
    const part = Buffer.from(`{"model":"m","metadata":"${" ".repeat(1.2 * MEBIBYTE - 24)}`);
    const head = `POST /v1/messages HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n`;
    const clients = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const socket = await side.tls();
        const client = { socket, answer: "" };
        socket.on("data", (bytes: Buffer) => {
          client.answer += bytes.toString("latin1");
        });
        socket.on("error", () => {});
        socket.write(head);
        socket.write(part);
        return client;
      }),
    );
    const refused = () => clients.filter(({ answer }) => /\}\s*$/.test(answer));
    while (refused().length < 20) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const { answer } of refused()) {
      expect(answer).toMatch(/x-bot-bottle-verdict: dlp\.body_too_large/i);
      expect(answer).toContain('"retryable": true');
    }
    expect(refused()).toHaveLength(20);
    await side.state();
    for (const { socket } of clients) socket.destroy();
    let over = 0;
    while (over < 80) over += (await side.state()).codes.length;
    expect(await carrier.send(request(within(FREE)))).toMatchObject({ status: 200 });
  });
});

describe("over a WebSocket", () => {
  const create = (fields: object) => JSON.stringify({ type: "response.create", model: "m", ...fields });
  const fine = create({ input: "hello" });
  const hostile = create({ input: "hello", tools: [{ type: "web_search" }] });
  const bytewise = (text: string) => {
    const bytes = [...Buffer.from(text)];
    return Buffer.concat(
      bytes.map((byte, i) => frame(i === 0 ? 1 : 0, Buffer.from([byte]), { fin: i === bytes.length - 1 })),
    );
  };

  async function opened(fields: Partial<RouteSpec> = {}) {
    const origin = await switching();
    const side = sidecar({ origin, routes: [route({ body: safe("openai-responses"), ...fields })] });
    const client = await side.tls();
    client.send(opening("", "/v1/responses"));
    await client.until(/\r\n\r\n/);
    const arrived = () => origin.received().slice(origin.received().indexOf("\r\n\r\n") + 4);
    return { side, client, origin, arrived };
  }

  test.each([
    ["a hostile message, a byte a frame", bytewise(hostile), "model.server_tool_not_allowed"],
    [
      "a hostile message behind a fine one",
      Buffer.concat([frame(1, fine), frame(1, hostile)]),
      "model.server_tool_not_allowed",
    ],
    ["a binary message", frame(2, fine), UNREADABLE],
    ["10,000 lists in each other", frame(1, `${"[".repeat(10_000)}${"]".repeat(10_000)}`), UNREADABLE],
    [
      "halves of surrogate pairs",
      frame(1, create({ input: "-" }).replace("-", "\\udc00\\ud800")),
      UNREADABLE,
    ],
  ])("%s ends it with its code", async (_, bytes, code) => {
    const { client, side, arrived } = await opened();
    client.send(bytes);
    expect(await client.end()).toContain(`\x03\xf0${code}`);
    expect((await side.journal(1))[0]).toMatchObject({ verdict: "block", code });
    // a close frame at most, or what was fine
    expect(arrived().length).toBeLessThan(2 * fine.length);
  });

  test.each(["block", "pass"] as const)(
    "of a message that is too long to be held nothing arrives, oversize: %s",
    async (oversize) => {
      const { client, arrived, side } = await opened({ dlp: { ...DEFAULT_INSPECTION, oversize } });
      const long = create({ input: " ".repeat(9 * MEBIBYTE) });
      client.send(frame(1, long));
      expect(await client.end()).toContain("\x03\xf1dlp.body_too_large");
      expect((await side.journal(1))[0]).toMatchObject({ code: "dlp.body_too_large" });
      expect(arrived().length).toBeLessThan(100);
    },
  );

  test("a fine one, a byte a frame, arrives as it was sent", async () => {
    const { client, origin } = await opened();
    const bytes = bytewise(fine);
    client.send(bytes);
    const server = origin.connections[0];
    await server?.until((text) => text.includes(bytes.toString("latin1")));
  });
});
