/** One line of the journal, before the chain's own fields (`seq`, `at`, `prev`) are put on. */
export type JournalEvent = LifecycleEvent | RequestEvent | DnsEvent;

export interface LifecycleEvent {
  readonly kind: "lifecycle";
  /** planned, sidecar_ready, agent_started, exec, agent_exited, sidecar_lost, stopped, limit_exceeded, … */
  readonly event: string;
  readonly [detail: string]: string | number | boolean | null | readonly string[];
}

/** A line as it stands in the file: the event, and the chain's own fields. */
export type JournalRecord = JournalEvent & {
  /** 1 for the first */
  readonly seq: number;
  /** ISO 8601, milliseconds, UTC */
  readonly at: string;
  /** SHA-256 of the line before, hex */
  readonly prev: string;
};

/** One request on the egress plane: the verdict and what came of it. */
export interface RequestEvent {
  readonly kind: "request";
  readonly way: "transparent" | "proxy" | "reverse";
  readonly protocol: "http/1.1" | "h2" | "tls" | "tcp";
  /** the host as the policy saw it (printable), and the address the agent dialled */
  readonly host: string;
  readonly port: number;
  readonly dialled: string;
  readonly method: string;
  /** path without its query */
  readonly path: string;
  readonly verdict: "allow" | "block";
  readonly code?: string;
  readonly rule: string;
  readonly status: number;
  readonly bytes_out: number;
  readonly bytes_in: number;
  readonly ms: number;
  /** credentials the agent brought that were taken off, by field name */
  readonly removed?: readonly string[];
  /** the name of the secret that was put on */
  readonly injected?: string;
  /** what went wrong, where something did */
  readonly error?: string;
  /** names a refusal, as its answer does */
  readonly id?: string;
}

/** A DNS question of a type or class that carries data, or with an over-long name; other questions are counted only. */
export interface DnsEvent {
  readonly kind: "dns";
  readonly name: string;
  readonly type: string;
  readonly server: string;
  readonly answer: "nodata" | "synthetic" | "refused";
  /** questions like it that were not recorded since the last one that was, for their number */
  readonly left_out?: number;
}
