import { describe, expect, test } from "vitest";
import { modelHints } from "../../src/plan/model-hints.ts";
import { planRoutes } from "../../src/plan/routes.ts";
import type { ModelApiRules, RouteSpec } from "../../src/policy/route.ts";
import { bottleOf } from "../manifest/home.ts";

const SAFE: ModelApiRules = {
  kind: "anthropic-messages",
  serverTools: [],
  remoteUrls: "deny",
  fileUpload: "deny",
};

const PROVIDER: RouteSpec = {
  host: "api.anthropic.com",
  ports: [443],
  matches: [],
  encodedSlash: "block",
  git: { fetch: false, apiWrite: false },
  body: SAFE,
  source: "provider claude",
};

async function planned(routes: string, provider: readonly RouteSpec[] = [PROVIDER]) {
  const { bottle } = await bottleOf(`egress: {routes: [${routes}]}`);
  return planRoutes(bottle.routes, { name: "claude", routes: provider }, false);
}

const bodyOf = async (route: string) =>
  (await planned(route)).routes.find(({ host }) => route.includes(host))?.body;

describe("body", () => {
  test("denies what it leaves out", async () => {
    expect(await bodyOf("{host: a.example.com, body: {kind: openai-chat}}")).toEqual({
      ...SAFE,
      kind: "openai-chat",
    });
  });

  test("is what it says", async () => {
    const body =
      "{kind: openai-responses, server_tools: [web_search], remote_urls: allowlist, file_upload: allow}";
    expect(await bodyOf(`{host: a.example.com, body: ${body}}`)).toEqual({
      kind: "openai-responses",
      serverTools: ["web_search"],
      remoteUrls: "allowlist",
      fileUpload: "allow",
    });
  });

  test("of a provider's route stays on a manifest's of the same host, unless that has its own", async () => {
    expect(await bodyOf("{host: api.anthropic.com}")).toEqual(SAFE);
    const own = await bodyOf(
      "{host: api.anthropic.com, body: {kind: anthropic-messages, server_tools: [web_search]}}",
    );
    expect(own).toEqual({ ...SAFE, serverTools: ["web_search"] });
  });

  test("is on no other route", async () => {
    expect(await bodyOf("{host: a.example.com}")).toBeUndefined();
  });
});

describe("a route to a host that is known for its model API", () => {
  test("is named when it has no body, with what to write", async () => {
    const { notices } = await planned("{host: api.openai.com}, {host: a.example.com}");
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain("route api.openai.com (dev.md:2): without `body: {kind: openai-responses}`");
  });

  test("is not named when it has one, or its provider's has", async () => {
    const { notices } = await planned(
      "{host: api.openai.com, body: {kind: openai-chat}}, {host: api.anthropic.com}",
    );
    expect(notices).toEqual([]);
  });

  test("is named where no provider's route covers it", async () => {
    const { bottle } = await bottleOf("egress: {routes: [{host: api.anthropic.com}]}");
    expect(modelHints(bottle.routes.values(), new Set())).toHaveLength(1);
    expect(modelHints(bottle.routes.values(), new Set(["api.anthropic.com"]))).toEqual([]);
  });
});
