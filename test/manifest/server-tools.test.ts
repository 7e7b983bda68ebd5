import { expect, test } from "vitest";
import { bottleOf } from "./home.ts";

const listing = (...names: string[]) =>
  `egress: {routes: [{host: api.example.com, body: {kind: anthropic-messages, server_tools: [${names.join(", ")}]}}]}`;

test("a name that is nearly a provider's tool is said, with the one that was meant", async () => {
  const { notices } = await bottleOf(listing("web-search", "web_fetsh", "code_execution"));
  expect(notices).toEqual([
    "dev.md:2: `body.server_tools` of api.example.com: web-search is no tool of a model's provider that is known; did you mean `web_search`?",
    "dev.md:2: `body.server_tools` of api.example.com: web_fetsh is no tool of a model's provider that is known; did you mean `web_fetch`?",
  ]);
});

test("types of tools, with and without a version, and fields of a later day are said nothing about", async () => {
  const { notices } = await bottleOf(
    listing("web_search", "web_search_20250305", "mcp_toolset", "mcp", "a_field_of_tomorrow"),
  );
  expect(notices).toEqual([]);
});
