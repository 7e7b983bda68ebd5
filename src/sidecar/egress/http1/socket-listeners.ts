import type { Socket } from "node:net";

export interface SocketListeners {
  readonly data: (bytes: Buffer) => void;
  readonly drain: () => void;
  /** the other side sends no more */
  readonly end: () => void;
  /** failed or closed */
  readonly gone: () => void;
}

/** Returns what takes them off again. */
export function listen(socket: Socket, { data, drain, end, gone }: SocketListeners): () => void {
  socket.on("data", data).on("drain", drain).on("end", end).on("error", gone).on("close", gone);
  return () =>
    socket.off("data", data).off("drain", drain).off("end", end).off("error", gone).off("close", gone);
}
