import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { BottleHome, type Recorded } from "../support/bottle.ts";
import { TestCa } from "../support/pki.ts";
import { STARTERS } from "../support/program.ts";
import { outcomes, withScripts } from "./probe-bottle.ts";

const ca = new TestCa();
const SECRET = "dk4Rt8-WqZ2mLx90vBcN7yHsPf3J";
const TOKEN = "tok-real-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const BOTTLE = `
agent_provider: {template: command}
supervise: false
env: {DEPLOY_KEY: "\${HOST_DEPLOY_KEY}"}
egress:
  routes:
    - host: api.example.com
      auth: {scheme: Bearer, token_ref: API_TOKEN_REAL}
      matches: [{paths: [{value: /v1/}], methods: [GET]}]
`;

const WAYS = ["transparent", "proxy", "reverse"];

interface Talk {
  readonly came: readonly string[];
  readonly code: number;
  readonly reason: string;
}

/** Says first which credential came with the handshake, then gives every message back. */
function startServer(messages: string[]): Promise<Server> {
  const server = createServer(ca.leaf(["api.example.com"]));
  new WebSocketServer({ server }).on("connection", (socket, { headers }) => {
    socket.send(`with ${headers.authorization}`);
    socket.on("message", (data) => {
      messages.push(String(data));
      socket.send(`back: ${data}`);
    });
  });
  return new Promise((resolve) => void server.listen(0, "127.0.0.1", () => resolve(server)));
}

describe.each(STARTERS)("in a bottle started by %s", (starter) => {
  const messages: string[] = [];
  let server: Server;
  let home: BottleHome;
  let records: readonly Recorded[] = [];
  const talks = new Map<string, Talk>();

  beforeAll(async () => {
    server = await startServer(messages);
    home = new BottleHome({
      starter,
      bottles: { dev: BOTTLE },
      ca: ca.cert,
      resolve: { "api.example.com:443": `127.0.0.1:${(server.address() as AddressInfo).port}` },
      env: { API_TOKEN_REAL: TOKEN, HOST_DEPLOY_KEY: SECRET },
    });
    const result = await home.run(["node", "/workspace/websocket.ts", "once"], {
      flags: ["--workspace", withScripts(home, "websocket.ts")],
    });
    ({ records } = result);
    for (const [name, outcome] of outcomes(result.stdout))
      talks.set(name, JSON.parse(outcome.kind === "done" ? outcome.detail : "{}"));
    if (talks.size === 0) throw new Error(result.stdout + result.stderr);
  });
  afterAll(async () => {
    await home?.dispose();
    server?.closeAllConnections();
    server?.close();
  });

  describe.each(WAYS)("a WebSocket by the %s way", (way) => {
    const blocked = (name: string, code: string, detector: string) => {
      expect(talks.get(`${way} ${name}`)).toMatchObject({ code: 1008, reason: code });
      expect(records).toContainEqual(
        expect.objectContaining({
          kind: "request",
          way,
          path: `/v1/${way}/${name}`,
          status: 101,
          code,
          findings: expect.arrayContaining([expect.objectContaining({ detector, action: "block" })]),
        }),
      );
    };

    it("carries messages both ways, with the route's credential, which is masked where it comes back", () => {
      expect(talks.get(`${way} clean`)).toEqual({
        came: ["with Bearer [masked API_TOKEN_REAL]", "back: over here", "back: and again"],
        code: 1000,
        reason: "",
      });
      expect(records).toContainEqual(
        expect.objectContaining({
          path: `/v1/${way}/clean`,
          way,
          verdict: "allow",
          status: 101,
          messages_out: 2,
          messages_in: 3,
        }),
      );
    });

    it.each(["secret", "spelled", "split"])("ends at a secret of the environment: %s", (name) =>
      blocked(name, "dlp.known_secret", "known_secrets"),
    );

    it("ends at the canary", () => blocked("canary", "dlp.canary", "canary"));
  });

  it("let no secret arrive", () => {
    expect(messages).toContain("over here");
    for (const text of [SECRET, Buffer.from(`xx${SECRET}`).toString("base64")])
      expect(messages.join("")).not.toContain(text.slice(4, 20));
    expect(messages.filter((text) => /^[A-Za-z0-9]{32}$/.test(text))).toEqual([]);
  });
});
