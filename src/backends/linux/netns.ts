import { type ChildProcess, spawn } from "node:child_process";
import { Fault } from "../../base/fault.ts";
import { architecture } from "./architecture.ts";
import { SETUP_MESSAGE_BYTES, SETUP_MS } from "./limits.ts";
import { identify, namespaceId, type ProcessId } from "./proc.ts";
import { tool } from "./tools.ts";

/** A network namespace in which every address is local, and the user namespace that owns it, kept by a process. */
export interface Network {
  readonly holder: ProcessId;
  /** inode number of the network namespace */
  readonly net: string;
  /** ends the holder, which kills whatever is still in the namespace; resolves when it has */
  close(): Promise<void>;
}

/**
 * Makes the bottle's network: loopback only, `local default` routes for both families ("AnyIP"), 198.18.0.1 as the
 * address that makes resolvers believe there is IPv4 (AI_ADDRCONFIG, RFC 3493 §6.1).
 * The holder reads from a pipe of this process: when this one ends, however it ends, so does the bottle.
 */
export async function openNetwork(enter: string): Promise<Network> {
  const holder = spawn(
    tool("unshare"),
    ["-Urn", "--", tool("perl"), enter, "hold", `arch=${architecture()}`, `ip=${tool("ip")}`],
    // A session of its own: Ctrl-C at the operator's terminal is the launcher's to handle.
    { stdio: ["pipe", "pipe", "pipe"], env: {}, cwd: "/", detached: true },
  );
  const gone = new Promise<void>((resolve) => holder.once("close", () => resolve()));
  const close = async () => {
    holder.stdin.destroy();
    await gone;
  };
  try {
    await ready(holder);
    const { pid } = holder;
    const net = pid === undefined ? undefined : namespaceId(pid, "net");
    if (pid === undefined || net === undefined)
      throw new Fault("the bottle's network namespace can't be read");
    return { holder: identify(pid), net, close };
  } catch (error) {
    holder.kill("SIGKILL");
    await gone;
    throw error;
  }
}

function ready(holder: ChildProcess): Promise<void> {
  let printed = "";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(refused("it took too long")), SETUP_MS);
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(refused(why));
    };
    holder.once("error", (error) => fail(error.message));
    holder.once("close", () => fail(printed.trim()));
    holder.stderr?.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-SETUP_MESSAGE_BYTES);
    });
    holder.stdout?.once("data", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function refused(why: string): Fault {
  return new Fault(`a network namespace for the bottle could not be made: ${why}`, {
    mend: "run: bot-bottle doctor",
  });
}
