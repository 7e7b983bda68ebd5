// Entry file. Runs inside a bottle's network namespace, before the agent: binds its ports without listening, passes the
// sockets out and exits. The arguments are the TCP ports; UDP 53 is bound always.
import { existsSync } from "node:fs";
import { BindError, bindTcp, bindUdp, sendHandle } from "./raw-handle.ts";

/** What the binder says: a socket, or why there is none. */
export type BinderMessage =
  | { readonly kind: "tcp" | "udp"; readonly port: number }
  | { readonly kind: "failed"; readonly port: number; readonly errno: number };

const DNS_PORT = 53;

async function bindAll(ports: readonly number[], udp: boolean): Promise<void> {
  // A kernel started with ipv6.disable=1 has no `::`.
  const any = existsSync("/proc/net/if_inet6") ? "::" : "0.0.0.0";
  for (const port of ports) {
    try {
      await say({ kind: "tcp", port }, bindTcp(any, port));
    } catch (error) {
      if (!(error instanceof BindError)) throw error;
      return fail(port, error.errno);
    }
  }
  if (udp) await say({ kind: "udp", port: DNS_PORT }, await bindUdp(any, DNS_PORT));
}

function say(message: BinderMessage, handle: unknown): Promise<void> {
  return sendHandle(process, message, handle);
}

function fail(port: number, errno: number): Promise<void> {
  const message: BinderMessage = { kind: "failed", port, errno };
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

// The other side acknowledges each socket before the next is sent; without a listener node would not wait for that.
process.channel?.ref();
const [plane, ...ports] = process.argv.slice(2);
await bindAll(ports.map(Number), plane === "with-dns");
process.disconnect();
