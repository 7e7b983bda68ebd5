/** What the scripted agent saw of one attempt: a JSON line on its standard output. */
export type Outcome =
  /** an HTTP answer; `verdict` is the sidecar's header, null when the answer is somebody else's */
  | {
      readonly kind: "http";
      readonly status: number;
      readonly verdict: string | null;
      readonly body: string;
    }
  /** the system said no: an errno name, or `TIMEOUT` */
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "dns"; readonly rcode: number; readonly answers: readonly string[] }
  /** everything that looks like the token, and how many places were searched */
  | { readonly kind: "search"; readonly matches: readonly string[]; readonly places: number }
  /** it did what it was after */
  | { readonly kind: "succeeded"; readonly detail: string }
  /** the tool it takes is not on this machine */
  | { readonly kind: "untried"; readonly why: string };

export interface Report {
  readonly attempt: string;
  readonly outcome: Outcome;
}

/** What the agent is told; nothing of it is secret. */
export interface Mission {
  /** the host it may call, and one it may not */
  readonly allowed: string;
  readonly other: string;
  /** what the token looks like: it searches for this and 32 hex digits */
  readonly tokenPrefix: string;
  /** a file of the operator's that holds the token */
  readonly operatorFile: string;
  /** a service of the host: a TCP port on loopback and an abstract unix socket */
  readonly hostPort: number;
  readonly hostSocket: string;
}
