/** Every code a refusal can carry. Stable: scripts and agents match on them. `docs/codes.md` is made from this table. */
export const CODES = {
  "egress.host_not_allowed": "no route lists this host",
  "egress.ip_literal": "an address was used where a name is needed",
  "egress.path_not_allowed": "the host is allowed, this path is not",
  "egress.method_not_allowed": "the path is allowed, this method is not",
  "egress.header_not_allowed":
    "path and method are allowed, a header the route asks for is missing or differs",
  "egress.port_not_allowed": "the host is allowed, not on this port",
  "egress.host_mismatch": "TLS SNI, Host or :authority, and the CONNECT target name different hosts",
  "egress.path_ambiguous": "the path could mean different things to different servers",
  "egress.git_push_blocked": "git push over HTTPS to a host no git-gate entry declares",
  "egress.git_fetch_blocked": "git fetch over HTTPS where the route does not say git.fetch",
  "egress.git_api_write_blocked":
    "a write by a forge's API that may change contents or refs past the git gate, where the route does not say git.api_write",
  "git.not_declared": "a remote that no git-gate entry declares",
  "git.ref_not_allowed": "the entry's push rules don't let this ref be changed so",
  "git.object_invalid": "an object of the push is broken, or git would not take it",
  "git.too_large": "a push with more bytes, objects or refs than one may have",
  "git.held": "a push that waits for the operator",
  "git.host_key_missing": "an ssh upstream without a pinned host key",
  "git.upstream_failed": "the upstream can't be reached, or would not do it",
  "git.protocol_error": "a request that is not as git sends it",
  "egress.tls_required": "this port or way in carries TLS only",
  "egress.upgrade_refused":
    "a protocol upgrade to anything but WebSocket (h2c, say), which nothing would inspect",
  "egress.method_refused": "a method that is never forwarded (TRACE, CONNECT inside a tunnel)",
  "egress.protocol_error": "the message breaks RFC 9110/9112/9113 and was not forwarded",
  "egress.upstream_address_refused": "the name resolves to a private, local or reserved address",
  "egress.upstream_tls_invalid": "the upstream's certificate does not verify",
  "egress.upstream_unreachable": "the upstream cannot be resolved or reached",
  "egress.limit_exceeded": "a limit of the bottle or the sidecar is used up",
  "egress.quota_exceeded": "a quota of the route or the bottle is used up",
  "egress.foreign_credential": "a credential of the agent's own, sent to a host that gets the sidecar's",
  "dlp.known_secret": "a secret this bottle or its sidecar holds",
  "dlp.token_pattern": "something shaped like a vendor's token",
  "dlp.canary": "the canary secret",
  "dlp.crlf": "CR, LF or NUL inside a header or path",
  "dlp.body_too_large": "more than can be inspected",
  "dlp.body_unreadable": "a body whose coding or framing can't be read, so that it can't be inspected",
  "dlp.injection": "text that tries to instruct the agent",
  "model.server_tool_not_allowed": "a tool that the model's provider would run, or of an unknown type",
  "model.remote_url_not_allowed": "content that the model's provider would fetch by its URL",
  "model.file_upload_not_allowed": "a file left with the model's provider, or one referred to",
  "model.endpoint_not_allowed": "an endpoint of the model's API whose bodies this version does not read",
  "model.body_unreadable": "a body that is not the JSON this model API takes",
  "sidecar.internal": "the sidecar failed; the request was not forwarded",
} as const;

export type Code = keyof typeof CODES;

/** What was decided about one request, push or ask, and why: the same shape on every plane. */
export type Verdict =
  | {
      readonly action: "allow" /** the rule that allowed it, e.g. `route api.example.com (dev.md:12)` */;
      readonly rule: string;
    }
  | Refusal;

export interface Refusal {
  readonly action: "block";
  readonly code: Code;
  /** one sentence for the person or agent who reads it; untrusted parts already made printable */
  readonly detail: string;
  /** the rule that decided, or what was looked through: `default deny, 3 routes` */
  readonly rule: string;
  /** what the manifest would have to say to allow it, as YAML or a sentence; absent where nothing can */
  readonly needed?: string;
  /** whether the same request can succeed later without a change of policy */
  readonly retryable: boolean;
}

/** A refusal. `detail` is a sentence whose untrusted parts are printable already. */
export function refuse(
  code: Code,
  detail: string,
  rule: string,
  options: { needed?: string | undefined; retryable?: boolean } = {},
): Refusal {
  const { needed, retryable = false } = options;
  const refusal = { action: "block", code, detail, rule, retryable } as const;
  return needed === undefined ? refusal : { ...refusal, needed };
}
