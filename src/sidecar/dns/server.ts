import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import type { DnsEvent } from "../../journal/record.ts";
import { answerQuery } from "./answer.ts";
import { DnsEventGate, isWorthRecording } from "./events.ts";
import { IDLE_TIMEOUT, MAX_CONNECTIONS, MAX_QUERIES_PER_CONNECTION, MAX_QUERY } from "./limits.ts";

export interface DnsServer {
  /** how many messages came, and how many of them were A questions */
  readonly counts: { readonly messages: number; readonly addresses: number };
  /** Closes both sockets and every connection. */
  close(): void;
}

/**
 * Answers DNS on a bound UDP socket and on a TCP server (RFC 7766), each by `answerQuery`. `onEvent` gets the questions
 * worth a record, rate-bounded. The sockets may be listening already or later.
 */
export function serveDns(options: {
  readonly udp: UdpSocket;
  readonly tcp: Server;
  readonly onEvent: (event: DnsEvent) => void;
}): DnsServer {
  const { udp, tcp } = options;
  const gate = new DnsEventGate(options.onEvent);
  const counts = { messages: 0, addresses: 0 };
  const connections = new Set<Socket>();

  const answer = (message: Buffer, server: string): Buffer | undefined => {
    const result = answerQuery(message);
    counts.messages += 1;
    if (result.kind === "synthetic") counts.addresses += 1;
    if (isWorthRecording(result)) gate.report(result, server.replace(/^::ffff:/, ""), performance.now());
    return result.reply;
  };

  udp.on("message", (message, from) => {
    if (message.length > MAX_QUERY) return;
    // Where every address is local, a client's own address is the one it dialled.
    const reply = answer(message, from.address);
    // A client that went away is no concern of the others.
    if (reply !== undefined) udp.send(reply, from.port, from.address, () => {});
  });

  tcp.maxConnections = MAX_CONNECTIONS;
  tcp.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    serveConnection(socket, (message) => answer(message, socket.localAddress ?? ""));
  });

  return {
    counts,
    close() {
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

/** Messages behind a two-byte length (RFC 1035 §4.2.2), answered in order; reading waits while the client does not read. */
function serveConnection(socket: Socket, answer: (message: Buffer) => Buffer | undefined): void {
  let received = Buffer.alloc(0);
  let left = MAX_QUERIES_PER_CONNECTION;
  socket.setTimeout(IDLE_TIMEOUT, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("drain", () => socket.resume());
  socket.on("data", (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2) {
      const length = received.readUInt16BE(0);
      if (length > MAX_QUERY) {
        socket.destroy();
        return;
      }
      if (received.length < 2 + length) break;
      const reply = answer(received.subarray(2, 2 + length));
      received = received.subarray(2 + length);
      left -= 1;
      if (reply === undefined) continue;
      const size = Buffer.alloc(2);
      size.writeUInt16BE(reply.length);
      if (!socket.write(Buffer.concat([size, reply]))) socket.pause();
      if (left <= 0) {
        socket.end();
        return;
      }
    }
  });
}
