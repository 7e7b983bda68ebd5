import type { Http2ServerResponse } from "node:http2";
import { type Origin, type SeenRequest, startOrigin } from "./https-origin.ts";
import type { Credentials } from "./pki.ts";

/** What the model "decides" to do before it gives its last answer. */
export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface AnthropicScript {
  readonly toolCalls: readonly ToolCall[];
  readonly finalText: string;
  /** only a conversation whose system prompt says this is told to call tools: a sub-agent's is not */
  readonly inConversation?: string;
}

type Block =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "tool_use"; readonly id: string; readonly call: ToolCall };

function sse(response: Http2ServerResponse, events: readonly Readonly<Record<string, unknown>>[]): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_test" });
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

function pieces(text: string): string[] {
  const half = Math.ceil(text.length / 2);
  return [text.slice(0, half), text.slice(half)].filter((part) => part.length > 0);
}

function blockEvents(block: Block, index: number): Readonly<Record<string, unknown>>[] {
  const start =
    block.type === "text"
      ? { type: "text", text: "" }
      : { type: "tool_use", id: block.id, name: block.call.name, input: {} };
  const deltas =
    block.type === "text"
      ? pieces(block.text).map((text) => ({ type: "text_delta", text }))
      : pieces(JSON.stringify(block.call.input)).map((partial_json) => ({
          type: "input_json_delta",
          partial_json,
        }));
  return [
    { type: "content_block_start", index, content_block: start },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

function messageEvents(model: string, blocks: readonly Block[]): Readonly<Record<string, unknown>>[] {
  const usage = {
    input_tokens: 10,
    output_tokens: 5,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  const wantsTool = blocks.some((block) => block.type === "tool_use");
  return [
    {
      type: "message_start",
      message: {
        id: `msg_${Math.random().toString(36).slice(2)}`,
        type: "message",
        role: "assistant",
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage,
      },
    },
    ...blocks.flatMap(blockEvents),
    {
      type: "message_delta",
      delta: { stop_reason: wantsTool ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 5 },
    },
    { type: "message_stop" },
  ];
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function json(response: Http2ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

/** How many tool results the conversation holds already: that many steps of the script are done. */
function stepsDone(body: Readonly<Record<string, unknown>>): number {
  return JSON.stringify(body.messages ?? []).split('"type":"tool_result"').length - 1;
}

function answerMessages(seen: SeenRequest, response: Http2ServerResponse, script: AnthropicScript): void {
  const body = parsed(seen.body);
  const model = String(body.model ?? "test-model");
  const tools = Array.isArray(body.tools) ? body.tools : [];
  const mayCall = tools.length > 0 && JSON.stringify(body.system ?? "").includes(script.inConversation ?? "");
  const call = mayCall ? script.toolCalls[stepsDone(body)] : undefined;
  const blocks: Block[] =
    call === undefined
      ? [{ type: "text", text: script.finalText }]
      : [
          { type: "text", text: "On it." },
          { type: "tool_use", id: `toolu_${stepsDone(body)}`, call },
        ];
  if (body.stream === true) {
    sse(response, messageEvents(model, blocks));
    return;
  }
  const content = blocks.map((block) =>
    block.type === "text"
      ? block
      : { type: "tool_use", id: block.id, name: block.call.name, input: block.call.input },
  );
  json(response, 200, {
    id: "msg_whole",
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: call === undefined ? "end_turn" : "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 5 },
  });
}

/**
 * Answers as api.anthropic.com does, well enough for the published Claude Code program: streamed messages that first
 * call the script's tools one after another, then say its last text.
 */
export function startAnthropicApi(credentials: Credentials, script: AnthropicScript): Promise<Origin> {
  return startOrigin({
    credentials,
    handler: (seen, response) => {
      const path = seen.url.split("?")[0];
      if (path === "/v1/messages") answerMessages(seen, response, script);
      else if (path === "/v1/messages/count_tokens") json(response, 200, { input_tokens: 10 });
      else if (path === "/api/hello") json(response, 200, { message: "hello" });
      else json(response, 404, { type: "error", error: { type: "not_found_error", message: "not here" } });
      return true;
    },
  });
}
