import type { ChildProcess, SendHandle } from "node:child_process";

/**
 * A bound TCP socket crosses node's IPC channel as the bare handle, for `net.Server` would listen at once, and only the
 * sidecar is to. node passes such handles between its processes (`net.Native` in its child_process, which node:cluster
 * uses), but its types name only the wrapped ones.
 */
interface Closable {
  close(): void;
}

function isClosable(value: unknown): value is Closable {
  return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}

function isSendable(value: unknown): value is SendHandle & Closable {
  return isClosable(value);
}

/**
 * Sends a bound socket to another node process and closes this process's copy when it has gone. There the second
 * argument of `message` is, for TCP, what `net.createServer().listen(handle)` takes; for UDP a `dgram.Socket`, bound.
 */
export function sendHandle(to: ChildProcess, message: object, handle: unknown): Promise<void> {
  if (!isSendable(handle)) return Promise.reject(new Error("not a socket"));
  return new Promise((resolve, reject) => {
    to.send(message, handle, {}, (error: Error | null) => {
      handle.close();
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Closes a socket that was not handed over. */
export function closeHandle(handle: unknown): void {
  if (!isClosable(handle)) return;
  try {
    handle.close();
  } catch {
    // A dgram.Socket that was closed after it was sent.
  }
}
