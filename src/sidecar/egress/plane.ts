import type { RequestEvent } from "../../journal/record.ts";
import type { Way } from "../../policy/facts.ts";
import type { Quotas } from "../../policy/quota.ts";
import type { EgressPolicy } from "../../policy/routes.ts";
import type { Credentials } from "./credential/credential.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Inspector } from "./inspect/inspector.ts";
import type { Needle } from "./log/mask.ts";
import type { InnerPlane } from "./stream.ts";
import type { Upstream } from "./upstream.ts";

/** What every connection and exchange of one egress plane shares. */
export interface Plane {
  /** replaced when the operator's policy changes; read once a request */
  policy: EgressPolicy;
  readonly credentials: Credentials;
  readonly inspector: Inspector;
  readonly quotas: Quotas;
  readonly upstream: Upstream;
  readonly deadlines: Deadlines;
  /** the planes that answer requests for names of the bottle's own, before the policy is asked */
  readonly inner: readonly InnerPlane[];
  readonly log: 0 | 1 | 2;
  /** the vault's secrets in their spellings, where messages are journalled (`log` 2) */
  readonly known: readonly Needle[] | undefined;
  record(event: RequestEvent): void;
}

/** How a connection came in; holds for all its requests. */
export interface Arrival {
  readonly way: Way;
  readonly scheme: "https" | "http";
  /** the port dialled, or of the CONNECT target; 0 on the proxy's own port, where every request names its own */
  readonly port: number;
  readonly sni: string | undefined;
  readonly connectHost: string | undefined;
  /** `address:port` as the agent dialled it, for the journal */
  readonly dialled: string;
}

/** Journals what was closed below HTTP. `error`: a sentence, printable. */
export function recordRefusedConnection(
  plane: Plane,
  arrival: Arrival,
  protocol: "tls" | "tcp",
  code: string,
  error: string,
): void {
  plane.record({
    kind: "request",
    way: arrival.way,
    protocol,
    host: arrival.sni ?? arrival.connectHost ?? "",
    port: arrival.port,
    dialled: arrival.dialled,
    method: "",
    path: "",
    verdict: "block",
    code,
    rule: "TLS or HTTP only",
    status: 0,
    bytes_out: 0,
    bytes_in: 0,
    ms: 0,
    error,
  });
}
