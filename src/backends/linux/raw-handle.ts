import type { ChildProcess, SendHandle } from "node:child_process";
import dgram from "node:dgram";
import net from "node:net";

/**
 * The three things this backend does with sockets that node's types don't describe, each behind a check of what node
 * answered. `net.Server.listen` binds and listens in one step, but the binder must not listen: a second listener on the
 * sidecar's port could win its connections. node:cluster binds the same way, which is why the call is there.
 */

interface RawHandle {
  close(): void;
}

interface BindsHandles {
  _createServerHandle(
    address: string,
    port: number,
    family: 4 | 6,
    fd: number | undefined,
    flags: number,
  ): unknown;
}

function bindsHandles(module: object): module is BindsHandles {
  return "_createServerHandle" in module && typeof module._createServerHandle === "function";
}

function isRawHandle(value: unknown): value is RawHandle {
  return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}

/** node sends raw TCP handles too (`net.Native` in its child_process); its types name only the wrapped ones. */
function isSendable(value: unknown): value is SendHandle & RawHandle {
  return isRawHandle(value);
}

/** A TCP socket bound to the port on `::` and `0.0.0.0` at once, not listening. Throws what `bind` said as `errno`. */
export function bindTcp(address: string, port: number): unknown {
  if (!bindsHandles(net)) throw new Error("this node can't bind without listening");
  const handle = net._createServerHandle(address, port, address.includes(":") ? 6 : 4, undefined, 0);
  if (!isRawHandle(handle)) throw new BindError(typeof handle === "number" ? -handle : 0);
  return handle;
}

export class BindError extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(`bind failed: errno ${errno}`);
    this.errno = errno;
  }
}

/**
 * Sends a bound socket to another node process and closes this process's copy when it has gone. There the second
 * argument of `message` is, for TCP, what `net.createServer().listen(handle)` takes; for UDP a `dgram.Socket`, bound.
 */
export function sendHandle(
  to: ChildProcess | NodeJS.Process,
  message: object,
  handle: unknown,
): Promise<void> {
  if (!isSendable(handle) || to.send === undefined) {
    return Promise.reject(new Error("not a socket, or no channel to send it over"));
  }
  const send = to.send.bind(to);
  return new Promise((resolve, reject) => {
    send(message, handle, {}, (error: Error | null) => {
      handle.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Closes a socket that was not handed over. */
export function closeHandle(handle: unknown): void {
  if (isRawHandle(handle)) handle.close();
}

/** A UDP socket on the port, on both families. */
export function bindUdp(address: string, port: number): Promise<dgram.Socket> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", reject);
    socket.bind(port, address, () => resolve(socket));
  });
}
