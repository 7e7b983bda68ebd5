import { spawn } from "node:child_process";
import { getSystemErrorMap } from "node:util";
import { Fault } from "../../base/fault.ts";
import type { BoundSocket } from "../backend.ts";
import { SETUP_MS } from "./limits.ts";
import { closeHandle } from "./raw-handle.ts";
import { tool } from "./tools.ts";

/**
 * Binds TCP ports (and DNS's UDP port, with `dns`) inside the network namespace that process `holder` keeps, through a
 * short-lived helper. Throws a Fault naming the port when one is taken, which only an agent already running can have done.
 */
export function bindInside(
  files: { readonly node: string; readonly binder: string },
  holder: number,
  ports: readonly number[],
  dns: boolean,
): Promise<readonly BoundSocket[]> {
  const wanted = ports.length + (dns ? 1 : 0);
  const binder = spawn(
    tool("nsenter"),
    ["-t", String(holder), "-U", "--preserve-credentials", "-n", "--"].concat(
      [files.node, files.binder, dns ? "with-dns" : "tcp-only"],
      ports.map(String),
    ),
    {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: {},
      cwd: "/",
      timeout: SETUP_MS,
      killSignal: "SIGKILL",
    },
  );
  const sockets: BoundSocket[] = [];
  let failure: Fault | undefined;
  let printed = "";
  binder.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-1000);
  });
  binder.on("message", (message: unknown, handle: unknown) => {
    const said = parseMessage(message);
    if (said?.kind === "failed") failure = bindFault(said.port, said.errno);
    else if (said !== undefined && handle !== undefined) sockets.push({ ...said, handle });
  });
  return new Promise((resolve, reject) => {
    binder.once("error", reject);
    // `close` comes after the last message; `exit` may not.
    binder.once("close", (code, signal) => {
      if (sockets.length === wanted) return resolve(sockets);
      for (const socket of sockets) closeHandle(socket.handle);
      reject(
        failure ??
          new Fault(`the bottle's ports could not be bound (${signal ?? `exit ${code}`}): ${printed.trim()}`),
      );
    });
  });
}

type Said = { kind: "tcp" | "udp"; port: number } | { kind: "failed"; port: number; errno: number };

function parseMessage(message: unknown): Said | undefined {
  if (typeof message !== "object" || message === null || !("kind" in message) || !("port" in message))
    return undefined;
  const { kind, port } = message;
  if (typeof port !== "number") return undefined;
  if (kind === "tcp" || kind === "udp") return { kind, port };
  if (kind === "failed" && "errno" in message && typeof message.errno === "number") {
    return { kind, port, errno: message.errno };
  }
  return undefined;
}

function bindFault(port: number, errno: number): Fault {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  const taken = name === "EADDRINUSE";
  return new Fault(`port ${port} could not be bound inside the bottle: ${text} (${name})`, {
    mend: taken
      ? "a program in the bottle holds it: end that program, or start a new bottle"
      : "run: bot-bottle doctor",
  });
}
