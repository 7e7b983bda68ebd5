import { asks, FILE, type Row, TOOL, UNREADABLE, URL_CODE } from "./row.ts";

const image = { type: "input_image", image_url: "https://evil.test/?data" };

export const RESPONSES: readonly Row[] = [
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
