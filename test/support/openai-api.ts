import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Credentials } from "./pki.ts";

/** A function the model "decides" to call before it gives its last answer. */
export interface FunctionCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export interface OpenAiScript {
  readonly calls: readonly FunctionCall[];
  readonly finalText: string;
}

/** One request for an answer, over HTTP or a WebSocket. */
export interface SeenResponse {
  readonly over: "http" | "websocket";
  readonly authorization: string;
  /** JSON */
  readonly body: string;
}

export interface OpenAiApi {
  /** `ADDRESS:PORT`, for settings `upstream.resolve` */
  readonly address: string;
  readonly seen: SeenResponse[];
  close(): Promise<void>;
}

type Event = Readonly<Record<string, unknown>>;

/** What is streamed: the script's next call, or its last text. */
function events(script: OpenAiScript, step: number): Event[] {
  const call = script.calls[step];
  const id = `resp_${step}`;
  const item =
    call === undefined
      ? {
          type: "message",
          id: `msg_${step}`,
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: script.finalText, annotations: [] }],
        }
      : {
          type: "function_call",
          id: `fc_${step}`,
          call_id: `call_${step}`,
          name: call.name,
          arguments: JSON.stringify(call.arguments),
          status: "completed",
        };
  const usage = {
    input_tokens: 1,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: 1,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 2,
  };
  return [
    { type: "response.created", response: { id } },
    {
      type: "response.output_item.done",
      output_index: 0,
      item: { type: "reasoning", id: `rs_${step}`, summary: [], encrypted_content: "b3BhcXVl" },
    },
    { type: "response.output_item.done", output_index: 1, item },
    { type: "response.completed", response: { id, usage } },
  ];
}

/**
 * Answers as api.openai.com does, well enough for the published Codex program. `websocket` false: it takes none, and the
 * program goes on over HTTP.
 */
export async function startOpenAiApi(
  credentials: Credentials,
  script: OpenAiScript,
  websocket: boolean,
): Promise<OpenAiApi> {
  const seen: SeenResponse[] = [];
  let step = 0;
  const next = (over: SeenResponse["over"], authorization: string, body: string): Event[] => {
    seen.push({ over, authorization, body });
    // a connection is warmed up with a request that wants no answer
    return JSON.parse(body).generate === false
      ? [
          { type: "response.created", response: { id: "resp_warm" } },
          { type: "response.completed", response: { id: "resp_warm", usage: null } },
        ]
      : events(script, step++);
  };
  const server = createHttpsServer({ cert: credentials.cert, key: credentials.key }, (request, response) =>
    answer(request, response, (body) => next("http", request.headers.authorization ?? "", body)),
  );
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (!websocket) {
      socket.end("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, (end: WebSocket) => {
      end.on("error", () => undefined);
      end.on("message", (data) => {
        const body = Buffer.isBuffer(data) ? data.toString("utf8") : "";
        for (const event of next("websocket", request.headers.authorization ?? "", body))
          end.send(JSON.stringify(event));
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const end of sockets.clients) end.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(request: IncomingMessage, response: ServerResponse, next: (body: string) => Event[]): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    if (request.method !== "POST" || request.url !== "/v1/responses") {
      response.writeHead(404, { "content-type": "application/json" });
      response.end('{"error":{"message":"not here"}}');
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of next(Buffer.concat(chunks).toString("utf8")))
      response.write(`event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`);
    response.end();
  });
}
