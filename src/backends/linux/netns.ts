import { type ChildProcess, spawn } from "node:child_process";
import { getSystemErrorMap } from "node:util";
import { Fault } from "../../base/fault.ts";
import type { BoundSocket } from "../backend.ts";
import { architecture } from "./architecture.ts";
import { SETUP_MESSAGE_BYTES, SETUP_MS } from "./limits.ts";
import { identify, namespaceId, type ProcessId } from "./proc.ts";
import { closeHandle } from "./raw-handle.ts";
import { tool } from "./tools.ts";

/** A network namespace in which every address is local, and the user namespace that owns it, kept by a process. */
export interface Network {
  readonly holder: ProcessId;
  /** inode number of the network namespace */
  readonly net: string;
  /** bound inside, on every address, in the order asked for */
  readonly sockets: readonly BoundSocket[];
  /** ends the holder, which kills whatever is still in the namespace; resolves when it has */
  close(): Promise<void>;
}

export interface Port {
  readonly kind: "tcp" | "udp";
  readonly port: number;
}

/** The process that makes the namespaces and waits to hear which ports to bind in them. */
export interface Holder {
  readonly child: ChildProcess;
  /** resolves when it has ended, with what it printed */
  readonly gone: Promise<string>;
  /** ends it, and with it whatever is in its namespace; resolves when it has */
  close(): Promise<void>;
}

/**
 * Makes the bottle's network: loopback only, `local default` routes for both families ("AnyIP"), and 198.18.0.1 as the
 * address that makes resolvers believe there is IPv4 (AI_ADDRCONFIG, RFC 3493 §6.1).
 * The holder reads from a pipe of this process: when this one ends, however it ends, so does the bottle.
 */
export function startHolder(enter: string): Holder {
  const child = spawn(
    tool("unshare"),
    ["-Urn", "--", tool("perl"), enter, "hold", `arch=${architecture()}`, `ip=${tool("ip")}`],
    // A session of its own: Ctrl-C at the operator's terminal is the launcher's to handle.
    { stdio: ["pipe", "ignore", "pipe", "ipc"], env: {}, cwd: "/", detached: true },
  );
  let printed = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    printed = (printed + text).slice(-SETUP_MESSAGE_BYTES);
  });
  const gone = new Promise<string>((resolve) =>
    child.once("close", () => resolve(printed.trim())).once("error", (error) => resolve(error.message)),
  );
  child.stdin?.on("error", () => undefined);
  return {
    child,
    gone,
    close: async () => {
      child.stdin?.destroy();
      await gone;
    },
  };
}

/** Binds the bottle's ports in the holder's namespace. Throws `Fault` when one can't be; the holder has ended then. */
export async function openNetwork(holder: Holder, ports: readonly Port[]): Promise<Network> {
  const { child, close } = holder;
  try {
    const received = receive(holder, ports.length);
    child.stdin?.write(ports.map(({ kind, port }) => `${kind} ${port}\n`).join(""));
    const sockets = await received;
    const { pid } = child;
    const net = pid === undefined ? undefined : namespaceId(pid, "net");
    if (pid === undefined || net === undefined)
      throw new Fault("the bottle's network namespace can't be read");
    return { holder: identify(pid), net, sockets, close };
  } catch (error) {
    child.kill("SIGKILL");
    await close();
    throw error;
  }
}

function receive({ child, gone }: Holder, count: number): Promise<readonly BoundSocket[]> {
  const sockets: BoundSocket[] = [];
  return new Promise((resolve, reject) => {
    const fail = (fault: Fault) => {
      clearTimeout(timer);
      for (const { handle } of sockets.splice(0)) closeHandle(handle);
      reject(fault);
    };
    const timer = setTimeout(() => fail(refused("it took too long")), SETUP_MS);
    void gone.then((printed) => fail(refused(printed)));
    child.on("message", (message: unknown, handle: unknown) => {
      const said = parseMessage(message);
      if (said === undefined) return closeHandle(handle);
      if (said.kind === "failed") return fail(bindFault(said.port, said.errno));
      sockets.push({ ...said, handle });
      if (sockets.length < count) return;
      clearTimeout(timer);
      resolve(sockets);
    });
  });
}

type Said = Port | { readonly kind: "failed"; readonly port: number; readonly errno: number };

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
  return new Fault(`port ${port} could not be bound inside the bottle: ${text} (${name})`, {
    mend: "take the port off the bottle's routes, or run: bot-bottle doctor",
  });
}

function refused(why: string): Fault {
  return new Fault(`a network namespace for the bottle could not be made: ${why}`, {
    mend: "run: bot-bottle doctor",
  });
}
