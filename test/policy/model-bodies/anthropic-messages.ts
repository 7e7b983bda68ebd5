import { FILE, nested, type Row, says, TOOL, UNREADABLE, URL_CODE, url } from "./row.ts";

export const ANTHROPIC: readonly Row[] = [
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
