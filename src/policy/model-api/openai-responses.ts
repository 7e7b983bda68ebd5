import { modelName } from "./model-name.ts";
import { responsesTool } from "./openai-tools.ts";
import {
  anything,
  both,
  file,
  guarded,
  inline,
  list,
  listed,
  type Members,
  record,
  remoteUrl,
  scalar,
  serverField,
  tagged,
  text,
  textOr,
} from "./shapes.ts";

// What Codex 0.169.0 sends, and what the Responses API documents besides.

const image = record({ type: text, image_url: remoteUrl, file_id: file, detail: text });

const part = tagged({
  input_text: record({ type: text, text, annotations: anything }),
  output_text: record({ type: text, text, annotations: anything, logprobs: anything }),
  summary_text: record({ type: text, text }),
  reasoning_text: record({ type: text, text }),
  text: record({ type: text, text }),
  refusal: record({ type: text, refusal: text }),
  encrypted_content: record({ type: text, encrypted_content: text }),
  input_image: image,
  computer_screenshot: image,
  input_file: record({
    type: text,
    file_data: inline,
    filename: text,
    detail: text,
    file_url: remoteUrl,
    file_id: file,
  }),
  input_audio: record({
    type: text,
    input_audio: record({ data: inline, format: text }),
    audio_url: remoteUrl,
  }),
});

const content = textOr(list(part));

/** An item of a conversation: `members`, and what all of them may have. */
function item(members: Members): ReturnType<typeof record> {
  return record({
    type: text,
    id: text,
    status: text,
    created_by: scalar,
    metadata: anything,
    // of Codex: when and why the item came to be
    internal_chat_message_metadata_passthrough: anything,
    ...members,
  });
}

const message = item({ role: text, content, phase: text, name: text, end_turn: scalar });
const CALL: Members = { call_id: text, name: text, namespace: text, caller: guarded };
const output = item({ ...CALL, output: content, success: scalar });
const compaction = item({ encrypted_content: text, summary: content });

const inputItem = tagged(
  {
    message,
    agent_message: item({ author: text, recipient: text, sender: text, role: text, content }),
    reasoning: item({ summary: content, content, encrypted_content: text }),
    function_call: item({ ...CALL, arguments: text }),
    function_call_output: output,
    custom_tool_call: item({ ...CALL, input: text }),
    custom_tool_call_output: output,
    local_shell_call: item({ ...CALL, action: anything }),
    local_shell_call_output: output,
    shell_call: item({ ...CALL, action: anything, environment: guarded, max_output_length: scalar }),
    shell_call_output: item({ ...CALL, output: anything, max_output_length: scalar }),
    apply_patch_call: item({ ...CALL, operation: anything }),
    apply_patch_call_output: item({ ...CALL, output: content }),
    tool_search_call: item({ ...CALL, execution: text, arguments: anything }),
    tool_search_output: item({ ...CALL, execution: text, tools: list(responsesTool) }),
    // What was searched for and opened: a record, which makes nobody search again.
    web_search_call: item({ action: anything, results: anything }),
    additional_tools: item({ role: text, tools: list(responsesTool) }),
    configuration_update: item({ reasoning: guarded, text: anything }),
    compaction,
    compaction_summary: compaction,
    context_compaction: compaction,
    compaction_trigger: item({}),
    // An item that the provider kept, of a request that was checked when it was made.
    item_reference: item({}),
    computer_call: both(listed("computer_call"), guarded),
    computer_call_output: both(listed("computer_call_output"), guarded),
  },
  message,
);

const FIELDS: Members = {
  model: modelName,
  input: textOr(list(inputItem)),
  instructions: content,
  tools: list(responsesTool),
  tool_choice: anything,
  parallel_tool_calls: scalar,
  max_tool_calls: scalar,
  max_output_tokens: scalar,
  reasoning: guarded,
  text: anything,
  temperature: scalar,
  top_p: scalar,
  top_logprobs: scalar,
  truncation: text,
  context_management: guarded,
  include: list(text),
  metadata: anything,
  client_metadata: anything,
  access_programs: guarded,
  user: text,
  safety_identifier: text,
  prompt_cache_key: text,
  prompt_cache_retention: text,
  prompt_cache_options: guarded,
  service_tier: text,
  store: scalar,
  stream: scalar,
  stream_options: guarded,
  // Goes on from an answer that the provider kept. Its tools are not taken over.
  previous_response_id: text,
  conversation: serverField("conversation"),
  prompt: serverField("prompt"),
  background: serverField("background"),
};

/** The body of `/responses`, `/responses/compact` and `/responses/input_tokens`. */
export const openaiResponses = record(FIELDS);

/** A message over a WebSocket. */
export const openaiResponsesMessage = tagged({
  "response.create": record({ ...FIELDS, type: text, generate: scalar, event_id: text }),
});
