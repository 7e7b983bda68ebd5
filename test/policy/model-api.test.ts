import { describe, expect, test } from "vitest";
import { decide, isAllowed } from "../../src/policy/decide.ts";
import type { ModelRefusal } from "../../src/policy/model-api/check.ts";
import { checkModelApi } from "../../src/policy/model-api/model-api.ts";
import type { ModelApiRules, RouteSpec } from "../../src/policy/route.ts";
import { compilePolicy } from "../../src/policy/routes.ts";
import { facts, match, route } from "./facts.ts";
import { FINE } from "./model-bodies/fine.ts";
import { HOSTILE, recorded, safe } from "./model-bodies.ts";

const HOST = "model.test";

/** The check of a route to `HOST` with these rules, among these others. */
function checker(rules: ModelApiRules, others: readonly RouteSpec[] = []) {
  const policy = compilePolicy({ routes: [route(HOST, { body: rules }), ...others], gitHosts: [] });
  const decision = decide(policy, facts(HOST, { target: "/v1/models" }));
  if (!isAllowed(decision)) throw new Error(decision.verdict.detail);
  return (body: unknown, message = false): ModelRefusal | undefined =>
    checkModelApi(
      rules,
      decision.route,
      policy,
      Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
      message,
    );
}

describe.each(["anthropic-messages", "openai-responses", "openai-chat"] as const)("%s refuses", (kind) => {
  const check = checker(safe(kind));
  test.each(HOSTILE.filter((one) => one.kind === kind))("$name", ({ body, code, place }) => {
    const found = check(body);
    expect([found?.refusal.code, found?.place]).toEqual([code, place]);
  });
});

test("a refusal names the place and the tool, never a value", () => {
  const check = checker(safe("anthropic-messages"));
  const { refusal } = check({ tools: [{ type: "my_secret_value", name: "other_secret" }] }) ?? {};
  expect(JSON.stringify(refusal)).not.toContain("secret");
  expect(refusal?.detail).toContain("`tools[0]`");
  expect(refusal?.needed).toContain('server_tools: ["NAME"] # NAME: this type or field');
  const known = check({ tools: [{ type: "web_search_20250305", name: "w" }] })?.refusal;
  expect(known?.detail).toContain("(web_search)");
  expect(known?.needed).toContain('server_tools: ["web_search"]');
});

describe("lets pass", () => {
  test.each(FINE)("$kind: $name", ({ kind, body }) => {
    expect(checker(safe(kind))(body)).toBeUndefined();
  });

  test("all that Claude Code sends", () => {
    const check = checker(safe("anthropic-messages"));
    for (const body of recorded("claude-code")) expect(check(body)).toBeUndefined();
  });

  test("all that Codex sends, over HTTP and over a WebSocket", () => {
    const check = checker(safe("openai-responses"));
    for (const body of recorded("codex")) expect(check(body)).toBeUndefined();
    for (const message of recorded("codex-websocket")) expect(check(message, true)).toBeUndefined();
  });
});

describe("server_tools", () => {
  const anthropic = (...serverTools: string[]) => checker(safe("anthropic-messages", { serverTools }));
  const responses = (...serverTools: string[]) => checker(safe("openai-responses", { serverTools }));

  test("lists a tool in all its versions, its calls and its results", () => {
    const check = anthropic("web_search");
    const body = {
      tools: [{ type: "web_search_20250305", name: "web_search", max_uses: 5 }],
      messages: [
        {
          role: "assistant",
          content: [
            { type: "server_tool_use", id: "s", name: "web_search", input: { query: "q" } },
            {
              type: "web_search_tool_result",
              tool_use_id: "s",
              content: [
                { type: "web_search_result", url: "https://a.test", title: "A", encrypted_content: "x" },
              ],
            },
          ],
        },
      ],
    };
    expect(check(body)).toBeUndefined();
    expect(check({ tools: [{ type: "web_fetch_20250910", name: "f" }] })?.refusal.code).toBe(
      "model.server_tool_not_allowed",
    );
  });

  test("opens nothing else: what a listed tool is given is still judged", () => {
    const check = anthropic("mcp", "web_fetch");
    const server = { mcp_servers: [{ type: "url", name: "m", url: "https://evil.test/mcp" }] };
    expect(check(server)?.refusal.code).toBe("model.remote_url_not_allowed");
    expect(check(server)?.place).toBe("mcp_servers[0].url");
    const fetched = {
      type: "web_fetch_tool_result",
      tool_use_id: "s",
      content: {
        type: "web_fetch_result",
        content: { type: "document", source: { type: "url", url: "https://evil.test" } },
      },
    };
    expect(check({ messages: [{ role: "user", content: [fetched] }] })?.refusal.code).toBe(
      "model.remote_url_not_allowed",
    );
    const asked = {
      type: "server_tool_use",
      id: "s",
      name: "web_fetch",
      input: { url: "https://evil.test" },
    };
    expect(check({ messages: [{ role: "assistant", content: [asked] }] })).toMatchObject({
      refusal: { code: "model.remote_url_not_allowed" },
      place: "messages[0].content[0].input.url",
    });
    const files = responses("code_interpreter")({
      tools: [{ type: "code_interpreter", container: { type: "auto", file_ids: ["file-1"] } }],
    });
    expect(files?.refusal.code).toBe("model.file_upload_not_allowed");
    expect(files?.place).toBe("tools[0].container.file_ids[0]");
  });

  test("lists types and fields that are not known, by their own name", () => {
    expect(anthropic("telepathy")({ tools: [{ type: "telepathy_20270101", name: "t" }] })).toBeUndefined();
    expect(responses("shiny")({ shiny: { on: true } })).toBeUndefined();
    expect(responses("shiny")({ shiny: { image_url: "https://evil.test" } })?.place).toBe("shiny.image_url");
  });

  test("opens prompts, conversations, work in the background and models that search", () => {
    const check = responses("prompt", "conversation", "background", "web_search");
    expect(
      check({ model: "gpt-4o-search-preview", prompt: { id: "p" }, conversation: "c", background: true }),
    ).toBeUndefined();
  });
});

