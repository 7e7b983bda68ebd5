/** One line of the journal, before the chain's own fields (`seq`, `at`, `prev`) are put on. */
export type JournalEvent = LifecycleEvent | RequestEvent | DnsEvent | GitEvent | ProposalEvent;

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
  readonly verdict: "allow" | "block" | "redact";
  readonly code?: string;
  readonly rule: string;
  readonly status: number;
  readonly bytes_out: number;
  readonly bytes_in: number;
  readonly ms: number;
  /** what was found in it, at most `FINDING_COUNT`; never a value */
  readonly findings?: readonly RecordedFinding[];
  /** a body that was more than can be inspected and went on, because the route says `oversize: pass`: why */
  readonly not_inspected?: string;
  /** of a WebSocket: messages that went to the upstream, and to the agent */
  readonly messages_out?: number;
  readonly messages_in?: number;
  /** credentials the agent brought that were taken off, by field name */
  readonly removed?: readonly string[];
  /** the name of the secret that was put on */
  readonly injected?: string;
  /** what went wrong, where something did */
  readonly error?: string;
  /** names a refusal, as its answer does */
  readonly id?: string;
  /** what the agent sent; with `egress.log: 2` only */
  readonly request?: RecordedMessage;
  /** what it received; absent also where nothing was answered */
  readonly response?: RecordedMessage;
}

/** One thing the content inspection found. */
export interface RecordedFinding {
  /** `known_secrets`, `canary`, `token_patterns`, `entropy`, `naive_injection_detection`, `response_mask`, `model_api` */
  readonly detector: string;
  /** the secret's name, the rule's id or the phrase's class */
  readonly name: string;
  /** `host`, `target`, `header NAME`, `body`, `trailer NAME`, `message`, `response header NAME`, `response body`, … */
  readonly surface: string;
  /** how it was spelled: `raw`, `base64`, `gzip > hex`, … */
  readonly encoding?: string;
  readonly action: "block" | "redact" | "warn" | "mask";
}

/**
 * End-to-end fields and the beginning of a body. Every known secret in it is replaced by `[masked NAME]`, and a
 * credential the agent brought by `[removed]`.
 */
export interface RecordedMessage {
  /** `name: value` in the order sent, bytes beyond ASCII as latin1 */
  readonly fields: readonly string[];
  readonly trailers?: readonly string[];
  /** fields and trailers that are not here, for their length */
  readonly fields_left_out?: number;
  /** absent: there was none, or `body_omitted` says why */
  readonly body?: string;
  /** absent: `body` is text */
  readonly body_encoding?: "base64";
  /** the content codings that were undone: `gzip` */
  readonly body_decoded?: string;
  /** bytes of the body that arrived, decoded if it was, and are not here */
  readonly body_left_out?: number;
  /** coded bytes of the body that were not looked at */
  readonly body_not_decoded?: number;
  /** why it is not here */
  readonly body_omitted?: string;
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

/** One ref of a push or a fetch; ids in hex, all zeros: none. */
export interface RecordedRef {
  readonly ref: string;
  readonly old: string;
  readonly new: string;
}

/** What went through the git gate, or did not. */
export interface GitEvent {
  readonly kind: "git";
  /** `refresh`: of the mirror, from the upstream; `refused`: what is no request of a declared repository's */
  readonly event: "fetch" | "push" | "refresh" | "lfs" | "refused";
  /** name of its git-gate entry; empty where none declares it */
  readonly repo: string;
  /** as the manifest writes it, else as the agent does */
  readonly upstream: string;
  readonly refs?: readonly RecordedRef[];
  /** refs that are not here, for their number */
  readonly refs_left_out?: number;
  readonly verdict: "allow" | "block" | "hold";
  readonly code?: string;
  readonly rule: string;
  /** objects that were looked through, or sent on */
  readonly objects?: number;
  readonly bytes?: number;
  /** what was found; never a value */
  readonly findings?: readonly RecordedGitFinding[];
  readonly findings_left_out?: number;
  readonly ms: number;
  /** what went wrong, where something did */
  readonly error?: string;
  /** names a refusal, as its answer does, or the proposal a push waits for */
  readonly id?: string;
}

/** One thing found in a push. */
export interface RecordedGitFinding {
  readonly detector: string;
  /** the secret's name or the rule's id */
  readonly name: string;
  /** `blob`, `path name`, `commit message`, `tag message`, `ref name`, … */
  readonly surface: string;
  /** the object it is in, hex */
  readonly oid?: string;
  readonly path?: string;
  /** counts from 1 */
  readonly line?: number;
  readonly encoding?: string;
  readonly action: "block" | "hold";
}

/** What the agent asked its operator for, and what came of it. */
export interface ProposalEvent {
  readonly kind: "proposal";
  /** `returned`: an approval that was used is usable again, as the upstream took nothing */
  readonly event: "filed" | "approved" | "rejected" | "used" | "returned" | "expired";
  readonly id: string;
  readonly asks: "push" | "gitleaks-allow";
  readonly repo: string;
  readonly upstream: string;
  readonly refs: readonly RecordedRef[];
  readonly refs_left_out?: number;
  /** push options */
  readonly options?: readonly string[];
  /** why it needs the operator: a code and a text each */
  readonly held: readonly string[];
  readonly held_left_out?: number;
  /** SHA-256 of what the operator is shown */
  readonly digest: string;
  /** the operator's, of a rejection */
  readonly reason?: string;
}
