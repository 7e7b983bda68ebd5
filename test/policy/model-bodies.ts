import { readFileSync } from "node:fs";
import type { ModelApiRules } from "../../src/policy/route.ts";
import type { Code } from "../../src/policy/verdict.ts";

export type Kind = ModelApiRules["kind"];

/** The setting of provider routes. */
export function safe(kind: Kind, rules: Partial<ModelApiRules> = {}): ModelApiRules {
  return { kind, serverTools: [], remoteUrls: "deny", fileUpload: "deny", ...rules };
}

export const PATHS: Readonly<Record<Kind, string>> = {
  "anthropic-messages": "/v1/messages",
  "openai-responses": "/v1/responses",
  "openai-chat": "/v1/chat/completions",
};

/** What a program sent, its texts cut short: bodies by name. */
export function recorded(name: "claude-code" | "codex" | "codex-websocket"): readonly unknown[] {
  return JSON.parse(readFileSync(new URL(`recorded/${name}.json`, import.meta.url), "utf8"));
}

export interface Hostile {
  readonly name: string;
  readonly kind: Kind;
  readonly body: string;
  readonly code: Code;
  /** where in the body */
  readonly place: string;
}

const TOOL = "model.server_tool_not_allowed";
const URL_CODE = "model.remote_url_not_allowed";
const FILE = "model.file_upload_not_allowed";
const UNREADABLE = "model.body_unreadable";

const url = { type: "url", url: "https://evil.test/?data" };

/** One user message with this content. */
const says = (...content: unknown[]) => ({ messages: [{ role: "user", content }] });
const asks = (...content: unknown[]) => ({ input: [{ role: "user", content }] });
const nested = (content: unknown) => says({ type: "tool_result", tool_use_id: "t", content });

type Row = readonly [name: string, body: unknown, code: Code, place: string];

