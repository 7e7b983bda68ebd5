import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BottleHome, type Result } from "../support/bottle.ts";
import { type OpenAiApi, startOpenAiApi } from "../support/openai-api.ts";
import { TestCa } from "../support/pki.ts";
import { CHECKOUT } from "../support/program.ts";

const KEY = "sk-proj-real-5d1c0f6be2a94477b3c8e6f1a0d29384";

/** The folder of the native program; npm's own entry is a script that starts it. */
function codexFolder(): string {
  const modules = join(CHECKOUT, "node_modules/@openai");
  const name = `codex-${process.platform}-${process.arch}`;
  const vendor = join(modules, name, "vendor");
  return join(vendor, readdirSync(vendor)[0] ?? "", "bin");
}

const ca = new TestCa();
// 8 by 8 pixels
const PIXELS =
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNoEFDAihiGlgQASccsAXPSCRkAAAAASUVORK5CYII=";

interface Session {
  readonly home: BottleHome;
  readonly api: OpenAiApi;
  readonly result: Result;
}

/** `codex exec` in a bottle whose route reads what it sends, for a conversation of several turns with tools. */
async function session(websocket: boolean, args: readonly string[] = []): Promise<Session> {
  const api = await startOpenAiApi(
    ca.leaf(["api.openai.com"]),
    {
      calls: [
        {
          name: "exec_command",
          arguments: { cmd: `echo ${PIXELS} | base64 -d > /workspace/pic.png; echo made` },
        },
        { name: "view_image", arguments: { path: "/workspace/pic.png" } },
        { name: "exec_command", arguments: { cmd: "printenv CODEX_API_KEY" } },
      ],
      finalText: "All done, captain.",
    },
    websocket,
  );
  const home = new BottleHome({
    starter: "user",
    bottles: {
      dev: `agent_provider: {template: command}
supervise: false
env: {CODEX_API_KEY: placeholder}
egress:
  routes:
    - host: api.openai.com
      auth: {scheme: Bearer, token_ref: OPENAI_API_KEY}
      body: {kind: openai-responses}`,
    },
    ca: ca.cert,
    resolve: { "api.openai.com:443": api.address },
    env: { OPENAI_API_KEY: KEY },
  });
  const { env } = home.commandLine([]);
  const result = await home.run(
    [
      "codex",
      "exec",
      "--skip-git-repo-check",
      "--dangerously-bypass-approvals-and-sandbox",
      ...args,
      "do the work",
    ],
    { env: { PATH: `${codexFolder()}:${env.PATH}` }, seconds: 120 },
  );
  return { home, api, result };
}

const blocked = ({ result }: Session) =>
  result.records.filter(
    ({ kind, host, verdict }) => kind === "request" && host === "api.openai.com" && verdict !== "allow",
  );

describe.each([
  ["a WebSocket", "websocket"],
  ["HTTP", "http"],
] as const)("the published Codex program, over %s", (_, over) => {
  let one: Session;
  beforeAll(async () => {
    one = await session(over === "websocket");
  }, 150_000);
  afterAll(async () => {
    await one?.home.dispose();
    await one?.api.close();
  });

  it("is answered through all turns of a conversation with tools and an image", () => {
    expect([one.result.code, one.result.stdout]).toEqual([0, expect.stringContaining("All done, captain.")]);
    const answers = one.api.seen.filter(({ body }) => !body.includes('"generate":false'));
    expect(answers).toHaveLength(4);
    expect(new Set(answers.map((seen) => seen.over))).toEqual(new Set([over]));
    expect(answers.some(({ body }) => body.includes("data:image/png;base64,"))).toBe(true);
  });

  it("has none of its requests to the model refused", () => {
    expect(blocked(one).filter(({ path }) => path === "/v1/responses")).toEqual([]);
  });

  it("reaches it with the real key, which it never sees", () => {
    for (const { authorization } of one.api.seen) expect(authorization).toBe(`Bearer ${KEY}`);
    expect(one.api.seen.at(-1)?.body).toContain("placeholder");
  });
});

it("works with a model that may search the web, when its own search is off", async () => {
  const one = await session(true, ["--model", "gpt-5.1-codex", "--config", 'web_search="disabled"']);
  try {
    expect([one.result.code, one.result.stdout]).toEqual([0, expect.stringContaining("All done, captain.")]);
    expect(blocked(one).filter(({ path }) => path === "/v1/responses")).toEqual([]);
  } finally {
    await one.home.dispose();
    await one.api.close();
  }
}, 150_000);
