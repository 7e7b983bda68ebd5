/** A route as the plan carries it: plain JSON, hosts canonical, defaults filled in, no secret value. */
export interface RouteSpec {
  /** canonical (lower case, punycode, no trailing dot), or `*.` and such a name: one label or more */
  readonly host: string;
  readonly ports: readonly number[];
  readonly auth?: RouteAuth;
  /** empty: every path, method and header */
  readonly matches: readonly MatchSpec[];
  /** `%2f` in a path: refused, or kept as a character that never separates */
  readonly encodedSlash: "block" | "opaque";
  readonly git: { readonly fetch: boolean; readonly apiWrite: boolean };
  /** absent: `DEFAULT_INSPECTION` */
  readonly dlp?: RouteInspection;
  /** absent: request bodies are not read as a model API's */
  readonly body?: ModelApiRules;
  readonly limits?: { readonly requests?: Quota | undefined; readonly bytesOut?: Quota | undefined };
  /** where it was written, for messages: `dev.md:12` or `provider claude` */
  readonly source: string;
}

export type OutboundDetector = "token_patterns" | "known_secrets" | "entropy";

/** What flows to and from a host is read for this (SPEC §4). The canary and the sidecar's own credentials always are. */
export interface RouteInspection {
  readonly outbound: readonly OutboundDetector[];
  /** what an injection in an answer leads to at most */
  readonly inbound: "off" | "warn" | "block";
  readonly onMatch: "supervise" | "redact" | "block";
  /** names of known secrets that may go to this host */
  readonly allowSecrets: readonly string[];
  /** a body that is more than can be inspected */
  readonly oversize: "block" | "pass";
}

export const DEFAULT_INSPECTION: RouteInspection = {
  outbound: ["token_patterns", "known_secrets"],
  inbound: "block",
  onMatch: "block",
  allowSecrets: [],
  oversize: "block",
};

/** What a request to a model's API may make its provider do (SPEC §11, `body`). */
export interface ModelApiRules {
  readonly kind: "anthropic-messages" | "openai-responses" | "openai-chat";
  /** types of server-side tools that may be used */
  readonly serverTools: readonly string[];
  /** URLs the provider would fetch: none, or on hosts of this bottle's routes */
  readonly remoteUrls: "deny" | "allowlist";
  readonly fileUpload: "allow" | "deny";
}

/** Requests, bytes or hosts over a window. */
export interface Quota {
  readonly per: "minute" | "hour" | "life";
  readonly soft?: number | undefined;
  readonly hard?: number | undefined;
}

/** The credential the sidecar puts on, and where. */
export interface RouteAuth {
  /** lower-case field name, `authorization` unless the scheme is `header` */
  readonly header: string;
  /** what stands before the secret's value: `Bearer `, `token `, `Basic ` (value base64-encoded) or nothing */
  readonly scheme: "bearer" | "token" | "basic" | "raw";
  /** the secret's name in the sidecar's vault */
  readonly secret: string;
}

export interface MatchSpec {
  /** ORed; empty: any */
  readonly paths: readonly { readonly type: "prefix" | "exact" | "regex"; readonly value: string }[];
  /** ORed, upper case; empty: any */
  readonly methods: readonly string[];
  /** ANDed; names lower case */
  readonly headers: readonly {
    readonly type: "exact" | "regex";
    readonly name: string;
    readonly value: string;
  }[];
}