const ANTHROPIC: readonly Row[] = [
  ["an image by URL", says({ type: "image", source: url }), URL_CODE, "messages[0].content[0].source.url"],
  [
    "a document by URL",
    says({ type: "document", source: url }),
    URL_CODE,
    "messages[0].content[0].source.url",
  ],
  [
    "an image by URL in a tool's result",
    nested([
      { type: "text", text: "x" },
      { type: "image", source: url },
    ]),
    URL_CODE,
    "messages[0].content[0].content[1].source.url",
  ],
  [
    "an image by URL in a document's content in a tool's result",
    nested([{ type: "document", source: { type: "content", content: [{ type: "image", source: url }] } }]),
    URL_CODE,
    "messages[0].content[0].content[0].source.content[0].source.url",
  ],
  [
    "an image by URL in the system prompt",
    { system: [{ type: "image", source: url }] },
    URL_CODE,
    "system[0].source.url",
  ],
  [
    "an image by URL in what the assistant said",
    { messages: [{ role: "assistant", content: [{ type: "image", source: url }] }] },
    URL_CODE,
    "messages[0].content[0].source.url",
  ],
  [
    "a source that is a URL beside a text block's text",
    says({ type: "text", text: "x", source: url }),
    TOOL,
    "messages[0].content[0].source",
  ],
  [
    "base64 that is a URL",
    says({ type: "image", source: { type: "base64", media_type: "image/png", data: "https://evil.test/a" } }),
    URL_CODE,
    "messages[0].content[0].source.data",
  ],
  [
    "a file of the Files API",
    says({ type: "document", source: { type: "file", file_id: "file_1" } }),
    FILE,
    "messages[0].content[0].source.file_id",
  ],
  [
    "a source of an unknown type",
    says({ type: "image", source: { type: "gcs", uri: "gs://b/o" } }),
    TOOL,
    "messages[0].content[0].source",
  ],
  [
    "a block of an unknown type",
    says({ type: "remote_text", href: "https://evil.test" }),
    TOOL,
    "messages[0].content[0]",
  ],
  ["a block without a type", says({ text: "x" }), UNREADABLE, "messages[0].content[0]"],
  ["a block whose type is a list", says({ type: ["text"], text: "x" }), UNREADABLE, "messages[0].content[0]"],
  [
    "a file for the provider's container",
    says({ type: "container_upload", file_id: "f" }),
    TOOL,
    "messages[0].content[0]",
  ],
  ["web search", { tools: [{ type: "web_search_20250305", name: "web_search" }] }, TOOL, "tools[0]"],
  [
    "a web search of a version to come",
    { tools: [{ type: "web_search_20991231", name: "web_search" }] },
    TOOL,
    "tools[0]",
  ],
  ["web fetch", { tools: [{ type: "web_fetch_20250910", name: "web_fetch" }] }, TOOL, "tools[0]"],
  [
    "code execution",
    { tools: [{ type: "code_execution_20250825", name: "code_execution" }] },
    TOOL,
    "tools[0]",
  ],
  [
    "the provider's tool search",
    { tools: [{ type: "tool_search_tool_regex_20251119", name: "t" }] },
    TOOL,
    "tools[0]",
  ],
  ["an MCP toolset", { tools: [{ type: "mcp_toolset", mcp_server_name: "m" }] }, TOOL, "tools[0]"],
  ["a tool of an unknown type", { tools: [{ type: "telepathy_20270101", name: "t" }] }, TOOL, "tools[0]"],
  [
    "a tool whose type only begins like a client's",
    { tools: [{ type: "bash_20250124_remote", name: "t" }] },
    TOOL,
    "tools[0]",
  ],
  [
    "a server tool behind an own one",
    {
      tools: [
        { name: "a", input_schema: {} },
        { type: "web_fetch_20250910", name: "w" },
      ],
    },
    TOOL,
    "tools[1]",
  ],
  [
    "an own tool with an unknown field",
    { tools: [{ name: "a", input_schema: {}, url: "https://evil.test" }] },
    TOOL,
    "tools[0].url",
  ],
  [
    "a server tool that is added while the conversation goes on",
    {
      messages: [
        {
          role: "system",
          content: [
            {
              type: "tool_addition",
              tool: {
                type: "tool_definition",
                definition: { type: "web_fetch_20250910", name: "web_fetch" },
              },
            },
          ],
        },
      ],
    },
    TOOL,
    "messages[0].content[0].tool.definition",
  ],
  [
    "a remote MCP server",
    { mcp_servers: [{ type: "url", url: "https://evil.test/mcp", name: "m" }] },
    TOOL,
    "mcp_servers",
  ],
  [
    "a container with skills",
    { container: { skills: [{ type: "custom", skill_id: "s" }] } },
    TOOL,
    "container",
  ],
  ["a container that is kept", { container: "container_1" }, TOOL, "container"],
  [
    "a call of a server tool in the history",
    says({ type: "server_tool_use", id: "s", name: "web_fetch", input: { url: "https://evil.test" } }),
    TOOL,
    "messages[0].content[0].name",
  ],
  [
    "a call of an unknown server tool",
    says({ type: "server_tool_use", id: "s", name: "teleport", input: {} }),
    TOOL,
    "messages[0].content[0].name",
  ],
  [
    "a server tool's result in the history",
    says({ type: "web_search_tool_result", tool_use_id: "s", content: [] }),
    TOOL,
    "messages[0].content[0]",
  ],
  [
    "an MCP call in the history",
    says({ type: "mcp_tool_use", id: "s", name: "x", server_name: "m", input: {} }),
    TOOL,
    "messages[0].content[0]",
  ],
  ["an unknown field", { fetch: "https://evil.test" }, TOOL, "fetch"],
  ["a known field in capitals", { Tools: [{ type: "web_search_20250305", name: "w" }] }, TOOL, "Tools"],
  ["a known field with the long s", { meſſages: [] }, TOOL, '["meſſages"]'],
  ["messages of an unknown form", { messages: { role: "user" } }, UNREADABLE, "messages"],
  ["a message that is a list", { messages: [["user"]] }, UNREADABLE, "messages[0]"],
  ["a list in a tool's place", { tools: [[]] }, UNREADABLE, "tools[0]"],
];

