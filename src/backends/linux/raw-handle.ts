interface Closable {
  close(): void;
}

function isClosable(value: unknown): value is Closable {
  return typeof value === "object" && value !== null && "close" in value && typeof value.close === "function";
}

/**
 * Closes this process's copy of a bottle's socket: when it was handed over, or won't be. (A TCP socket is the bare handle,
 * which node's types don't describe: `net.Server` would listen at once, and only the sidecar is to.)
 */
export function closeHandle(handle: unknown): void {
  if (!isClosable(handle)) return;
  try {
    handle.close();
  } catch {
    // A dgram.Socket that is closed already.
  }
}
