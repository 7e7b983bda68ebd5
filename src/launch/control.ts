import { chmodSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { Fault } from "../base/fault.ts";
import type { RecordedEvent } from "./job.ts";
import { CONTROL_MESSAGE_BYTES } from "./limits.ts";

/**
 * The operator's way to a running bottle: a unix socket in a 0700 folder, one JSON line each way. It is served by the
 * launcher, never mounted into a bottle.
 */
export type ControlRequest =
  | { readonly op: "stop"; readonly why: string }
  | { readonly op: "record"; readonly event: RecordedEvent };

export interface ControlAnswer {
  readonly ok: boolean;
}

export interface ControlHandlers {
  stop(why: string): void;
  record(event: RecordedEvent): Promise<boolean>;
}

function isRequest(value: unknown): value is ControlRequest {
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
function onLine(socket: Socket, take: (value: unknown) => void): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    text += chunk;
    if (text.length > CONTROL_MESSAGE_BYTES) {
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
    const answer = (ok: boolean) => socket.end(`${JSON.stringify({ ok } satisfies ControlAnswer)}\n`);
    onLine(socket, (request) => {
      if (!isRequest(request)) socket.destroy();
      else if (request.op === "stop") {
        handlers.stop(request.why);
        answer(true);
      } else handlers.record(request.event).then(answer, () => answer(false));
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
export function askControl(path: string, request: ControlRequest): Promise<ControlAnswer | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => socket.write(`${JSON.stringify(request)}\n`));
    onLine(socket, (value) => {
      const ok = typeof value === "object" && value !== null && "ok" in value && value.ok === true;
      resolve({ ok });
      socket.destroy();
    });
    socket.on("close", () => resolve(undefined));
  });
}