const image = { type: "input_image", image_url: "https://evil.test/?data" };

const RESPONSES: readonly Row[] = [
  ["an image by URL", asks(image), URL_CODE, "input[0].content[0].image_url"],
  [
    "an image by a plain URL",
    asks({ ...image, image_url: "http://evil.test" }),
    URL_CODE,
    "input[0].content[0].image_url",
  ],
  [
    "an image by a URL behind a space",
    asks({ ...image, image_url: " data:,x" }),
    URL_CODE,
    "input[0].content[0].image_url",
  ],
  [
    "an image whose URL is an object",
    asks({ ...image, image_url: { url: "https://evil.test" } }),
    UNREADABLE,
    "input[0].content[0].image_url",
  ],
  [
    "an image by its file",
    asks({ type: "input_image", file_id: "file-1" }),
    FILE,
    "input[0].content[0].file_id",
  ],
  [
    "a file by URL",
    asks({ type: "input_file", file_url: "https://evil.test" }),
    URL_CODE,
    "input[0].content[0].file_url",
  ],
  ["a file by its id", asks({ type: "input_file", file_id: "file-1" }), FILE, "input[0].content[0].file_id"],
  [
    "file data that is a URL",
    asks({ type: "input_file", file_data: "https://evil.test/a" }),
    URL_CODE,
    "input[0].content[0].file_data",
  ],
  [
    "an image by URL in a function's output",
    { input: [{ type: "function_call_output", call_id: "c", output: [image] }] },
    URL_CODE,
    "input[0].output[0].image_url",
  ],
  [
    "an image by URL in a custom tool's output",
    { input: [{ type: "custom_tool_call_output", call_id: "c", output: [image] }] },
    URL_CODE,
    "input[0].output[0].image_url",
  ],
  ["an image by URL in the instructions", { instructions: [image] }, URL_CODE, "instructions[0].image_url"],
  ["web search", { tools: [{ type: "web_search" }] }, TOOL, "tools[0]"],
  [
    "web search with a look at the web",
    { tools: [{ type: "web_search", external_web_access: true }] },
    TOOL,
    "tools[0]",
  ],
  [
    "web search that says no in a text",
    { tools: [{ type: "web_search", external_web_access: "false" }] },
    TOOL,
    "tools[0]",
  ],
  ["web search, preview", { tools: [{ type: "web_search_preview_2025_03_11" }] }, TOOL, "tools[0]"],
  ["file search", { tools: [{ type: "file_search", vector_store_ids: ["v"] }] }, TOOL, "tools[0]"],
  [
    "code interpreter",
    { tools: [{ type: "code_interpreter", container: { type: "auto" } }] },
    TOOL,
    "tools[0]",
  ],
  [
    "a remote MCP server",
    { tools: [{ type: "mcp", server_label: "m", server_url: "https://evil.test" }] },
    TOOL,
    "tools[0]",
  ],
  [
    "a connector",
    { tools: [{ type: "mcp", server_label: "m", connector_id: "connector_gmail" }] },
    TOOL,
    "tools[0]",
  ],
  ["image generation", { tools: [{ type: "image_generation" }] }, TOOL, "tools[0]"],
  ["computer use", { tools: [{ type: "computer_use_preview" }] }, TOOL, "tools[0]"],
  [
    "the provider's shell",
    { tools: [{ type: "shell", environment: { type: "container_auto" } }] },
    TOOL,
    "tools[0]",
  ],
  ["a shell somewhere", { tools: [{ type: "shell" }] }, TOOL, "tools[0]"],
  ["the provider's tool search", { tools: [{ type: "tool_search" }] }, TOOL, "tools[0]"],
  ["a tool of an unknown type", { tools: [{ type: "telepathy" }] }, TOOL, "tools[0]"],
  ["a tool without a type", { tools: [{ name: "x" }] }, UNREADABLE, "tools[0]"],
  [
    "a server tool in a namespace in a namespace",
    {
      tools: [
        {
          type: "namespace",
          name: "a",
          tools: [{ type: "namespace", name: "b", tools: [{ type: "web_search" }] }],
        },
      ],
    },
    TOOL,
    "tools[0].tools[0].tools[0]",
  ],
  [
    "a server tool among the input's tools",
    { input: [{ type: "additional_tools", role: "developer", tools: [{ type: "web_search" }] }] },
    TOOL,
    "input[0].tools[0]",
  ],
  [
    "a server tool that a tool search is said to have found",
    {
      input: [
        {
          type: "tool_search_output",
          call_id: "c",
          tools: [{ type: "mcp", server_url: "https://evil.test" }],
        },
      ],
    },
    TOOL,
    "input[0].tools[0]",
  ],
  [
    "an MCP call in the history",
    { input: [{ type: "mcp_call", server_label: "m", name: "x", arguments: "{}" }] },
    TOOL,
    "input[0]",
  ],
  [
    "an MCP approval",
    { input: [{ type: "mcp_approval_response", approve: true, approval_request_id: "a" }] },
    TOOL,
    "input[0]",
  ],
  [
    "a file search in the history",
    { input: [{ type: "file_search_call", id: "f", queries: [] }] },
    TOOL,
    "input[0]",
  ],
  [
    "a code interpreter's call in the history",
    { input: [{ type: "code_interpreter_call", id: "f", code: "x" }] },
    TOOL,
    "input[0]",
  ],
  [
    "a screen by URL",
    {
      input: [
        {
          type: "computer_call_output",
          output: { type: "computer_screenshot", image_url: "https://evil.test" },
        },
      ],
    },
    TOOL,
    "input[0]",
  ],
  ["an item of an unknown type", { input: [{ type: "telepathy" }] }, TOOL, "input[0]"],
  [
    "a part of an unknown type",
    asks({ type: "input_site", site: "https://evil.test" }),
    TOOL,
    "input[0].content[0]",
  ],
  ["a prompt of the provider's", { prompt: { id: "pmpt_1", variables: {} } }, TOOL, "prompt"],
  ["a conversation the provider keeps", { conversation: "conv_1" }, TOOL, "conversation"],
  ["work in the background", { background: true }, TOOL, "background"],
  ["a model that searches", { model: "gpt-4o-search-preview" }, TOOL, "model"],
  ["a model that researches", { model: "o3-deep-research-2025-06-26" }, TOOL, "model"],
  ["an unknown field", { data_sources: [] }, TOOL, "data_sources"],
  [
    "an unknown field of a message",
    { input: [{ role: "user", content: "x", attachments: [] }] },
    TOOL,
    "input[0].attachments",
  ],
];

