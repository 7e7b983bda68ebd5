import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { DEFAULT_INSPECTION, type RouteInspection } from "../../src/policy/route.ts";
import { safe } from "../policy/model-bodies.ts";
import { route, type SidecarOptions, sidecar } from "./harness.ts";
import { frame, opening, rawPair, serverFrame, switching, wsClient, wsOrigin } from "./websocket-harness.ts";

const SECRET = ["Qm7x", "Tz4Lp9", "Vw2Rk8", "Nd5Hs3"].join("");
// No token of any vendor's: what its shape is filled with counts up.
const SHAPE = ["gh", "p_", "0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"].join("");
const MEBIBYTE = 1024 * 1024;
const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const AGREED = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
/** RSV1 */
const COMPRESSED = 0x40;

async function raw(dlp: Partial<RouteInspection>, options: SidecarOptions = {}, deflate = false) {
  const origin = await switching(deflate ? AGREED : "");
  const routes = [route({ ports: [443], dlp: { ...DEFAULT_INSPECTION, ...dlp } })];
  const side = sidecar({ routes, bottleSecrets: { DB_PASSWORD: SECRET }, origin, ...options });
  return { side, ...(await rawPair(side, origin, deflate ? DEFLATE : "")) };
}

/** What ended it, as its client is told. */
async function ended({ client, atClient }: Awaited<ReturnType<typeof raw>>): Promise<string> {
  await client.end();
  return atClient().toString("latin1");
}

test.each(["ping", "pong"])("a token that is all that a %s carries is found", async (kind) => {
  const pair = await raw({});
  pair.client.send(frame(kind === "ping" ? 9 : 10, SHAPE));
  expect(await ended(pair)).toContain("dlp.token_pattern");
  expect(pair.atServer().toString("latin1")).not.toContain(SHAPE.slice(0, 8));
});

test("the canary is never taken out: it ends the WebSocket", async () => {
  const origin = await wsOrigin();
  const routes = [route({ ports: [443], dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" } })];
  const client = await wsClient(sidecar({ origin, routes, canary: SECRET }));
  client.socket.send(`made up: ${SECRET}.`);
  expect((await client.close()).reason).toBe("dlp.canary");
  expect((await origin.end()).messages).toEqual([]);
});

test.each(["its beginning", "its end"])(
  "under redact a secret at %s blocks a message that is too long to be held whole",
  async (where) => {
    const long = "words and so on. ".repeat((9 * MEBIBYTE) / 17);
    const origin = await wsOrigin();
    const routes = [route({ ports: [443], dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" } })];
    const side = sidecar({ origin, routes, bottleSecrets: { DB_PASSWORD: SECRET } });
    const client = await wsClient(side);
    client.socket.send(where === "its beginning" ? `${SECRET} ${long}` : `${long} ${SECRET}`);
    expect((await client.close()).reason).toBe("dlp.known_secret");
    expect((await origin.end()).messages).toEqual([]);
  },
);

test.each(["block", "redact"] as const)(
  "a secret sent one character a message, each in JSON, is found (%s)",
  async (onMatch) => {
    const origin = await wsOrigin();
    const routes = [route({ ports: [443], dlp: { ...DEFAULT_INSPECTION, onMatch } })];
    const client = await wsClient(sidecar({ origin, routes, bottleSecrets: { DB_PASSWORD: SECRET } }));
    for (const character of SECRET)
      client.socket.send(JSON.stringify({ type: "typed", at: "the end of it", character }));
    expect((await client.close()).reason).toBe("dlp.known_secret");
    expect((await origin.end()).messages.length).toBeLessThan(15);
  },
);

test("a token that ends what came of a message is found when a close frame ends both", async () => {
  const pair = await raw({});
  pair.client.send(frame(1, `${"words and so on. ".repeat(30_000)}${SHAPE}`, { fin: false }));
  pair.client.send(frame(8, Buffer.from([0x03, 0xe8])));
  expect(await ended(pair)).toContain("dlp.token_pattern");
  await pair.server.end();
  expect(pair.atServer().toString("latin1")).not.toContain("3D4e5F6g7");
});

test("a compressed text message that is not UTF-8 is refused", async () => {
  const pair = await raw({}, {}, true);
  const coded = deflateRawSync(Buffer.from([0x61, 0xff, 0x62]), { finishFlush: 2 }).subarray(0, -4);
  pair.client.send(frame(1, coded, { rsv: COMPRESSED }));
  expect(await ended(pair)).toContain("\x03\xefegress.protocol_error");
});

test("a compressed message whose last block says that nothing follows hides nothing behind it", async () => {
  const pair = await raw({}, {}, true);
  pair.client.send(frame(1, deflateRawSync(`words and ${SECRET}`), { rsv: COMPRESSED }));
  expect(await ended(pair)).toContain("\x03\xefegress.protocol_error");
  expect(pair.atServer().length).toBeLessThan(40);
});

test("a message that goes unread, since it may, leaves both ends in step; behind a redacted one it is refused", async () => {
  const deflate = { threshold: 0 } as const;
  for (const redacted of [false, true]) {
    const origin = await wsOrigin({ deflate });
    const dlp = { ...DEFAULT_INSPECTION, onMatch: "redact", oversize: "pass" } as const;
    const side = sidecar({
      origin,
      routes: [route({ ports: [443], dlp })],
      bottleSecrets: { DB_PASSWORD: SECRET },
    });
    const client = await wsClient(side, { deflate });
    const server = await origin.end();
    const bomb = `${"0".repeat(17 * MEBIBYTE)} and what the next one refers back to`;
    client.socket.send(redacted ? `first ${SECRET}` : "first");
    client.socket.send(bomb);
    client.socket.send("and what the next one refers back to, again");
    if (redacted) {
      expect(await client.close()).toEqual({ code: 1009, reason: "dlp.body_too_large" });
      await server.close();
      expect(server.texts).toEqual(["first [redacted DB_PASSWORD]"]);
    } else {
      await server.received(3);
      expect(server.texts[1] === bomb).toBe(true);
      expect(server.texts[2]).toBe("and what the next one refers back to, again");
    }
  }
});

test("of a message to a model's API it is what goes that is read: a type that was taken out is none", async () => {
  const origin = await wsOrigin();
  const routes = [
    route({
      ports: [443],
      body: safe("openai-responses"),
      dlp: { ...DEFAULT_INSPECTION, onMatch: "redact" },
    }),
  ];
  const side = sidecar({ origin, routes, bottleSecrets: { NAMED_ALIKE: "response.create" } });
  const client = await wsClient(side, { path: "/v1/responses" });
  client.socket.send(JSON.stringify({ type: "response.create", model: "m", input: "hello" }));
  expect((await client.close()).reason).toMatch(/^model\./);
  expect((await origin.end()).messages).toEqual([]);
});

test("a credential that ends a message that comes back is masked, in base64 too", async () => {
  const pair = await raw({}, { secrets: { T: SECRET }, bottleSecrets: {} });
  const coded = Buffer.from(`x${SECRET}`).toString("base64");
  pair.server.send(serverFrame(1, coded)).send(serverFrame(1, SECRET)).send(serverFrame(1, "last"));
  await pair.client.until(/last/);
  const text = pair.atClient().toString("latin1");
  expect(text).not.toContain(coded.slice(4, 20));
  expect(text).toContain("[masked T]");
});

test.each(["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"])(
  "a handshake that states a field twice is refused: %s",
  async (field) => {
    const origin = await switching();
    const client = await sidecar({ origin }).tls();
    expect(await client.send(opening(`${field}\r\n`)).until(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 400 /);
    expect(origin.connections).toHaveLength(0);
  },
);