describe("remote_urls: allowlist", () => {
  const image = (url: string) => ({
    messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url } }] }],
  });
  const check = checker(safe("anthropic-messages", { remoteUrls: "allowlist" }), [
    route("docs.test", {
      matches: [match({ paths: [{ type: "prefix", value: "/public" }], methods: ["GET"] })],
    }),
    route("*.cdn.test", { ports: [8443] }),
    route("put.test", { matches: [match({ methods: ["PUT"] })] }),
    route("plain.test", { ports: [80] }),
  ]);

  test.each([
    "https://docs.test/public/a.png",
    "https://docs.test/public?x=1",
    "https://docs.test:443/public",
    "https://docs.test/public/@scope/a.png",
    "https://a.cdn.test:8443/x",
    "data:image/png;base64,iVBO",
    "DATA:image/png;base64,iVBO",
  ])("lets %s pass", (url) => {
    expect(check(image(url))).toBeUndefined();
  });

  test.each([
    "https://evil.test/",
    "https://docs.test/",
    "https://docs.test/private",
    "https://docs.test/public/../private",
    "https://docs.test/public/%2e%2e/private",
    "https://docs.test/public\\..\\private",
    "https://docs.test//public",
    "https://docs.test:8443/public",
    "http://docs.test/public",
    "http://plain.test/",
    "https://put.test/",
    "https://cdn.test:8443/x",
    "https://docs.test@evil.test/public",
    "https://docs.test:443@evil.test/public",
    "https://docs.test\\@evil.test/public",
    "https://docs.test#@evil.test/public",
    "https://docs.test.evil.test/public",
    "https://DOCS.test/public",
    "https://docs.test./public",
    "https://docs。test/public",
    "https://docs.test/public#x",
    "https://docs.test/public a",
    "https://docs.test/public\n",
    "https:docs.test/public",
    "https:///docs.test/public",
    "//docs.test/public",
    " https://docs.test/public",
    "https://127.0.0.1/public",
    "ftp://docs.test/public",
    "file:///etc/passwd",
    "gs://docs.test/public",
    "",
  ])("refuses %j", (url) => {
    expect(check(image(url))?.refusal.code).toBe("model.remote_url_not_allowed");
  });
});

test("file_upload: allow lets files be referred to", () => {
  const check = checker(safe("openai-chat", { fileUpload: "allow" }));
  const content = [{ type: "file", file: { file_id: "file-1" } }];
  expect(check({ messages: [{ role: "user", content }] })).toBeUndefined();
});

describe("a WebSocket message", () => {
  const check = checker(safe("openai-responses"));
  const create = (fields: object) => check({ type: "response.create", ...fields }, true);

  test("is read like a body", () => {
    expect(create({ model: "gpt", input: "x", generate: false })).toBeUndefined();
    expect(create({ tools: [{ type: "web_search" }] })?.place).toBe("tools[0]");
  });

  test("of another type is refused", () => {
    expect(check({ type: "session.update", session: {} }, true)?.refusal.code).toBe(
      "model.server_tool_not_allowed",
    );
    expect(check({ model: "gpt" }, true)?.refusal.code).toBe("model.body_unreadable");
  });
});
