import { type Refusal, refuse } from "../../../policy/verdict.ts";
import type { Arrival } from "../plane.ts";
import type { IncomingRequest } from "../stream.ts";
import { opening, readUpgrade } from "../websocket/handshake.ts";
import type { RequestHead } from "./head.ts";
import { type ConnectTarget, readRequest } from "./request.ts";
import type { TunnelOwner } from "./tunnel-owner.ts";

/** What a request head asks its connection for. */
export type Asked =
  | { readonly kind: "tunnel"; readonly target: ConnectTarget }
  | {
      readonly kind: "request";
      readonly request: IncomingRequest;
      /** Sec-WebSocket-Key of one that opens a WebSocket */
      readonly key: string | undefined;
      /** why it is refused, whatever the policy says */
      readonly refusal: Refusal | undefined;
    };

/** `tunnels`: on the proxy port only. Throws ProtocolError. */
export function readAsked(head: RequestHead, arrival: Arrival, tunnels: TunnelOwner | undefined): Asked {
  const upgrade = head.upgrade ? readUpgrade(head) : undefined;
  const read = readRequest(head, arrival, tunnels !== undefined);
  if (read.kind === "connect") {
    const refusal = tunnels?.refusal(read.target);
    if (!refusal) return { kind: "tunnel", target: read.target };
    return { kind: "request", request: read.request, key: undefined, refusal };
  }
  if (upgrade) {
    const request = opening(read.request, upgrade.offer);
    return { kind: "request", request, key: upgrade.key, refusal: undefined };
  }
  const refusal = head.upgrade
    ? refuse(
        "egress.upgrade_refused",
        "A protocol upgrade to anything but WebSocket (h2c, say) is not inspected.",
        "no uninspected protocols",
      )
    : undefined;
  return { kind: "request", request: read.request, key: undefined, refusal };
}
