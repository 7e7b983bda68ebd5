/** A version behind a type's name: `_20250305`, `_2025_03_11`, `_preview`, `_preview_2025_03_11`. */
const VERSION = /(?:_preview)?(?:[_-][0-9]{8}|[_-][0-9]{4}[_-][0-9]{2}[_-][0-9]{2})?$/;

/** What `server_tools` calls each tool that a provider runs, by the types of its tools, blocks, items and fields. */
const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  web_search: [
    "web_search",
    "web_search_tool_result",
    "web_search_call",
    "web_search_options",
    "web_search_model",
  ],
  web_fetch: ["web_fetch", "web_fetch_tool_result"],
  code_execution: [
    "code_execution",
    "bash_code_execution",
    "text_editor_code_execution",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "container",
    "container_upload",
    "skills",
  ],
  mcp: [
    "mcp",
    "mcp_toolset",
    "mcp_servers",
    "mcp_tool_use",
    "mcp_tool_result",
    "mcp_list_tools",
    "mcp_call",
    "mcp_approval_request",
    "mcp_approval_response",
  ],
  tool_search: [
    "tool_search",
    "tool_search_tool",
    "tool_search_tool_regex",
    "tool_search_tool_bm25",
    "tool_search_tool_result",
  ],
  advisor: ["advisor", "advisor_tool_result"],
  file_search: ["file_search", "file_search_call"],
  code_interpreter: ["code_interpreter", "code_interpreter_call"],
  image_generation: ["image_generation", "image_generation_call"],
  computer_use: ["computer_use", "computer", "computer_call", "computer_call_output"],
  shell: ["shell"],
  prompt: ["prompt"],
  conversation: ["conversation"],
  background: ["background"],
};

/** The names of all of them. */
export const SERVER_TOOLS: readonly string[] = Object.keys(FAMILIES);

const FAMILY_OF: ReadonlyMap<string, string> = new Map(
  Object.entries(FAMILIES).flatMap(([family, types]) => types.map((type) => [type, family] as const)),
);

/** A type without its version. */
export function baseOf(type: string): string {
  return type.replace(VERSION, "");
}

/** The name of a provider's tool in `server_tools`; undefined: this version knows no such tool. */
export function familyOf(type: string): string | undefined {
  return FAMILY_OF.get(type) ?? FAMILY_OF.get(baseOf(type));
}
