import type { Socket } from "node:net";
import { JOIN_BYTES } from "./limits.ts";

/**
 * Collects what one event writes to a socket, so that a head, its body and a chunk's framing leave in one system call
 * and one TLS record where they fit. Text is latin1.
 */
export class Outbox {
  readonly #socket: Socket;
  #parts: (string | Buffer)[] = [];
  #size = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  push(part: string | Buffer): void {
    this.#parts.push(part);
    this.#size += part.length;
    if (this.#size > JOIN_BYTES) this.flush();
  }

  /** False: the socket is backed up and will emit `drain`. */
  flush(): boolean {
    const socket = this.#socket;
    const parts = this.#parts;
    const first = parts[0];
    if (first === undefined) return !socket.writableNeedDrain;
    const size = this.#size;
    this.#parts = [];
    this.#size = 0;
    if (socket.destroyed) return true;
    if (parts.length === 1)
      return typeof first === "string" ? socket.write(first, "latin1") : socket.write(first);
    if (size <= JOIN_BYTES) return socket.write(join(parts, size));
    socket.cork();
    for (const part of parts) {
      if (typeof part === "string") socket.write(part, "latin1");
      else socket.write(part);
    }
    socket.uncork();
    return !socket.writableNeedDrain;
  }
}

function join(parts: readonly (string | Buffer)[], size: number): Buffer {
  const joined = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) {
    at += typeof part === "string" ? joined.write(part, at, "latin1") : part.copy(joined, at);
  }
  return joined;
}
