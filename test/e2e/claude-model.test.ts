import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAnthropicApi } from "../support/anthropic-api.ts";
import { BottleHome, type Result } from "../support/bottle.ts";
import type { Origin } from "../support/https-origin.ts";
import { TestCa } from "../support/pki.ts";
import { CHECKOUT } from "../support/program.ts";

const MARK = "You are the test's main agent.";
// 8 by 8 pixels
const PIXELS =
  "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGNoEFDAihiGlgQASccsAXPSCRkAAAAASUVORK5CYII=";

const ca = new TestCa();

describe("the published Claude Code program, whose requests to the model are read", () => {
  let api: Origin;
  let home: BottleHome;
  let result: Result;

  beforeAll(async () => {
    api = await startAnthropicApi(ca.leaf(["api.anthropic.com"]), {
      inConversation: MARK,
      toolCalls: [
        {
          name: "Bash",
          input: { command: `echo ${PIXELS} | base64 -d > /workspace/pic.png`, description: "make" },
        },
        { name: "Read", input: { file_path: "/workspace/pic.png" } },
        { name: "Agent", input: { description: "help", prompt: "say so", subagent_type: "general-purpose" } },
        { name: "ToolSearch", input: { query: "select:WebSearch", max_results: 1 } },
        { name: "WebSearch", input: { query: "data that is to leave" } },
      ],
      finalText: "All done, captain.",
    });
    home = new BottleHome({
      starter: "user",
      bottles: {
        dev: "agent_provider: {template: claude, auth_token: ANTHROPIC_API_KEY}\nsupervise: false",
      },
      agents: { coder: `---\nbottle: dev\n---\n${MARK}\n` },
      ca: ca.cert,
      resolve: { "api.anthropic.com:443": api.address },
      env: { ANTHROPIC_API_KEY: "sk-ant-api03-real-0f1e2d3c4b5a69788796a5b4c3d2e1f0" },
    });
    const { env } = home.commandLine([]);
    const call = home.begin(
      [
        "start",
        "coder",
        "--yes",
        "--headless",
        "--prompt",
        "do the work",
        "--workspace",
        home.workspace({ "README.md": "a project\n" }),
      ],
      { env: { PATH: `${join(CHECKOUT, "node_modules/.bin")}:${env.PATH}` }, seconds: 150 },
    );
    result = await call.exited;
  }, 180_000);
  afterAll(async () => {
    await home?.dispose();
    await api?.close();
  });

  const bodies = () =>
    api.seen.filter(({ url }) => url.startsWith("/v1/messages")).map(({ body }) => body.toString("utf8"));

  it("is answered through all turns: a tool, an image, a sub-agent, a tool search", () => {
    expect([result.code, result.stdout]).toEqual([0, expect.stringContaining("All done, captain.")]);
    expect(
      bodies().some(
        (body) =>
          body.includes('"type":"image","source":{"type":"base64"') || body.includes(PIXELS.slice(0, 40)),
      ),
    ).toBe(true);
    expect(bodies().some((body) => !body.includes(MARK))).toBe(true);
    expect(bodies().some((body) => body.includes('"type":"tool_reference"'))).toBe(true);
  });

  it("has only its own web search refused, which does not arrive, and goes on", () => {
    const refused = result.records.filter(
      ({ kind, host, verdict }) => kind === "request" && host === "api.anthropic.com" && verdict === "block",
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const one of refused) {
      expect(one).toMatchObject({
        path: "/v1/messages",
        code: "model.server_tool_not_allowed",
        findings: [{ detector: "model_api", surface: "body tools[0]", action: "block" }],
      });
    }
    expect(bodies().join()).not.toMatch(/"type":"web_search_\d+"/);
  });
});
