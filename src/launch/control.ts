import { chmodSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { Fault } from "../base/fault.ts";
import {
  type OperatorAnswer,
  type OperatorRequest,
  readOperatorRequest,
} from "../sidecar/supervise/operator-request.ts";
import { readOperatorAnswer } from "./control-answer.ts";
import type { RecordedEvent, Superviser } from "./job.ts";
import { CONTROL_ANSWER_CHARS, CONTROL_MESSAGE_BYTES } from "./limits.ts";

/**
 * The operator's way to a running bottle: a unix socket in a 0700 folder, one JSON line each way. It is served by the
 * launcher, never mounted into a bottle.
 */
export type ControlRequest =
  | { readonly op: "stop"; readonly why: string }
  | { readonly op: "record"; readonly event: RecordedEvent }
  | OperatorRequest;

/** Of what is asked about proposals: an `OperatorAnswer`. */
export interface ControlAnswer {
  readonly ok: boolean;
}

export interface ControlHandlers {
  stop(why: string): void;
  record(event: RecordedEvent): Promise<boolean>;
  readonly supervise: Superviser;
}

type OwnRequest = Exclude<ControlRequest, OperatorRequest>;

function isRequest(value: unknown): value is OwnRequest {
  if (typeof value !== "object" || value === null || !("op" in value)) return false;
  if (value.op === "stop") return "why" in value && typeof value.why === "string";
  if (value.op !== "record" || !("event" in value)) return false;
  const event = value.event;
  return (
    typeof event === "object" &&
    event !== null &&
    "event" in event &&
    Object.values(event).every((field) => typeof field === "string")
  );
}

/** Reads one line and closes what sends more than the bound or nonsense. */
function onLine(socket: Socket, most: number, take: (value: unknown) => void): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > most) {
      socket.destroy();
      return;
    }
    const end = text.indexOf("\n");
    if (end < 0) return;
    try {
      take(JSON.parse(text.slice(0, end)));
    } catch {
      socket.destroy();
    }
    text = "";
  });
}

/** Serves until `close`; the socket file is removed then. */
export async function serveControl(path: string, handlers: ControlHandlers): Promise<{ close(): void }> {
  rmSync(path, { force: true });
  const server: Server = createServer((socket) => {
    const answer = (value: ControlAnswer | OperatorAnswer) => socket.end(`${JSON.stringify(value)}\n`);
    onLine(socket, CONTROL_MESSAGE_BYTES, (request) => {
      const asked = readOperatorRequest(request);
      if (asked) void handlers.supervise(asked).then((given) => answer(given ?? SILENT));
      else if (!isRequest(request)) socket.destroy();
      else if (request.op === "stop") {
        handlers.stop(request.why);
        answer({ ok: true });
      } else
        void handlers.record(request.event).then(
          (ok) => answer({ ok }),
          () => answer({ ok: false }),
        );
    });
  });
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        new Fault(`the control socket could not be made: ${error.message}`, {
          mend:
            error.code === "EINVAL" || error.code === "ENAMETOOLONG"
              ? "a socket's path has at most 107 bytes: set BOT_BOTTLE_HOME to a shorter one"
              : "check that BOT_BOTTLE_HOME can be written",
        }),
      ),
    );
    server.listen(path, resolve);
  });
  chmodSync(path, 0o600);
  server.unref();
  return {
    close() {
      server.close();
      rmSync(path, { force: true });
    },
  };
}

/** Asks a running bottle's launcher. Undefined: nobody answers. */
export async function askControl(path: string, request: OwnRequest): Promise<ControlAnswer | undefined> {
  const value = await ask(path, request, CONTROL_MESSAGE_BYTES);
  if (typeof value !== "object" || value === null) return undefined;
  return { ok: "ok" in value && value.ok === true };
}

/** Asks a running bottle about its proposals. Undefined: nobody answers, or nothing that can be read. */
export async function askProposals(
  path: string,
  request: OperatorRequest,
): Promise<OperatorAnswer | undefined> {
  return readOperatorAnswer(await ask(path, request, CONTROL_ANSWER_CHARS));
}

function ask(path: string, request: ControlRequest, most: number): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => socket.write(`${JSON.stringify(request)}\n`));
    onLine(socket, most, (value) => {
      resolve(value);
      socket.destroy();
    });
    socket.on("close", () => resolve(undefined));
  });
}

const SILENT: OperatorAnswer = { ok: false, why: "its sidecar does not answer" };
