import { isIPv6, type Socket } from "node:net";
import type { Endpoint } from "./dial.ts";
import { findHeadEnd, parseResponseHead } from "./http1/head.ts";
import { CONNECT_MS, PROXY_ANSWER_BYTES } from "./limits.ts";
import { ProtocolError } from "./protocol-error.ts";
import { UpstreamError } from "./stream.ts";

/**
 * Asks the operator's upstream proxy for a tunnel (RFC 9110 §9.3.6) and leaves `socket` at its first byte, paused.
 * Rejects with UpstreamError, the socket destroyed.
 */
export function connectThroughProxy(socket: Socket, { address, port }: Endpoint): Promise<void> {
  const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  return new Promise((resolve, reject) => {
    let answer: Buffer = Buffer.alloc(0);
    let scanned = 0;
    const stop = () => {
      clearTimeout(timer);
      socket.off("data", onData).off("error", onClose).off("close", onClose).pause();
    };
    const fail = (why: string) => {
      stop();
      socket.on("error", () => {});
      socket.destroy();
      const detail = `The upstream proxy opened no tunnel: ${why}.`;
      reject(new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true }));
    };
    const onClose = () => fail("it closed the connection");
    const onData = (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes]);
      try {
        const end = findHeadEnd(answer, scanned);
        if (end < 0) {
          scanned = answer.length;
          if (answer.length > PROXY_ANSWER_BYTES) fail("its answer is too long");
          return;
        }
        const { status } = parseResponseHead(answer.toString("latin1", 0, end));
        if (status < 200 || status > 299) fail(`it answered ${status}`);
        else if (answer.length > end) fail("it sent bytes before the tunnel was used");
        else {
          stop();
          resolve();
        }
      } catch (error) {
        fail(error instanceof ProtocolError ? `its answer ${error.message}` : "its answer can't be read");
      }
    };
    const timer = setTimeout(() => fail("it did not answer in time"), CONNECT_MS);
    socket.on("data", onData).on("error", onClose).on("close", onClose);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`, "latin1");
  });
}