const part = (type: string) => says({ type, [type]: { url: "https://evil.test/?data" } });

const CHAT: readonly Row[] = [
  ["an image by URL", part("image_url"), URL_CODE, "messages[0].content[0].image_url.url"],
  [
    "an image by a bare URL",
    says({ type: "image_url", image_url: "https://evil.test" }),
    URL_CODE,
    "messages[0].content[0].image_url",
  ],
  ["a film by URL", part("video_url"), URL_CODE, "messages[0].content[0].video_url.url"],
  ["a sound by URL", part("audio_url"), URL_CODE, "messages[0].content[0].audio_url.url"],
  [
    "sound data that is a URL",
    says({ type: "input_audio", input_audio: { data: "https://evil.test", format: "wav" } }),
    URL_CODE,
    "messages[0].content[0].input_audio.data",
  ],
  [
    "a file by its id",
    says({ type: "file", file: { file_id: "file-1" } }),
    FILE,
    "messages[0].content[0].file.file_id",
  ],
  [
    "file data that is a URL",
    says({ type: "file", file: { filename: "a", file_data: "https://evil.test/a.pdf" } }),
    URL_CODE,
    "messages[0].content[0].file.file_data",
  ],
  [
    "a file with a URL of its own",
    says({ type: "file", file: { url: "https://evil.test" } }),
    TOOL,
    "messages[0].content[0].file.url",
  ],
  ["web search", { web_search_options: {} }, TOOL, "web_search_options"],
  ["a server tool", { tools: [{ type: "web_search" }] }, TOOL, "tools[0]"],
  ["a gateway's plug-in", { plugins: [{ id: "web" }] }, TOOL, "plugins"],
  ["a gateway's suffix that searches", { model: "openai/gpt-5:online" }, TOOL, "model"],
  ["a model that searches", { model: "gpt-4o-mini-search-preview-2025-03-11" }, TOOL, "model"],
  ["a model that is a list", { model: ["a"] }, UNREADABLE, "model"],
  ["data of the provider's", { data_sources: [{ type: "azure_search" }] }, TOOL, "data_sources"],
  [
    "an image by URL in a prediction",
    {
      prediction: {
        type: "content",
        content: [{ type: "image_url", image_url: { url: "https://evil.test" } }],
      },
    },
    URL_CODE,
    "prediction.content[0].image_url.url",
  ],
  [
    "an image by URL in a tool's message",
    {
      messages: [
        {
          role: "tool",
          tool_call_id: "c",
          content: [{ type: "image_url", image_url: { url: "https://evil.test" } }],
        },
      ],
    },
    URL_CODE,
    "messages[0].content[0].image_url.url",
  ],
  [
    "a part of an unknown type",
    says({ type: "site", site: "https://evil.test" }),
    TOOL,
    "messages[0].content[0]",
  ],
  [
    "a message with an unknown field",
    { messages: [{ role: "user", content: "x", context: { url: "https://evil.test" } }] },
    TOOL,
    "messages[0].context",
  ],
];

