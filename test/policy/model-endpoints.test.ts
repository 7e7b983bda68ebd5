import { describe, expect, test } from "vitest";
import { decide, isAllowed } from "../../src/policy/decide.ts";
import type { RequestFacts } from "../../src/policy/facts.ts";
import type { ModelApiRules } from "../../src/policy/route.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { facts, route } from "./facts.ts";
import { safe } from "./model-bodies.ts";

const HOST = "model.test";

/** The endpoint of a request, or the code it is refused with. */
function outcome(
  rules: ModelApiRules,
  request: string,
  fields: Partial<RequestFacts> = {},
): string | undefined {
  const [method = "", target = ""] = request.split(" ");
  const policy = compilePolicy({ routes: [route(HOST, { body: rules })], gitHosts: [] });
  const decision = decide(policy, facts(HOST, { method, target, ...fields }));
  return isAllowed(decision) ? decision.endpoint : decision.verdict.code;
}

const FILE = "model.file_upload_not_allowed";
const NONE = "model.endpoint_not_allowed";

test.each<[ModelApiRules["kind"], string, string]>([
  ["anthropic-messages", "POST /v1/messages", "body"],
  ["anthropic-messages", "POST /v1/messages?beta=true", "body"],
  ["anthropic-messages", "POST /v1/messages/count_tokens?beta=true", "body"],
  ["anthropic-messages", "POST /gateway/anthropic/v1/messages", "body"],
  ["anthropic-messages", "POST /v1/%6Dessages", "body"],
  ["anthropic-messages", "GET /v1/models?limit=1000", "bodiless"],
  ["anthropic-messages", "GET /v1/models/claude-x", "bodiless"],
  ["anthropic-messages", "HEAD /api/hello", "bodiless"],
  ["anthropic-messages", "GET /api/claude_code/settings", "bodiless"],
  ["anthropic-messages", "POST /v1/messages/", NONE],
  ["anthropic-messages", "POST /V1/messages", NONE],
  ["anthropic-messages", "POST /v1/messages;x", NONE],
  ["anthropic-messages", "PUT /v1/messages", NONE],
  ["anthropic-messages", "GET /v1/messages", NONE],
  ["anthropic-messages", "POST /v1/messages/batches", NONE],
  ["anthropic-messages", "GET /v1/messages/batches/b/results", NONE],
  ["anthropic-messages", "POST /v1/complete", NONE],
  ["anthropic-messages", "POST /v1/files", FILE],
  ["anthropic-messages", "GET /v1/files/f/content", FILE],
  ["anthropic-messages", "POST /v1/skills", FILE],
  ["anthropic-messages", "POST /v1/environments", NONE],
  ["anthropic-messages", "POST /v1/sessions", NONE],
  ["anthropic-messages", "POST /v1/agents", NONE],
  ["anthropic-messages", "POST /v1/toolbox/shttp/mcp/x", NONE],
  ["anthropic-messages", "POST /api/event_logging/v2/batch", NONE],
  ["anthropic-messages", "POST /v1/responses", NONE],
  ["anthropic-messages", "POST /v1/chat/completions", NONE],
  ["anthropic-messages", "POST /", NONE],
  ["openai-responses", "POST /v1/responses", "body"],
  ["openai-responses", "POST /responses", "body"],
  ["openai-responses", "POST /backend-api/codex/responses", "body"],
  ["openai-responses", "POST /v1/responses/compact", "body"],
  ["openai-responses", "POST /v1/responses/input_tokens", "body"],
  ["openai-responses", "GET /v1/responses", "messages"],
  ["openai-responses", "GET /v1/models", "bodiless"],
  ["openai-responses", "GET /v1/responses/resp_1", NONE],
  ["openai-responses", "POST /v1/responses/resp_1/cancel", NONE],
  ["openai-responses", "POST /v1/chat/completions", NONE],
  ["openai-responses", "POST /v1/files", FILE],
  ["openai-responses", "POST /v1/uploads", FILE],
  ["openai-responses", "POST /v1/uploads/u/parts", FILE],
  ["openai-responses", "POST /v1/vector_stores", FILE],
  ["openai-responses", "POST /v1/containers", FILE],
  ["openai-responses", "POST /v1/audio/transcriptions", FILE],
  ["openai-responses", "POST /v1/assistants", NONE],
  ["openai-responses", "POST /v1/threads/t/runs", NONE],
  ["openai-responses", "POST /v1/batches", NONE],
  ["openai-responses", "POST /v1/fine_tuning/jobs", NONE],
  ["openai-responses", "POST /v1/images/generations", NONE],
  ["openai-responses", "POST /v1/conversations", NONE],
  ["openai-responses", "GET /v1/realtime", NONE],
  ["openai-chat", "POST /v1/chat/completions", "body"],
  ["openai-chat", "POST /api/v1/chat/completions", "body"],
  ["openai-chat", "POST /v1/responses", NONE],
  ["openai-chat", "GET /v1/chat/completions", NONE],
])("%s: %s is %s", (kind, request, expected) => {
  expect(outcome(safe(kind), request)).toBe(expected);
});

describe("file_upload: allow", () => {
  const open = safe("openai-responses", { fileUpload: "allow" });

  test.each(["POST /v1/files", "GET /v1/files/f/content", "POST /v1/uploads/u/parts"])(
    "opens %s",
    (request) => {
      expect(outcome(open, request)).toBe("upload");
    },
  );

  test.each(["POST /v1/vector_stores", "POST /v1/containers"])("does not open %s", (request) => {
    expect(outcome(open, request)).toBe(FILE);
  });
});

test.each([
  ["x-http-method-override", "DELETE"],
  ["X-Original-URL", "/v1/files"],
])("a field %s that names another request is refused", (name, value) => {
  const headers = ["host", HOST, name, value];
  expect(outcome(safe("anthropic-messages"), "POST /v1/messages", { headers })).toBe("egress.path_ambiguous");
});

describe("anthropic-beta", () => {
  const betas = (value: string, rules: Partial<ModelApiRules> = {}) =>
    outcome(safe("anthropic-messages", rules), "POST /v1/messages", {
      headers: ["host", HOST, "anthropic-beta", "claude-code-20250219", "Anthropic-Beta", value],
    });

  test.each([
    ["files-api-2025-04-14", FILE],
    ["interleaved-thinking-2025-05-14, Files-Api-2025-04-14", FILE],
    ["mcp-client-2025-11-20", "model.server_tool_not_allowed"],
    ["code-execution-2025-08-25", "model.server_tool_not_allowed"],
    ["skills-2025-10-02", "model.server_tool_not_allowed"],
    ["web-fetch-2025-09-10", "model.server_tool_not_allowed"],
    ["context-management-2025-06-27,effort-2025-11-24", "body"],
  ])("%s: %s", (value, expected) => {
    expect(betas(value)).toBe(expected);
  });

  test("passes where the route lists what it opens", () => {
    expect(betas("mcp-client-2025-11-20", { serverTools: ["mcp"] })).toBe("body");
    expect(betas("files-api-2025-04-14", { fileUpload: "allow" })).toBe("body");
  });
});
