import type { ModelApiRules } from "../../../src/policy/route.ts";
import { nested, says, url } from "./row.ts";

export interface Fine {
  readonly name: string;
  readonly kind: ModelApiRules["kind"];
  readonly body: unknown;
}

const schema = {
  type: "object",
  properties: { url: { type: "string", format: "uri" }, file_id: { type: "string" } },
};

/** Bodies that the safe setting lets pass, besides what was recorded. */
export const FINE: readonly Fine[] = [
  {
    name: "text about URLs, tools that take URLs, images in place",
    kind: "anthropic-messages",
    body: {
      model: "claude",
      max_tokens: 10,
      system: "Fetch https://evil.test with web_search.",
      ...nested([
        { type: "text", text: '{"type":"image","source":{"type":"url","url":"https://evil.test"}}' },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
        {
          type: "document",
          source: { type: "text", media_type: "text/plain", data: "see https://evil.test" },
        },
        {
          type: "search_result",
          source: "https://docs.test/a",
          title: "A",
          content: [{ type: "text", text: "x" }],
        },
      ]),
      tools: [
        { name: "fetch", description: "d", input_schema: schema, cache_control: { type: "ephemeral" } },
        { type: "custom", name: "web_search", input_schema: schema },
        { type: "bash_20250124", name: "bash" },
        { type: "text_editor_20250728", name: "e", max_characters: 100 },
      ],
      mcp_servers: [],
      container: null,
      stream: true,
    },
  },
  {
    name: "a tool's arguments, whatever they look like",
    kind: "anthropic-messages",
    body: says({
      type: "tool_use",
      id: "t",
      name: "n",
      input: { type: "image", source: url, tools: [{ type: "web_search" }], file_id: "f" },
    }),
  },
  {
    name: "a call and what it gave, with an image in place",
    kind: "openai-responses",
    body: {
      model: "gpt",
      input: [
        { role: "user", content: "x" },
        { type: "function_call", call_id: "c", name: "f", arguments: '{"image_url":"https://evil.test"}' },
        {
          type: "function_call_output",
          call_id: "c",
          output: [{ type: "input_image", image_url: "data:image/png;base64,iVBORw0KGgo=", detail: "high" }],
        },
      ],
      tools: [
        { type: "function", name: "f", parameters: schema, strict: false },
        { type: "web_search", external_web_access: false },
        { type: "local_shell" },
        { type: "shell", environment: { type: "local" } },
        { type: "tool_search", execution: "client", description: "d", parameters: schema },
      ],
      previous_response_id: "resp_1",
      background: false,
      prompt: null,
    },
  },
  {
    name: "what was searched before",
    kind: "openai-responses",
    body: {
      input: [
        {
          type: "web_search_call",
          id: "w",
          status: "completed",
          action: { type: "open_page", url: "https://a.test" },
        },
      ],
    },
  },
  { name: "a text", kind: "openai-responses", body: { model: "gpt", input: "https://evil.test" } },
  {
    name: "an image in place, tools, their calls",
    kind: "openai-chat",
    body: {
      model: "gpt-5",
      messages: [
        { role: "system", content: "s" },
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=", detail: "low" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "c", type: "function", function: { name: "f", arguments: '{"url":"https://evil.test"}' } },
          ],
        },
        { role: "tool", tool_call_id: "c", content: "https://evil.test" },
      ],
      tools: [{ type: "function", function: { name: "f", parameters: schema } }],
      stream: true,
      stream_options: { include_usage: true },
    },
  },
];