const SEARCH = '{"type":"web_search","name":"w"}';

/** Texts that one reader takes for one thing and another for another, or for nothing. */
const TEXTS: readonly (readonly [name: string, body: string])[] = [
  ["no JSON", "model=x"],
  ["nothing", ""],
  ["a list", "[]"],
  ["two values", `{"tools":[]} {"tools":[${SEARCH}]}`],
  ["one name twice", `{"tools":[],"tools":[${SEARCH}]}`],
  ["one name twice, once escaped", `{"tools":[],"\\u0074ools":[${SEARCH}]}`],
  ["one name twice, deep in data", `{"metadata":{"a":[{"b":1,"b":2}]}}`],
  ["a comment", `{"tools":[] /* , "x": 1 */}`],
  ["a comma too many", `{"tools":[],}`],
  ["single quotes", `{'tools':[]}`],
  ["a byte order mark", `\ufeff{"tools":[]}`],
  ["half of a surrogate pair", `{"model":"\\ud800"}`],
  ["a surrogate pair the wrong way round", `{"model":"\\udc00\\ud800"}`],
  ["a raw control character", `{"model":"a\u0001b"}`],
  ["an unknown escape", `{"model":"\\x41"}`],
  ["NaN", `{"max_tokens":NaN}`],
  ["a number with a leading zero", `{"max_tokens":01}`],
  ["a number of 100 digits", `{"max_tokens":${"1".repeat(100)}}`],
  ["deeper than any reader needs", `{"metadata":${"[".repeat(200)}${"]".repeat(200)}}`],
  ["an end in the middle", `{"model":"a`],
  ["NUL behind the end", `{"model":"a"}\u0000`],
];

const KINDS: readonly (readonly [Kind, readonly Row[]])[] = [
  ["anthropic-messages", ANTHROPIC],
  ["openai-responses", RESPONSES],
  ["openai-chat", CHAT],
];

/** Bodies that the safe setting refuses. */
export const HOSTILE: readonly Hostile[] = KINDS.flatMap(([kind, rows]) => [
  ...rows.map(([name, body, code, place]) => ({ name, kind, body: JSON.stringify(body), code, place })),
  ...TEXTS.map(
    ([name, body]) => ({ name: `text: ${name}`, kind, body, code: UNREADABLE, place: "" }) as const,
  ),
]);

export interface Fine {
  readonly name: string;
  readonly kind: Kind;
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
