import type { Shape } from "./check.ts";
import {
  anything,
  both,
  file,
  guarded,
  inline,
  isList,
  isObject,
  list,
  listed,
  type Members,
  member,
  record,
  remoteUrl,
  scalar,
  serverField,
  tagged,
  text,
  textOr,
} from "./shapes.ts";

// What Claude Code 2.1.330 sends, and what the Messages API documents besides.

const COMMON: Members = { type: text, cache_control: anything };

const content: Shape = (value, check) => textOr(list(block))(value, check);

const source = tagged({
  base64: record({ type: text, media_type: text, data: inline }),
  text: record({ type: text, media_type: text, data: text }),
  content: record({ type: text, content }),
  url: record({ type: text, url: remoteUrl }),
  file: record({ type: text, file_id: file }),
});

const toolReference = record({ ...COMMON, tool_name: text, name: text });

/** A tool of the agent's own: the model asks for it, the agent runs it. */
const CLIENT_TOOL: Members = {
  ...COMMON,
  name: text,
  description: text,
  input_schema: anything,
  strict: scalar,
  defer_loading: scalar,
  allowed_callers: anything,
  input_examples: anything,
  eager_input_streaming: scalar,
};

/** Tools that Anthropic defines and the agent runs. */
const ANTHROPIC_CLIENT_TOOL = record({
  ...CLIENT_TOOL,
  max_characters: scalar,
  display_width_px: scalar,
  display_height_px: scalar,
  display_number: scalar,
  enable_zoom: scalar,
});

const versionedTool: Shape = (value, check) => {
  const type = member(value, "type");
  return typeof type === "string" && /^(?:bash|text_editor|computer|memory)_[0-9]{8}$/.test(type)
    ? ANTHROPIC_CLIENT_TOOL(value, check)
    : knownTool(value, check);
};

const knownTool = tagged({ custom: record(CLIENT_TOOL) }, record(CLIENT_TOOL));

/** A call of a tool that the provider runs, in what was said before: as the tool itself. */
const serverToolUse: Shape = (value, check) => {
  const name = member(value, "name");
  return typeof name === "string" && check.lists(name)
    ? guarded(value, check)
    : check.inside("name", name ?? null, (_, inside) =>
        inside.serverTool(typeof name === "string" ? name : ""),
      );
};

/**
 * What such a tool gave: a record of what was fetched, whose URLs nobody fetches again. Only content that says that it
 * lies elsewhere is looked for.
 */
function toolResult(type: string): Shape {
  return (value, check) => (check.lists(type) ? result(value, check) : check.serverTool(type));
}

const result: Shape = (value, check) => {
  if (isList(value)) return list(result)(value, check);
  if (!isObject(value)) return undefined;
  for (const [name, inner] of value) {
    const shape = name === "source" && isObject(inner) ? source : result;
    const objection = check.inside(name, inner, shape);
    if (objection) return objection;
  }
  return undefined;
};

const block = tagged({
  text: record({ ...COMMON, text, citations: anything }),
  image: record({ ...COMMON, source }),
  document: record({ ...COMMON, source, title: text, context: text, citations: anything }),
  search_result: record({ ...COMMON, source: text, title: text, content, citations: anything }),
  thinking: record({ ...COMMON, thinking: text, signature: text }),
  redacted_thinking: record({ ...COMMON, data: text }),
  tool_use: record({ ...COMMON, id: text, name: text, input: anything, caller: guarded }),
  tool_result: record({ ...COMMON, tool_use_id: text, content, is_error: scalar }),
  tool_reference: toolReference,
  // Tools that come and go while the conversation goes on, in a system message.
  tool_addition: record({
    ...COMMON,
    tool: tagged({
      tool_reference: toolReference,
      tool_definition: record({ ...COMMON, definition: versionedTool }),
    }),
  }),
  tool_removal: record({ ...COMMON, tool: tagged({ tool_reference: toolReference }) }),
  compaction: record({ ...COMMON, content: text, encrypted_content: text, signature: text }),
  server_tool_use: serverToolUse,
  web_search_tool_result: toolResult("web_search"),
  web_fetch_tool_result: toolResult("web_fetch"),
  code_execution_tool_result: toolResult("code_execution"),
  bash_code_execution_tool_result: toolResult("code_execution"),
  text_editor_code_execution_tool_result: toolResult("code_execution"),
  tool_search_tool_result: toolResult("tool_search"),
  advisor_tool_result: toolResult("advisor"),
  mcp_tool_result: toolResult("mcp"),
  container_upload: both(listed("container_upload"), record({ ...COMMON, file_id: file })),
});

const message = record({
  role: text,
  content,
  // how hard to think about this turn
  output_config: anything,
  clear_at: scalar,
});

const fallback = record({
  model: text,
  max_tokens: scalar,
  thinking: guarded,
  output_config: anything,
  speed: text,
});

const FIELDS: Members = {
  model: text,
  messages: list(message),
  system: content,
  max_tokens: scalar,
  metadata: anything,
  stop_sequences: list(text),
  stream: scalar,
  temperature: scalar,
  top_k: scalar,
  top_p: scalar,
  tool_choice: anything,
  tools: list(versionedTool),
  thinking: guarded,
  service_tier: text,
  inference_geo: text,
  speed: text,
  cache_control: anything,
  output_config: anything,
  output_format: anything,
  context_management: guarded,
  compaction: guarded,
  diagnostics: guarded,
  fallbacks: textOr(list(fallback)),
  safeguards: guarded,
  // goes on from what the provider kept of this conversation
  thread: guarded,
  mcp_servers: serverField("mcp_servers"),
  container: serverField("container"),
};

/** The body of `/v1/messages` and `/v1/messages/count_tokens`. */
export const anthropicMessages = record(FIELDS);
