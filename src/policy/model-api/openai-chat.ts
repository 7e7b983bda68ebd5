import type { Shape } from "./check.ts";
import { modelName } from "./model-name.ts";
import {
  anything,
  file,
  guarded,
  inline,
  list,
  type Members,
  record,
  remoteUrl,
  scalar,
  serverField,
  tagged,
  text,
  textOr,
} from "./shapes.ts";

// What the Chat Completions API documents, and what gateways that speak it take besides.

const url: Shape = (value, check) =>
  typeof value === "string" ? remoteUrl(value, check) : urlObject(value, check);

const urlObject = record({ url: remoteUrl, detail: text, format: text });

const COMMON: Members = { type: text, cache_control: anything };

const part = tagged({
  text: record({ ...COMMON, text, annotations: anything }),
  refusal: record({ ...COMMON, refusal: text }),
  image_url: record({ ...COMMON, image_url: url }),
  video_url: record({ ...COMMON, video_url: url }),
  audio_url: record({ ...COMMON, audio_url: url }),
  input_audio: record({ ...COMMON, input_audio: record({ data: inline, format: text }) }),
  file: record({
    ...COMMON,
    file: record({ file_data: inline, filename: text, file_id: file, format: text }),
  }),
});

const content = textOr(list(part));

const toolCall = tagged({
  function: record({
    type: text,
    id: text,
    index: scalar,
    function: record({ name: text, arguments: text }),
    extra_content: anything,
  }),
  custom: record({ type: text, id: text, index: scalar, custom: record({ name: text, input: text }) }),
});

const message = record({
  role: text,
  content,
  name: text,
  refusal: text,
  tool_calls: list(toolCall),
  tool_call_id: text,
  function_call: record({ name: text, arguments: text }),
  audio: record({ id: text }),
  annotations: anything,
  reasoning: guarded,
  reasoning_content: text,
  reasoning_details: anything,
  cache_control: anything,
});

const tool = tagged({
  function: record({
    ...COMMON,
    strict: scalar,
    function: record({ name: text, description: text, parameters: anything, strict: scalar }),
  }),
  custom: record({ ...COMMON, custom: record({ name: text, description: text, format: anything }) }),
});

const FIELDS: Members = {
  model: modelName,
  messages: list(message),
  tools: list(tool),
  tool_choice: anything,
  functions: list(record({ name: text, description: text, parameters: anything })),
  function_call: anything,
  parallel_tool_calls: scalar,
  max_tokens: scalar,
  max_completion_tokens: scalar,
  temperature: scalar,
  top_p: scalar,
  top_k: scalar,
  min_p: scalar,
  n: scalar,
  seed: scalar,
  stop: textOr(list(text)),
  frequency_penalty: scalar,
  presence_penalty: scalar,
  repetition_penalty: scalar,
  logit_bias: anything,
  logprobs: scalar,
  top_logprobs: scalar,
  response_format: anything,
  reasoning: guarded,
  reasoning_effort: text,
  verbosity: text,
  thinking: guarded,
  modalities: list(text),
  // how an answer is spoken
  audio: guarded,
  prediction: record({ type: text, content }),
  metadata: anything,
  user: text,
  safety_identifier: text,
  prompt_cache_key: text,
  prompt_cache_retention: text,
  service_tier: text,
  store: scalar,
  stream: scalar,
  stream_options: guarded,
  usage: guarded,
  web_search_options: serverField("web_search_options"),
};

/** The body of `/chat/completions`. */
export const openaiChat = record(FIELDS);
