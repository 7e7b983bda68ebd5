import type { Socket } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import { printable } from "../../../base/printable.ts";
import { UPSTREAM_HANDSHAKE_MS } from "../limits.ts";
import { errorCode } from "../resolve.ts";
import { UpstreamError } from "../stream.ts";

export type Protocol = "h2" | "http/1.1";

/** The server speaks none of the protocols that were offered (RFC 7301 §3.2). */
export class NoCommonProtocol extends UpstreamError {}

/** The chain ends in no root that is trusted. */
export class UnknownRoot extends UpstreamError {}

/**
 * Speaks TLS over `socket`, verified against `trust` for `host`; nothing turns that off. Rejects with UpstreamError,
 * the socket destroyed.
 */
export function connectTls(
  socket: Socket,
  host: string,
  trust: SecureContext,
  protocols: readonly Protocol[],
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const tls = connect({
      socket,
      servername: host,
      secureContext: trust,
      rejectUnauthorized: true,
      ALPNProtocols: [...protocols],
    });
    const timer = setTimeout(() => {
      tls.destroy();
      const detail = `${host} did not finish the TLS handshake in time.`;
      reject(new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true }));
    }, UPSTREAM_HANDSHAKE_MS);
    const onError = (error: Error) => {
      clearTimeout(timer);
      tls.destroy();
      reject(tlsFailure(host, error));
    };
    const onClose = () => onError(new Error("the connection was closed"));
    tls.once("error", onError);
    tls.once("close", onClose);
    tls.once("secureConnect", () => {
      clearTimeout(timer);
      tls.off("error", onError);
      tls.off("close", onClose);
      // Belt and braces: with rejectUnauthorized an unverified connection never gets here.
      if (tls.authorized) resolve(tls);
      else onError(new Error("not verified"));
    });
  });
}

const NETWORK = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "EHOSTUNREACH", "ENETUNREACH"]);

const UNKNOWN_ROOT = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
]);

function tlsFailure(host: string, error: Error): UpstreamError {
  const code = errorCode(error);
  if (code === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL")
    return new NoCommonProtocol(
      `${host} speaks no HTTP version that was offered.`,
      "egress.upstream_tls_invalid",
    );
  if (code === undefined || NETWORK.has(code)) {
    const detail = `${host} closed the connection in the TLS handshake (${code ?? printable(error.message)}).`;
    return new UpstreamError(detail, "egress.upstream_unreachable", { retryable: true });
  }
  const Kind = UNKNOWN_ROOT.has(code) ? UnknownRoot : UpstreamError;
  return new Kind(
    `The TLS certificate or handshake of ${host} is not valid: ${printable(error.message, 200)} (${code}).`,
    "egress.upstream_tls_invalid",
  );
}
